"""Run a command and say what it cost: what the benchmarks share."""

import os
import signal
import subprocess
import tempfile
import threading
from dataclasses import dataclass
from pathlib import Path

FLOOR = "import click, tabulate, networkx, onnx"
"""What ``cnnlint check`` can't do without: the floor under its time and memory."""


@dataclass(frozen=True, slots=True)
class Done:
    """An ended process.

    Attributes:
        cpu_s: User plus system CPU seconds, all threads, with children that it waited for.
        peak_mib: Largest resident set in MiB, of itself or of such a child.
        code: Exit status; minus the number of the signal that killed it.
        out: Its standard output.
        err: Its standard error.
        timed_out: It was killed because it ran for too long.
    """

    cpu_s: float
    peak_mib: float
    code: int
    out: str
    err: str
    timed_out: bool


def run(command: list[str], cwd: Path | None = None, timeout_s: float | None = None) -> Done:
    """Run a command to its end, or for ``timeout_s`` seconds of wall time.

    Linux counts the memory of the parent at the fork as the child's, so a benchmark itself
    should import nothing heavy. Standard input is empty.

    Raises:
        OSError: the command can't be started.
    """
    timed_out = threading.Event()
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        child = subprocess.Popen(
            command,
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
            start_new_session=True,  # so that its children can be killed with it
        )

        def kill() -> None:
            timed_out.set()
            os.killpg(child.pid, signal.SIGKILL)

        timer = threading.Timer(timeout_s or threading.TIMEOUT_MAX, kill)
        timer.daemon = True
        timer.start()
        try:
            _, status, usage = os.wait4(child.pid, 0)
        except KeyboardInterrupt:  # which doesn't reach another session
            kill()
            raise
        finally:
            timer.cancel()
        child.returncode = os.waitstatus_to_exitcode(status)
        texts = []
        for file in (out, err):
            file.seek(0)
            texts.append(file.read().decode(errors="replace"))
    return Done(
        cpu_s=usage.ru_utime + usage.ru_stime,
        peak_mib=usage.ru_maxrss / 1024,  # Linux gives KiB
        code=child.returncode,
        out=texts[0],
        err=texts[1],
        timed_out=timed_out.is_set(),
    )
