import signal
import threading
from contextlib import suppress
from pathlib import Path

import pytest

from cnnlint.errors import LoadError
from cnnlint.lint import engine
from cnnlint.model.binding import Bindings
from cnnlint.model.watchdog import memory_limit, time_limit
from tests.net import Net

pytestmark = pytest.mark.skipif(
    not hasattr(signal, "setitimer"), reason="this system has no timers, so there is no limit"
)


def block(tag: int, content: bytes) -> bytes:
    """Return a protobuf field of bytes, its length written as four bytes."""
    size = len(content)
    length = [size & 0x7F | 0x80, size >> 7 & 0x7F | 0x80, size >> 14 & 0x7F | 0x80, size >> 21]
    return bytes([tag, *length]) + content


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


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="only Linux can say how large")
def test_memory_runs_out() -> None:
    resource = pytest.importorskip("resource", reason="memory is limited on POSIX systems only")
    before = resource.getrlimit(resource.RLIMIT_AS)
    with pytest.raises(MemoryError), memory_limit(64 << 20):
        bytearray(1 << 30)
    assert resource.getrlimit(resource.RLIMIT_AS) == before
    bytearray(1 << 30)


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="only Linux can say how large")
def test_a_model_that_wants_too_much_is_refused() -> None:
    attributes = b"\x2a\x00" * 2_000_000  # 100 bytes of memory for each of these two
    data = b"\x08\x08" + block(0x3A, block(0x0A, attributes))
    with memory_limit(64 << 20):
        report, _ = engine.check_model(data, (), Bindings())
    assert report.failure
    assert (report.failure.code, report.failure.internal) == ("too-large", False)
