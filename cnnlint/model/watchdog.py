"""Limits on what one model may take of time and memory, so that none takes a whole run down."""

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

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

    The clock is that of our own code: neither a loaded machine nor a slow disk matters. It needs
    a POSIX system and the main thread; elsewhere there is no limit.

    Raises:
        LoadError: the time is up; ``path`` is the model to be named.
    """
    if not _on_main_thread() or not hasattr(signal, "setitimer"):
        yield
        return
    armed = True

    def ring(_signal: int, _frame: FrameType | None) -> None:
        if armed:
            raise _TimeIsUp

    before = signal.signal(signal.SIGVTALRM, ring)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds, _AGAIN)
    try:
        try:
            yield
        finally:
            armed = False  # what rings from here on is too late to matter
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
def memory_limit(path: str, room: int = MAX_MEMORY) -> Iterator[None]:
    """End what runs inside before it takes more than so many bytes of memory.

    It limits the whole process while it lasts. Only Linux says how large a process is; elsewhere,
    and beside the main thread, there is no limit.

    Raises:
        LoadError: there is not enough memory; ``path`` is the model to be named.
    """
    try:
        with _limited(room):
            yield
    except MemoryError as error:
        raise LoadError(
            "too-large",
            f"{path}: there is not enough memory for what it asks for",
            "no exporter writes a model like this; check where the file comes from",
        ) from error


@contextmanager
def _limited(room: int) -> Iterator[None]:
    size = _address_space() if _on_main_thread() else None
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


def _on_main_thread() -> bool:
    return threading.current_thread() is threading.main_thread()


def _address_space() -> int | None:
    """Return the size of this process in bytes, None where the system doesn't say."""
    try:
        pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[0]
    except OSError:
        return None
    return int(pages) * os.sysconf("SC_PAGE_SIZE")
