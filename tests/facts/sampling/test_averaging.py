from typing import Any

import numpy as np
import pytest

from cnnlint.facts.sampling.averaging import Averaging, averaging
from tests.net import Net

MAP = Net(4, (8, 6), batch=2)


def found(net: Net) -> Averaging | None:
    """Return the mean that the last node takes."""
    facts = net.facts()
    return averaging(facts.model, facts.nodes[-1])


def mean(axes: list[int]) -> Net:
    """Return a mean with its axes as an operand."""
    return MAP.stored("axes", axes).op("ReduceMean", "axes")


@pytest.mark.parametrize(
    ("net", "pooled", "stride"),
    [
        pytest.param(MAP.pool(op="AveragePool"), (4, 3), 2, id="pool"),
        pytest.param(MAP.pool(2, (2, 1), op="AveragePool"), (4, 5), 2, id="stride of one axis"),
        pytest.param(MAP.op("AveragePool", kernel_shape=[3, 3]), (6, 4), 1, id="no stride"),
        pytest.param(MAP.gap(), (1, 1), 8, id="global"),
        pytest.param(MAP.op("ReduceMean", axes=[2, 3]), (1, 1), 8, id="mean"),
        pytest.param(MAP.op("ReduceMean", axes=[-1]), (8, 1), 6, id="mean of one axis"),
        pytest.param(mean([2, -1]), (1, 1), 8, id="axes as an operand"),
        pytest.param(Net(4, (8,), batch=2).pool(op="AveragePool"), (4,), 2, id="1-D"),
    ],
)
def test_sizes(net: Net, pooled: tuple[int, ...], stride: int) -> None:
    which = found(net)
    assert which is not None
    assert (which.pooled, which.stride, which.batch) == (pooled, stride, 2)
    assert which.grid == net.grid


@pytest.mark.parametrize(
    "net",
    [
        pytest.param(MAP.op("ReduceMean", axes=[1]), id="over channels"),
        pytest.param(MAP.op("ReduceMean", axes=[1, 2, 3]), id="over everything"),
        pytest.param(MAP.op("ReduceMean"), id="no axes"),
        pytest.param(mean([]), id="no axes in the operand"),
        pytest.param(
            MAP.stored("axes", np.array([2.5])).op("ReduceMean", "axes"), id="axes between axes"
        ),
        pytest.param(MAP.op("ReduceMax", axes=[2, 3]), id="a maximum"),
        pytest.param(MAP.pool(), id="max pooling"),
        pytest.param(Net(4, ()).op("ReduceMean", axes=[1]), id="no map"),
        pytest.param(
            MAP.op("ReduceMean", keepdims=0).op("ReduceMean", axes=[0]), id="of one number"
        ),
        pytest.param(
            MAP.shaped("hidden", 2).beside("Identity", "hidden", result="x").op("ReduceMean", "x"),
            id="axes that nobody knows",
        ),
    ],
)
def test_none(net: Net) -> None:
    assert found(net) is None


def test_unknown_size() -> None:
    for net in (MAP.gap(), MAP.pool(op="AveragePool")):
        facts = net.open_facts()
        assert averaging(facts.model, facts.nodes[-1]) is None


@pytest.mark.parametrize(
    ("attrs", "counts"),
    [
        pytest.param({"pads": [1, 1, 1, 1], "count_include_pad": 1}, True, id="padding"),
        pytest.param({"pads": [1, 1, 1, 1]}, False, id="padding that doesn't count"),
        pytest.param({"count_include_pad": 1}, False, id="no padding"),
        pytest.param({"ceil_mode": 1, "count_include_pad": 1}, True, id="rounded up"),
        pytest.param({"auto_pad": "SAME_UPPER", "count_include_pad": 1}, True, id="same"),
        pytest.param({"auto_pad": "VALID", "count_include_pad": 1}, False, id="valid"),
    ],
)
def test_counts_padding(attrs: dict[str, Any], counts: bool) -> None:
    which = found(MAP.op("AveragePool", kernel_shape=[3, 3], strides=[2, 2], **attrs))
    assert which is not None
    assert which.counts_padding == counts


@pytest.mark.parametrize(
    ("net", "drops"),
    [
        pytest.param(MAP.gap(), False, id="global"),
        pytest.param(MAP.op("ReduceMean", axes=[2, 3]), False, id="kept by default"),
        pytest.param(MAP.op("ReduceMean", axes=[2, 3], keepdims=0), True, id="dropped"),
    ],
)
def test_drops_axes(net: Net, drops: bool) -> None:
    which = found(net)
    assert which is not None
    assert which.drops_axes == drops


@pytest.mark.parametrize(
    ("net", "thins"),
    [
        pytest.param(MAP.pool(op="AveragePool"), True, id="pool"),
        pytest.param(MAP.op("AveragePool", kernel_shape=[3, 3]), False, id="no padding"),
        pytest.param(MAP.pool(3, 1, pad=1, op="AveragePool"), False, id="the same size"),
        pytest.param(Net(4, 2).pool(3, pad=2, op="AveragePool"), False, id="as many"),
        pytest.param(MAP.gap(), True, id="global"),
        pytest.param(Net(4, 1).gap(), False, id="of one position"),
    ],
)
def test_thins(net: Net, thins: bool) -> None:
    which = found(net)
    assert which is not None
    assert which.thins == thins
