"""A baseline holds while its model stays the same: names, order, exporter, a layer in front."""

import random
import re
from collections import Counter
from collections.abc import Callable
from functools import cache
from pathlib import Path

import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper

from cnnlint.lint.baseline import Held, against
from cnnlint.lint.engine import Looked, Settings, check_model
from cnnlint.lint.gate import labels
from cnnlint.lint.presets import PRESETS
from cnnlint.lint.ratchet import known_model, pruned
from cnnlint.lint.registry import builtin_rules
from cnnlint.model.binding import Bindings
from cnnlint.report.report import Amount, ReportedFinding

DATA = Path(__file__).parents[1] / "data"
MODELS = sorted(path.name for path in DATA.glob("*.onnx"))
SMALL = ["alexnet.ts.onnx", "resnet18.ts.onnx", "resnet18.dy.onnx", "vgg16.ts.onnx"]
LARGE = ["densenet121.ts.onnx", "tf_efficientnet_b4.ts.onnx", "convnext_tiny.ts.onnx"]
PAIRS = [
    (one.name, other.name)
    for one in sorted(DATA.glob("*.ts.onnx"))
    for other in DATA.glob(one.name.replace(".ts.", ".dy."))
]
Change = Callable[[onnx.ModelProto, random.Random], None]


def looked(source: Path | bytes) -> Looked:
    seen: list[Looked] = []
    strict = Settings(PRESETS["strict"])
    check_model(source, builtin_rules(), Bindings(), settings=strict, watch=seen.append)
    return seen[0]


@cache
def original(name: str) -> Looked:
    return looked(DATA / name)


@cache
def changed(name: str, *changes: Change, seed: int = 0) -> Looked:
    proto = onnx.load(DATA / name, load_external_data=False)
    for change in changes:
        change(proto, random.Random(seed))  # noqa: S311  (no secret)
    return looked(proto.SerializeToString())


def held(before: Looked, after: Looked) -> Held:
    return against(after.findings, known_model(before), labels(after.facts), after.ran)


Kind = tuple[str, str, Amount | None]


def kind(finding: ReportedFinding) -> Kind:
    """Return all of a finding that no name is part of."""
    label = finding.layers[0].label if finding.layers else ""
    return finding.code, label, finding.cost


def new(result: Held) -> "Counter[Kind]":
    """Count what is not known any more."""
    return Counter(kind(each) for each in result.findings if each.suppressed is None)


def more(one: Looked, other: Looked) -> "Counter[Kind]":
    """Count what one model has more of than the other, whatever it is called."""
    return Counter(map(kind, one.findings)) - Counter(map(kind, other.findings))


def rename_nodes(proto: onnx.ModelProto, rng: random.Random) -> None:
    for node in proto.graph.node:
        node.name = "".join(rng.choices("abcdefgh", k=12))


def clear_node_names(proto: onnx.ModelProto, _rng: random.Random) -> None:
    """Leave nodes without any name of their own or of their modules."""
    for node in proto.graph.node:
        node.name = ""
        del node.metadata_props[:]


def renamed(proto: onnx.ModelProto, names: dict[str, str]) -> None:
    for node in proto.graph.node:
        node.input[:] = [names.get(name, name) for name in node.input]
        node.output[:] = [names.get(name, name) for name in node.output]
    graph = proto.graph
    for tensor in graph.initializer:
        tensor.name = names.get(tensor.name, tensor.name)
    for value in (*graph.value_info, *graph.input, *graph.output):
        value.name = names.get(value.name, value.name)


def rename_tensors(proto: onnx.ModelProto, rng: random.Random) -> None:
    stored = {tensor.name for tensor in proto.graph.initializer}
    made = [name for node in proto.graph.node for name in node.output if name not in stored]
    renamed(proto, {name: f"t{rng.random()}" for name in made if name})


def rename_weights(proto: onnx.ModelProto, _rng: random.Random) -> None:
    """Name them as the TorchScript exporter does where it has folded something into them."""
    stored = [tensor.name for tensor in proto.graph.initializer]
    renamed(proto, {name: f"onnx::Conv_{193 + at}" for at, name in enumerate(stored)})


def reorder(proto: onnx.ModelProto, rng: random.Random) -> None:
    """Bring the nodes into any other order in which each comes after what it reads."""
    waiting = list(proto.graph.node)
    made_later = {name for node in waiting for name in node.output}
    order = []
    while waiting:
        ready = [node for node in waiting if not made_later.intersection(node.input)]
        node = rng.choice(ready)
        waiting.remove(node)
        made_later.difference_update(node.output)
        order.append(node)
    del proto.graph.node[:]
    proto.graph.node.extend(order)


