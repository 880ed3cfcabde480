import signal
import threading
from contextlib import suppress

import pytest

from cnnlint.errors import LoadError
from cnnlint.lint import engine
from cnnlint.model.binding import Bindings
from cnnlint.model.watchdog import time_limit
from tests.net import Net

pytestmark = pytest.mark.skipif(
    not hasattr(signal, "setitimer"), reason="this system has no timers, so there is no limit"
)


def work_for_ever() -> None:
    while True:
        with suppress(Exception):
            sum(range(1000))


def test_time_is_up() -> None:
    with (
        pytest.raises(
            LoadError, match=r"^net.onnx: not done after 0.02 s of computing$"
        ) as caught,
        time_limit("net.onnx", 0.02),
    ):
        work_for_ever()
    assert caught.value.code == "too-slow"


def test_nothing_is_left_behind() -> None:
    before = signal.getsignal(signal.SIGVTALRM)
    with time_limit("net.onnx"):
        assert signal.getsignal(signal.SIGVTALRM) is not before
        assert signal.getitimer(signal.ITIMER_VIRTUAL)[0] > 0
    assert signal.getsignal(signal.SIGVTALRM) is before
    assert signal.getitimer(signal.ITIMER_VIRTUAL) == (0, 0)


def test_a_thread_has_no_limit() -> None:
    done: list[bool] = []

    def inside() -> None:
        with time_limit("net.onnx", 0.01):
            done.append(signal.getitimer(signal.ITIMER_VIRTUAL) == (0, 0))

    thread = threading.Thread(target=inside)
    thread.start()
    thread.join()
    assert done == [True]


def test_a_model_that_takes_too_long_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    data = Net(3, 8).conv(4).proto().SerializeToString()
    monkeypatch.setattr(engine, "time_limit", lambda path: time_limit(path, 0.02))
    monkeypatch.setattr(engine, "run_rules", lambda *_: work_for_ever())
    report, model = engine.check_model(data, (), Bindings())
    assert report.failure
    assert (report.failure.code, report.failure.internal) == ("too-slow", False)
    assert model is None
