import pytest

from cnnlint.facts.facts import Facts
from cnnlint.lint.finding import Severity
from cnnlint.model.loader import load
from rules.graph.false_output_shape import false_output_shape
from tests.net import Net

NET = Net(3, 8).conv(4, name="a").gap().op("Flatten", name="flat")


def facts(*declared: int | str | None, batch: int | str = 1) -> Facts:
    """Return the facts of a net that makes 1x4 and declares its output as this."""
    proto = Net(3, 8, batch=batch).conv(4, name="a").gap().op("Flatten", name="flat").proto()
    shape = proto.graph.output[0].type.tensor_type.shape
    shape.SetInParent()
    for size in declared:
        dim = shape.dim.add()
        if isinstance(size, int):
            dim.dim_value = size
        elif size:
            dim.dim_param = size
    return Facts(load(proto.SerializeToString()))


@pytest.mark.parametrize(
    ("declared", "batch", "words"),
    [
        ((4,), 1, "declared as 4, it is 1x4"),
        ((None, None, None), 1, "declared as ?x?x?, it is 1x4"),
        ((), 1, "declared as a scalar, it is 1x4"),
        ((1, 5), 1, "declared as 1x5, it is 1x4"),
        (("n",), "n", "declared as ?, it is 1x4"),
    ],
)
def test_reports(declared: tuple[int | str | None, ...], batch: int | str, words: str) -> None:
    (finding,) = false_output_shape.run(facts(*declared, batch=batch))
    assert finding.message == f"output flat_out is {words}"
    assert [node.path for node in finding.nodes] == ["flat"]
    assert false_output_shape.severity is Severity.ERROR


@pytest.mark.parametrize(
    ("declared", "batch"),
    [
        ((1, 4), 1),
        ((None, 4), 1),
        (("n", "m"), 1),
        ((0, -1), 1),
        ((8, 4), "n"),
    ],
)
def test_silent(declared: tuple[int | str | None, ...], batch: int | str) -> None:
    assert not false_output_shape.run(facts(*declared, batch=batch))


def test_an_output_without_a_declaration_is_fine() -> None:
    assert not false_output_shape.run(NET.facts())
