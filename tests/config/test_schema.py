"""The JSON Schema says of every configuration what the code says of it."""

import json
from collections.abc import Mapping
from datetime import date, datetime, time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from cnnlint.config.amounts import LIMITS
from cnnlint.config.keys import keys
from cnnlint.config.schema import json_schema
from cnnlint.lint.presets import PRESETS
from cnnlint.lint.registry import builtin_rules
from cnnlint.lint.targets import TARGETS
from tests.config.reading import told

SCHEMA = json_schema(builtin_rules())
VALIDATOR = Draft202012Validator(SCHEMA, format_checker=Draft202012Validator.FORMAT_CHECKER)
UNKNOWABLE = (
    "is no pattern of files",
    "it comes to nothing",  # "0.0001k"
    "that is too much",  # "99999999 T"
    "not nan",  # JSON has neither this
    "not inf",  # nor this
    "not -inf",
    "a number beyond 64 bits",  # nor has TOML that
)
"""What mistakes say that no schema can know. Besides, JSON has dates as texts."""


def plain(value: object) -> object:
    """Return what an editor makes of a value of TOML: dates are texts."""
    if isinstance(value, Mapping):
        return {key: plain(each) for key, each in value.items()}
    if isinstance(value, list):
        return [plain(each) for each in value]
    return value.isoformat() if isinstance(value, date | time) else value


def agree(values: dict[str, object]) -> None:
    """Check that code and schema say the same."""
    mistakes = told(values)[1]
    valid = VALIDATOR.is_valid(plain(values))
    if valid:
        assert all(any(known in mistake for known in UNKNOWABLE) for mistake in mistakes)
    else:
        assert mistakes


SELECTORS = st.sampled_from(
    [
        *(
            "ALL",
            "all",
            "K101",
            "k101",
            "K",
            "K1",
            "K10",
            "kernels",
            "KERNELS",
            "graph",
            "G",
            "G9",
        ),
        *("large-dense-kernel", "Large-Dense-Kernel", "G909", "g909", "non-finite-weight", "G901"),
        *("K1011", "1", "L101", "large_dense_kernel", "AL", "", " ", "x", "K101 ", "\u212a101"),
    ]
)
GLOBS = st.sampled_from(["*.onnx", "a/", "!a", "**/x", "a b", "", " ", "/", "!", "[", "#a", "\0"])
TEXTS = st.sampled_from(["", " ", "\t\n", "a", "a b", "\0", "a\0", "x" * 70, "\u00a0", "\u3000a"])
NUMBERS = st.sampled_from(
    [0, 1, -1, 7, 224, 2**63, -(2**64), 10**400, 0.0, 0.5, 1.0, -2.0, 7.5, 1e300, 1.7e308]
    + [float(word) for word in ("nan", "inf", "-inf")]
)
AMOUNTS = st.sampled_from(
    [
        *("5", "5M", "5 m", "1.8G", "20MiB", "20 MB", "20mb", "20Mb", "20M", "5B", "512B", "12ms"),
        *("+5%", "-5%", "5%", "+0%", "-100%", "-99.5 %", "+1234567%", "0", "0.1", "0.0001k", "+5"),
        *("99999999 T", "1,8G", "1_000", "1__0", "many", "", "+5%%", "5 5", "9" * 30),
    ]
)
ODD = st.one_of(
    NUMBERS,
    TEXTS,
    st.booleans(),
    st.just([]),
    st.just({}),
    st.just([1]),
    st.just({"a": 1}),
    st.just([[]]),
    st.just([{}]),
    st.just([{"a": {}}]),
)
"""What may stand for any key."""


def table(**values: st.SearchStrategy[object]) -> st.SearchStrategy[dict[str, object]]:
    """Return tables with some of these keys, and sometimes one that there is not."""
    strays = st.sampled_from([{}, {}, {}, {"stray": 1}])
    some = st.fixed_dictionaries({}, optional=values)
    return st.builds(lambda one, other: one | other, some, strays)


