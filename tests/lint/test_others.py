"""Rules of a folder and of installed packages."""

import re
import sys
from pathlib import Path

import pytest

from cnnlint.errors import CnnlintError, MissingPathError, RuleError, UsageError
from cnnlint.lint.others import folder_rules, installed_rules
from cnnlint.lint.registry import builtin_rules, catalogue, find, select
from cnnlint.lint.rule import Rule
from tests.net import Net

RULE = '''
from collections.abc import Iterator
from typing import Annotated

from cnnlint.facts.facts import Facts
from cnnlint.lint.finding import Basis, Finding, Fix, Severity
from cnnlint.lint.rule import rule


@rule("{code}", severity=Severity.NOTE, basis=Basis.HEURISTIC, since="1")
def {name}(facts: Facts, *, most: Annotated[int, "most channels"] = 8) -> Iterator[Finding]:
    """Convolution that is too wide for the house."""
    for conv in facts.convs:
        if conv.cout > most:
            yield Finding((conv.node,), "too wide", "fewer channels")
'''


def write(file: Path, code: str = "AC101", name: str = "too_wide", more: str = "") -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(RULE.format(code=code, name=name) + more)
    return file


def theirs(folder: Path) -> list[tuple[str, str, str]]:
    """Return code, name and family of the rules in a folder."""
    return [(r.code, r.name, r.family) for r in catalogue([folder]) if r not in builtin_rules()]


def test_each_subfolder_is_a_family(tmp_path: Path) -> None:
    write(tmp_path / "acme" / "top.py")
    write(tmp_path / "acme" / "kernels" / "one.py", "AC201", "rule_one")
    write(tmp_path / "acme" / "kernels" / "deep" / "two.py", "AC301", "rule_two")
    write(tmp_path / "acme" / "packed" / "__init__.py", "AC401", "rule_three")
    assert theirs(tmp_path / "acme") == [
        ("AC101", "too-wide", "acme"),
        ("AC201", "rule-one", "kernels"),
        ("AC301", "rule-two", "deep"),
        ("AC401", "rule-three", "packed"),
    ]


def test_a_folder_that_is_a_package(tmp_path: Path) -> None:
    write(tmp_path / "acme" / "__init__.py", more="LIMIT = 5\n")
    write(tmp_path / "acme" / "near.py", "AC102", "rule_two", more="from . import LIMIT\n")
    assert [family for _, _, family in theirs(tmp_path / "acme")] == ["acme", "acme"]


@pytest.mark.parametrize("name", ["rules", "json", "my-rules", "v1.2", "Acme"])
def test_any_folder_will_do(tmp_path: Path, name: str) -> None:
    write(tmp_path / name / "json.py")  # nor does a file clash with a module of that name
    import json  # noqa: PLC0415  (the real one, after ours)

    ((_, _, family),) = theirs(tmp_path / name)
    assert family == name.replace(".", "_")
    assert json.dumps(1) == "1"
    on, _ = select([family], [], rules=catalogue([tmp_path / name]))
    assert [rule.code for rule in on] == ["AC101"]


def test_files_import_each_other_relatively(tmp_path: Path) -> None:
    (tmp_path / "shared.py").write_text("LIMIT = 3\n")
    write(tmp_path / "a" / "near.py", more="from ..shared import LIMIT\n")
    write(tmp_path / "a" / "far.py", "AC102", "rule_two", more="from .near import LIMIT, too_wide")
    assert [code for code, _, _ in theirs(tmp_path)] == ["AC101", "AC102"]


def test_what_is_imported_from_us_stays_ours(tmp_path: Path) -> None:
    ours = "from cnnlint.rules.kernels.large_dense_kernel import large_dense_kernel\n"
    write(tmp_path / "a.py", more=ours)
    assert [code for code, _, _ in theirs(tmp_path)] == ["AC101"]


def test_tests_and_hidden_files_are_left_alone(tmp_path: Path) -> None:
    write(tmp_path / "a.py")
    for name in (
        "test_a.py",
        "conftest.py",
        "__main__.py",
        ".venv/b.py",
        "sub/.c.py",
        "sub/test_c.py",
    ):
        write(tmp_path / name).write_text("raise OSError")
    (tmp_path / "folder.py").mkdir()
    assert len(theirs(tmp_path)) == 1


def test_two_folders_that_have_the_same_files(tmp_path: Path) -> None:
    write(tmp_path / "one" / "acme" / "a.py")
    write(tmp_path / "two" / "acme" / "a.py", "AC102", "rule_two")
    folders = [tmp_path / "one" / "acme", tmp_path / "two" / "acme"]
    codes = {rule.code for rule in catalogue(folders)} - {rule.code for rule in builtin_rules()}
    assert codes == {"AC101", "AC102"}


def test_a_folder_given_twice_or_below_another(tmp_path: Path) -> None:
    write(tmp_path / "sub" / "a.py")
    folders = [tmp_path, tmp_path, tmp_path / "sub"]
    assert len(catalogue(folders)) == len(builtin_rules()) + 1


