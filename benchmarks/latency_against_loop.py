"""Does the latency that cnnlint reports agree with a plain loop around ``session.run``?

    python benchmarks/latency_against_loop.py MODEL... [--rounds 10] [--duration 1.0]

For each model, rounds of both measurements alternate, in random order within a round, on one
thread: cnnlint's median against the median of a loop that does nothing but run and read the
clock, for as long. A round that cnnlint itself calls noisy is repeated, a few times at most.
The figure to read is the median of the ratios: a noisy machine moves both numbers alike.
"""

import argparse
import random
import sys
import time
from pathlib import Path
from statistics import median

import numpy as np
import onnxruntime

from cnnlint.errors import CnnlintError
from cnnlint.model.binding import Bindings, parse_dims
from cnnlint.model.graph import Model
from cnnlint.model.loader import load
from cnnlint.profile.run import Options, profile

REPEATS = 3


def loop_median_ms(model: Model, duration_s: float) -> float:
    """Time ``session.run`` in the plainest way: 10 % of the time for warming up."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(
        str(model.origin.file), options, providers=["CPUExecutionProvider"]
    )
    random_numbers = np.random.default_rng(0)
    feed = {
        entry.name: random_numbers.standard_normal([n or 1 for n in entry.bound or ()], np.float32)
        for entry in model.inputs
    }
    times: list[float] = []
    begin = time.perf_counter()
    while (start := time.perf_counter()) < begin + duration_s or len(times) < 10:
        session.run(None, feed)
        times.append(time.perf_counter() - start)
    return median(times[len(times) // 10 :]) * 1000


def one_round(model: Model, duration_s: float) -> tuple[float, float, str]:
    """Return cnnlint's median and the loop's, in ms, and how noisy cnnlint says it was."""
    ours: tuple[float, str] = (0.0, "")
    loop = 0.0
    for measure in random.sample(["ours", "loop"], 2):
        if measure == "ours":
            latency = profile(model, Options(duration_s=duration_s)).latency
            ours = latency.median_ms, latency.noise
        else:
            loop = loop_median_ms(model, duration_s)
    return ours[0], loop, ours[1]


def compare(model: Model, rounds: int, duration_s: float) -> float:
    """Print the rounds of one model and return the median ratio."""
    ratios, repeated = [], 0
    ours = loop = 0.0
    for _ in range(rounds):
        for _ in range(REPEATS):
            ours, loop, noise = one_round(model, duration_s)
            if noise == "quiet":
                break
            repeated += 1
        ratios.append(ours / loop)
    name = Path(model.origin.path).stem
    shown = " ".join(f"{ratio:.3f}" for ratio in sorted(ratios))
    print(f"{name:24} {ours:9.3f} {loop:9.3f} {median(ratios):7.3f} {repeated:6}   {shown}")
    return median(ratios)


def main() -> int:
    """Compare every model; 1 where a median ratio is off by more than 3 %."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("models", nargs="+", metavar="MODEL")
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--duration", type=float, default=1.0, help="seconds of each measurement")
    parser.add_argument("--dim", action="append", default=[], metavar="NAME=SIZE")
    arguments = parser.parse_args()
    bindings = Bindings(dims=parse_dims(arguments.dim))
    heads = f"{'model':24} {'ours ms':>9} {'loop ms':>9} {'median':>7} {'noisy':>6}   ratios"
    print(heads)
    ratios = []
    for path in arguments.models:
        try:
            ratios.append(compare(load(path, bindings), arguments.rounds, arguments.duration))
        except CnnlintError as error:
            print(f"{path}: {error.cause} ({error.cure})", file=sys.stderr)
            return 2
    print(f"median of all: {median(ratios):.3f}")
    return int(any(abs(ratio - 1) > 0.03 for ratio in ratios))


if __name__ == "__main__":
    sys.exit(main())
