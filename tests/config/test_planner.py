"""From files and options to a plan for each model."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from cnnlint.config.folding import NEAREST, Effective
from cnnlint.config.keys import SCALARS
from cnnlint.config.planner import Asked, Plan, Planner
from cnnlint.errors import ConfigError, MissingPathError, UsageError
from cnnlint.lint.finding import Severity
from cnnlint.lint.registry import builtin_rules
from cnnlint.model.binding import Bindings

RULES = builtin_rules()
DEFAULT = {rule.code for rule in RULES if rule.default}
OFF = {"A305", "K104"}
"""Rules that are off by default."""


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the current folder, above which no configuration is looked for."""
    (tmp_path / ".git").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(files: Mapping[str, str]) -> None:
    for name, text in files.items():
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_text(text)


def effective(
    files: Mapping[str, str], *config: str, folder: str = "", **typed: object
) -> Effective:
    write(files)
    asked = Asked(config, typed={k.replace("_", "-"): v for k, v in typed.items()})
    planner = Planner(RULES, asked)
    found = planner.effective(Path(folder))
    planner.check()
    return found


def plan(
    files: Mapping[str, str], *config: str, model: object = "net.onnx", **typed: object
) -> Plan:
    write(files)
    asked = Asked(config, typed={k.replace("_", "-"): v for k, v in typed.items()})
    return Planner(RULES, asked).plan(Path(str(model)))


def codes(plan: Plan) -> set[str]:
    return {rule.code for rule in plan.rules}


def mistakes(files: Mapping[str, str], *config: str, **typed: object) -> tuple[str, ...]:
    with pytest.raises(ConfigError) as caught:
        plan(files, *config, **typed)
    return caught.value.mistakes


def family(letter: str) -> set[str]:
    return {rule.code for rule in RULES if rule.code.startswith(letter)}


@pytest.mark.parametrize(
    ("base", "file", "config", "typed", "on"),
    [
        ("", "", (), {}, DEFAULT),
        ("", 'select = ["K101", "S2"]', (), {}, {"K101"} | family("S2")),
        ("", "select = []", (), {}, set()),
        ("", 'extend-select = ["K104"]', (), {}, DEFAULT | {"K104"}),
        ("", 'ignore = ["K"]', (), {}, DEFAULT - family("K")),
        ("", 'ignore = ["ALL"]', (), {}, set()),
        ("", 'select = ["K"]\nignore = ["K101"]', (), {}, family("K") - {"K101"}),
        ("", 'select = ["K101"]\nignore = ["K"]', (), {}, {"K101"}),
        ("", 'select = ["K101"]\nignore = ["large-dense-kernel"]', (), {}, set()),
        ("", 'extend-select = ["K104"]\nignore = ["K"]', (), {}, DEFAULT - family("K") | {"K104"}),
        ("", 'preset = "seed"', (), {}, DEFAULT | {"A305"}),
        ("", 'preset = "seed"\nignore = ["A"]', (), {}, DEFAULT - family("A")),
        ("", 'preset = "seed"\nselect = ["K101"]', (), {}, {"K101"}),
        ("", 'select = ["K101"]', (), {"preset": "seed"}, {"K101"}),
        ('select = ["K"]', 'ignore = ["K101"]', (), {}, family("K") - {"K101"}),
        ('ignore = ["K101"]', 'select = ["K"]', (), {}, family("K")),
        ('ignore = ["K101"]', 'extend-select = ["K"]', (), {}, DEFAULT | family("K")),
        ('ignore = ["K101"]', "", (), {}, DEFAULT - {"K101"}),
        ("", 'select = ["K101"]', ("ignore=K101",), {}, set()),
        ("", 'select = ["K101"]', ("extend-select=K104,S201",), {}, {"K101", "K104", "S201"}),
        ("", 'select = ["K101"]', ("select=S201",), {}, {"S201"}),
        ("", 'ignore = ["K101"]', ("ignore=K103",), {}, DEFAULT - {"K101", "K103"}),
        ("", "", ("select=S201", "ignore=S"), {"extend_select": ["S201"]}, {"S201"}),
        ("", 'select = ["K101"]', ("select=S201",), {"select": ["A301"]}, {"A301"}),
    ],
)
def test_which_rules_are_on(
    base: str,
    file: str,
    config: tuple[str, ...],
    typed: dict[str, object],
    on: set[str],
) -> None:
    files = {"base.toml": base, "cnnlint.toml": f'extend = "base.toml"\n{file}'}
    assert codes(plan(files, *config, **typed)) == on


