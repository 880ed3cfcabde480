"""Limits on what one model may take of time and memory, so that none takes a whole run down."""

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Never

from cnnlint.errors import LoadError

MAX_CPU_SECONDS = 120
"""A chain of 100,000 layers takes about 6; what takes longer than this is no network."""
MAX_MEMORY = 4 << 30
"""Bytes, on top of what the process has; 300,000 layers take about half a gigabyte."""
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


@contextmanager
def memory_limit(room: int = MAX_MEMORY) -> Iterator[None]:
    """Make what runs inside fail with a ``MemoryError`` before the machine runs out of memory.

    It limits the whole process, so it is for a program, not for a library. Only Linux says how
    large a process is; elsewhere there is no limit.
    """
    size = _address_space()
    if size is None:
        yield
        return
    import resource  # noqa: PLC0415  (POSIX only)

    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    known = [limit for limit in (soft, hard) if limit != resource.RLIM_INFINITY]
    resource.setrlimit(resource.RLIMIT_AS, (min((size + room, *known)), hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


def _address_space() -> int | None:
    """Return the size of this process in bytes, None where the system doesn't say."""
    try:
        pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[0]
    except OSError:
        return None
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


def _ring(_signal: int, _frame: FrameType | None) -> Never:
    raise _TimeIsUp