@cache
def put_in_front(op: str) -> Change:
    """Return what puts a layer between the input and all that reads it."""

    def change(proto: onnx.ModelProto, _rng: random.Random) -> None:
        into = proto.graph.input[0].name
        for node in proto.graph.node:
            node.input[:] = ["in_front" if name == into else name for name in node.input]
        weights = ["in_front.weight"] if op == "Conv" else []
        node = helper.make_node(op, [into, *weights], ["in_front"], name="/in_front/" + op)
        proto.graph.node.insert(0, node)
        if weights:
            weight = TensorProto(name=weights[0], data_type=TensorProto.FLOAT, dims=(3, 3, 1, 1))
            weight.float_data.extend([1.0] * 9)
            proto.graph.initializer.append(weight)

    return change


def renumber(proto: onnx.ModelProto, _rng: random.Random) -> None:
    """Count the modules of a Sequential on, as torch does where two are put in front."""

    def counted(name: str) -> str:
        return re.sub(r"features\.(\d+)", lambda found: f"features.{int(found[1]) + 2}", name)

    for node in proto.graph.node:
        node.name = counted(node.name)
    renamed(proto, {tensor.name: counted(tensor.name) for tensor in proto.graph.initializer})


ANY_NAMES: list[list[Change]] = [
    [rename_nodes],
    [rename_tensors],
    [rename_weights],
    [rename_nodes, rename_tensors, rename_weights],
    [clear_node_names, rename_weights],
    [reorder],
    [reorder, rename_nodes, rename_weights],
]


@pytest.mark.parametrize("name", MODELS)
def test_the_same_model_is_known_and_pruning_changes_nothing(name: str) -> None:
    model = original(name)
    known = known_model(model)
    assert not new(held(model, model))
    assert not held(model, model).stale
    after, change = pruned(known, model)
    assert after == known
    assert not change


@pytest.mark.parametrize("changes", ANY_NAMES, ids=lambda cs: "+".join(c.__name__ for c in cs))
@pytest.mark.parametrize("name", MODELS)
def test_names_and_order_are_no_matter(name: str, changes: list[Change]) -> None:
    after = changed(name, *changes, seed=7)
    assert not new(held(original(name), after))
    assert not held(original(name), after).stale


@given(
    name=st.sampled_from(SMALL),
    changes=st.lists(st.sampled_from([rename_nodes, rename_tensors, rename_weights, reorder])),
    seed=st.integers(0, 10**6),
)
@settings(max_examples=25)
def test_any_names_and_any_order(name: str, changes: list[Change], seed: int) -> None:
    result = held(original(name), changed(name, *changes, seed=seed))
    assert not new(result)
    assert not result.stale


@pytest.mark.parametrize("op", ["Identity", "Relu", "Conv"])
@pytest.mark.parametrize("names", [[], [rename_nodes], [clear_node_names, rename_weights]])
@pytest.mark.parametrize("name", [name for name in MODELS if name not in LARGE])
def test_a_layer_in_front_is_no_matter(name: str, names: list[Change], op: str) -> None:
    """What a rule says besides, since the stem isn't the stem any more, is new."""
    before = changed(name, *names)
    after = changed(name, put_in_front(op), *names, seed=1)
    result = held(before, after)
    assert new(result) == more(after, before)
    stale = Counter((entry.rule, entry.label, entry.cost) for entry in result.stale)
    assert stale <= more(before, after)


@pytest.mark.parametrize("name", ["alexnet.ts.onnx", "vgg16.ts.onnx", "mobilenet_v2.ts.onnx"])
def test_a_layer_in_front_counts_the_others_on(name: str) -> None:
    before, after = original(name), changed(name, renumber, put_in_front("Conv"))
    assert {layer.path for f in before.findings for layer in f.layers} != {
        layer.path for f in after.findings for layer in f.layers
    }
    result = held(before, after)
    assert new(result) == more(after, before)
    assert len(result.stale) <= more(before, after).total()


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair[0])
def test_the_other_exporter_is_no_matter(pair: tuple[str, str]) -> None:
    for one, other in (pair, pair[::-1]):
        result = held(original(one), original(other))
        assert not new(result)
        assert not result.stale


def test_there_is_something_to_hold() -> None:
    assert sum(len(original(name).findings) for name in MODELS) > 40
    assert PAIRS