def test_find_and_run(tmp_path: Path) -> None:
    write(tmp_path / "a.py")
    own = find("ac101", catalogue([tmp_path]))
    assert own is find("too-wide", catalogue([tmp_path]))
    assert own.file == str(tmp_path / "a.py")
    facts = Net(3, 8).conv(9, name="a").conv(8).facts()
    assert [finding.nodes[0].path for finding in own.run(facts)] == ["a"]
    assert not own.run(facts, {"most": 9})
    with pytest.raises(UsageError, match="no rule 'AC101'"):
        find("AC101")


@pytest.mark.parametrize(
    ("selector", "found"),
    [
        ("AC", {"AC101", "AC201", "AC211"}),
        ("ac2", {"AC201", "AC211"}),
        ("AC201", {"AC201"}),
        ("A", {"A"}),
        ("A3", {"A"}),
    ],
)
def test_a_prefix_has_all_the_letters(tmp_path: Path, selector: str, found: set[str]) -> None:
    for number in (101, 201, 211):
        write(tmp_path / f"r{number}.py", f"AC{number}", f"rule_{number}")
    on, _ = select([selector], [], rules=catalogue([tmp_path]))
    assert {rule.code if rule.code.startswith("AC") else rule.code[0] for rule in on} == found


REFUSED = {
    "missing folder": ({}, MissingPathError, "nothing does not exist"),
    "file": ({"nothing": ""}, UsageError, "can't be read as a folder: Not a directory"),
    "no rule": ({"nothing/a.py": "x = 1"}, UsageError, "nothing: there is no rule in it"),
    "empty folder": ({"nothing/a.txt": ""}, UsageError, "nothing: there is no rule in it"),
    "broken": ({"nothing/a.py": "1 / 0"}, RuleError, "a.py can't be imported: ZeroDivisionError"),
    "syntax": ({"nothing/a.py": "def"}, RuleError, "a.py can't be imported: SyntaxError"),
    "exits": ({"nothing/a.py": "exit(3)"}, RuleError, "a.py can't be imported: SystemExit: 3"),
    "broken package": (
        {"nothing/__init__.py": "1 / 0", "nothing/a.py": ""},
        RuleError,
        "__init__.py can't be imported: ZeroDivisionError",
    ),
    "dot": ({"nothing/a.b.py": ""}, RuleError, "a.b.py has a dot in its name"),
}


@pytest.mark.parametrize(("files", "kind", "cause"), REFUSED.values(), ids=REFUSED)
def test_refuses_a_folder(
    tmp_path: Path, files: dict[str, str], kind: type[CnnlintError], cause: str
) -> None:
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    for _ in range(2):  # what is half imported does not stay
        with pytest.raises(kind, match=re.escape(cause)) as caught:
            folder_rules(tmp_path / "nothing")
        assert caught.value.exit_code == 2
        assert str(tmp_path / "nothing") in caught.value.cause
        assert caught.value.cure


@pytest.mark.parametrize(
    ("old", "new", "cause"),
    [
        ("AC101", "A101", "'A101' is no code"),
        ("AC101", "ac101", "'ac101' is no code"),
        ('"AC101"', "101", "101 is no code"),
        ("AC101", "AC", "'AC' is no code"),
        ("AC101", "ACME-1", "'ACME-1' is no code"),
        ("too_wide", "wide", "'wide' is no name"),
        ("too_wide", "TooWide", "'TooWide' is no name"),
        ("too_wide", "_too_wide", "'-too-wide' is no name"),
        ("Severity.NOTE", "'note'", "'note' of AC101 is no Severity"),
        ("Basis.HEURISTIC", "'house'", "'house' of AC101 is no Basis"),
        ('since="1"', 'since="1", fix="safe"', "'safe' of AC101 is no Fix"),
        ('Annotated[int, "most channels"]', "int", "option 'most' of AC101 lacks a default or"),
        ('Annotated[int, "most channels"]', "int | None", "option 'most' of AC101 lacks a defa"),
        ("Annotated[int,", "Annotated[list[int],", "option 'most' of AC101 has a type that won't"),
        (
            "Annotated[int,",
            "Annotated[int | None,",
            "option 'most' of AC101 has a type that won't",
        ),
        ("Annotated[int,", "Annotated[bool,", "option 'most' of AC101 has a type that won't do"),
        ("Annotated[int,", "Annotated[str,", "option 'most' of AC101 has a type that won't do"),
        ('Annotated[int, "most channels"]', "'Later'", "the options of AC101 can't be read: name"),
    ],
)
def test_refuses_a_rule(tmp_path: Path, old: str, new: str, cause: str) -> None:
    file = write(tmp_path / "a.py")
    file.write_text(file.read_text().replace(old, new))
    with pytest.raises(RuleError, match=re.escape(f"{file}: {cause}")) as caught:
        catalogue([tmp_path])
    assert caught.value.cure


