import pytest

from cnnlint.lint.finding import Saving, Severity, Silence
from rules.width.peak_activation import peak_activation
from tests.net import Net

NET = Net(64, 512).conv(64, name="a").relu().conv(64, name="b").relu().gap()


def test_example_of_the_manual() -> None:
    (found,) = peak_activation.run(NET.facts())
    assert found.message == (
        "128.0 MiB of activations are in use at once: relu1_out with 64.0 MiB and b_out with "
        "64.0 MiB"
    )
    assert [node.path for node in found.nodes] == ["b"]
    assert found.evidence == {
        "peak_bytes": 2**27,
        "alive": ("relu1_out", "b_out"),
        "alive_bytes": (2**26, 2**26),
    }
    assert found.saving == Saving(None, None, None, None)
    assert peak_activation.severity is Severity.NOTE
    half = Net(64, 256).conv(64).relu().conv(64).relu().gap().facts()
    assert half.memory.peak_activation_bytes == 2**25


def test_second_layer_of_u_net() -> None:
    net = Net(1, 572).conv(64, pad=0, name="a").relu().conv(64, pad=0, name="b").relu()
    (found,) = peak_activation.run(net.facts())
    assert found.message.startswith("158.1 MiB of activations are in use at once: ")
    assert [node.path for node in found.nodes] == ["b"]


@pytest.mark.parametrize(
    ("limit", "count"),
    [(128.0, 1), (128.1, 0), (64.0, 1)],
    ids=["just", "just not", "lower"],
)
def test_threshold(limit: float, count: int) -> None:
    assert len(peak_activation.run(NET.facts(), {"min_peak_mib": limit})) == count


def test_a_peak_of_one_tensor() -> None:
    net = Net(64, 512).conv(64, name="a")
    (found,) = peak_activation.run(net.facts(), {"min_peak_mib": 1.0})
    assert found.message == "64.0 MiB of activations are in use at once: a_out with 64.0 MiB"


@pytest.mark.parametrize(("limit", "count"), [(128.0, 1), (128.1, 0), (193.0, 0)])
def test_weights_that_are_computed_don_t_count(limit: float, count: int) -> None:
    net = (
        Net(64, 512)
        .stored("shape", [64, 512, 512])
        .beside("ConstantOfShape", "shape", result="ones")
    )
    facts = net.relu().op("Add", "ones").facts()
    assert facts.memory.peak_activation_bytes == 2**27 + 2**26
    found = peak_activation.run(facts, {"min_peak_mib": limit})
    assert len(found) == count
    if not count:
        (said,) = peak_activation.remarks(facts, {"min_peak_mib": limit})
        words = "64.0 of 192.0 MiB are computed from constants: runtimes do that once"
        assert said == Silence(
            None, words if limit < 192 else "activations peak at 192.0 MiB, below 193 MiB"
        )


def test_silence() -> None:
    net = Net(3, 64).conv(16)
    assert list(peak_activation.remarks(net.facts())) == [
        Silence(None, "activations peak at 0.2 MiB, below 128 MiB")
    ]
    unknown = net.op("Relu").op("Unknown").op("Relu")
    assert list(peak_activation.remarks(unknown.open_facts())) == [
        Silence(None, "the peak of activations can't be told: a tensor's size is unknown")
    ]
    empty = Net(3, 8).flatten()
    assert [type(said) for said in peak_activation.remarks(empty.facts())] == [Silence]


def test_silence_about_the_others() -> None:
    *_, said = peak_activation.remarks(NET.facts())
    assert said == Silence(None, "activations peak at b first")
