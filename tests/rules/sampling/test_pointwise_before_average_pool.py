from collections.abc import Sequence
from pathlib import Path
from typing import Any

import onnx
import pytest
from onnx import helper

from cnnlint.facts.facts import Facts
from cnnlint.lint.finding import Fix, Saving, Severity, Silence
from cnnlint.model.loader import load
from rules.sampling.pointwise_before_average_pool import pointwise_before_average_pool
from tests.net import Net
from tests.running import rewritten, run, same, with_numbers

DATA = Path(__file__).parents[2] / "data"
MAP = Net(64, 56).conv(256, name="stem").relu()
CONV = MAP.conv(128, 1, name="c", bias=False)
SMALL = Net(6, 9)


def pooled(net: Net, k: int = 2, stride: int = 2, **attrs: Any) -> Net:
    """Append average pooling."""
    return net.op("AveragePool", kernel_shape=[k, k], strides=[stride, stride], **attrs)


def normalised(net: Net) -> Net:
    """Append a BatchNormalization."""
    for part in "stmv":
        net = net.shaped(part, net.cin)
    return net.op("BatchNormalization", *"stmv", name="n")


@pytest.mark.parametrize(
    ("net", "found"),
    [
        pytest.param(pooled(CONV), ["c"], id="average pooling"),
        pytest.param(CONV.gap(), ["c"], id="global"),
        pytest.param(CONV.op("ReduceMean", axes=[2, 3]), ["c"], id="mean"),
        pytest.param(CONV.op("ReduceMean", axes=[3]), ["c"], id="mean of rows"),
        pytest.param(CONV.op("ReduceMean", axes=[1]), [], id="mean over channels"),
        pytest.param(pooled(MAP.conv(128, 1, name="c")), ["c"], id="bias"),
        pytest.param(pooled(normalised(CONV)), ["c"], id="normalised"),
        pytest.param(pooled(MAP.conv(128, 1, groups=4, name="c")), ["c"], id="groups"),
        pytest.param(pooled(CONV.relu()), [], id="activation"),
        pytest.param(pooled(MAP.conv(128, 3)), [], id="3x3"),
        pytest.param(pooled(MAP.conv(128, 1, stride=2)), [], id="stride"),
        pytest.param(pooled(MAP.conv(128, 1, pad=1)), [], id="padding"),
        pytest.param(pooled(MAP.conv_transpose(128, 1, stride=1)), [], id="transposed"),
        pytest.param(CONV.pool(), [], id="max pooling"),
        pytest.param(pooled(CONV, 3, 1), [], id="no stride"),
        pytest.param(pooled(CONV.output()), [], id="an output"),
        pytest.param(pooled(CONV.mark("x").relu().output().goto("x")), [], id="read by others"),
        pytest.param(pooled(CONV.mark("x").relu().add("x")), [], id="a sum"),
        pytest.param(pooled(CONV.op("Pad")), [], id="padding between"),
        pytest.param(Net(64, 1).conv(128, 1).gap(), [], id="one position"),
        pytest.param(pooled(MAP), [], id="nothing before"),
        pytest.param(
            Net(4, (8,)).op("MatMul", "w").shaped("w", 8, 8).gap(), [], id="matrix product"
        ),
    ],
)
def test_reports(net: Net, found: list[str]) -> None:
    findings = pointwise_before_average_pool.run(net.facts())
    assert [finding.nodes[0].path for finding in findings] == found
    assert all(finding.severity is None for finding in findings)


def test_severity() -> None:
    assert pointwise_before_average_pool.severity is Severity.WARNING


def test_example_of_the_manual() -> None:
    (finding,) = pointwise_before_average_pool.run(pooled(CONV).facts())
    assert [node.op for node in finding.nodes] == ["Conv", "AveragePool"]
    assert finding.message == (
        "Conv 1x1 256->128 on 56x56 computes what AveragePool behind it averages to 28x28"
    )
    assert finding.suggestion == (
        "AveragePool first, then the convolution: 25,690,112 instead of 102,760,448 MACs; the "
        "numbers stay the same"
    )
    assert finding.evidence == {
        "exact": True,
        "grid": (56, 56),
        "pooled_grid": (28, 28),
        "macs": 102_760_448,
        "macs_pooled_first": 25_690_112,
    }
    assert finding.saving == Saving(
        macs=77_070_336, activation_bytes=4 * (128 * 56 * 56 - 256 * 28 * 28)
    )


def test_densenet_of_the_manual() -> None:
    found = pointwise_before_average_pool.run(Facts(load(DATA / "densenet121.ts.onnx")))
    assert len(found) == 3
    assert sum(finding.saving.macs or 0 for finding in found) == 231_211_008


