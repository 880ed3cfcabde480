import pytest

from cnnlint.facts.facts import Facts
from cnnlint.facts.structure.ends import Head
from cnnlint.model.loader import load
from tests.net import Net

MAP = Net(3, 8).conv(4).relu()


def reshaped(net: Net, *shape: int) -> Net:
    name = f"shape{len(net.nodes)}"
    return net.stored(name, shape).op("Reshape", name)


def only(net: Net) -> Head:
    heads = net.facts().heads
    (head,) = heads.found
    assert heads.everywhere
    return head


@pytest.mark.parametrize(
    ("net", "op", "pooled"),
    [
        pytest.param(MAP.gap(), "GlobalAveragePool", True, id="pooled"),
        pytest.param(MAP.gap().flatten().dense(2), "GlobalAveragePool", True, id="and dense"),
        pytest.param(MAP.gap().conv(2, 1), "GlobalAveragePool", True, id="and pointwise"),
        pytest.param(MAP.pool(8, 8).flatten().dense(2), "MaxPool", True, id="covering pool"),
        pytest.param(MAP.op("ReduceMean", axes=[2, 3]).dense(2), "ReduceMean", True, id="mean"),
        pytest.param(
            reshaped(MAP, 1, 4, 64).op("ReduceMean", axes=[2]), "Reshape", True, id="flat mean"
        ),
        pytest.param(MAP.flatten().dense(2, cin=256), "Flatten", False, id="flattened"),
        pytest.param(
            MAP.op("Transpose", perm=[0, 2, 3, 1]).flatten().dense(2, cin=256),
            "Flatten",
            False,
            id="channels last",
        ),
        pytest.param(MAP.conv(2, 8, pad=0), "Conv", False, id="covering convolution"),
        pytest.param(
            MAP.gap().flatten().dense(2).op("Softmax", axis=1), "GlobalAveragePool", True, id="act"
        ),
    ],
)
def test_heads(net: Net, op: str, pooled: bool) -> None:
    head = only(net)
    assert (head.node.op, head.pooled, head.grid) == (op, pooled, (8, 8))
    assert [axis.largest for axis in head.axes] == [3, 3]
    assert not head.is_global


@pytest.mark.parametrize(
    "net",
    [
        pytest.param(MAP, id="a map"),
        pytest.param(Net(4, ()).dense(2), id="no map"),
        pytest.param(reshaped(MAP, 1, 4, 64).dense(2, cin=64).op("Relu"), id="part of it"),
        pytest.param(MAP.flatten().relu().dense(2, cin=256), id="something between"),
        pytest.param(MAP.op("Wavelet", domain="acme"), id="unknown operator"),
        pytest.param(
            reshaped(MAP.op("Wavelet", domain="acme"), 1, 256).dense(2), id="unknown one before"
        ),
    ],
)
def test_no_head(net: Net) -> None:
    heads = net.facts().heads
    assert not heads.found
    assert not heads.everywhere


def test_one_head_and_a_map() -> None:
    heads = MAP.mark("x").output().gap().facts().heads
    assert [head.node.op for head in heads.found] == ["GlobalAveragePool"]
    assert not heads.everywhere


def test_two_heads() -> None:
    heads = MAP.mark("x").gap().output().goto("x").conv(2).gap().facts().heads
    assert len(heads.found) == 2
    assert heads.everywhere


def test_one_head_of_two_outputs() -> None:
    net = MAP.gap().flatten().mark("x").dense(2).output().goto("x").dense(3)
    assert len(net.facts().heads.found) == 1


def test_gates_are_no_heads() -> None:
    net = MAP.mark("x").gap().conv(4, 1).op("Sigmoid").mul("x")
    assert [head.node.op for head in net.gap().facts().heads.found] == ["GlobalAveragePool"]


def test_whole_image_context() -> None:
    assert only(MAP.mark("x").gap().conv(4, 1).add("x").gap()).is_global


def test_map_of_one_position() -> None:
    head = only(Net(3, 8).conv(4, stride=2).conv(4, stride=2).conv(4, stride=2).gap())
    assert (head.node.op, head.grid) == ("GlobalAveragePool", (1, 1))


def test_input_sides() -> None:
    facts = Net(3, (8, 9)).conv(4).gap().facts()
    assert facts.input_sides(facts.heads.found[0]) == (8, 9)
    proto = Net(3, (8, 9)).conv(4).mark("x").gap().proto()
    other = proto.graph.input.add()
    other.CopyFrom(proto.graph.input[0])
    other.name = "other"
    other.type.tensor_type.shape.dim[3].dim_value = 10
    facts = Facts(load(proto.SerializeToString()))
    assert (facts.input_side(2), facts.input_side(3)) == (8, None)
    assert facts.input_sides(facts.heads.found[0]) is None
