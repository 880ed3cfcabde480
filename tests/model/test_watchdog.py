import signal
import threading
from contextlib import suppress
from pathlib import Path

import pytest

from cnnlint.errors import LoadError
from cnnlint.lint import engine
from cnnlint.lint.registry import builtin_rules
from cnnlint.lint.rule import Rule
from cnnlint.model import watchdog
from cnnlint.model.binding import Bindings
from cnnlint.model.watchdog import memory_limit, time_limit
from tests.net import Net

LINUX = pytest.mark.skipif(
    not Path("/proc/self/statm").exists(), reason="only Linux says how large a process is"
)
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


def test_an_alarm_that_rings_while_it_is_put_away_is_caught() -> None:
    for _ in range(200):
        with suppress(LoadError), time_limit("net.onnx", 0.001):
            sum(range(20_000))


def test_an_alarm_that_something_swallows_rings_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watchdog, "_AGAIN", 0.01)
    swallowed = []

    def careless() -> None:
        try:
            work_for_ever()
        except BaseException as error:  # noqa: BLE001  (that is what is careless)
            swallowed.append(error)
        work_for_ever()

    with pytest.raises(LoadError), time_limit("net.onnx", 0.01):
        careless()
    assert len(swallowed) == 1


@LINUX
def test_memory_runs_out() -> None:
    resource = pytest.importorskip("resource", reason="memory is limited on POSIX systems only")
    before = resource.getrlimit(resource.RLIMIT_AS)
    with (
        pytest.raises(LoadError, match="not enough memory") as caught,
        memory_limit("net.onnx", 64 << 20),
    ):
        bytearray(1 << 30)
    assert caught.value.code == "too-large"
    assert resource.getrlimit(resource.RLIMIT_AS) == before
    bytearray(1 << 30)


@LINUX
def test_a_lower_limit_that_was_there_before_stays() -> None:
    resource = pytest.importorskip("resource", reason="memory is limited on POSIX systems only")
    before = resource.getrlimit(resource.RLIMIT_AS)
    lower = 1 << 40
    try:
        resource.setrlimit(resource.RLIMIT_AS, (lower, before[1]))
        with memory_limit("net.onnx", 1 << 50):
            assert resource.getrlimit(resource.RLIMIT_AS)[0] == lower
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)


def test_a_rule_that_runs_out_of_memory_ends_the_model(monkeypatch: pytest.MonkeyPatch) -> None:
    def greedy(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr(Rule, "remarks", greedy)
    report, _ = engine.check_model(
        Net(3, 8).conv(4).proto().SerializeToString(), builtin_rules(), Bindings()
    )
    assert report.failure
    assert report.failure.code == "too-large"


@LINUX
def test_a_model_that_wants_too_much_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    attributes = b"\x2a\x00" * 2_000_000  # 100 bytes of memory for each of these two
    data = b"\x08\x08" + block(0x3A, block(0x0A, attributes))
    monkeypatch.setattr(engine, "memory_limit", lambda path: memory_limit(path, 64 << 20))
    report, _ = engine.check_model(data, (), Bindings())
    assert report.failure
    assert (report.failure.code, report.failure.internal) == ("too-large", False)
