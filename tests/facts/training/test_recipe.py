import json
from dataclasses import fields

import pytest
from hypothesis import given
from hypothesis import strategies as st
from onnx import parser

from cnnlint.facts.facts import Facts
from cnnlint.facts.training.recipe import (
    MAX_MISTAKES,
    MAX_TEXT,
    READERS,
    Dropout,
    Exemption,
    Recipe,
    from_metadata,
    parse,
    plain,
    to_metadata,
)
from cnnlint.model.loader import load
from tests.net import Net

TEXT = st.text(st.characters(codec="utf-8"), max_size=20).map(str.strip).filter(bool)
COUNT = st.integers(1, 2**63 - 1)
ABOVE_0 = st.floats(1e-300, 1e299)
ANY = st.floats(-1e299, 1e299)
FROZEN = ("layer4.2.conv3.weight",) * 999
RECIPES = st.builds(
    Recipe,
    task=st.none() | st.sampled_from(["classification", "backbone"]),
    classes=st.none() | COUNT,
    val_metric=st.none() | TEXT,
    val_value=st.none() | ANY,
    optimizer=st.none() | TEXT,
    lr=st.none() | ABOVE_0,
    weight_decay=st.none() | ABOVE_0 | st.just(0.0),
    device_memory=st.none() | st.floats(1e-300, 10_000),
    dropout=st.none() | st.lists(st.builds(Dropout, TEXT, st.floats(0, 0.999))).map(tuple),
    augment=st.none() | st.lists(TEXT).map(tuple),
    reparameterized=st.none() | st.booleans(),
    input_range=st.none() | st.just((-1.0, 1.0)),
    ignore=st.none() | st.lists(st.builds(Exemption, TEXT, TEXT)).map(tuple),
)


def test_every_key_is_read() -> None:
    assert list(READERS) != []
    assert set(READERS) == {key.name for key in fields(Recipe)}


@given(RECIPES)
def test_metadata_and_plain_values_hold_it_all(recipe: Recipe) -> None:
    assert from_metadata(to_metadata(recipe)) == (recipe, [])
    assert parse(plain(recipe)) == (recipe, [])
    assert all(key.startswith("cnnlint.") for key in to_metadata(recipe))


@pytest.mark.parametrize(
    ("key", "value", "read"),
    [
        ("task", "Segmentation", "segmentation"),
        ("classes", 1000.0, 1000),
        ("train_images", 2**63 - 1, 2**63 - 1),
        ("optimizer", " AdamW ", "AdamW"),
        ("lr", 1, 1.0),
        ("weight_decay", 0, 0.0),
        ("device_memory", 10_000, 10_000.0),
        ("precision", "mixed", "mixed"),
        ("dropout", [], ()),
        ("dropout", [{"layer": "fc1", "p": 0}], (Dropout("fc1", 0.0),)),
        ("label_smoothing", 1, 1.0),
        ("augment", "flip", ("flip",)),
        ("augment", ["flip ", "mixup"], ("flip", "mixup")),
        ("pretrained", "None", "none"),
        ("pretrained", "DINO on LAION", "DINO on LAION"),
        ("norm", "GN", "gn"),
        ("reparameterized", False, False),
        ("input_range", [0, 255], (0.0, 255.0)),
        ("ignore", [{"rule": "K101", "reason": "r"}], (Exemption("K101", "r"),)),
    ],
)
def test_values(key: str, value: object, read: object) -> None:
    recipe, mistakes = parse({key: value})
    assert not mistakes
    assert recipe.said == {key: read}
    assert type(recipe.said[key]) is type(read)


NUMBER = "a number"
ABOVE = "a number above 0"
WHOLE = "a whole number from 1"
DROPOUT = 'a list of {layer = "path", p = 0.5}, with p from 0 to below 1'
EXEMPTION = 'a list of {rule = "K101", reason = "why"}'
RANGE = "two numbers, the smaller one first"


