"""What a configuration says, key by key, and how its mistakes are told."""

import tomllib
from collections.abc import Mapping
from dataclasses import fields
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnnlint.config.given import Given
from cnnlint.config.keys import keys, read
from cnnlint.lint.finding import Severity
from cnnlint.lint.limit import Limit
from cnnlint.lint.patterns import Patterns
from cnnlint.lint.registry import builtin_rules
from cnnlint.lint.suppress import Suppression
from tests.config.reading import FOLDER, place, told


def said_by(text: str) -> Given:
    """Return what a text says that has no mistake."""
    said, mistakes, warnings = told(tomllib.loads(text))
    assert (mistakes, warnings) == ([], [])
    return said


def mistakes_in(text: str) -> list[str]:
    _, mistakes, warnings = told(tomllib.loads(text))
    assert warnings == []
    return mistakes


def test_nothing() -> None:
    assert said_by("") == Given()


def test_every_key_has_a_field() -> None:
    names = [key.name.replace("-", "_") for key in keys(builtin_rules())]
    assert sorted([*names, "places"]) == sorted(field.name for field in fields(Given))


@pytest.mark.parametrize(
    ("text", "field", "value"),
    [
        ('extend = "../a.toml"', "extend", ("../a.toml",)),
        ('extend = ["a.toml", "b.toml"]', "extend", ("a.toml", "b.toml")),
        ('preset = "strict"', "preset", "strict"),
        ('target = "gpu-fp16"', "target", "gpu-fp16"),
        ('select = ["K101", "k1", "kernels", "large-dense-kernel", "ALL"]', "select", None),
        ("select = []", "select", ()),
        ('extend-select = ["A305"]', "extend_select", ("A305",)),
        ('ignore = ["W801"]', "ignore", ("W801",)),
        ('fail-on = "never"', "fail_on", "never"),
        ('severity = {K101 = "note"}', "severity", {"K101": Severity.NOTE}),
        ('severity = {kernels = "error"}', "severity", {"kernels": Severity.ERROR}),
        ('severity = {graph = "note"}', "severity", {"graph": Severity.NOTE}),
        ('severity = {G909 = "error"}', "severity", {"G909": Severity.ERROR}),
        ('severity = {G901 = "note"}', "severity", {"G901": Severity.NOTE}),
        ("rules = {K101 = {min_kernel = 7}}", "rules", {"K101": {"min_kernel": 7}}),
        ("rules = {k101 = {min_kernel = 7.0}}", "rules", {"K101": {"min_kernel": 7}}),
        ("rules = {W810 = {max_share = 1}}", "rules", {"W810": {"max_share": 1.0}}),
        ("rules = {R706 = {fixed_sizes = true}}", "rules", {"R706": {"fixed_sizes": True}}),
        ('rules = {A305 = {allow = ""}}', "rules", {"A305": {"allow": ""}}),
        ("rules = {K105 = {}}", "rules", {"K105": {}}),
        (
            "[rules]\nK101.min_kernel = 7\nlarge-dense-kernel = {min_group = 4}",
            "rules",
            {"K101": {"min_kernel": 7, "min_group": 4}},
        ),
        (
            "[rules]\nK101.min_kernel = 7\nlarge-dense-kernel = {min_kernel = 9}",
            "rules",
            {"K101": {"min_kernel": 9}},
        ),
        ('per-file-ignores = {"*.onnx" = ["K"]}', "per_file_ignores", {"*.onnx": ("K",)}),
        ("model-suppressions = false", "model_suppressions", False),
        ('baseline = "a/b.json"', "baseline", FOLDER / "a/b.json"),
        ('baseline = "/a/b.json"', "baseline", Path("/a/b.json")),
        ('exclude = ["old/"]', "exclude", ("old/",)),
        ("force-exclude = true", "force_exclude", True),
        ("max-per-rule = 0", "max_per_rule", 0),
        ("batch = 8", "batch", 8),
        ("dim = {height = 224, width = 192.0}", "dim", {"height": 224, "width": 192}),
    ],
)
def test_value(text: str, field: str, value: object) -> None:
    said = said_by(text)
    written = tomllib.loads(text)
    expected = tuple(written["select"]) if field == "select" else value
    assert getattr(said, field) == expected
    assert said == Given(**{field: expected}, places=said.places)  # type: ignore[arg-type]  # a table of tests


