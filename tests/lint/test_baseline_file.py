"""The file of a baseline: what stands in it, and what is none."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnnlint.errors import MissingPathError, UsageError
from cnnlint.lint.baseline import Baseline, KnownModel
from cnnlint.lint.baseline_file import HIGHEST, MAX_BYTES, is_baseline, read_baseline, written
from cnnlint.lint.matching import Known
from cnnlint.report.report import Amount

CONV = Known("0123456789abcdef", "K101", "conv1", "Conv 7x7 3->8", Amount(12_800_000, "macs"))
FILE = Known("fedcba9876543210", "G915", "", "", None)
MODEL = KnownModel({"max_params": 8, "max_macs": 12_800_000}, (CONV, FILE), 49)
TEXT = """{
 "schema": "cnnlint-baseline/1",
 "models": {
  "models/a.onnx": {
   "nodes": 49,
   "costs": {
    "max_macs": 12800000,
    "max_params": 8
   },
   "findings": [
    {"rule": "G915", "layer": "", "is": "", "value": null, "unit": null, "fingerprint": \
"fedcba9876543210"},
    {"rule": "K101", "layer": "conv1", "is": "Conv 7x7 3->8", "value": 12800000, "unit": "macs", \
"fingerprint": "0123456789abcdef"}
   ]
  },
  "models/b.onnx": {
   "nodes": 3,
   "costs": {},
   "findings": []
  }
 }
}
"""


def test_the_text() -> None:
    models = {"models/b.onnx": KnownModel(nodes=3), "models/a.onnx": MODEL}
    assert written(Baseline(Path("x"), models)) == TEXT
    assert written(Baseline(Path("x"))).count("\n") == 4


def test_it_can_be_read_again(tmp_path: Path) -> None:
    file = tmp_path / "b.json"
    file.write_text(TEXT)
    found = read_baseline(file)
    assert found.models["models/a.onnx"] == replace(MODEL, findings=(FILE, CONV))
    assert written(found) == TEXT
    assert is_baseline(file)
    assert not is_baseline(tmp_path)
    assert not is_baseline(tmp_path / "none")


COSTS = st.none() | st.builds(Amount, st.integers(0, HIGHEST), st.sampled_from(["macs", "params"]))
ENTRIES = st.builds(
    Known,
    st.from_regex("[0-9a-f]{16}", fullmatch=True),
    st.text(),
    st.text(),
    st.text(),
    COSTS,
    st.lists(st.text(), max_size=2).map(tuple),
)
MODELS = st.builds(
    KnownModel,
    st.dictionaries(st.text(), st.integers(0, HIGHEST) | st.floats(0, 1e20), max_size=3),
    st.lists(ENTRIES, max_size=3).map(tuple),
    st.integers(0, 9),
    st.dictionaries(st.text(), st.integers(1, 9), max_size=2),
)
PATHS = st.text(min_size=1).filter(lambda path: not path.startswith("/"))


@given(st.dictionaries(PATHS, MODELS, max_size=3))
@settings(max_examples=40)
def test_any_can_be_read_again(
    tmp_path_factory: pytest.TempPathFactory, models: dict[str, KnownModel]
) -> None:
    file = tmp_path_factory.mktemp("any") / "b.json"
    file.write_text(text := written(Baseline(file, models)))
    found = read_baseline(file)
    assert written(found) == text
    assert found.models.keys() == models.keys()
    for key, known in found.models.items():
        assert sorted(known.findings, key=repr) == sorted(models[key].findings, key=repr)
        assert replace(known, findings=()) == replace(models[key], findings=())
    assert text.isascii()


def test_a_dearer_layer_is_one_line_in_a_diff() -> None:
    dearer = replace(CONV, label="Conv 7x7 3->9", cost=Amount(14_400_000, "macs"))
    texts = [
        written(Baseline(Path("x"), {"a.onnx": KnownModel({}, (entry, FILE), 1)})).splitlines()
        for entry in (CONV, dearer)
    ]
    assert len(texts[0]) == len(texts[1])
    assert sum(one != other for one, other in zip(*texts, strict=True)) == 1


def test_what_editors_and_git_on_windows_make_of_it(tmp_path: Path) -> None:
    file = tmp_path / "b.json"
    file.write_text(TEXT)
    known = read_baseline(file)
    file.write_bytes(b"\xef\xbb\xbf" + TEXT.replace("\n", "\r\n").encode())
    assert read_baseline(file) == known


def edited(old: str, new: str) -> bytes:
    assert old in TEXT
    return TEXT.replace(old, new, 1).encode()


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "is no baseline: Expecting value"),
        (b"\xff", "is no baseline: 'utf-8' codec can't decode"),
        (b"[" * 100_000, "is no baseline: it nests too deeply"),
        (b'{"a": ' * 100_000, "is no baseline: it nests too deeply"),
        (b"9" * 5_000, "is no baseline: Exceeds the limit"),
        (b" " * (MAX_BYTES + 1), "has more than 33,554,432 bytes"),
        (b"[]", "is no baseline: it names no schema"),
        (b"{}", "is no baseline: it names no schema"),
        (b"<<<<<<< ours\n" + TEXT.encode(), "has conflicts of a merge in it"),
        (TEXT.encode() + b">>>>>>> theirs\n", "has conflicts of a merge in it"),
        (edited("baseline/1", "baseline/2"), 'its schema is "cnnlint-baseline/2", and cnnlint-ba'),
        (edited('"cnnlint-baseline/1"', '["x"]'), "its schema is list, and"),
        (edited("12800000", "NaN"), "is no baseline: NaN is no number"),
        (edited("12800000", "-Infinity"), "is no baseline: -Infinity is no number"),
        (edited("12800000", "1e999"), 'a.onnx": Infinity is no cost of "max_macs"'),
        (edited("12800000", "-1"), '-1 is no cost of "max_macs"'),
        (edited("12800000", "true"), 'true is no cost of "max_macs"'),
        (edited('"max_params": 8', f'"max_params": {10**31}'), 'is no cost of "max_params"'),
        (edited("models/b.onnx", "models/a.onnx"), 'baseline: "models/a.onnx" is there twice'),
        (edited("models/a.onnx", "/models/a.onnx"), '"/models/a.onnx" is no path from the folder'),
        (edited("models/a.onnx", ""), '"" is no path from the folder'),
        (edited('"nodes": 49', '"nodes": 4.5'), "nodes is no whole number from 0 on, but 4.5"),
        (edited('"nodes": 49', '"nodes": true'), "nodes is no whole number from 0 on, but true"),
        (edited('"nodes": 49', '"node": 49'), "'nodes' is missing"),
        (edited('"nodes": 49', '"nodes": 49, "hash": 1'), '"hash" is no key of it'),
        (edited(' "models"', ' "tool": 1, "models"'), 'json: "tool" is no key of it'),
        (edited('"findings": []', '"findings": {}'), "findings is no list, but dict"),
        (edited('"findings": []', '"findings": [1]'), "finding 1: 1 is no finding"),
        (edited('"costs"', '"sizes": {"N": "x"}, "costs"'), "N is no whole number from 0 on, but"),
        (edited('"costs": {}', '"costs": null'), "costs is no object, but null"),
        (edited('"rule": "K101"', '"rule": 101'), "finding 2: rule is no text, but 101"),
        (edited('"value": null', '"value": 1'), "finding 1: unit is no text, but null"),
        (edited('"unit": "macs"', '"unit": null'), "finding 2: unit is no text, but null"),
        (edited('"unit": "macs"', '"unit": "flops"'), 'finding 2: "flops" is no unit'),
        (edited('"value": 12800000', '"value": 1.5'), "value is no whole number from 0 on, but 1"),
        (edited("fedcba", "FEDCBA"), '"FEDCBA9876543210" is no fingerprint'),
        (edited("fedcba", "f" * 999), '..." is no fingerprint'.replace('..."', "...")),
        (edited('"is": ""', '"is": "", "more": 1'), "finding 1: more is no list, but 1"),
        (edited('"is": ""', '"is": "", "more": [1]'), "finding 1: 1 is no layer"),
    ],
)
def test_what_is_none(content: bytes, why: str, tmp_path: Path) -> None:
    file = tmp_path / "b.json"
    file.write_bytes(content)
    with pytest.raises(UsageError) as caught:
        read_baseline(file)
    assert why in caught.value.cause
    assert caught.value.cause.startswith(str(file))
    assert caught.value.cure
    assert len(caught.value.cause) < len(str(file)) + 250


def test_what_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(MissingPathError, match=r"the baseline .*none\.json does not exist"):
        read_baseline(tmp_path / "none.json")
    with pytest.raises(UsageError, match="is no regular file"):
        read_baseline(tmp_path)
    with pytest.raises(UsageError, match="is no regular file"):
        read_baseline(Path("/dev/zero"))


def test_what_models_are_called(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "repo" / "models").mkdir(parents=True)
    (tmp_path / "link").symlink_to("repo")
    baseline = Baseline(tmp_path / "repo" / "ci.json", {"models/a.onnx": MODEL})
    monkeypatch.chdir(tmp_path / "link" / "models")
    for model in ("a.onnx", "../models/a.onnx", tmp_path / "link" / "models" / "a.onnx"):
        assert baseline.of(Path(model)) is MODEL
    assert baseline.of(Path("b.onnx")) is None
    assert baseline.key(tmp_path / "other" / "a.onnx") == "../other/a.onnx"
    here = Baseline(Path("../ci.json"), {"models/a.onnx": MODEL})
    assert here.of(Path("a.onnx")) is MODEL
    assert here.path("models/a.onnx") == Path("../models/a.onnx")
    linked = Baseline(tmp_path / "link" / "ci.json", {"models/a.onnx": MODEL})
    assert linked.of(tmp_path / "repo" / "models" / "a.onnx") is MODEL