@pytest.mark.parametrize(
    ("key", "value", "must_be"),
    [
        ("norm", "batch", "one of bn, gn, ln, in, none"),
        ("norm", 3, "one of bn, gn, ln, in, none"),
        ("output", "softmax", "one of logits, probabilities"),
        ("precision", "float16", "one of float32, mixed"),
        ("classes", 0, WHOLE),
        ("classes", 1.5, WHOLE),
        ("classes", True, WHOLE),
        ("classes", "10", WHOLE),
        ("classes", 2**63, WHOLE),
        ("val_value", "high", NUMBER),
        ("val_value", float("nan"), NUMBER),
        ("val_value", float("-inf"), NUMBER),
        ("val_value", True, NUMBER),
        ("val_value", 10**400, NUMBER),
        ("optimizer", " ", "a text"),
        ("optimizer", 3, "a text"),
        ("git", "\udc80", "a text"),
        ("lr", 0, ABOVE),
        ("lr", -0.1, ABOVE),
        ("weight_decay", -1e-4, "a number from 0"),
        ("device_memory", 0, "a number of GiB, at most 10,000"),
        ("device_memory", 17_179_869_184, "a number of GiB, at most 10,000"),
        ("label_smoothing", 1.1, "a number from 0 to 1"),
        ("dropout", 0.5, DROPOUT),
        ("dropout", [0.5], DROPOUT),
        ("dropout", [{"layer": "fc"}], DROPOUT),
        ("dropout", [{"layer": "fc", "p": 0.5, "q": 1}], DROPOUT),
        ("dropout", [{"layer": "fc", "p": 1}], DROPOUT),
        ("dropout", [{"layer": "fc", "p": -0.1}], DROPOUT),
        ("dropout", {"layer": "fc", "p": 0.5}, DROPOUT),
        ("augment", 3, "a list of texts"),
        ("augment", ["flip", 3], "a list of texts"),
        ("augment", [""], "a list of texts"),
        ("augment", ["a\ud800"], "a list of texts"),
        ("reparameterized", 1, "true or false"),
        ("reparameterized", "true", "true or false"),
        ("input_range", [255, 0], RANGE),
        ("input_range", [0, 1, 2], RANGE),
        ("input_range", ["0", 1], RANGE),
        ("input_range", 255, RANGE),
        ("ignore", "K101", EXEMPTION),
        ("ignore", [{"rule": "K101"}], EXEMPTION),
    ],
)
def test_mistakes(key: str, value: object, must_be: str) -> None:
    recipe, mistakes = parse({key: value})
    shown = repr(value) if len(repr(value)) < 60 else f"{repr(value)[:59]}…"
    assert mistakes == [f"{key} is {shown} and must be {must_be}"]
    assert recipe == Recipe()


def test_all_mistakes_at_once() -> None:
    recipe, mistakes = parse({"wieght_decay": 1, "lr": 0.1, "classes": 0, "xyz": 1})
    assert mistakes == [
        "there is no key 'wieght_decay' (did you mean weight_decay?)",
        "classes is 0 and must be a whole number from 1",
        "there is no key 'xyz'",
    ]
    assert recipe == Recipe(lr=0.1)


def test_so_many_mistakes_are_told() -> None:
    values = {f"key{i}": 1 for i in range(MAX_MISTAKES + 3)}
    assert parse(values)[1][MAX_MISTAKES:] == ["3 more mistakes"]
    values.popitem()
    values.popitem()
    values.popitem()
    assert parse(values)[1][-1] == f"there is no key 'key{MAX_MISTAKES - 1}'"
    assert parse({"weight_decay" * 10: 1})[1] == [f"there is no key '{('weight_decay' * 5)[:58]}…"]