def test_types_of_options_are_those_of_the_rule() -> None:
    rules = said_by("rules = {K101 = {min_kernel = 7.0}, W810 = {max_share = 1}}").rules
    assert type(rules["K101"]["min_kernel"]) is int
    assert type(rules["W810"]["max_share"]) is float


def test_suppress() -> None:
    said = said_by(
        """
        [[suppress]]
        rule = "K101"
        reason = " trained so "
        layer = "stem.*"
        files = ["a.onnx", "!b.onnx"]
        expires = 2026-12-31
        [[suppress]]
        rule = "G9"
        reason = "y"
        files = "*.onnx"
        expires = "2026-12-31"
        """
    )
    assert said.suppress == (
        Suppression(
            "K101",
            "trained so",
            "suppress/0",
            "stem.*",
            Patterns(FOLDER, ("a.onnx", "!b.onnx")),
            date(2026, 12, 31),
        ),
        Suppression(
            "G9", "y", "suppress/1", None, Patterns(FOLDER, ("*.onnx",)), date(2026, 12, 31)
        ),
    )


def test_one_budget() -> None:
    said = said_by('[budget]\nmax_macs = "1.8G"\nmax_file_size = "+5%"')
    assert said.budget == (
        Limit("max_macs", "budget/max_macs", amount=1_800_000_000),
        Limit("max_file_size", "budget/max_file_size", growth=0.05),
    )


def test_several_budgets() -> None:
    said = said_by(
        """
        [[budget]]
        max_params = 5
        [[budget]]
        files = "*.onnx"
        reference = "a.onnx"
        max_macs = "-10%"
        max_latency_ms = 1.5
        """
    )
    patterns, reference = Patterns(FOLDER, ("*.onnx",)), FOLDER / "a.onnx"
    macs = Limit("max_macs", "budget/1/max_macs", None, -0.1, reference, patterns)
    time = Limit("max_latency_ms", "budget/1/max_latency_ms", 1.5, None, reference, patterns)
    assert said.budget == (Limit("max_params", "budget/0/max_params", amount=5), macs, time)