def test_head_of_darknet() -> None:
    (finding,) = pointwise_before_average_pool.run(Net(1024, 7).conv(1000, 1).gap().facts())
    assert finding.saving.macs == 1024 * 1000 * 48


def test_unknown_size() -> None:
    assert not pointwise_before_average_pool.run(pooled(CONV).open_facts())


def test_batch_and_normalisation_count() -> None:
    net = normalised(Net(6, 8, batch=3).conv(4, 1)).op("ReduceMean", axes=[2, 3], keepdims=0)
    (finding,) = pointwise_before_average_pool.run(net.facts())
    assert finding.suggestion.startswith("ReduceMean (keepdims=1) first")
    assert finding.saving == Saving(macs=3 * 63 * 24, activation_bytes=4 * 3 * (2 * 4 * 64 - 6))


def swapped(proto: onnx.ModelProto) -> onnx.ModelProto:
    """Return a model of layers and a pool with the pool in front."""
    *layers, pool = proto.graph.node
    nodes: Sequence[onnx.NodeProto] = [onnx.NodeProto() for _ in (pool, *layers)]
    for node, old in zip(nodes, (pool, *layers), strict=True):
        node.CopyFrom(old)
    tensor = "input"
    for place, node in enumerate(nodes):
        node.input[0], node.output[0] = tensor, f"t{place}"
        tensor = f"t{place}"
    drops = [a for a in nodes[0].attribute if a.name == "keepdims"]
    if drops:
        drops[0].i = 1
        nodes = [*nodes, helper.make_node("Flatten", [tensor], ["flat"])]
    nodes[-1].output[0] = pool.output[0]
    return rewritten(proto, nodes)


COUNTED: dict[str, Any] = {"pads": [1, 1, 1, 1], "count_include_pad": 1}


@pytest.mark.parametrize(
    ("net", "exact"),
    [
        pytest.param(pooled(SMALL.conv(4, 1)), True, id="pool"),
        pytest.param(pooled(SMALL.conv(4, 1), 3, 2), True, id="overlapping pool"),
        pytest.param(SMALL.conv(4, 1).gap(), True, id="global"),
        pytest.param(SMALL.conv(4, 1).op("ReduceMean", axes=[2]), True, id="mean"),
        pytest.param(
            SMALL.conv(4, 1).op("ReduceMean", axes=[2, 3], keepdims=0), True, id="axes dropped"
        ),
        pytest.param(pooled(normalised(SMALL.conv(4, 1))), True, id="normalised"),
        pytest.param(pooled(SMALL.conv(4, 1), 3, 2, **COUNTED), False, id="bias and padding"),
        pytest.param(
            pooled(SMALL.conv(4, 1, bias=False), 3, 2, **COUNTED), True, id="padding, no bias"
        ),
        pytest.param(
            pooled(normalised(SMALL.conv(4, 1, bias=False)), 3, 2, **COUNTED),
            False,
            id="normalised, and padding",
        ),
        pytest.param(
            pooled(SMALL.conv(4, 1), 3, 2, pads=[1, 1, 1, 1]), True, id="padding doesn't count"
        ),
        pytest.param(pooled(SMALL.conv(4, 1), 2, 2, ceil_mode=1), True, id="rounded up"),
    ],
)
def test_what_is_called_exact_gives_the_same_numbers(net: Net, exact: bool) -> None:
    (finding,) = pointwise_before_average_pool.run(net.facts())
    assert finding.evidence["exact"] == exact
    assert finding.fix is (Fix.SAFE if exact else Fix.UNSAFE)
    assert ("needs retraining" in finding.suggestion) != exact
    proto = with_numbers(net)
    other = swapped(proto)
    assert same(run(proto), run(other)) == exact
    after = Facts(load(other.SerializeToString()))
    assert finding.saving.macs == (net.facts().macs or 0) - (after.macs or 0)


@pytest.mark.parametrize(
    ("net", "reason"),
    [
        pytest.param(
            pooled(CONV.relu()), "no 1x1 convolution alone makes what it reads", id="activation"
        ),
        pytest.param(pooled(CONV, 3, 1), "it makes 54x54 of 56x56", id="no stride"),
        pytest.param(
            CONV.op("ReduceMean", axes=[1]),
            "it is no mean over positions, or the map's size is unknown",
            id="over channels",
        ),
    ],
)
def test_silence(net: Net, reason: str) -> None:
    facts = net.facts()
    said = list(pointwise_before_average_pool.remarks(facts))
    assert said == [Silence(facts.nodes[-1], reason)]
