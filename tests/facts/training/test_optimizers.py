import pytest

from cnnlint.facts.training.optimizers import Decay, optimizer


@pytest.mark.parametrize(
    ("name", "state", "decay"),
    [
        ("sgd", 1, Decay.PLAIN),
        ("torch.optim.SGD", 1, Decay.PLAIN),
        ("SGD + Nesterov", 1, Decay.PLAIN),
        ("Momentum", 1, Decay.PLAIN),
        ("Adam", 2, Decay.COUPLED),
        ("RMSprop", 1, Decay.COUPLED),
        ("adam_w", 2, Decay.DECOUPLED),
        ("AdamW", 2, Decay.DECOUPLED),
        ("LAMB", 2, Decay.DECOUPLED),
    ],
)
def test_known(name: str, state: int, decay: Decay) -> None:
    found = optimizer(name)
    assert found is not None
    assert (found.state, found.decay) == (state, decay)


@pytest.mark.parametrize("name", [None, "", "shampoo", "sgd.custom"])
def test_unknown(name: str | None) -> None:
    assert optimizer(name) is None
