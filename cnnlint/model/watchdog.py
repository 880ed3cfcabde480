"""A limit on the time that one model may take, so that none takes a whole run down."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Never

from cnnlint.errors import LoadError

MAX_CPU_SECONDS = 120
"""A chain of 100,000 layers takes about 6; what takes longer than this is no network."""
_AGAIN = 1
"""Seconds after which the alarm rings again, should code in between have swallowed it."""


class _TimeIsUp(BaseException):
    """Not an ``Exception``, so that nothing takes it for the fault of a rule."""


@contextmanager
def time_limit(path: str, seconds: float = MAX_CPU_SECONDS) -> Iterator[None]:
    """End what runs inside after so many seconds of the processor's time.

    The clock is that of the process, so a loaded machine doesn't matter. It needs a POSIX system
    and the main thread; elsewhere there is no limit.

    Raises:
        LoadError: the time is up; ``path`` is the model to be named.
    """
    here = threading.current_thread() is threading.main_thread()
    if not here or not hasattr(signal, "setitimer"):
        yield
        return
    before = signal.signal(signal.SIGVTALRM, _ring)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds, _AGAIN)
    try:
        yield
    except _TimeIsUp as error:
        raise LoadError(
            "too-slow",
            f"{path}: not done after {seconds:g} s of computing",
            "no exporter writes a model like this; check where the file comes from",
        ) from error
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def _ring(_signal: int, _frame: FrameType | None) -> Never:
    raise _TimeIsUp
