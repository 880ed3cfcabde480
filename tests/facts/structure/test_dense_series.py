import pytest

from cnnlint.facts.structure.dense_series import dense_series
from tests.net import Net

FLAT = Net(3, 32).conv(16).gap().flatten()


def branching(net: Net) -> Net:
    """Append a layer that two go on from, and one more behind the second."""
    net = net.dense(32, name="a").relu().mark("x").dense(10, name="b").output()
    return net.goto("x").dense(4, name="c").dense(2, name="d")


@pytest.mark.parametrize(
    ("net", "joints"),
    [
        (FLAT.dense(10), []),
        (FLAT.dense(8, name="a").relu().dense(4, name="b"), [[("a", "b", ["Relu"])]]),
        (
            FLAT.dense(8, name="a").op("Sigmoid").bn().op("Dropout").dense(4, name="b"),
            [[("a", "b", ["Sigmoid", "BatchNormalization", "Dropout"])]],
        ),
        (branching(FLAT), [[("a", "b", ["Relu"]), ("a", "c", ["Relu"]), ("c", "d", [])]]),
        (FLAT.dense(8).mark("x").relu().add("x").dense(4), []),
    ],
)
def test_series(net: Net, joints: list[list[tuple[str, str, list[str]]]]) -> None:
    assert [
        [(j.first.node.path, j.second.node.path, [node.op for node in j.between]) for j in series]
        for series in dense_series(net.facts())
    ] == joints
