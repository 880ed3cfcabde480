"""The timing protocol on a clock that only moves when it is told to."""

from collections.abc import Callable, Iterator
from itertools import chain, cycle, repeat
from math import comb, inf
from random import Random
from statistics import median

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnnlint.profile import timing
from cnnlint.profile.result import Noise
from cnnlint.profile.timing import (
    Stopwatch,
    Summary,
    is_precise,
    is_stable,
    median_interval,
    middle_half,
    noise_of,
    quantile,
    runs_within,
    sample,
    summarise,
    trimmed,
    warm_up,
)

TIMES = st.lists(st.floats(1e-6, 1e3), min_size=1, max_size=200)


class FakeMachine:
    """A model whose runs take the given times, on a wall and a CPU clock of its own."""

    def __init__(self, times: Iterator[float], *, block_cost: float = 0.0) -> None:
        self.now = 0.0
        self.cpu_now = 0.0
        self.runs = 0
        self._times = times
        self._block_cost = block_cost

    def run(self) -> None:
        time = next(self._times)
        self.runs += 1
        self.now += time
        self.cpu_now += time / 2

    def wall(self) -> float:
        return self.now

    def cpu(self) -> float:
        """Read once before and once after a block: what a block costs once is paid here."""
        self.now += self._block_cost
        return self.cpu_now

    def watch(self, *, cpu: bool = True) -> Stopwatch:
        return Stopwatch(self.run, self.wall, self.cpu if cpu else None)


def constant(time: float) -> FakeMachine:
    return FakeMachine(repeat(time))


def test_a_block_times_each_run_and_all_together() -> None:
    block = FakeMachine(iter([1.0, 2.0, 4.0])).watch().block(3)
    assert (block.times, block.total, block.cpu) == ((1.0, 2.0, 4.0), 7.0, 3.5)


def test_no_cpu_time_without_a_cpu_clock() -> None:
    machine = constant(0.01)
    assert machine.watch(cpu=False).block(2).cpu is None
    assert sample(machine.watch(cpu=False), 0.3, 0.01).cpu is None


def test_warm_up_ends_when_three_blocks_agree() -> None:
    machine = constant(0.01)  # blocks of 4
    warm = warm_up(machine.watch())
    assert (warm.runs, machine.runs) == (21, 21)  # 0.2 s: one run, then 5 blocks
    assert warm.stable
    assert warm.seconds == pytest.approx(0.21)
    assert warm.typical == pytest.approx(0.01)


def test_warm_up_takes_five_runs_of_a_slow_model() -> None:
    warm = warm_up(FakeMachine(iter([1.0, 1.0, 1.0, 1.0, 1.04])).watch())
    assert (warm.runs, warm.stable) == (5, True)
    assert warm.typical == pytest.approx(1.04)


def test_warm_up_goes_on_while_runs_get_faster() -> None:
    machine = FakeMachine(chain((0.05 * 0.9**n for n in range(12)), repeat(0.0142)))
    warm = warm_up(machine.watch())
    assert warm.stable
    assert warm.typical == pytest.approx(0.0142)


def test_a_machine_that_never_settles_is_measured_all_the_same() -> None:
    machine = FakeMachine(cycle([0.1, 0.2]))
    warm = warm_up(machine.watch())
    assert not warm.stable
    assert 3.0 <= warm.seconds < 3.5


def test_sampling_a_quiet_model_ends_early_but_not_at_once() -> None:
    taken = sample(constant(0.001).watch(), 3.0, 0.001)
    assert 1.0 <= sum(taken.times) < 1.2
    assert taken.block_runs == 12
    assert taken.slope == pytest.approx(0.001)
    assert taken.cpu == pytest.approx(0.0005)


def test_sampling_a_noisy_model_ends_with_its_time() -> None:
    random = Random(0)  # noqa: S311  (noise, no secret)
    machine = FakeMachine(iter(lambda: random.choice([0.001, 0.002]), None))
    taken = sample(machine.watch(), 1.5, 0.001)
    assert 1.5 <= sum(taken.times) < 1.7


def test_a_slow_model_is_run_often_enough_for_an_interval() -> None:
    assert len(sample(constant(9.0).watch(), 3.0, 9.0).times) == 8


def test_the_slope_leaves_out_what_a_block_costs_once() -> None:
    class Costly(FakeMachine):
        """The first run of a block waits for the device; blocks have 1 and 3 runs."""

    times = cycle([5.0, 5.0, 1.0, 1.0])
    taken = sample(Costly(times).watch(), 20.0, 1.0)
    assert taken.block_runs == 1
    assert taken.slope == pytest.approx(1.0)
    assert taken.cpu == pytest.approx((2.5 + 7 / 6) / 2)


@pytest.mark.parametrize(
    ("seconds", "one_run", "runs"),
    [(0.05, 0.01, 5), (0.05, 0.06, 1), (0.05, 0.0, 1), (1.0, 0.3, 3)],
)
def test_runs_within(seconds: float, one_run: float, runs: int) -> None:
    assert runs_within(seconds, one_run) == runs


@pytest.mark.parametrize(
    ("medians", "stable"),
    [
        ([1.0, 1.0], False),
        ([1.0, 1.0, 1.0], True),
        ([1.0, 1.05, 1.02], True),
        ([1.0, 1.06, 1.02], False),
        ([9.0, 1.0, 1.05, 1.02], True),
        ([1.0, 1.0, 1.0, 2.0], False),
    ],
)
def test_stable_means_the_last_three_blocks_agree(medians: list[float], *, stable: bool) -> None:
    assert is_stable(medians) is stable