def test_places() -> None:
    said = said_by(
        """
        preset = "seed"
        extend-select = ["A305"]
        [severity]
        K101 = "note"
        [rules.large-dense-kernel]
        min_kernel = 7
        [per-file-ignores]
        "*.onnx" = ["K"]
        [dim]
        height = 1
        """
    )
    expected = {
        "preset": "preset",
        "extend-select": "extend-select",
        "severity.K101": "severity/K101",
        "rules.K101.min_kernel": "rules/large-dense-kernel/min_kernel",
        "per-file-ignores.*.onnx": "per-file-ignores/*.onnx",
        "dim.height": "dim/height",
    }
    assert {key: said.places[key] for key in expected} == expected


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        ('presset = "seed"', "presset: there is no key 'presset'; did you mean preset?"),
        ("x_y = 1", "x_y: there is no key 'x_y'"),
        ('fail_on = "note"', "fail_on: there is no key 'fail_on'; did you mean fail-on?"),
        ('FAIL-ON = "note"', "FAIL-ON: there is no key 'FAIL-ON'; did you mean fail-on?"),
        ("max_macs = 5", "max_macs: there is no key 'max_macs'; write it under [budget]"),
        ('reason = "x"', "reason: there is no key 'reason'; write it under [[suppress]]"),
        (
            "K101 = {}",
            "K101: there is no key 'K101'; write options of a rule under [rules.K101]",
        ),
        (
            "[tool.cnnlint]",
            (
                "tool: there is no key 'tool'; in a file of its own, keys stand without "
                "[tool.cnnlint]"
            ),
        ),
        (
            'preset = "sed"',
            (
                "preset: preset must be one of default, seed, accuracy, strict, not 'sed'; did "
                "you mean seed?"
            ),
        ),
        (
            'fail-on = "all"',
            "fail-on: fail-on must be one of error, warning, note, never, not 'all'",
        ),
        (
            'select = "K101"',
            "select: select must be a list of rules, not 'K101'; write ['K101']",
        ),
        ('select = ["K101x"]', "select/0: there is no rule 'K101x'; did you mean K101?"),
        (
            'extend-select = ["zzz"]',
            "extend-select/0: there is no rule 'zzz'; `cnnlint rules` lists what there is",
        ),
        ("select = [1]", "select/0: select must be a rule, not 1"),
        ("ignore = [1]", "ignore/0: ignore must be a rule, not 1"),
        ('severity = "note"', "severity: severity must be a table, not 'note'; write under "),
        (
            'severity = {K101 = "warn"}',
            (
                "severity/K101: severity.K101 must be one of error, warning, note, not 'warn'; "
                "did you mean warning?"
            ),
        ),
        ('severity = {K102 = "note"}', "severity/K102: there is no rule 'K102'; did you mean K1"),
        (
            'severity = {baseline = "x.json"}',
            (
                "severity/baseline: there is no rule 'baseline'; write that key above the first "
                "[table]"
            ),
        ),
        (
            "severity = {max_per_rule = 3}",
            "severity/max_per_rule: there is no rule 'max_per_rule'; write that key above ",
        ),
        (
            'severity = {G909 = "warning"}',
            "severity/G909: G909 says when a file is broken, so its severity stays",
        ),
        (
            'severity = {non-finite-weight = "note"}',
            "severity/non-finite-weight: G909 says when a file is broken, so its severity ",
        ),
        ("rules = 7", "rules: rules must be a table, not 7; write under [rules.K101] as in "),
        ("rules = {K1 = {}}", "rules/K1: there is no rule 'K1'; "),
        (
            "rules = {K101 = 7}",
            (
                "rules/K101: rules.K101 must be a table of options, not 7; write them under "
                "[rules.K101]"
            ),
        ),
        (
            "rules = {min_group = 7}",
            (
                "rules/min_group: there is no rule 'min_group'; it is an option: write it under "
                "[rules.K101]"
            ),
        ),
        (
            "rules = {K101 = {min_kernal = 5}}",
            (
                "rules/K101/min_kernal: rules.K101 has no option 'min_kernal'; did you mean "
                "min_kernel?"
            ),
        ),
        (
            "rules = {K101 = {min-kernel = 5}}",
            (
                "rules/K101/min-kernel: rules.K101 has no option 'min-kernel'; did you mean "
                "min_kernel?"
            ),
        ),
        (
            "rules = {K105 = {x = 5}}",
            "rules/K105/x: rules.K105 has no option 'x'; `cnnlint rule K105` lists its options",
        ),
        (
            "rules = {K101 = {min_kernel = 7.5}}",
            "rules/K101/min_kernel: rules.K101.min_kernel must be a whole number, not 7.5",
        ),
        ("rules = {K101 = {min_kernel = true}}", "rules/K101/min_kernel: rules.K101.min_kernel "),
        ("rules = {W810 = {max_share = nan}}", "rules/W810/max_share: rules.W810.max_share must "),
        ("rules = {W810 = {max_share = inf}}", "rules/W810/max_share: rules.W810.max_share must "),
        ("rules = {W810 = {max_share = '1'}}", "rules/W810/max_share: rules.W810.max_share must "),
        ("rules = {R706 = {fixed_sizes = 1}}", "rules/R706/fixed_sizes: rules.R706.fixed_sizes "),
        ("rules = {A305 = {allow = 1}}", "rules/A305/allow: rules.A305.allow must be a text, "),
        (
            "per-file-ignores = ['K']",
            (
                "per-file-ignores: per-file-ignores must be a table, not a list; write it under "
                "[per-file-ignores]"
            ),
        ),
        (
            'per-file-ignores = {"*.onnx" = "K"}',
            (
                "per-file-ignores/*.onnx: per-file-ignores.*.onnx must be a list of rules, not "
                "'K'; write ['K']"
            ),
        ),
        (
            'per-file-ignores = {"!" = ["K"]}',
            "per-file-ignores/!: '!' is no pattern of files; write it as in a .gitignore",
        ),
        (
            "budget = {max_macs = 1, files = []}",
            (
                "budget/files: budget.files means no file; write a pattern without ! in front of "
                """the others, as in ["*.onnx", "!old/"]"""
            ),
        ),
        (
            'budget = {max_macs = 1, files = ["!a.onnx", "!b/"]}',
            "budget/files: budget.files means no file; write a pattern without ! in front of",
        ),
        (
            'suppress = [{rule = "K101", reason = "x", files = "!a"}]',
            "suppress/0/files: suppress.files means no file; write a pattern without ! in front",
        ),
        ('exclude = ["["]', "exclude/0: '[' is no pattern of files; write it as in a .gitignore"),
        (
            "model-suppressions = 0",
            "model-suppressions: model-suppressions must be true or false, not 0",
        ),
        ('baseline = ""', "baseline: baseline is empty; it must be the path of a file"),
        ('baseline = "a\\u0000b"', "baseline: baseline must be the path of a file, not "),
        ("max-per-rule = -1", "max-per-rule: max-per-rule must be a whole number from 0, not -1"),
        ("batch = 0", "batch: batch must be a whole number from 1, not 0"),
        ("batch = true", "batch: batch must be a whole number from 1, not true"),
        (
            f"batch = {2**63}",
            "batch: batch must be a whole number from 1, not a number beyond 64 bits",
        ),
        ("dim = {height = 1.5}", "dim/height: dim.height must be a whole number from 1, not 1.5"),
        ('dim = {"" = 1}', "dim/: dim. is empty; it must be the name of a dimension"),
        ("suppress = {}", "suppress: suppress must be a list of tables, not a table; write each "),
        ("suppress = [1]", "suppress/0: suppress must be a table, not 1"),
        (
            '[[suppress]]\nreason = "x"',
            "suppress/0: suppress has no rule; every one needs it",
        ),
        (
            '[[suppress]]\nrule = "K101"',
            "suppress/0: suppress has no reason; every one needs it",
        ),
        (
            '[[suppress]]\nrule = "K101"\nreason = " "',
            "suppress/0/reason: suppress.reason is empty; it must be a reason in words",
        ),
        (
            '[[suppress]]\nrule = "K101l"\nreason = "x"',
            "suppress/0/rule: there is no rule 'K101l'; did you mean K101?",
        ),
        (
            '[[suppress]]\nrule = "K101"\nreason = "x"\nexpires = 2026-12-31T10:00:00',
            (
                "suppress/0/expires: suppress.expires must be a date, not 2026-12-31 10:00:00; "
                "write 2026-12-31, without the time"
            ),
        ),
        (
            '[[suppress]]\nrule = "K101"\nreason = "x"\nexpires = "31.12.2026"',
            (
                "suppress/0/expires: suppress.expires must be a date such as 2026-12-31, not "
                "'31.12.2026'"
            ),
        ),
        (
            '[[suppress]]\nrule = "K101"\nreason = "x"\nexpires = "2026-02-30"',
            (
                "suppress/0/expires: suppress.expires must be a date such as 2026-12-31, not "
                "'2026-02-30'"
            ),
        ),
        (
            '[[suppress]]\nrule = "K101"\nreason = "x"\nfile = "y"',
            "suppress/0/file: suppress has no key 'file'; did you mean files?",
        ),
        (
            '[[suppress]]\nrule = "K101"\nreason = "x"\npreset = "y"',
            (
                "suppress/0/preset: suppress has no key 'preset'; write that key above the first "
                "[table]"
            ),
        ),
        ("budget = 5", "budget: budget must be a table, not 5; write under [budget] as in "),
        ("budget = [5]", "budget/0: budget must be a table, not 5"),
        (
            "budget = {max-macs = 5}",
            "budget/max-macs: budget has no key 'max-macs'; did you mean max_macs?",
        ),
        (
            "budget = {fail_on = 5}",
            "budget/fail_on: budget has no key 'fail_on'; write that key above the first [table]",
        ),
        (
            'budget = {max_params = "5%"}',
            (
                "budget/max_params: budget.max_params must be a whole number above 0, "
                '"5M", "1.8G", or relative as in "+5%", not \'5%\'; write "+5%" for so much more '
                "than the reference"
            ),
        ),
        ("budget = {max_macs = 0}", "budget/max_macs: budget.max_macs must be a whole number "),
        ("budget = {max_plain_run = -1}", "budget/max_plain_run: budget.max_plain_run must be "),
        (
            'budget = {max_macs = 5, reference = "a.onnx"}',
            "budget/reference: budget has a reference, but no limit is relative to it; write ",
        ),
        (
            'budget = {max_macs = "5%", reference = "a.onnx"}',
            "budget/max_macs: budget.max_macs must be ",
        ),
    ],
)
def test_mistake(text: str, mistake: str) -> None:
    (told,) = mistakes_in(text)
    assert told.startswith(mistake)