@pytest.mark.parametrize(
    ("layers", "fail_on"),
    [
        (("", "", ()), Severity.WARNING),
        (("fail-on = 'error'", "", ()), Severity.ERROR),
        (("fail-on = 'error'", "fail-on = 'note'", ()), Severity.NOTE),
        (("fail-on = 'error'", "fail-on = 'note'", ("fail-on=never",)), None),
        (("", "fail-on = 'note'", ("fail-on=never", "fail-on = 'error'")), Severity.ERROR),
    ],
)
def test_the_nearest_layer_wins(
    layers: tuple[str, str, tuple[str, ...]], fail_on: Severity | None
) -> None:
    base, file, config = layers
    files = {"base.toml": base, "cnnlint.toml": f'extend = "base.toml"\n{file}'}
    assert plan(files, *config).settings.fail_on is fail_on
    assert plan(files, *config, fail_on="warning").settings.fail_on is Severity.WARNING


def test_exit_zero_has_the_last_word() -> None:
    asked = Asked(("fail-on=error",), typed={"fail-on": "note"}, exit_zero=True)
    assert Planner(RULES, asked).plan(None).settings.fail_on is None


def test_tables_are_merged_key_by_key() -> None:
    files = {
        "base.toml": "[rules.K101]\nmin_kernel = 9\nmin_group = 3\n[severity]\nK101 = 'note'\n"
        "[dim]\nh = 1\nw = 2\n[per-file-ignores]\n'a*' = ['K']\n'n*' = ['K']\n",
        "cnnlint.toml": "extend = 'base.toml'\n[rules.large-dense-kernel]\nmin_kernel = 7\n"
        "[severity]\nS201 = 'error'\n[dim]\nh = 3\n[per-file-ignores]\n'n*' = ['S']\n",
    }
    got = plan(files, "rules.K101.min_mac_share=0.5")
    assert got.settings.options == {
        "K101": {"min_kernel": 7, "min_group": 3, "min_mac_share": 0.5}
    }
    assert got.settings.severities == {"K101": Severity.NOTE, "S201": Severity.ERROR}
    assert got.dims == {"h": 3, "w": 2}
    assert codes(got) == DEFAULT - family("S")


@pytest.mark.parametrize(
    ("base", "file", "k101"),
    [
        ("ALL = 'note'", "", Severity.NOTE),
        ("K101 = 'error'", "K = 'note'", Severity.ERROR),
        ("K = 'note'", "K101 = 'error'", Severity.ERROR),
        ("K101 = 'error'", "large-dense-kernel = 'note'", Severity.NOTE),
        ("large-dense-kernel = 'error'\nK101 = 'note'", "large-dense-kernel = 'error'", "error"),
        ("S = 'note'", "", None),
    ],
)
def test_severity(base: str, file: str, k101: Severity | None) -> None:
    files = {
        "base.toml": f"[severity]\n{base}\n",
        "cnnlint.toml": f"extend = 'base.toml'\n[severity]\n{file}\n",
    }
    assert plan(files).settings.severities.get("K101") == k101


