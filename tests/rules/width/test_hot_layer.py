import pytest

from cnnlint.lint.finding import Fix, Saving, Severity, Silence
from rules.width.hot_layer import hot_layer
from tests.net import Net

PLAIN = Net(3, 32).repeat(7, lambda net: net.conv(32).relu())
HOT = PLAIN.conv(32, 9, name="hot")


@pytest.mark.parametrize(
    ("net", "options", "count"),
    [
        pytest.param(HOT, {}, 1, id="hot"),
        pytest.param(PLAIN.conv(32), {}, 0, id="even"),
        pytest.param(HOT, {"max_share": 0.6}, 0, id="share"),
        pytest.param(HOT, {"min_layers": 9}, 0, id="layers"),
        pytest.param(PLAIN.conv(32), {"max_share": 0.1}, 7, id="several"),
    ],
)
def test_reports(net: Net, options: dict[str, float], count: int) -> None:
    assert len(hot_layer.run(net.facts(), options)) == count
    assert (hot_layer.severity, hot_layer.fix) == (Severity.NOTE, Fix.UNSAFE)


def test_example_of_the_manual() -> None:
    (found,) = hot_layer.run(HOT.facts())
    assert [node.path for node in found.nodes] == ["hot"]
    assert found.message == "one of 8 layers takes 60% of the MACs"
    assert found.suggestion == (
        "half its 32 output channels would save 42,467,328 MACs here, and more in the layers that "
        "read them; needs retraining"
    )
    assert found.evidence == {"macs": 84_934_656, "mac_share": 0.5963, "layers": 8}
    assert found.saving == Saving(macs=42_467_328, params=None, activation_bytes=None)


def test_what_cannot_be_halved() -> None:
    (found,) = hot_layer.run(PLAIN.conv(1, 51).facts())
    assert found.suggestion == "look here first when the model is to become cheaper"
    assert found.saving.macs is None


def test_a_product_of_two_maps() -> None:
    net = PLAIN.conv(32).relu().mark("x")
    net = net.op("MatMul", net.last).op("MatMul", net.last).op("MatMul", net.last)
    (found, *_) = hot_layer.run(net.facts(), {"max_share": 0.005})
    assert found.nodes[0].op == "Conv"
    *_, found = hot_layer.run(net.facts(), {"max_share": 0.005})
    assert found.nodes[0].op == "MatMul"
    assert found.saving.macs is None


def test_silence() -> None:
    assert list(hot_layer.remarks(PLAIN.facts())) == [
        Silence(None, "7 layers with weights are fewer than 8")
    ]
    assert list(hot_layer.remarks(PLAIN.conv(32).facts())) == [
        Silence(None, "the costliest layer takes 14% of the MACs")
    ]
    unknown = Silence(None, "the MACs of the model are not fully known")
    assert list(hot_layer.remarks(HOT.op("Warp").facts())) == [unknown]
    assert list(hot_layer.remarks(HOT.open_facts())) == [unknown]
    assert list(
        hot_layer.remarks(Net(3, 32).op("Warp").repeat(8, lambda n: n.conv(3)).facts())
    ) == [unknown]


def test_silence_about_the_others() -> None:
    *_, said = hot_layer.remarks(HOT.facts())
    assert said == Silence(None, "the costliest layer of the others takes 7% of the MACs")