def test_all_mistakes_are_told_and_the_rest_is_read() -> None:
    said, mistakes, warnings = told(
        tomllib.loads(
            """
            preset = "sed"
            batch = 4
            select = ["K101", "Z9"]
            ignore = ["Z8", "W801"]
            [per-file-ignores]
            "*.onnx" = ["Z7"]
            [severity]
            K101 = "note"
            K103 = "loud"
            """
        )
    )
    assert [mistake.partition(":")[0] for mistake in mistakes] == [
        *("preset", "select/1", "severity/K103"),
    ]
    assert warnings == [
        "ignore/0: there is no rule 'Z8'; `cnnlint rules` lists what there is",
        "per-file-ignores/*.onnx/0: there is no rule 'Z7'; `cnnlint rules` lists what there is",
    ]
    assert (said.batch, said.preset, said.severity) == (4, None, {"K101": Severity.NOTE})
    assert (said.select, said.ignore) == (("K101",), ("Z8", "W801"))


def test_very_many_mistakes_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    searches: list[str] = []

    def search(word: str, *_: object) -> list[str]:
        searches.append(word)
        return []

    monkeypatch.setattr("cnnlint.config.kinds.get_close_matches", search)
    mistakes = told({f"key{number}": 1 for number in range(1_060)})[1]
    assert len(mistakes) == 51
    assert mistakes[-1] == "file: and 1,010 more"
    assert len(searches) < 60  # each takes its time
    warnings = told({"ignore": ["Z9"] * 1_060})[2]
    assert (len(warnings), warnings[-1]) == (51, "file: and 1,010 more")
    assert len(searches) < 120


