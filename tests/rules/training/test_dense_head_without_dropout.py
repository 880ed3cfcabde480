import numpy as np
import pytest

from cnnlint.facts.facts import Facts
from cnnlint.lint.finding import Finding, Remark, Saving, Severity, Silence, Unchecked
from cnnlint.model.binding import Bindings
from cnnlint.model.loader import load
from rules.training.dense_head_without_dropout import dense_head_without_dropout
from tests.net import Net
from tests.rules.training.recipes import Values, with_recipe

W, N = Severity.WARNING, Severity.NOTE
UNCHECKED = Unchecked(("dropout",))


def normalised(net: Net, training: int = 1) -> Net:
    """Append BatchNormalization as a training export has it."""
    name = f"bn{len(net.nodes)}"
    parts = [f"{name}.{part}" for part in ("weight", "bias", "mean", "var")]
    for part in parts:
        net = net.stored(part, np.ones(net.cin, np.float32))
    return net.op("BatchNormalization", *parts, name=name, training_mode=training)


def dropout(net: Net, p: float = 0.5) -> Net:
    """Append Dropout as a training export has it."""
    name = f"drop{len(net.nodes)}"
    net = net.stored(f"{name}.p", np.array(p, np.float32))
    net = net.stored(f"{name}.on", np.array(1, np.bool_))
    return net.op("Dropout", f"{name}.p", f"{name}.on", name=name)


EVAL = Net(3, 32).conv(16, name="conv").relu().gap().flatten()
TRAIN = normalised(Net(3, 32).conv(16, name="conv")).relu().gap().flatten()


def head(net: Net) -> Net:
    """Append three dense layers."""
    return net.dense(32, name="a").relu().dense(24, name="b").relu().dense(10, name="c")


VGG = normalised(Net(512, 7)).flatten().dense(4096, cin=25_088, name="a").relu()
VGG = VGG.dense(4096, name="b").relu().dense(1000, name="c")


def test_normalisation_of_operator_set_13_shows_training() -> None:
    """Its outputs say so, not an attribute."""
    proto = head(normalised(EVAL)).proto()
    (norm,) = (node for node in proto.graph.node if node.op_type == "BatchNormalization")
    del norm.attribute[:]
    norm.output.extend(["mean", "var"])
    proto.opset_import[0].version = 13
    (finding,) = dense_head_without_dropout.run(Facts(load(proto.SerializeToString())))
    assert finding.evidence["dense_layers"] == 3


def test_vgg() -> None:
    (finding,) = dense_head_without_dropout.remarks(VGG.facts())
    assert isinstance(finding, Finding)
    assert [node.path for node in finding.nodes] == ["a", "b", "c"]
    assert finding.message == (
        "3 dense layers in series without Dropout, 119,537,664 weights in the hidden ones"
    )
    assert finding.suggestion == "put Dropout with p = 0.5 behind a and b; needs retraining"
    assert finding.evidence == {
        "dense_layers": 3,
        "hidden_weights": 119_537_664,
        "threshold": 1_000_000,
        "batch_norm": False,
    }
    assert (finding.severity, finding.saving) == (None, Saving())
    assert dense_head_without_dropout.severity is W
    params = 138_357_544  # the manual's 89 %, of all 16 layers
    assert round((119_537_664 + 4096 * 1000) / params, 2) == 0.89


def gated(net: Net) -> Net:
    """Multiply a map by a gate of two dense layers, then classify."""
    net = net.mark("x").gap().flatten().dense(4, name="down").relu().dense(16, name="up")
    net = net.op("Sigmoid").stored("shape", [1, 16, 1, 1]).op("Reshape", "shape").mul("x")
    return net.gap().flatten().dense(10, name="c")


def transformer(net: Net) -> Net:
    """Append dense layers over 1,024 tokens."""
    net = net.stored("tokens", [1, 16, 1024]).op("Reshape", "tokens")
    net = net.op("Transpose", perm=[0, 2, 1])
    for name in "ab":
        net = net.stored(name, np.ones((16, 16), np.float32)).op("MatMul", name, name=name).relu()
    return net


def two_heads(net: Net) -> Net:
    """Append a dense layer that two others go on from."""
    net = net.dense(32, name="a").relu().mark("x").dense(10, name="b").output()
    return net.goto("x").dense(4, name="c")