def listed(item: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
    return st.lists(item, max_size=3) | item


WORDS = st.sampled_from(["error", "warning", "note", "never", "Error", "strict", "gpu-fp16", ""])
DAYS = st.sampled_from(
    [
        date(2026, 12, 31),
        datetime(2026, 12, 31, 10),  # noqa: DTZ001  (TOML has such)
        time(10),
        *("2026-12-31", "2026-02-30", "2026-2-3", "20261231", "2026-W01-1", "soon"),
    ]
)
OPTIONS = table(min_kernel=ODD, min_mac_share=ODD, allow=ODD, fixed_sizes=ODD)
OWNERS = st.sampled_from(["K101", "k101", "large-dense-kernel", "R706", "A305", "G909", "K1", "x"])
BUDGET = table(
    files=listed(GLOBS) | ODD,
    reference=TEXTS | ODD,
    **dict.fromkeys(LIMITS, AMOUNTS | AMOUNTS | ODD),
)
SUPPRESS = table(
    rule=SELECTORS | SELECTORS | ODD,
    reason=TEXTS | ODD,
    layer=TEXTS | ODD,
    files=listed(GLOBS) | ODD,
    expires=DAYS,
)
VALUES: dict[str, st.SearchStrategy[object]] = {
    "extend": listed(TEXTS),
    "preset": WORDS,
    "target": WORDS,
    "select": listed(SELECTORS),
    "extend-select": listed(SELECTORS),
    "ignore": listed(SELECTORS),
    "fail-on": WORDS,
    "severity": st.dictionaries(SELECTORS, WORDS | ODD, max_size=2),
    "rules": st.dictionaries(OWNERS, OPTIONS | ODD, max_size=2),
    "per-file-ignores": st.dictionaries(GLOBS, listed(SELECTORS) | ODD, max_size=2),
    "suppress": st.lists(SUPPRESS, max_size=2) | SUPPRESS,
    "model-suppressions": st.booleans(),
    "baseline": TEXTS,
    "budget": st.lists(BUDGET, max_size=2) | BUDGET,
    "exclude": listed(GLOBS),
    "force-exclude": st.booleans(),
    "max-per-rule": NUMBERS,
    "batch": NUMBERS,
    "dim": st.dictionaries(TEXTS, NUMBERS | ODD, max_size=2),
}


def test_every_key_is_tried() -> None:
    assert sorted(VALUES) == sorted(key.name for key in keys(builtin_rules()))


def test_it_is_a_schema() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    assert SCHEMA["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert json.loads(json.dumps(SCHEMA)) == SCHEMA


@pytest.mark.parametrize("key", VALUES)
@settings(max_examples=100)
@given(data=st.data())
def test_code_and_schema_agree_on_a_key(key: str, data: st.DataObject) -> None:
    agree({key: data.draw(VALUES[key] | VALUES[key] | ODD)})


@settings(max_examples=50)
@given(table(**VALUES))
def test_code_and_schema_agree_on_all_keys_together(values: dict[str, object]) -> None:
    agree(values)


@pytest.mark.parametrize(
    ("values", "valid"),
    [
        ({}, True),
        ({"presett": "seed"}, False),
        ({"preset": "seed"}, True),
        ({"select": ["K101", "k1", "ALL", "Kernels"]}, True),
        ({"select": ["K102"]}, False),
        ({"ignore": ["K102"]}, True),
        ({"severity": {"g909": "note"}}, False),
        ({"severity": {"g909": "error", "graph": "note"}}, True),
        ({"rules": {"k101": {"min_kernel": 7}}}, True),
        ({"rules": {"K101": {"min_kernal": 7}}}, False),
        ({"rules": {"k101": {"min_kernel": "7"}}}, False),
        ({"suppress": [{"rule": "K101", "reason": "x", "expires": "2026-12-31"}]}, True),
        ({"suppress": [{"rule": "K101", "reason": " "}]}, False),
        ({"suppress": [{"rule": "G909", "reason": "x"}]}, True),
        ({"suppress": [{"rule": "K101"}]}, False),
        ({"budget": {"max_macs": "+5%", "reference": "a.onnx"}}, True),
        ({"budget": {"max_macs": 5, "reference": "a.onnx"}}, False),
        ({"budget": [{"max_macs": "1.8G"}, {"max_file_size": "20 MB"}]}, True),
        ({"budget": {"max_macs": "20 MB"}}, False),
    ],
)
def test_verdict(values: dict[str, object], valid: bool) -> None:
    assert VALIDATOR.is_valid(values) is valid
    assert (not told(values)[1]) is valid


def test_keys_are_described() -> None:
    properties = SCHEMA["properties"]
    assert isinstance(properties, dict)
    for key in keys(builtin_rules()):
        assert properties[key.name]["description"] == key.doc
        assert properties[key.name].get("default") == (key.example if key.default else None)
    assert properties["preset"]["enum"] == list(PRESETS)
    assert properties["target"]["enum"] == list(TARGETS)


def test_options_are_described() -> None:
    defined = SCHEMA["$defs"]
    assert isinstance(defined, dict)
    for rule in builtin_rules():
        options = defined[rule.code]["properties"]
        assert list(options) == [option.name for option in rule.options]
        for option in rule.options:
            assert options[option.name]["default"] == option.default
            assert options[option.name]["description"] == option.doc


def test_defaults_are_valid() -> None:
    values = {key.name: key.example for key in keys(builtin_rules()) if key.default}
    assert told(values)[1:] == ([], [])
    assert VALIDATOR.is_valid(values)