def test_only_for_those_are_similar_keys_looked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Metadata may hold very many, and each search takes a while."""
    asked: list[str] = []

    def search(key: str, *_: object) -> list[str]:
        asked.append(key)
        return []

    monkeypatch.setattr("cnnlint.facts.training.recipe.get_close_matches", search)
    parse({f"key{i}": 1 for i in range(1000)})
    assert len(asked) == MAX_MISTAKES


def test_a_number_of_many_digits() -> None:
    assert "a number of very many digits" in parse({"lr": 1 << 100_000})[1][0]


def test_merging() -> None:
    given = Recipe(lr=0.1, dropout=())
    beside = Recipe(lr=0.2, classes=10, dropout=(Dropout("fc", 0.5),))
    assert given.over(beside) == Recipe(lr=0.1, classes=10, dropout=())
    assert Recipe().over(beside) == beside
    assert Recipe(reparameterized=False).over(Recipe(reparameterized=True)).said == {
        "reparameterized": False
    }


@pytest.mark.parametrize(
    ("key", "text", "said"),
    [
        ("optimizer", "sgd", {"optimizer": "sgd"}),
        ("git", "1234567", {"git": "1234567"}),
        ("classes", "10", {"classes": 10}),
        ("lr", "1e-3", {"lr": 0.001}),
        ("reparameterized", "Yes", {"reparameterized": True}),
        ("reparameterized", "FALSE", {"reparameterized": False}),
        ("reparameterized", "no", {"reparameterized": False}),
        ("reparameterized", "perhaps", {}),
        ("augment", '["flip"]', {"augment": ("flip",)}),
        ("augment", "flip", {"augment": ("flip",)}),
        ("augment", '["flip', {}),
        ("augment", json.dumps(["layer4.2.conv3.weight"] * 1_000_000), {}),
        ("frozen_layers", json.dumps(["layer4.2.conv3.weight"] * 999), {"frozen_layers": FROZEN}),
        ("lr", "fast", {}),
        ("lr", "NaN", {}),
        ("lr", "1" + " " * MAX_TEXT, {}),
        ("dropout", "[" * 5_000, {}),
        ("dropout", json.dumps([{"layer": "a", "p": 0.5}]), {"dropout": (Dropout("a", 0.5),)}),
        ("ignore", "K101", {}),
        ("wieght_decay", "0.1", {}),
    ],
)
def test_metadata(key: str, text: str, said: dict[str, object]) -> None:
    recipe, mistakes = from_metadata({f"cnnlint.{key}": text, "author": "me", "lr": "1"})
    assert recipe.said == said
    assert len(mistakes) == (not said)


@given(st.sampled_from(sorted(READERS)), st.text(max_size=200))
def test_no_metadata_is_too_odd(key: str, text: str) -> None:
    recipe, mistakes = from_metadata({f"cnnlint.{key}": text})
    assert bool(recipe.said) != bool(mistakes)


def test_facts_know_it() -> None:
    facts = Facts(Net(3, 8).conv(4).model(), Recipe(lr=0.1))
    assert facts.recipe == Recipe(lr=0.1)
    assert facts.odd_metadata == ()


def test_what_is_given_goes_before_metadata() -> None:
    proto = Net(3, 8).conv(4).proto()
    for key, text in (("lr", "1"), ("classes", "10"), ("epochs", "many")):
        proto.metadata_props.add(key=f"cnnlint.{key}", value=text)
    facts = Facts(load(proto.SerializeToString()), Recipe(lr=0.1))
    assert facts.recipe == Recipe(lr=0.1, classes=10)
    assert facts.odd_metadata == ("epochs is 'many' and must be a whole number from 1",)


def test_bodies_know_it_too() -> None:
    branch = "() => (t) { t = Neg (x) }"
    proto = parser.parse_model(
        '<ir_version: 10, opset_import: ["" : 17]> net (float[2,3] x, bool c) => (y) '
        f"{{ y = If (c) <then_branch = a {branch}, else_branch = b {branch}> }}"
    )
    proto.metadata_props.add(key="cnnlint.classes", value="3")
    facts = Facts(load(proto.SerializeToString()), Recipe(lr=0.1))
    ((one, other),) = facts.bodies.values()
    assert one.facts.recipe == other.facts.recipe == Recipe(lr=0.1, classes=3)