def test_a_broken_file_stays_an_error() -> None:
    got = plan({"cnnlint.toml": "[severity]\nALL = 'note'\n[per-file-ignores]\n'*' = ['ALL']\n"})
    broken = {rule.code for rule in RULES if not rule.suppressible}
    assert broken
    assert codes(got) == broken
    assert set(got.settings.severities) == {rule.code for rule in RULES} - broken
    said = mistakes({"cnnlint.toml": f"[severity]\n{min(broken)} = 'note'\n"})
    assert "its severity stays" in said[0]


def test_what_is_for_some_files() -> None:
    files = {
        "cnnlint.toml": "[per-file-ignores]\n'old/' = ['K101']\n"
        "[[suppress]]\nrule = 'K103'\nfiles = 'old/*.onnx'\nreason = 'x'\n"
        "[[suppress]]\nrule = 'K105'\nreason = 'x'\n"
        "[[budget]]\nfiles = '/net.onnx'\nmax_params = '5M'\n[[budget]]\nmax_macs = '1G'\n"
    }
    old, new = plan(files, model="old/net.onnx"), plan(files)
    assert codes(new) - codes(old) == {"K101"}
    assert [each.rule for each in old.settings.gate.suppressions] == ["K103", "K105"]
    assert [each.rule for each in new.settings.gate.suppressions] == ["K105"]
    assert [each.place for each in new.settings.gate.suppressions] == ["cnnlint.toml:7"]
    assert [each.key for each in old.settings.gate.limits] == ["max_macs"]
    assert [each.key for each in new.settings.gate.limits] == ["max_params", "max_macs"]
    piped = Planner(RULES).plan(None)
    assert codes(piped) == DEFAULT
    assert [each.key for each in piped.settings.gate.limits] == ["max_macs"]


def test_globs_are_relative_to_their_file() -> None:
    files = {
        "a/base.toml": "[per-file-ignores]\n'/net.onnx' = ['K101']\n",
        "a/b/cnnlint.toml": "extend = '../base.toml'\nbaseline = 'x/base.json'\n"
        "exclude = ['/old.onnx']\n",
    }
    inner = plan(files, model="a/b/net.onnx")
    assert codes(inner) == DEFAULT
    assert inner.baseline == Path("a/b/x/base.json")
    (exclude,) = effective(files, folder="a/b").exclude
    assert exclude.match(Path("a/b/old.onnx"))
    assert not exclude.match(Path("a/old.onnx"))
    typed = plan(files, "per-file-ignores={'a/' = ['K101']}", model="a/b/net.onnx")
    assert codes(typed) == DEFAULT - {"K101"}


def test_suppressions_and_budgets_add_up_and_patterns_do_not() -> None:
    both = "[[suppress]]\nrule = 'K101'\nreason = 'x'\n[budget]\nmax_params = 5\n"
    files = {
        "base.toml": f"exclude = ['a']\n{both}",
        "cnnlint.toml": f"extend = 'base.toml'\nexclude = ['b']\n{both}",
    }
    got = plan(files, "exclude=c", exclude=["d"])
    assert len(got.settings.gate.suppressions) == 2
    places = ["base.toml:6", "cnnlint.toml:7"]
    assert [limit.place for limit in got.settings.gate.limits] == places
    excluded = effective(files, "exclude=c", exclude=["d"]).exclude
    assert [patterns.globs for patterns in excluded] == [("b",), ("c",), ("d",)]


def test_other_values() -> None:
    nothing = plan({})
    assert (nothing.batch, nothing.dims, nothing.max_per_rule) == (None, {}, None)
    assert nothing.baseline is None
    assert (effective({}).exclude, effective({}).given.force_exclude) == ((), None)
    assert nothing.settings.gate.model_suppressions
    text = "batch = 4\nmax-per-rule = 0\nforce-exclude = true\nmodel-suppressions = false\n"
    some = plan({"cnnlint.toml": text})
    assert (some.batch, some.max_per_rule) == (4, 0)
    assert effective({}).given.force_exclude is True
    assert not some.settings.gate.model_suppressions
    asked = Bindings(2, {"h": 3})
    assert some.bindings(asked) == Bindings(2, {"h": 3}, {}, 4, {})