@pytest.mark.parametrize(
    ("code", "name", "key"),
    [("AC101", "rule_two", "AC101"), ("AC102", "too_wide", "too-wide")],
)
def test_two_rules_of_one_name(tmp_path: Path, code: str, name: str, key: str) -> None:
    one, two = write(tmp_path / "one" / "a.py"), write(tmp_path / "two" / "a.py", code, name)
    for folders in ([tmp_path], [tmp_path / "one", tmp_path / "two"]):
        with pytest.raises(RuleError, match=f"two rules are called {key}: ") as caught:
            catalogue(folders)
        assert caught.value.cause.endswith(f"{one} and {two}")


def test_a_whole_number_is_a_default_for_a_float(tmp_path: Path) -> None:
    file = write(tmp_path / "a.py")
    file.write_text(file.read_text().replace("Annotated[int,", "Annotated[float,"))
    (option,) = find("AC101", catalogue([tmp_path])).options
    assert option.type is float


def test_two_rules_of_one_code_in_one_file(tmp_path: Path) -> None:
    write(tmp_path / "a.py", more=RULE.format(code="AC101", name="rule_two"))
    with pytest.raises(RuleError, match="two rules are called AC101"):
        catalogue([tmp_path])


def test_a_rule_called_as_one_of_ours(tmp_path: Path) -> None:
    file = write(tmp_path / "a.py", name="large_dense_kernel")
    with pytest.raises(RuleError, match="two rules are called large-dense-kernel") as caught:
        catalogue([tmp_path])
    assert str(file) in caught.value.cause
    assert "rules/kernels/large_dense_kernel.py" in caught.value.cause


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder of installed packages."""
    folder = tmp_path / "site"
    folder.mkdir()
    monkeypatch.syspath_prepend(folder)
    monkeypatch.setattr(sys, "modules", dict(sys.modules))
    return folder


def install(site: Path, value: str, folder: str = "acme_rules-1.0.dist-info") -> None:
    info = site / folder
    info.mkdir()
    about = "PKG-INFO" if "egg" in folder else "METADATA"
    (info / about).write_text("Metadata-Version: 2.1\nName: acme-rules\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[cnnlint.rules]\nacme = {value}\n")


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("acmerules", {"AC101": "acmerules", "AC102": "acmerules", "AC103": "kernels"}),
        ("acmerules.near", {"AC102": "acmerules"}),
        ("acmerules.near:rule_two", {"AC102": "acmerules"}),
        ("acmemodule", {"AC104": "acmemodule"}),
    ],
)
def test_installed(site: Path, value: str, found: dict[str, str]) -> None:
    write(site / "acmerules" / "__init__.py")
    write(site / "acmerules" / "near.py", "AC102", "rule_two")
    write(site / "acmerules" / "kernels" / "__init__.py").write_text("")
    write(site / "acmerules" / "kernels" / "far.py", "AC103", "rule_three")
    write(site / "acmemodule.py", "AC104", "rule_four")
    for name in ("__main__.py", "test_a.py", "kernels/conftest.py"):
        (site / "acmerules" / name).write_text("raise SystemExit")
    install(site, value)
    ours = builtin_rules()
    assert {r.code: r.family for r in catalogue() if r not in ours} == found
    assert catalogue(installed=False) == ours


def test_entry_points_that_are_none(site: Path) -> None:
    install(site, "acme\nno entry point")
    with pytest.raises(RuleError, match="entry points of installed packages can't be read: "):
        installed_rules()


def test_installed_the_old_way(site: Path) -> None:
    write(site / "acmemodule.py")
    install(site, "acmemodule", "acme_rules.egg-info")
    assert [rule.code for rule in installed_rules()] == ["AC101"]


@pytest.mark.parametrize(
    ("value", "cause"),
    [
        ("acmenothing", "can't be loaded: ModuleNotFoundError"),
        ("acmemodule:nothing", "can't be loaded: AttributeError"),
        ("acmemodule:Rule", "there is no rule in it"),
        ("acmeempty", "there is no rule in it"),
        ("acmebroken", "can't be loaded: ZeroDivisionError"),
    ],
)
def test_refuses_an_entry_point(site: Path, value: str, cause: str) -> None:
    write(site / "acmemodule.py", more="from cnnlint.lint.rule import Rule\n")
    (site / "acmeempty.py").write_text("x = 1\n")
    write(site / "acmebroken" / "__init__.py")
    (site / "acmebroken" / "b.py").write_text("1 / 0")
    install(site, value)
    said = re.escape(f"entry point acme = {value} of acme-rules") + ".*" + cause
    with pytest.raises(RuleError, match=said) as caught:
        catalogue()
    assert caught.value.cure


def test_nobody_asks_for_metadata_without_need(
    site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(**_: object) -> list[Rule]:
        raise AssertionError("asked")

    monkeypatch.setattr("importlib.metadata.entry_points", fail)
    monkeypatch.setattr(sys, "path", [str(site), str(site / "nothing")])
    (site / "other-1.0.dist-info").mkdir()
    (site / "other-1.0.dist-info" / "entry_points.txt").write_text("[console_scripts]\n")
    assert installed_rules() == []
    packed = site / "packed.zip"
    packed.write_text("")
    monkeypatch.setattr(sys, "path", [str(packed)])
    with pytest.raises(AssertionError, match="asked"):
        installed_rules()