def test_long_keys_and_values_are_cut() -> None:
    long = "x" * 100_000
    values: Mapping[str, object] = {
        long: 1,
        "preset": long,
        "select": [long],
        "rules": {long: {}, "K101": {long: 1}},
        "per-file-ignores": {f"{long}.onnx": 1},
    }
    mistakes = told(dict(values))[1]
    assert len(mistakes) == 7
    assert all(len(mistake.partition(": ")[2]) < 250 for mistake in mistakes)


def test_only_the_rules_that_there_are_count() -> None:
    some = [rule for rule in builtin_rules() if rule.code == "K101"]
    assert read({"select": ["large-dense-kernel", "K1"]}, some, place, FOLDER)[1] == []
    (mistake,) = read({"select": ["K103"]}, some, place, FOLDER)[1]
    assert mistake == "select/0: there is no rule 'K103'; did you mean K101?"


NAMES = st.text(max_size=8) | st.sampled_from(
    [
        *(key.name for key in keys(builtin_rules())),
        *("rule", "reason", "expires", "files", "max_macs", "reference", "K101", "min_kernel"),
    ]
)
SCALARS = st.one_of(
    st.text(),
    st.integers(),
    st.floats(),
    st.booleans(),
    st.dates(),
    st.datetimes(),
    st.times(),
    st.just(10**400),
)


@given(
    st.dictionaries(
        NAMES,
        st.recursive(
            SCALARS,
            lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
            max_leaves=8,
        ),
    )
)
def test_no_value_is_too_odd(values: dict[str, object]) -> None:
    said, mistakes, warnings = told(values)
    assert isinstance(said, Given)
    assert all(": " in each for each in (*mistakes, *warnings))


def test_number_of_more_digits_than_python_writes() -> None:
    huge = 10**5000
    values: dict[str, object] = {key.name: huge for key in keys(builtin_rules())}
    assert len(told(values)[1]) == len(values)
    inside: dict[str, object] = {
        "rules": {"K101": {"min_kernel": huge, "min_mac_share": huge}},
        "budget": {"max_macs": huge, "max_latency_ms": huge, "files": [huge]},
    }
    assert len(told(inside)[1]) == 5