@pytest.mark.parametrize(
    ("net", "found"),
    [
        pytest.param(head(TRAIN), [["a", "b", "c"]], id="none"),
        pytest.param(
            TRAIN.dense(32, name="a").relu().dense(10, name="b"), [["a", "b"]], id="two layers"
        ),
        pytest.param(TRAIN.dense(32, name="a").dense(10, name="b"), [["a", "b"]], id="no ReLU"),
        pytest.param(TRAIN.dense(10), [], id="one layer"),
        pytest.param(
            dropout(TRAIN.dense(32, name="a").relu()).dense(10, name="b"), [], id="Dropout"
        ),
        pytest.param(
            dropout(EVAL.dense(32, name="a").relu()).dense(10, name="b"), [], id="Dropout alone"
        ),
        pytest.param(
            dropout(TRAIN.dense(32, name="a").relu(), 0.0).dense(10, name="b"),
            [["a", "b"]],
            id="Dropout of nothing",
        ),
        pytest.param(
            EVAL.dense(32, name="a").op("Dropout", ratio=0.5).dense(10, name="b"),
            [],
            id="Dropout of an old operator set",
        ),
        pytest.param(
            EVAL.dense(32, name="a").op("Dropout", ratio=0.0).dense(10, name="b"),
            [["a", "b"]],
            id="Dropout of nothing, of an old operator set",
        ),
        pytest.param(
            dropout(TRAIN.dense(32, name="a").relu())
            .dense(24, name="b")
            .relu()
            .dense(10, name="c"),
            [],
            id="Dropout once, as in AlexNet",
        ),
        pytest.param(
            head(dropout(EVAL)), [["a", "b", "c"]], id="Dropout in front of the head only"
        ),
        pytest.param(two_heads(TRAIN), [["a", "b", "c"]], id="two heads"),
        pytest.param(gated(normalised(Net(16, 8))), [], id="gate"),
        pytest.param(transformer(normalised(Net(16, 32))), [], id="tokens"),
        pytest.param(
            TRAIN.dense(16, name="a").mark("x").relu().add("x").dense(10, name="b"), [], id="join"
        ),
        pytest.param(
            dropout(TRAIN.dense(8, name="a").relu())
            .dense(8, name="b")
            .output()
            .goto_input()
            .conv(4)
            .gap()
            .flatten()
            .dense(8, name="c")
            .dense(2, name="d"),
            [["c", "d"]],
            id="two series",
        ),
    ],
)
def test_training_exports(net: Net, found: list[list[str]]) -> None:
    findings = dense_head_without_dropout.run(net.facts())
    assert [[node.path for node in f.nodes] for f in findings] == found
    assert [f.severity for f in findings] == [N] * len(found)


@pytest.mark.parametrize(
    ("net", "recipe", "remark"),
    [
        pytest.param(head(EVAL), {}, UNCHECKED, id="inference"),
        pytest.param(head(normalised(EVAL, 0)), {}, UNCHECKED, id="BatchNormalization alone"),
        pytest.param(
            EVAL.dense(10),
            {},
            Silence(None, "no two dense layers stand in series"),
            id="one layer",
        ),
        pytest.param(head(EVAL), {"dropout": []}, None, id="none in the recipe"),
        pytest.param(
            head(EVAL), {"dropout": [{"layer": "a", "p": 0}]}, None, id="nothing dropped"
        ),
        pytest.param(head(EVAL), {"dropout": [{"layer": "conv", "p": 0.5}]}, None, id="elsewhere"),
        pytest.param(
            head(EVAL), {"dropout": [{"layer": "c", "p": 0.5}]}, None, id="behind the last"
        ),
    ],
)
def test_inference_exports(net: Net, recipe: Values, remark: Remark | None) -> None:
    remarks = list(dense_head_without_dropout.remarks(with_recipe(recipe, net)))
    if remark is not None:
        assert remarks == [remark]
    else:
        (finding,) = remarks
        assert isinstance(finding, Finding)
        assert [node.path for node in finding.nodes] == ["a", "b", "c"]


@pytest.mark.parametrize("layer", ["a", "relu5", "classifier.2"])
def test_dropout_of_the_recipe(layer: str) -> None:
    """At a layer, an activation, or a place that is no longer in the file."""
    facts = with_recipe({"dropout": [{"layer": layer, "p": 0.5}]}, head(EVAL))
    first = facts.dense[0].node
    reason = f"the recipe has a Dropout at {layer}"
    assert list(dense_head_without_dropout.remarks(facts)) == [Silence(first, reason)]


def test_reason_of_a_training_export() -> None:
    facts = dropout(TRAIN.dense(8, name="a")).dense(10, name="b").facts()
    assert list(dense_head_without_dropout.remarks(facts)) == [
        Silence(facts.dense[0].node, "a Dropout stands between a and b")
    ]


@pytest.mark.parametrize(
    ("weights", "options", "severity"),
    [
        ((1000, 1000), {}, None),
        ((999, 1000), {}, N),
        ((999, 1000), {"warn_weights": 999_000}, None),
    ],
)
def test_threshold(
    weights: tuple[int, int], options: dict[str, int], severity: Severity | None
) -> None:
    net = normalised(Net(weights[0], 1)).flatten().dense(weights[1]).relu().dense(10)
    (finding,) = dense_head_without_dropout.run(net.facts(), options)
    assert finding.severity is severity


def test_batch_normalisation_between_them_is_a_note() -> None:
    net = normalised(normalised(Net(1000, 1)).flatten().dense(1000)).relu().dense(10)
    (finding,) = dense_head_without_dropout.run(net.facts())
    assert (finding.severity, finding.evidence["batch_norm"]) == (N, True)


def test_many_layers_are_counted() -> None:
    net = TRAIN.repeat(4, lambda n: n.dense(16).relu()).dense(10)
    (finding,) = dense_head_without_dropout.run(net.facts())
    assert finding.suggestion == (
        "put Dropout with p = 0.5 behind each of 4 hidden layers; needs retraining"
    )


def test_unknown_batch() -> None:
    """Two inputs don't agree on it."""
    proto = head(TRAIN).proto()
    extra = proto.graph.input.add(name="other")
    extra.CopyFrom(proto.graph.input[0])
    extra.name = "other"
    extra.type.tensor_type.shape.dim[0].dim_value = 2
    assert not dense_head_without_dropout.run(Facts(load(proto.SerializeToString())))


def test_larger_batch() -> None:
    proto = head(TRAIN).proto()
    proto.graph.input[0].type.tensor_type.shape.dim[0].dim_param = "n"
    facts = Facts(load(proto.SerializeToString(), Bindings(batch=4)))
    assert len(dense_head_without_dropout.run(facts)) == 1
