"""What a test net sees, and nets that several tests look at."""

from fractions import Fraction

from cnnlint.facts.dataflow import data_tensors
from cnnlint.facts.layers import typed_layers
from cnnlint.facts.reach.receptive import Axis, Reach, receptive_fields
from cnnlint.model.graph import Key, Model
from cnnlint.model.loader import load
from tests.net import Net

NO_GATES: frozenset[tuple[str, Key]] = frozenset()


def reaches(model: Model, gates: frozenset[tuple[str, Key]] = NO_GATES) -> dict[str, Reach]:
    data = data_tensors(model)
    return receptive_fields(model, data, typed_layers(model, data), gates)


def last(net: Net) -> Reach:
    """Return what the end of a net sees."""
    return reaches(net.model())[net.last]


def square(size: int, jump: Fraction | int = 1, *, smallest: int | None = None) -> Reach:
    """Return the reach of an [N, C, H, W] map that sees as much on both axes."""
    axes = (Axis(origin, smallest or size, size, Fraction(jump)) for origin in (2, 3))
    return Reach((None, None, *axes), is_global=False)


def image(side: int = 32) -> Net:
    return Net(3, side)


def open_sides(net: Net) -> Model:
    """Load a net whose input has unknown channels, height and width, so that none is assumed."""
    proto = net.proto()
    for name, dim in zip("chw", proto.graph.input[0].type.tensor_type.shape.dim[1:], strict=True):
        dim.dim_param = name
    return load(proto.SerializeToString())


def tokens(net: Net) -> Net:
    """Flatten a map [1, 4, 8, 8] to tokens [1, 64, 4]."""
    return net.stored("to", [1, 4, 64]).op("Reshape", "to").op("Transpose", perm=[0, 2, 1])


def attended(net: Net) -> Net:
    """Let all tokens [1, T, C] see each other."""
    net = net.mark("v").op("Transpose", perm=[0, 2, 1]).mark("k").goto("v")
    net = net.op("MatMul", net.marks["k"][0]).op("Softmax").mark("scores")
    return net.op("MatMul", net.marks["v"][0])
