"""The timing protocol: warm up until stable, sample until precise, say how noisy it was.

Nothing here knows what it times: the model run and the clocks are given, and everything but
:func:`warm_up` and :func:`sample` is a pure function of numbers. Times are in seconds.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import floor, sqrt
from statistics import median

from cnnlint.profile.result import Noise

MIN_WARMUP_S = 0.2
MIN_WARMUP_RUNS = 5
MAX_WARMUP_S = 3.0
"""A machine that is not stable by then is measured all the same, and called noisy."""
STABLE_BLOCKS = 3
STABLE_WITHIN = 0.05
PRECISE_WITHIN = 0.02
MIN_PAIRS = 2
"""Two pairs of blocks are 8 runs; below 6 there is no 95 % interval."""
PAIR_S = 0.05
"""How long a pair of blocks takes: short, so that many see the same states of the machine."""
P90_RUNS = 64
P99_RUNS = 662
NOISY_IQR = 0.10
UNRELIABLE_IQR = 0.25
SLOPE_WITHIN = 0.05
EXACT_BINOMIAL_RUNS = 1000


@dataclass(frozen=True, slots=True)
class Stopwatch:
    """What is timed, and by which clocks; ``cpu`` is None where CPU time says nothing."""

    run: Callable[[], object]
    wall: Callable[[], float]
    cpu: Callable[[], float] | None = None

    def block(self, count: int) -> "Block":
        """Run ``count`` times in a row; time each run, and all of them together."""
        wall, run = self.wall, self.run
        times = []
        cpu_before = self.cpu() if self.cpu else 0.0
        start = wall()
        for _ in range(count):
            before = wall()
            run()
            times.append(wall() - before)
        total = wall() - start
        return Block(tuple(times), total, self.cpu() - cpu_before if self.cpu else None)


@dataclass(frozen=True, slots=True)
class Block:
    """Runs in a row: the time of each, and the wall and CPU time of all together."""

    times: tuple[float, ...]
    total: float
    cpu: float | None


@dataclass(frozen=True, slots=True)
class WarmUp:
    """How the warm-up went; ``typical`` is the median time of a run in its last block."""

    runs: int
    seconds: float
    stable: bool
    typical: float


@dataclass(frozen=True, slots=True)
class Sample:
    """Every single run that was measured, and what the blocks say.

    ``slope`` is the time of one run without what a block costs once: blocks of k and of 3k
    runs alternate, and it is the median over the pairs of (longer - shorter) / 2k. ``cpu`` is
    the median over the blocks of the CPU time of a run; ``block_runs`` is k.
    """

    times: tuple[float, ...]
    cpu: float | None
    slope: float
    block_runs: int


@dataclass(frozen=True, slots=True)
class Summary:
    """A sample in numbers; a percentile is None where there are too few runs for it."""

    median: float
    minimum: float
    mean: float
    iqr: float
    p90: float | None
    p99: float | None
    interval: tuple[float, float]


def warm_up(watch: Stopwatch) -> WarmUp:
    """Run until three block medians in a row agree, at least 0.2 s and 5 runs, bounded in time."""
    first = watch.block(1)
    block_runs = runs_within(MIN_WARMUP_S / MIN_WARMUP_RUNS, first.total)
    runs, seconds, stable = 1, first.total, False
    medians: list[float] = []
    while True:
        block = watch.block(block_runs)
        medians.append(median(block.times))
        runs += block_runs
        seconds += block.total
        stable = is_stable(medians)
        enough = runs >= MIN_WARMUP_RUNS and seconds >= MIN_WARMUP_S
        if enough and (stable or seconds >= MAX_WARMUP_S):
            return WarmUp(runs, seconds, stable, medians[-1])


def sample(watch: Stopwatch, duration: float, typical: float) -> Sample:
    """Run until the median is known to 2 %, at most about ``duration`` seconds.

    At least a third of ``duration`` is used: neighbouring runs are alike, so an interval that
    is narrow after a few milliseconds only knows those. ``typical`` is the expected time of a
    run; it decides the length of the blocks.
    """
    block_runs = runs_within(PAIR_S / 4, typical)
    blocks: list[Block] = []
    slopes: list[float] = []
    check_at = elapsed = 0.0
    while True:
        shorter, longer = watch.block(block_runs), watch.block(3 * block_runs)
        blocks += shorter, longer
        slopes.append((longer.total - shorter.total) / (2 * block_runs))
        elapsed += shorter.total + longer.total
        if len(slopes) < MIN_PAIRS or elapsed < check_at:
            continue
        times = tuple(time for block in blocks for time in block.times)
        if elapsed >= duration or (elapsed >= duration / 3 and is_precise(times)):
            cpu = [b.cpu / len(b.times) for b in blocks if b.cpu is not None]
            return Sample(times, median(cpu) if cpu else None, median(slopes), block_runs)
        check_at = elapsed * 1.1  # sorting a growing sample at every pair would take over


def runs_within(seconds: float, one_run: float) -> int:
    """Return how many runs fit into a time, at least one."""
    return max(1, floor(seconds / one_run)) if one_run > 0 else 1


def is_stable(medians: Sequence[float]) -> bool:
    """Tell whether the last three block medians lie within 5 % of each other."""
    last = medians[-STABLE_BLOCKS:]
    return len(last) == STABLE_BLOCKS and max(last) <= min(last) * (1 + STABLE_WITHIN)


def is_precise(times: Sequence[float]) -> bool:
    """Tell whether the 95 % interval of the median lies within 2 % of it on both sides."""
    ordered = sorted(times)
    low, high = median_interval(ordered)
    middle = median(ordered)
    return low >= middle * (1 - PRECISE_WITHIN) and high <= middle * (1 + PRECISE_WITHIN)


def summarise(times: Sequence[float]) -> Summary:
    """Describe a sample of at least one time."""
    ordered = sorted(times)
    count = len(ordered)
    return Summary(
        median=median(ordered),
        minimum=ordered[0],
        mean=sum(ordered) / count,
        iqr=quantile(ordered, 0.75) - quantile(ordered, 0.25),
        p90=quantile(ordered, 0.90) if count >= P90_RUNS else None,
        p99=quantile(ordered, 0.99) if count >= P99_RUNS else None,
        interval=median_interval(ordered),
    )


def middle_half(times: Sequence[float]) -> list[int]:
    """Return the places of the times that are neither in the lowest nor the highest quarter.

    Their mean is about the median, and unlike medians the means of parts add up.
    """
    places = sorted(range(len(times)), key=times.__getitem__)
    cut = len(times) // 4
    return sorted(places[cut : len(times) - cut])


def quantile(ordered: Sequence[float], share: float) -> float:
    """Return a quantile of sorted numbers, linear between them (Hyndman and Fan's type 7)."""
    place = share * (len(ordered) - 1)
    below = floor(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (place - below) * (ordered[above] - ordered[below])


def median_interval(ordered: Sequence[float]) -> tuple[float, float]:
    """Return the 95 % interval of the median of sorted numbers, free of any distribution.

    The bounds are order statistics (Hahn and Meeker, Statistical Intervals, section 5.2): as
    many are cut on each side as leave at least 95 %. Below 6 numbers nothing can be cut, and
    the whole range covers less than that.
    """
    cut = trimmed(len(ordered))
    return ordered[cut], ordered[len(ordered) - 1 - cut]


def trimmed(count: int) -> int:
    """Return how many order statistics lie outside the 95 % interval of the median, a side.

    The largest d with P(B <= d) <= 2.5 % for B binomial in ``count`` and 1/2, 0 where there is
    none: exact, for large samples by the normal approximation with continuity correction.
    """
    if count > EXACT_BINOMIAL_RUNS:
        return floor(count / 2 - 0.5 - 1.959964 * sqrt(count) / 2)
    ways, below, cut = 1, 1, -1
    while below * 40 <= 2**count:
        cut += 1
        ways = ways * (count - cut) // (cut + 1)
        below += ways
    return max(cut, 0)


def noise_of(summary: Summary, slope: float, stable: bool) -> Noise:
    """Class a measurement: by its spread, and by whether its two estimates agree.

    ``stable`` says whether the warm-up settled; ``slope`` is the cross-check of the median.
    """
    if summary.iqr > UNRELIABLE_IQR * summary.median:
        return "unreliable"
    agree = abs(slope - summary.median) <= SLOPE_WITHIN * summary.median
    if summary.iqr > NOISY_IQR * summary.median or not agree or not stable:
        return "noisy"
    return "quiet"
