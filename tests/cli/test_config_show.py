"""What `cnnlint config show` prints: TOML that says the same, and who says each value."""

import tomllib
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from cnnlint.config.planner import Asked, Planner
from cnnlint.config.show import render
from cnnlint.lint.registry import builtin_rules

Run = Callable[..., tuple[int, str, str]]
RULES = builtin_rules()
FILES = {
    "a/cnnlint.toml": """\
extend = "../base.toml"
select = ["ALL"]
ignore = ["W8"]
batch = 2
exclude = ["old/"]
model-suppressions = false
baseline = "known.json"

[severity]
K101 = "error"
kernels = "note"

[rules.K101]
min_kernel = 7

[per-file-ignores]
"b/*.onnx" = ["S201"]

[dim]
"odd \\u0007 \\"name\\"" = 7

[[suppress]]
rule = "K103"
layer = "stem.*"
files = ["b/*.onnx", "!b/c.onnx"]
reason = "measured: \\u001b[31mfast"
expires = 2000-01-01

[[suppress]]
rule = "K105"
reason = "so"
expires = "2999-12-31"

[[budget]]
max_params = "5M"
max_macs = "+5%"
reference = "ref.onnx"
[[budget]]
files = "c/"
max_latency_ms = 1.5
""",
    "base.toml": 'preset = "seed"\nfail-on = "note"\n',
}


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / ".git").mkdir()
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_every_value_says_where_it_comes_from(run: Run, here: Path) -> None:
    code, out, err = run("config", "show", here / "a", "--fail-on=error")
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert lines[0] == "# a/cnnlint.toml extends ../base.toml"
    assert lines[1] == "# base.toml"
    for line in (
        'preset = "seed"  # base.toml:1',
        'target = "generic"  # default',
        'fail-on = "error"  # --fail-on',
        'baseline = "a/known.json"  # a/cnnlint.toml:7',
        "model-suppressions = false  # a/cnnlint.toml:6",
        'exclude = ["old/"]  # a/cnnlint.toml:5, in a',
        "# max-per-rule is not set: 10 in text, all in concise",
        "batch = 2  # a/cnnlint.toml:4",
        '"K101" = "error"  # a/cnnlint.toml:10',
        "min_kernel = 7  # a/cnnlint.toml:14",
        "min_mac_share = 0.1  # default",
        '"b/*.onnx" = ["S201"]  # a/cnnlint.toml:17, in a',
        '"odd \\u0007 \\"name\\"" = 7  # a/cnnlint.toml:20',
        "[[suppress]]  # a/cnnlint.toml:22, expired",
        "[[suppress]]  # a/cnnlint.toml:29",
        'files = ["b/*.onnx", "!b/c.onnx"]  # in a',
        'reason = "measured: \\u001b[31mfast"',
        "expires = 2999-12-31",
        "max_params = 5000000",
        'max_macs = "+5%"',
        'reference = "a/ref.onnx"',
        "max_latency_ms = 1.5",
        "# off: ignore 'W8', a/cnnlint.toml:3",
        "#     W801 W808 W809 W810",
        "# on: select 'ALL', a/cnnlint.toml:2",
        "#     A301 A302 A303 A304 A305 G901 G903 G909",
        "# what rules of training can't check is a warning: preset seed",
    ):
        assert line in lines
    for line in lines:
        if " = " in line and not line.startswith(("rule", "layer", "reason", "expires", "max_")):
            assert "  # " in line or line.startswith("reference"), line
    assert "\x1b" not in out


def test_what_it_prints_says_the_same(run: Run, here: Path) -> None:
    _, out, _ = run("config", "show", "a", "--target", "gpu-int8", "--severity", "S2=note")
    (here / "shown.toml").write_text(out)
    typed = {"target": "gpu-int8", "severity": {"S2": "note"}}
    one = Planner(RULES, Asked(typed=typed)).plan(here / "a" / "net.onnx")
    two = Planner(RULES, Asked(("shown.toml",))).plan(here / "a" / "net.onnx")
    assert two.rules == one.rules
    assert two.settings.severities == one.settings.severities
    assert two.settings.preset == one.settings.preset
    assert two.settings.fail_on == one.settings.fail_on
    assert (two.batch, two.dims, two.baseline) == (one.batch, one.dims, one.baseline)
    for rule in one.rules:
        usual = {option.name: option.default for option in rule.options}
        said = usual | dict(one.settings.options.get(rule.code, {}))
        assert said == usual | dict(two.settings.options.get(rule.code, {}))
    gates = (one.settings.gate, two.settings.gate)
    limits = [
        [(x.key, x.amount, x.growth, x.growth and x.reference) for x in g.limits] for g in gates
    ]
    assert limits[0] == limits[1]
    said_of = [[(x.rule, x.layer, x.reason, x.expires) for x in g.suppressions] for g in gates]
    assert said_of[0] == said_of[1]


