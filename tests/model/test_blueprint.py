from cnnlint.model.binding import Bindings
from cnnlint.model.defect import Kind
from cnnlint.model.loader import load
from tests.net import Net


def test_a_batch_that_is_only_assumed_is_not_held_against_a_model() -> None:
    net = Net(2, 8, batch="n").stored("s", [4, 128]).op("Reshape", "s")
    model = net.model()
    assert (model.defects, model.assumptions, model.free_dims) == ((), (), ("n",))
    assert model.value(net.last).shape == (4, 128)
    assert [d.kind for d in net.model(Bindings(batch=3)).defects] == [Kind.ELEMENTS]
    assert net.model(Bindings(batch=4)).defects == ()


def test_a_defect_at_any_size_stays_at_the_assumed_one() -> None:
    net = Net(2, 8, batch="n").shaped("w", 4, 3, 1, 1).op("Conv", "w")
    model = net.model()
    assert [defect.kind for defect in model.defects] == [Kind.CHANNELS]
    assert model.assumptions == ("n = 1",)


def test_inputs_of_other_shapes_whatever_is_declared() -> None:
    model = Net(2, 8, batch="n").relu().model()
    assert model.reshaped is not None
    other = model.reshaped({"input": (3, 2, 16, 10)})
    assert other.static("relu0_out") == (3, 2, 16, 10)
    assert other.inputs[0].declared == ("n", 2, 8, 8)
    assert model.reshaped({}).static("relu0_out") == (1, 2, 8, 8)


def test_symbols_follow_inputs_of_other_shapes() -> None:
    proto = Net(2, 8, batch="n").relu().proto()
    proto.graph.node[0].domain = "acme"
    shape = proto.graph.output[0].type.tensor_type.shape
    shape.dim.add(dim_param="n")
    shape.dim.add(dim_value=7)
    model = load(proto.SerializeToString())
    assert model.reshaped is not None
    assert model.static("relu0_out") == (1, 7)
    assert model.reshaped({"input": (3, 2, 8, 8)}).static("relu0_out") == (3, 7)