def test_a_target_is_below_what_is_set() -> None:
    files = {"cnnlint.toml": "target = 'gpu-int8'\n"}
    assert plan(files).settings.options == {"W801": {"multiple": 16}}
    assert plan(files, target="gpu-tf32").settings.options == {"W801": {"multiple": 4}}
    assert plan(files, "rules.W801.multiple=5").settings.options == {"W801": {"multiple": 5}}
    assert plan(files, target="generic").settings.options == {}


def test_several_models_with_several_files() -> None:
    write(
        {
            "a/cnnlint.toml": "select = ['K101']",
            "b/pyproject.toml": "[tool.cnnlint]\nselect = ['S201']",
            "cnnlint.toml": "select = ['A301']",
        }
    )
    models = (Path("a/x/net.onnx"), Path("b/net.onnx"), Path("c/net.onnx"), None)
    plans = Planner(RULES).plans(models)
    assert [codes(each) for each in plans] == [{"K101"}, {"S201"}, {"A301"}, {"A301"}]


def test_a_file_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    write({"cnnlint.toml": "extend = 'base.toml'", "base.toml": "select = ['K101']"})
    planner = Planner(RULES)
    planner.plan(Path("a/net.onnx"))
    monkeypatch.setattr(Path, "open", None)
    assert codes(planner.plan(Path("b/net.onnx"))) == {"K101"}


def test_extended_files() -> None:
    files = {
        "a.toml": "fail-on = 'note'\nselect = ['K101']",
        "b.toml": "extend = 'sub/c.toml'\nfail-on = 'error'",
        "sub/c.toml": "extend = '../pyproject.toml'\nselect = ['S201']\nfail-on = 'never'",
        "pyproject.toml": "[tool.cnnlint]\nbatch = 3\n",
        "cnnlint.toml": "extend = ['a.toml', 'b.toml']\n",
    }
    got = plan(files)
    assert got.settings.fail_on is Severity.ERROR
    assert codes(got) == {"S201"}
    assert got.batch == 3


def test_one_file_may_be_extended_twice() -> None:
    files = {
        "cnnlint.toml": "extend = ['a.toml', 'b.toml']\n",
        "a.toml": "extend = 'c.toml'\n",
        "b.toml": "extend = 'c.toml'\n",
        "c.toml": "batch = 7\n",
    }
    assert plan(files).batch == 7


def test_a_circle() -> None:
    files = {
        "cnnlint.toml": "batch = 1\nextend = './a.toml'\n",
        "a.toml": "extend = 'cnnlint.toml'",
    }
    circle = "cnnlint.toml extends a.toml extends cnnlint.toml"
    assert mistakes(files) == (f"a.toml:1: files extend each other in a circle: {circle}",)
    assert "in a circle" in mistakes({"cnnlint.toml": "extend = 'cnnlint.toml'"})[0]


def test_what_is_extended_must_be_there() -> None:
    said = mistakes({"cnnlint.toml": "extend = ['gone.toml', 'sub']\n", "sub/x": ""})
    assert said == (
        "cnnlint.toml:1: gone.toml does not exist; check the path of the configuration",
        "cnnlint.toml:1: sub is no regular file; name the file of a configuration",
    )


@pytest.mark.parametrize(("count", "sound"), [(20, True), (21, False)])
def test_a_long_chain(count: int, sound: bool) -> None:
    files = {f"{i}.toml": f"extend = '{i + 1}.toml'" for i in range(1, count)}
    files |= {"cnnlint.toml": "extend = '1.toml'", f"{count}.toml": "batch = 3"}
    if sound:
        assert plan(files).batch == 3
    else:
        assert mistakes(files) == ("20.toml:1: more than 20 files are extended; leave some out",)


