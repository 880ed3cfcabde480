"""Many models, one after another or several at a time, in the order in which they were named."""

import os
from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

from cnnlint.cli.streams import read_standard_input
from cnnlint.cli.targets import ClosedFolder, Target
from cnnlint.errors import LoadError

if TYPE_CHECKING:
    from cnnlint.lint.engine import Settings
    from cnnlint.lint.rule import Rule
    from cnnlint.model.binding import Bindings
    from cnnlint.model.graph import Input
    from cnnlint.report.report import ModelReport

PAYS = 5.0
"""Seconds of work for which a process is started. One costs about 0.8 seconds of a processor, so
that where others use all processors, and nothing is gained, little is lost."""
ENOUGH = 8
"""Models after which their speed says how long the others will take."""
MOST = 8
"""Processes that are started where nobody says how many: each takes some 100 MB."""


@dataclass(frozen=True, slots=True)
class Job:
    """A model to check, and how."""

    target: Target
    rules: "tuple[Rule, ...]"
    settings: "Settings"
    sizes: "Bindings"
    rows: bool = False
    thorough: bool = False


@dataclass(frozen=True, slots=True)
class Checked:
    """What is left of a model when it has been checked."""

    report: "ModelReport"
    inputs: "tuple[Input, ...] | None" = None
    """None where it can't be read."""
    data_files: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True)
class OwnRules:
    """Where the rules of jobs come from besides our own."""

    folders: tuple[Path, ...] = ()
    installed: bool = False


def check_all(
    jobs: Sequence[Job],
    own: OwnRules,
    processes: int | None = None,
    tell: Callable[[str], None] | None = None,
) -> list[Checked]:
    """Check models, and return what is left of each, in order.

    Args:
        jobs: the models.
        own: where a process finds the rules of the jobs.
        processes: how many at a time; 1 for one after another in this process, None for as
            many as pay.
        tell: is told how far it is.

    Raises:
        UsageError: what is asked for doesn't fit a model.
    """
    done: list[Checked] = []
    with closing(_in_order(jobs, own, processes)) as each:  # whatever happens, no process stays
        for checked in each:
            done.append(checked)
            if tell:
                tell(f"{len(done)} of {len(jobs)} models")
    return done


def _in_order(
    jobs: Sequence[Job], own: OwnRules, processes: int | None
) -> Generator[Checked, None, None]:
    """Yield what comes of each model; where nobody says how many at a time, begin with one."""
    started = perf_counter()
    count = min(processes or 1, len(jobs))
    rest = list(jobs)
    while rest and count < 2:
        yield check_one(rest.pop(0))
        if processes is None and len(jobs) - len(rest) >= ENOUGH:
            speed = (perf_counter() - started) / (len(jobs) - len(rest))
            count = paying(speed * len(rest), min(cores(), len(rest)))
    if rest:
        from cnnlint.cli.workers import in_processes

        yield from in_processes(rest, own, count)


def paying(seconds: float, most: int) -> int:
    """Return how many processes pay for so many seconds of work; under 2 for none besides this."""
    return min(int(seconds / PAYS), most, MOST)


def cores() -> int:
    """Return how many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def check_one(job: Job) -> Checked:
    """Check one model.

    Raises:
        UsageError: what is asked for doesn't fit it.
    """
    from cnnlint.lint.engine import check_model, unreadable

    try:
        source = opened(job.target)
    except LoadError as error:
        return Checked(unreadable(called(job.target), error))
    report, model = check_model(
        source,
        job.rules,
        job.sizes,
        settings=job.settings,
        rows=job.rows,
        thorough=job.thorough,
    )
    return Checked(report, model.inputs, model.origin.data_files) if model else Checked(report)


def opened(target: Target) -> Path | bytes:
    """Return the model: its path, or its bytes where it comes in on stdin.

    Raises:
        LoadError: stdin or a folder can't be read.
    """
    if isinstance(target, ClosedFolder):
        raise target.error
    return read_standard_input() if target is None else target


def called(target: Target) -> str:
    """Return what a target is called in the report."""
    from cnnlint.lint.engine import STDIN

    if target is None:
        return STDIN
    return str(target.path if isinstance(target, ClosedFolder) else target)
