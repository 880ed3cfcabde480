"""The tables of ``peers.py``: GitHub Markdown from what was measured."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from statistics import median

from child_process import Done
from peer_tools import Job, Tool

CLOSE = 0.001
"""A count this near to the reference (relative) is right: no more is rounded away."""


@dataclass(slots=True)
class Result:
    """What a tool did with a model.

    Attributes:
        cpu_s: CPU seconds of each run.
        ratios: Each of them by the imports measured in the same round.
        peaks_mib: Peak memory of each run, in MiB.
        macs: What the tool says; None where it said nothing.
        failed: Why the last run did not do its work; empty where it did.
    """

    cpu_s: list[float] = field(default_factory=list)
    ratios: list[float] = field(default_factory=list)
    peaks_mib: list[float] = field(default_factory=list)
    macs: int | None = None
    failed: str = ""

    def add(self, done: Done, bare_cpu_s: float) -> None:
        """Note what a run cost; ``bare_cpu_s``: what the imports cost in this round."""
        self.cpu_s.append(done.cpu_s)
        self.ratios.append(done.cpu_s / bare_cpu_s)
        self.peaks_mib.append(done.peak_mib)


Results = dict[tuple[str, str], Result]
"""By the names of the tool and of the job."""


def table(heads: Iterable[str], rows: Iterable[Iterable[str]], left: int = 1) -> str:
    """Write a Markdown table: the first ``left`` columns to the left, the others to the right."""
    heads = list(heads)
    ruler = ["---"] * left + ["--:"] * (len(heads) - left)
    lines = [heads, ruler, *([cell.replace("|", "\\|") for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def error(macs: int, reference: int) -> float:
    """Relative error; of a reference of zero, 0 or infinity."""
    if reference:
        return macs / reference - 1
    return 0.0 if macs == 0 else float("inf")


def percent(value: float) -> str:
    """Show a relative error: "0" for none at all, two digits where it is small."""
    if value == 0:
        return "0"
    if value == float("inf"):
        return "not 0"
    return f"{value * 100:+.1f} %" if abs(value) >= CLOSE else f"{value * 100:+.3f} %"


def summary(tools: Iterable[Tool], jobs: list[Job], results: Results) -> str:
    """One line for each tool over all models: what it read, how far off, what it cost."""
    heads = ("tool", "read", "MACs given", "within 0.1 %", "worst error")
    costs = ("CPU s", "x imports", "(most)", "peak MiB", "(most)")
    rows = []
    for tool in tools:
        pairs = [(job, results[tool.name, job.name]) for job in jobs]
        good = [result for _, result in pairs if not result.failed]
        read = f"{len(good)} of {len(jobs)}"
        rows.append([tool.name, read, *_counts(tool, pairs), *_costs(good)])
    return table([*heads, *costs], rows)


def _counts(tool: Tool, pairs: list[tuple[Job, Result]]) -> list[str]:
    if tool.macs is None:
        return ["counts none", "", ""]
    errors = [
        error(result.macs, job.macs)
        for job, result in pairs
        if result.macs is not None and job.macs is not None and not result.failed
    ]
    close = sum(abs(e) <= CLOSE for e in errors)
    worst = percent(max(errors, key=abs)) if errors else ""
    return [str(len(errors)), f"{close} of {len(pairs)}", worst]


def _costs(good: list[Result]) -> list[str]:
    if not good:
        return ["", "", "", "", ""]
    ratios = [median(result.ratios) for result in good]
    peaks = [max(result.peaks_mib) for result in good]
    return [
        f"{median(median(result.cpu_s) for result in good):.2f}",
        f"{median(ratios):.1f}",
        f"{max(ratios):.1f}",
        f"{median(peaks):,.0f}",
        f"{max(peaks):,.0f}",
    ]


def macs_by_model(tools: Iterable[Tool], jobs: Iterable[Job], results: Results) -> str:
    """Error of each tool that counts MACs, a model a line."""

    def cell(result: Result, job: Job) -> str:
        if result.macs is None or job.macs is None:
            return "none given"
        said = percent(error(result.macs, job.macs))
        return f"{result.macs:,}" if said == "not 0" else said

    counting = [tool for tool in tools if tool.macs is not None]
    rows = _cells(counting, jobs, results, cell)
    for job, row in zip(jobs, rows, strict=True):
        row.insert(1, "" if job.macs is None else f"{job.macs:,}")
    return table(["model", "MACs", *(tool.name for tool in counting)], rows)


def cpu_by_model(tools: Iterable[Tool], jobs: Iterable[Job], results: Results) -> str:
    """CPU seconds and the ratio to the imports, a model a line."""

    def cell(result: Result, _: Job) -> str:
        return f"{median(result.cpu_s):.2f} ({median(result.ratios):.1f}x)"

    tools = list(tools)
    return table(["model", *(t.name for t in tools)], _cells(tools, jobs, results, cell))


def peak_by_model(tools: Iterable[Tool], jobs: Iterable[Job], results: Results) -> str:
    """Peak MiB, a model a line."""

    def cell(result: Result, _: Job) -> str:
        return f"{max(result.peaks_mib):,.0f}"

    tools = list(tools)
    return table(["model", *(t.name for t in tools)], _cells(tools, jobs, results, cell))


def _cells(
    tools: list[Tool],
    jobs: Iterable[Job],
    results: Results,
    cell: Callable[[Result, Job], str],
) -> list[list[str]]:
    return [
        [job.name]
        + [
            result.failed or cell(result, job)
            for result in (results[tool.name, job.name] for tool in tools)
        ]
        for job in jobs
    ]
