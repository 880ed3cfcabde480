"""Where in a TOML file a value stands."""

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnnlint.config.places import Steps, line_of, lines_of

TEXT = '''# nothing
preset = "seed"
"fail-on" = 'error'
exclude = [ "a",  # one
  "b",
  """
c]""", "d"
]
[rules . "K101"]  # [rules.K102]
min_kernel = 7

[rules.W801]
multiple = 8
[budget]
"max_par\\u0061ms" = "5M"
[per-file-ignores]
"a.b/*.onnx" = ["K"]
[[suppress]]
rule = "K101"
reason = """
[[suppress]]
rule = 1
"""
[[suppress]]
rule = "x"
[tables]
inline = { a = 1, b.c = [1, { d = 2 }] }
date = 1979-05-27 07:32:00
dotted.key.here = 1.5
[[lists.of.tables]]
[[lists.of.tables.inner]]
x = 1
[[lists.of.tables.inner]]
x = 2
'''


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("preset",), 2),
        (("fail-on",), 3),
        (("exclude",), 4),
        (("exclude", 0), 4),
        (("exclude", 1), 5),
        (("exclude", 2), 6),
        (("exclude", 3), 7),
        (("rules", "K101"), 9),
        (("rules", "K101", "min_kernel"), 10),
        (("rules", "W801", "multiple"), 13),
        (("budget", "max_params"), 15),
        (("per-file-ignores", "a.b/*.onnx"), 17),
        (("per-file-ignores", "a.b/*.onnx", 0), 17),
        (("suppress", 0), 18),
        (("suppress", 0, "rule"), 19),
        (("suppress", 0, "reason"), 20),
        (("suppress", 0, "expires"), 18),
        (("suppress", 1), 24),
        (("suppress", 1, "rule"), 25),
        (("tables", "inline", "a"), 27),
        (("tables", "inline", "b", "c", 1, "d"), 27),
        (("tables", "date"), 28),
        (("tables", "dotted", "key", "here"), 29),
        (("lists", "of", "tables", 0, "inner", 0, "x"), 32),
        (("lists", "of", "tables", 0, "inner", 1, "x"), 34),
    ],
)
def test_line(path: Steps, line: int) -> None:
    tomllib.loads(TEXT)
    assert line_of(lines_of(TEXT), path) == line


def test_only_of_one_table() -> None:
    text = (
        "[tool.other]\npreset = 1\n[tool.cnnlint]\npreset = 2\n[tool.cnnlint.rules]\nK101.x = 1\n"
    )
    lines = lines_of(text, ("tool", "cnnlint"))
    assert lines == {
        (): 3,
        ("preset",): 4,
        ("rules",): 5,
        ("rules", "K101"): 6,
        ("rules", "K101", "x"): 6,
    }


def test_of_a_table_that_is_not_there() -> None:
    assert lines_of("a = 1", ("tool", "cnnlint")) == {}
    assert line_of({}, ("preset",)) is None


@given(st.text(alphabet="ab.=[]{}\"'#\\, \n1"))
def test_no_text_is_too_odd(text: str) -> None:
    lines = lines_of(text)
    try:
        values = tomllib.loads(text)
    except ValueError:
        return
    assert {(key,) for key in values} == {path for path in lines if len(path) == 1}


@pytest.mark.parametrize(
    "text",
    ["[[", "a", "a=", "a=[", "a={b", '"', "a=" + "[" * 5_000, "a=[" * 5_000, "]" * 5_000],
)
def test_what_ends_early(text: str) -> None:
    lines_of(text)