def test_files_that_multiply() -> None:
    files = {f"{i}.toml": f"extend = ['{i + 1}.toml', '{i + 1}.toml']" for i in range(1, 15)}
    files |= {"cnnlint.toml": "extend = ['1.toml']", "15.toml": ""}
    assert "more than 20 files are extended" in mistakes(files)[0]


def test_all_mistakes_of_all_files_at_once() -> None:
    write(
        {
            "a/cnnlint.toml": "extend = '../base.toml'\nselect = ['K999']\nbatch = 0\n",
            "b/cnnlint.toml": "extend = '../base.toml'\nx = = 1\n",
            "c/cnnlint.toml": "extend = '../base.toml'\nignore = ['K999']\n",
            "base.toml": "fail-onn = 'error'\n",
        }
    )
    planner = Planner(RULES, Asked(("preset=sed", "nothing=1"), typed={"ignore": ["Z9"]}))
    with pytest.raises(ConfigError) as caught:
        planner.plans([Path(f"{name}/net.onnx") for name in "aabc"])
    said = caught.value.mistakes
    assert [text.partition(": ")[0] for text in said] == [
        "--config preset",
        "--config nothing",
        "a/cnnlint.toml:2",
        "a/cnnlint.toml:3",
        "base.toml:1",
        "b/cnnlint.toml:2",
    ]
    assert said[4] == "base.toml:1: there is no key 'fail-onn'; did you mean fail-on?"
    assert [text.partition(": ")[0] for text in planner.warnings] == [
        "--ignore",
        "c/cnnlint.toml:2",
    ]


@pytest.mark.parametrize(
    ("setting", "option", "value"),
    [
        ("rules.K101.min_kernel=7", ("K101", "min_kernel"), 7),
        ("rules.K101.min_kernel = 7_000", ("K101", "min_kernel"), 7000),
        ("rules.k101.min_kernel=7", ("K101", "min_kernel"), 7),
        ("rules.large-dense-kernel.min_kernel=7", ("K101", "min_kernel"), 7),
        ("rules.K101.min_mac_share=1", ("K101", "min_mac_share"), 1.0),
        ("rules.A305.allow='Relu Clip'", ("A305", "allow"), "Relu Clip"),
        ("rules.A305.allow=Relu Clip", ("A305", "allow"), "Relu Clip"),
        ('rules.A305.allow="a=b"', ("A305", "allow"), "a=b"),
        ("rules.K101={min_kernel=7}", ("K101", "min_kernel"), 7),
    ],
)
def test_setting(setting: str, option: tuple[str, str], value: object) -> None:
    found = plan({}, setting).settings.options[option[0]][option[1]]
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("setting", "why"),
    [
        ("rules.K101.min_kernl=7", "--config rules.K101.min_kernl: rules.K101 has no option"),
        ("rules.K999.x=7", "there is no rule 'K999'"),
        ("rules.K101.min_kernel=7.5", "rules.K101.min_kernel must be a whole number, not 7.5"),
        ("rules.K101.min_kernel=many", "must be a whole number, not 'many'"),
        ("rules.K101=7", "rules.K101 must be a table of options"),
        ("rules=7", "--config rules: rules must be a table"),
        ("=7", "--config '=7': it is no setting; write KEY=VALUE"),
        ("a b=7", "it is no setting"),
        ("rules.K101.min_kernel=" + "[" * 5000, "must be a whole number"),
        ("a." * 100 + "b=1", "it is no setting"),
        ("max_params=5", "there is no key 'max_params'; write it under [budget]"),
        ("extend=gone.toml", "--config extend: gone.toml does not exist"),
    ],
)
def test_a_setting_that_makes_no_sense(setting: str, why: str) -> None:
    assert why in mistakes({}, setting)[0]


