"""Models checked by several processes at a time.

Each process has a thread of ours that gives it one model and waits for the answer, so that it is
always known which model a process was at when it died, and only that one is lost.

A pool of ``concurrent.futures`` does less than the guide promises, tried with Python 3.11 by
``spawn`` and by ``forkserver``: when one process dies, it ends the others too, and doesn't say
which model was to blame; Ctrl-C waits until the models at hand are done; and killing the parent
leaves its processes behind for good. To run what was lost once more, kill children by hand and
have a thread in each watch the parent would be as much code as this, around a library's inside.

A process is a new interpreter, on every system and in every version of Python: it has none of our
locks, threads (numpy brings some) and open files, as a fork would have; nor does it take
semaphores, or import our main module once more, as ``multiprocessing`` does.
"""

import gc
import pickle
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from contextlib import suppress

from cnnlint.cli.batch import Checked, Job, OwnRules, called, check_one
from cnnlint.cli.worker import Setup, receive, send
from cnnlint.errors import CnnlintError
from cnnlint.report.report import Failure, ModelReport

_START = "import sys; sys.path[:] = sys.argv[1:]; from cnnlint.cli.worker import serve; serve()"
"""What a process runs; it finds modules where we do, and not in the folder it is in."""
_GONE = (EOFError, OSError, pickle.UnpicklingError)
"""What reading from a process, or writing to it, may end in when that has died."""


class _Worker:
    """One process; it is started when its first model comes."""

    def __init__(self, own: OwnRules) -> None:
        flags = ["-I"] if sys.flags.isolated else ["-P"]
        self.process = subprocess.Popen(  # noqa: S603  (our own interpreter)
            [sys.executable, *flags, "-c", _START, *sys.path],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=None if sys.stderr else subprocess.DEVNULL,
            creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
        )
        self.setup: Setup | None = Setup(own, gc.get_threshold())

    def check(self, job: Job) -> Checked | CnnlintError:
        """Let the process check a model.

        Raises:
            EOFError, OSError, UnpicklingError: it has died.
        """
        jobs, answers = self.process.stdin, self.process.stdout
        assert jobs  # noqa: S101  (for mypy: they are pipes)
        assert answers  # noqa: S101  (as above)
        if self.setup:
            send(self.setup, jobs)
            self.setup = None
        send(job, jobs)
        answer = receive(answers, {})
        assert isinstance(answer, Checked | CnnlintError)  # noqa: S101  (as above)
        return answer

    def close(self) -> None:
        """Clear away what is left of the process, which has been ended."""
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            with suppress(OSError):  # what was left in it can't be sent any more
                if pipe:
                    pipe.close()


class _Workers:
    """A process for each thread that has a model to check."""

    def __init__(self, own: OwnRules) -> None:
        self._own = own
        self._mine = threading.local()
        self._lock = threading.Lock()
        self._started: list[_Worker] = []
        self._ended = False

    def check(self, job: Job) -> Checked | CnnlintError:
        """Check a model in the process of this thread."""
        worker: _Worker | None = getattr(self._mine, "worker", None)
        worker = worker or self._start()
        self._mine.worker = worker
        try:
            return worker.check(job)
        except _GONE:
            self._mine.worker = None
            return Checked(_lost(job, worker.process))

    def end(self) -> None:
        """End all processes at once; no other is started from here on."""
        with self._lock:
            self._ended = True
        for worker in self._started:
            worker.process.kill()

    def close(self) -> None:
        """Clear away what is left of them, when no thread uses them any more."""
        for worker in self._started:
            worker.close()

    def _start(self) -> _Worker:
        with self._lock:
            if self._ended:
                raise CancelledError
            self._started.append(_Worker(self._own))
            return self._started[-1]


def in_processes(jobs: Sequence[Job], own: OwnRules, count: int) -> Iterator[Checked]:
    """Yield what comes of each model, in order; standard input is read by this process.

    Raises:
        CnnlintError: what is asked for doesn't fit a model, the first such.
    """
    workers = _Workers(own)
    with ThreadPoolExecutor(count, "cnnlint", initializer=_leave_interrupts_alone) as threads:
        try:
            answers: list[Future[Checked | CnnlintError] | Job] = [
                job if job.target is None else threads.submit(workers.check, job) for job in jobs
            ]
            answers.reverse()
            while answers:
                answer = answers.pop()
                got = check_one(answer) if isinstance(answer, Job) else answer.result()
                if isinstance(got, CnnlintError):
                    raise got
                yield got
        finally:
            workers.end()
            threads.shutdown(cancel_futures=True)
            workers.close()


def _leave_interrupts_alone() -> None:
    """Leave Ctrl-C to the main thread; a process that this thread starts never sees it."""
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})


def _lost(job: Job, process: "subprocess.Popen[bytes]") -> ModelReport:
    """Return the report on a model whose process has died."""
    try:
        code = process.wait(5)
    except subprocess.TimeoutExpired:  # it has closed its end and goes on
        process.kill()
        code = process.wait()
    how = f"exit code {code}" if code >= 0 else signal.Signals(-code).name
    path = called(job.target)
    return ModelReport(
        path,
        failure=Failure(
            "internal",
            f"{path}: internal error: the process that checked it has died: {how}",
            "try --jobs 1, which takes less memory",
            internal=True,
        ),
    )