def test_for_one_model(run: Run, here: Path) -> None:
    (here / "a" / "b").mkdir()
    (here / "a" / "b" / "net.onnx").touch()
    _, out, _ = run("config", "show", "a/b/net.onnx")
    values = tomllib.loads(out)
    assert "S201" not in values["select"]
    assert "#     S201" in out.splitlines()
    assert len(values["suppress"]) == 2
    assert len(values["budget"]) == 2
    (here / "a" / "net.onnx").touch()
    values = tomllib.loads(run("config", "show", "a/net.onnx")[1])
    assert "S201" in values["select"]
    assert [each["rule"] for each in values["suppress"]] == ["K105"]


def test_where_nothing_is_configured(run: Run, here: Path) -> None:
    code, out, _ = run("config", "show", "--isolated")
    assert (code, out.splitlines()[0]) == (0, "# no file of configuration")
    values = tomllib.loads(out)
    assert values["select"] == [rule.code for rule in RULES if rule.default]
    assert "# off: default" in out
    assert "# on:" not in out
    assert str(here) not in out


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("gone",), "gone does not exist; name a model or a folder"),
        ((".", "--config", "gone.toml"), "--config gone.toml does not exist"),
        ((".", "--config", "fail-on=loud"), "--config fail-on: fail-on must be one of"),
    ],
)
def test_mistakes(run: Run, here: Path, arguments: tuple[str, ...], why: str) -> None:
    del here
    code, out, err = run("config", "show", *arguments)
    assert (code, out) == (2, "")
    assert why in err


@pytest.mark.parametrize(("day", "expired"), [(1, False), (2, True)])
def test_a_suppression_holds_on_its_last_day(day: int, expired: bool, here: Path) -> None:
    (here / "cnnlint.toml").write_text(
        "suppress = [{rule = 'K101', reason = 'x', expires = 2026-05-01}]\n"
    )
    effective = Planner(RULES).effective(here)
    shown = render(effective, RULES, None, date(2026, 5, day))
    assert ("[[suppress]]  # cnnlint.toml:1, expired\n" in shown) == expired


def test_it_says_of_every_rule_why_it_is_on_or_off(run: Run, here: Path) -> None:
    (here / "cnnlint.toml").write_text(
        'select = ["K1", "S"]\nextend-select = ["A301"]\n[per-file-ignores]\n"*.onnx" = ["S202"]\n'
    )
    (here / "net.onnx").touch()
    lines = run("config", "show", "net.onnx")[1].splitlines()
    for reason, codes in (
        ("on: select 'K1', cnnlint.toml:1", "K101 K103 K104 K105 K107 K108 K109 K110"),
        ("on: select 'S', cnnlint.toml:1", "S201 S203 S204 S205"),
        ("on: extend-select 'A301', cnnlint.toml:2", "A301"),
        ("off: per-file-ignores '*.onnx', cnnlint.toml:4", "S202"),
    ):
        assert lines[lines.index(f"# {reason}") + 1] == f"#     {codes}"


@pytest.mark.usefixtures("here")
def test_each_layer_that_excludes_says_so(run: Run) -> None:
    setting = "exclude=new/,x/"
    text = run("config", "show", "a", "--config", setting)[1]
    assert '    "old/",  # a/cnnlint.toml:5, in a' in text.splitlines()
    assert '    "new/", "x/",  # --config exclude, in .' in text.splitlines()
    assert tomllib.loads(text)["exclude"] == ["old/", "new/", "x/"]
    lines = run("config", "show", "--config", setting)[1].splitlines()
    assert 'exclude = ["new/", "x/"]  # --config exclude, in .' in lines


def test_a_limit_says_which_one_wins_over_it(run: Run, here: Path) -> None:
    (here / "cnnlint.toml").write_text(
        'extend = "far.toml"\n[[budget]]\nfiles = "*.onnx"\nmax_params = 6\n'
    )
    (here / "far.toml").write_text("[budget]\nmax_params = 5\nmax_macs = 7\n")
    (here / "net.onnx").touch()
    heads = ("far.toml:2{}", "far.toml:3", "cnnlint.toml:4")
    for path, said in (("net.onnx", ", overruled by cnnlint.toml:4"), (".", "")):
        lines = run("config", "show", path)[1].splitlines()
        limits = [line for line in lines if line.startswith("[[budget]]")]
        assert limits == [f"[[budget]]  # {head.format(said)}" for head in heads]


@pytest.mark.usefixtures("here")
def test_it_says_of_a_preset_what_concerns_rules_that_are_on() -> None:
    def told(*selectors: str) -> str:
        typed: dict[str, object] = {"preset": "seed", "select": list(selectors)}
        effective = Planner(RULES, Asked(typed=typed)).effective(Path())
        return render(effective, RULES, None, date(2026, 1, 1))

    assert "K107 is at least of severity warning: preset seed" in told("K107")
    assert "rules of training can't check is a warning: preset seed" in told("T7")
    assert ": preset seed" not in told("S201")