def test_a_file_of_configuration_goes_for_all_models() -> None:
    write({"a/cnnlint.toml": "select = ['K101']", "my=own.toml": "select = ['S201']"})
    planner = Planner(RULES, Asked(("my=own.toml", "fail-on=error")))
    plans = planner.plans([Path("a/net.onnx"), Path("net.onnx"), None])
    assert [codes(each) for each in plans] == [{"S201"}] * 3
    assert plans[0].settings.fail_on is Severity.ERROR


def test_isolated_reads_no_file() -> None:
    write({"cnnlint.toml": "select = ["})
    asked = Asked(("fail-on=error",), isolated=True)
    got = Planner(RULES, asked).plan(Path("net.onnx"))
    assert codes(got) == DEFAULT
    assert got.settings.fail_on is Severity.ERROR


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        (Asked(("gone.toml",)), "--config gone.toml does not exist"),
        (Asked(("select",)), "--config select does not exist"),
        (Asked(("a.toml", "b.toml")), "--config names several files: a.toml, b.toml"),
        (Asked(("a.toml",), isolated=True), "--isolated ignores all files of configuration"),
        (Asked(("",)), "a --config is empty"),
    ],
)
def test_a_command_line_that_makes_no_sense(asked: Asked, why: str) -> None:
    write({"a.toml": "", "b.toml": ""})
    with pytest.raises(UsageError) as caught:
        Planner(RULES, asked)
    assert why in caught.value.cause
    assert isinstance(caught.value, MissingPathError) == ("does not exist" in why)


def test_models_share_a_file_that_is_read_once() -> None:
    write({"cnnlint.toml": "batch = 2"})
    planner = Planner(RULES)
    assert planner.effective(Path()) is planner.effective(Path("b"))
    assert planner.plan(Path("a.onnx")) == planner.plan(Path("b/c.onnx"))
    assert planner.files == (Path.cwd() / "cnnlint.toml",)


@pytest.mark.parametrize(
    "text",
    [
        "[per-file-ignores]\n'a/' = ['K101']\n",
        "[[suppress]]\nrule = 'K101'\nfiles = 'a/'\nreason = 'x'\n",
        "[budget]\nfiles = 'a/'\nmax_params = 5\n",
    ],
)
def test_plans_differ_where_something_is_for_some_models(text: str) -> None:
    write({"cnnlint.toml": text})
    one, two = Planner(RULES).plans([Path("a/net.onnx"), Path("net.onnx")])
    assert one != two


def test_a_circle_of_links() -> None:
    write({"cnnlint.toml": "extend = 'link.toml'\n"})
    Path("link.toml").symlink_to("cnnlint.toml")
    assert "in a circle: cnnlint.toml extends link.toml" in mistakes({})[0]


def test_options_of_the_command_line_are_called_by_their_names() -> None:
    typed = {"budget": {"max_params": "5M"}, "baseline": "base.json"}
    got = plan({"cnnlint.toml": "[budget]\nmax_params = 7"}, **typed)
    said = [(limit.place, limit.amount) for limit in got.settings.gate.limits]
    assert said == [("cnnlint.toml:2", 7), ("--max-params", 5_000_000)]
    assert got.baseline == Path("base.json")
    wrong = mistakes({}, budget={"max_params": "5X"}, model_suppressions=1)
    assert {text.partition(": ")[0] for text in wrong} == {
        "--no-model-suppressions",
        "--max-params",
    }


def test_no_single_value_is_forgotten() -> None:
    assert {*NEAREST, "exclude"} == {key.field for key in SCALARS}


@pytest.mark.parametrize("setting", ["select=", "select= , ", "exclude="])
def test_a_list_that_is_typed_and_empty_is_no_setting(setting: str) -> None:
    key = setting.partition("=")[0]
    with pytest.raises(ConfigError, match=f"--config {key}: {key} is empty; it must be a "):
        plan({}, setting)
    assert codes(plan({}, "select=K101, S201,")) == {"K101", "S201"}
