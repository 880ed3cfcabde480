"""Worker processes: each checks one input after another, and may hang or die of one."""

import resource
import signal
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import connection, get_context
from multiprocessing.context import SpawnProcess
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic
from types import FrameType
from typing import TypeAlias

from fuzz.target import CPU_S, MEMORY, Fault, Slow

WALL_S = 60.0
"""A worker that gives no answer for so long hangs in native code, or waits for something."""
Examine: TypeAlias = Callable[[bytes, Path], Fault | None]
Link: TypeAlias = "connection.Connection[bytes, Fault | None]"


@dataclass(frozen=True, slots=True)
class Limits:
    """What one input may take: seconds of the processor, seconds at all, bytes of memory."""

    cpu_s: float = CPU_S
    wall_s: float = WALL_S
    memory: int = MEMORY


class Worker:
    """A process that checks inputs; a new one takes its place where it hangs or dies."""

    def __init__(self, examine: Examine, limits: Limits) -> None:
        """Start the process."""
        self._examine = examine
        self._limits = limits
        self._process, self.link = self._start()
        self.until = 0.0

    def ask(self, data: bytes) -> None:
        """Hand over an input."""
        self.until = monotonic() + self._limits.wall_s
        try:
            self.link.send(data)
        except OSError:  # it died after its last answer
            self.stop()
            self._process, self.link = self._start()
            self.link.send(data)

    def answer(self) -> Fault | None:
        """Return what is wrong with the input that was handed over last; wait for it."""
        fault: Fault | None
        try:
            if self.link.poll(max(self.until - monotonic(), 0)):
                return self.link.recv()
            fault = Fault("no answer", f"no answer within {self._limits.wall_s:g} s")
            self.stop()
        except (EOFError, OSError):
            self._process.join()
            fault = Fault(f"died of {-(self._process.exitcode or 0)}", "the process died")
        self._process, self.link = self._start()
        return fault

    def stop(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.join()
        self.link.close()

    def _start(self) -> tuple[SpawnProcess, Link]:
        context = get_context("spawn")
        ours, theirs = context.Pipe()
        process = context.Process(
            target=_serve, args=(theirs, self._examine, self._limits), daemon=True
        )
        process.start()
        theirs.close()
        ours.recv()  # it has imported what it needs: from now on its time counts
        return process, ours


def ready(workers: Iterable[Worker]) -> list[Worker]:
    """Return the workers that have an answer, or that are late; wait for the first one."""
    by_link = {worker.link: worker for worker in workers}
    first = min(worker.until for worker in by_link.values())
    spoken = connection.wait(list(by_link), max(first - monotonic(), 0))
    now = monotonic()
    return [w for link, w in by_link.items() if link in spoken or w.until <= now]


@contextmanager
def team(size: int, examine: Examine, limits: Limits) -> Iterator[list[Worker]]:
    """Start some workers, and stop them at the end."""
    workers = [Worker(examine, limits) for _ in range(size)]
    try:
        yield workers
    finally:
        for worker in workers:
            worker.stop()


def _serve(
    link: "connection.Connection[Fault | None, bytes]", examine: Examine, limits: Limits
) -> None:
    """Answer until the other side goes away."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGPROF, _stop)
    mapped = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    limit = mapped * resource.getpagesize() + limits.memory
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    link.send(None)
    with TemporaryDirectory() as folder:
        while True:
            try:
                data = link.recv()
            except EOFError:
                return
            signal.setitimer(signal.ITIMER_PROF, limits.cpu_s)
            fault = examine(data, Path(folder))
            signal.setitimer(signal.ITIMER_PROF, 0)
            link.send(fault)


def _stop(_number: int, _frame: FrameType | None) -> None:
    raise Slow("the time for one input is over")
