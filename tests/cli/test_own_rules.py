"""``--rules FOLDER`` and rules of installed packages, on the command line."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.net import Net

Run = Callable[..., tuple[int, str, str]]

RULE = '''"""AC101."""

from collections.abc import Iterator
from typing import Annotated

from cnnlint.facts.facts import Facts
from cnnlint.lint.finding import Basis, Finding, Severity
from cnnlint.lint.rule import rule


@rule("AC101", severity=Severity.WARNING, basis=Basis.HEURISTIC, since="1")
def too_wide(facts: Facts, *, most: Annotated[int, "most channels"] = 8) -> Iterator[Finding]:
    """Convolution that is too wide for the house.

    ## What it does
    Reports more than `most` channels.
    """
    for conv in facts.convs:
        if conv.cout > most:
            yield Finding((conv.node,), "too wide", f"{most} channels")
'''


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """Return a folder with a rule in it."""
    folder = tmp_path / "acme"
    folder.mkdir()
    (folder / "too_wide.py").write_text(RULE)
    return folder


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """Return a model that we have nothing against."""
    net = Net(3, 6).conv(16, name="stem").relu().gap().flatten().dense(10)
    (tmp_path / "model.onnx").write_bytes(net.proto().SerializeToString())
    return tmp_path / "model.onnx"


def test_check(run: Run, own: Path, model: Path) -> None:
    code, out, err = run("check", model, "--select", "ALL", "--rules", own, "--format", "concise")
    assert (code, err) == (1, "")
    assert out == f"{model}:stem: warning[AC101] too wide\n"
    for selected in ("AC101", "AC", "too-wide", "acme"):
        assert run("check", model, "--rules", own, "--select", selected)[0] == 1
        assert run("check", model, "--rules", own, "--ignore", selected)[0] == 0
    assert run("check", model)[0] == 0


def test_json(run: Run, own: Path, model: Path) -> None:
    _, out, _ = run("check", model, "--rules", own, "--format", "json")
    (finding,) = json.loads(out)["models"][0]["findings"]
    assert [finding[key] for key in ("code", "name", "family")] == ["AC101", "too-wide", "acme"]


def test_list_and_page(run: Run, own: Path) -> None:
    _, ours, _ = run("rules")
    code, out, err = run("rules", "--rules", own)
    assert (code, err) == (0, "")
    lines = {line.split()[0]: line.split()[1:] for line in out.splitlines()}
    assert lines.pop("AC101")[:3] == ["too-wide", "warning", "Convolution"]
    assert list(lines) == [line.split()[0] for line in ours.splitlines()]
    code, out, _ = run("rule", "ac101", "--rules", own)
    assert code == 0
    assert "Reports more than `most` channels." in out


def test_why(run: Run, own: Path, model: Path) -> None:
    code, out, err = run("why", model, "stem", "too-wide", "--rules", own)
    assert (code, err) == (0, "")
    assert "too wide" in out
    assert run("why", model, "stem", "too-wide")[0] == 2


@pytest.mark.parametrize("command", ["check", "rules", "rule", "why"])
def test_misuse_is_one_line(run: Run, own: Path, model: Path, command: str) -> None:
    arguments: dict[str, list[object]] = {
        "check": [model],
        "rules": [],
        "rule": ["K101"],
        "why": [model, "stem", "K101"],
    }
    given = arguments[command]
    for folder, text in ((own / "nothing", "does not exist; "), ("", "is empty; check the var")):
        code, out, err = run(command, *given, "--rules", folder)
        assert (code, out, err.count("\n")) == (2, "", 1)
        assert text in err
    (own / "broken.py").write_text("1 / 0")
    code, out, err = run(command, *given, "--rules", own)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert err.startswith(f"error: {own}/broken.py can't be imported: ZeroDivisionError: ")


def test_a_rule_that_fails_is_told_apart_from_a_fault_of_ours(
    run: Run, own: Path, model: Path
) -> None:
    (own / "too_wide.py").write_text(RULE.replace("conv.cout", "conv.width"))
    for arguments in (("check", model), ("why", model, "stem", "AC101")):
        code, _, err = run(*arguments, "--rules", own)
        assert (code, err.count("\n")) == (2, 1)
        assert f"rule AC101 failed in line 19 of {own}/too_wide.py: AttributeError" in err
        assert "unless the rule is your own" in err


def test_installed_rules_and_how_to_leave_them_out(
    run: Run, own: Path, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    info = own.parent / "acme-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: acme\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[cnnlint.rules]\nown = acme.too_wide\n")
    monkeypatch.syspath_prepend(own.parent)
    assert run("check", model)[0] == 1
    assert run("check", model, "--rules", own)[0] == 1  # the same file, once
    assert run("check", model, "--isolated")[0] == 0
    assert "AC101 " in run("rules")[1]
    assert run("rule", "AC101")[0] == 0
