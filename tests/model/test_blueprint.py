from cnnlint.model.binding import Bindings
from cnnlint.model.defect import Kind
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