@pytest.mark.parametrize(
    ("low", "high", "precise"), [(0.985, 1.015, True), (0.975, 1.01, False), (0.99, 1.025, False)]
)
def test_precise_means_both_ends_are_near(low: float, high: float, *, precise: bool) -> None:
    assert is_precise([low] * 10 + [1.0] + [high] * 10) is precise


@pytest.mark.parametrize("count", [*range(1, 60), 999, 1000])
def test_the_interval_cuts_as_many_as_the_binomial_allows(count: int) -> None:
    def outside(cut: int) -> float:
        """Probability that the median lies below order statistic ``cut``, counted from 0."""
        return sum(comb(count, k) for k in range(cut + 1)) / float(2**count)

    cut = trimmed(count)
    assert outside(cut) <= 0.025 or cut == 0
    assert outside(cut + 1) > 0.025


def test_large_samples_cut_like_exact_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    approximate = [trimmed(count) for count in range(1001, 2000, 37)]
    monkeypatch.setattr(timing, "EXACT_BINOMIAL_RUNS", inf)
    exact = [trimmed(count) for count in range(1001, 2000, 37)]
    differences = [a - e for a, e in zip(approximate, exact, strict=True)]
    assert set(differences) <= {-1, 0}
    assert differences.count(0) > 0.9 * len(differences)


def test_the_interval_covers_the_true_median_at_least_as_often_as_it_says() -> None:
    random = Random(1)  # noqa: S311  (noise, no secret)
    hits = 0
    for _ in range(2000):
        low, high = median_interval(sorted(random.expovariate(1.0) for _ in range(25)))
        hits += low <= 0.6931 <= high
    assert hits / 2000 > 0.94


@given(TIMES)
def test_the_interval_holds_the_median_and_stays_inside(times: list[float]) -> None:
    ordered = sorted(times)
    low, high = median_interval(ordered)
    assert ordered[0] <= low <= median(ordered) <= high <= ordered[-1]


@given(TIMES, st.floats(0, 1), st.floats(0, 1))
def test_quantiles_rise_and_stay_inside(times: list[float], one: float, other: float) -> None:
    ordered = sorted(times)
    low, high = quantile(ordered, min(one, other)), quantile(ordered, max(one, other))
    assert ordered[0] <= low <= high * (1 + 1e-12)
    assert high <= ordered[-1] * (1 + 1e-12)


@pytest.mark.parametrize(
    ("share", "value"), [(0.0, 1.0), (0.25, 2.0), (0.5, 3.0), (0.9, 4.6), (1.0, 5.0)]
)
def test_quantiles_lie_between_the_numbers(share: float, value: float) -> None:
    assert quantile([1.0, 2.0, 3.0, 4.0, 5.0], share) == pytest.approx(value)


@given(TIMES)
def test_the_median_is_the_middle_quantile(times: list[float]) -> None:
    assert quantile(sorted(times), 0.5) == pytest.approx(median(times))


@pytest.mark.parametrize(
    ("count", "p90", "p99"),
    [(63, False, False), (64, True, False), (661, True, False), (662, True, True)],
)
def test_percentiles_only_where_the_sample_allows(count: int, *, p90: bool, p99: bool) -> None:
    summary = summarise([float(n) for n in range(count)])
    assert (summary.p90 is not None, summary.p99 is not None) == (p90, p99)


def test_a_summary() -> None:
    summary = summarise([5.0, 1.0, 2.0, 3.0, 4.0, 9.0, 4.0])
    assert summary == Summary(
        median=4.0, minimum=1.0, mean=4.0, iqr=2.0, p90=None, p99=None, interval=(1.0, 9.0)
    )


def test_percentiles_of_a_large_sample() -> None:
    summary = summarise([float(n) for n in range(1001)])
    assert [summary.p90, summary.p99] == pytest.approx([900.0, 990.0])


@given(TIMES)
def test_the_middle_half_leaves_out_both_ends(times: list[float]) -> None:
    chosen = middle_half(times)
    inside = sorted(times[place] for place in chosen)
    cut = len(times) // 4
    assert chosen == sorted(chosen)
    assert inside == sorted(times)[cut : len(times) - cut]


def summary_with(iqr: float) -> Summary:
    return Summary(2.0, 1.8, 2.0, 2 * iqr, None, None, (1.98, 2.02))


@pytest.mark.parametrize(
    ("iqr", "slope", "stable", "noise"),
    [
        (0.05, 1.0, True, "quiet"),
        (0.10, 1.04, True, "quiet"),
        (0.11, 1.0, True, "noisy"),
        (0.05, 1.06, True, "noisy"),
        (0.05, 0.94, True, "noisy"),
        (0.05, 1.0, False, "noisy"),
        (0.25, 1.0, True, "noisy"),
        (0.26, 1.0, True, "unreliable"),
        (0.26, 2.0, False, "unreliable"),
    ],
)
def test_noise_classes(iqr: float, slope: float, noise: Noise, *, stable: bool) -> None:
    assert noise_of(summary_with(iqr), 2 * slope, stable) == noise


def test_the_clock_is_not_read_inside_the_runs() -> None:
    calls: list[str] = []

    def note(name: str) -> Callable[[], float]:
        def call() -> float:
            calls.append(name)
            return 0.0

        return call

    Stopwatch(note("run"), note("wall"), note("cpu")).block(2)
    assert " ".join(calls) == "cpu wall wall run wall wall run wall wall cpu"
