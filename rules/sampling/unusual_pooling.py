"""P407."""

from collections.abc import Iterator, Sequence
from math import prod
from typing import Annotated

from cnnlint.facts.facts import Facts
from cnnlint.facts.layers import Pool, sides, steps
from cnnlint.facts.reach.receptive import in_pixels
from cnnlint.facts.sampling.pooling import (
    behind_one_layer,
    blurred,
    corner_share,
    in_branch,
    in_pyramid,
    spread,
)
from cnnlint.lint.finding import Basis, Finding, Fix, Part, Saving, Severity, Silence
from cnnlint.lint.rule import rule

GLOBAL = "it pools the whole map"
GATE = "it makes a gate, not the main path"
STEM = "it overlaps right behind the stem, as in ResNet"
BRANCH = "a branch beside others that read the same map"
PYRAMID = "it keeps the size of the map and is put beside others, as in spatial pyramid pooling"
BLUR = "a blur with a stride follows: an anti-aliased pool"


@rule(
    "P407",
    severity=Severity.NOTE,
    basis=Basis.HEURISTIC,
    fix=Fix.UNSAFE,
    proven="VGG (2x2, stride 2)",
    since="0.1",
    marks=Part.KERNEL,
)
def unusual_pooling(
    facts: Facts,
    *,
    max_window: Annotated[int, "largest side of a pooling window of which nothing is said"] = 3,
) -> Iterator[Finding | Silence]:
    """Pooling with a large, overlapping or uncentred window, or one that counts its padding.

    ## What it does
    Reports pooling layers inside the network whose window is larger than `max_window`, overlaps
    the next one (window > stride > 1), has an even side at stride 1, or is a 3x3 maximum at
    stride 1 outside a branch; and average pools that count the zeros of their padding. Layers
    with the same window and fault are one finding. The limit is a house value; networks that are
    known to work pool in unusual ways too, so it is only a note.

    ## Why is this bad?
    A 4x4 window at stride 4 keeps one number of 16 at once. 3x3 windows at stride 2 read three
    of four positions twice or more. An even window at stride 1 shifts the map by half a position.
    An average that counts padding is too small at the border: in the corner a 3x3 window with
    padding 1 holds 4 numbers of 9, and its average is 44 % of theirs.

    ## Example
    `MaxPool 3x3 s2` on 64x27x27 reads 9 numbers for each of 64x13x13; 2x2 at stride 2 gives the
    same size and reads 4, which saves 54,080 reads (and, 27 being odd, leaves the last row and
    column unread: P404).

    ## When to ignore it
    When the network works as it is: AlexNet's authors chose overlap because it lowered their
    error. Left alone are gates, global pooling, axes with one window, a pool that overlaps
    behind a stem of one layer (ResNet), large windows in a pyramid at stride 1 (YOLO's SPP), and
    a stride-1 maximum in a branch (Inception) or with a strided blur behind it.

    ## References
    - Simonyan and Zisserman, Very Deep Convolutional Networks for Large-Scale Image
      Recognition, 2015, section 2.1
    - Krizhevsky et al., ImageNet Classification with Deep Convolutional Neural Networks, 2012,
      section 3.4 (overlapping pooling)
    """
    shallow = behind_one_layer(facts.nodes, facts.data, facts.weighted) if facts.pools else ()
    groups: dict[tuple[str, str], list[Pool]] = {}
    for pool in facts.pools:
        if pool.node.key not in facts.topology.trunk:
            yield Silence(pool.node, GATE)
            continue
        kind, words = _judge(facts, pool, max_window, stem=pool.node.inputs[0] in shallow)
        if kind:
            groups.setdefault((kind, words), []).append(pool)
        share = corner_share(pool)
        if share < 1:
            padding = f"average over {_window(pool)} counts its padding"
            words = f"{padding}: only {share:.0%} of a window in the corner is map"
            groups.setdefault(("padding", words), []).append(pool)
        elif not kind:
            yield Silence(pool.node, words)
    for (kind, words), pools in groups.items():
        yield _finding(facts, kind, words, pools)


def _window(pool: Pool) -> str:
    return f"{sides(pool.kernel or ())} at stride {steps(pool.stride)}"


def _judge(facts: Facts, pool: Pool, max_window: int, *, stem: bool) -> tuple[str, str]:
    """Return what is unusual about a window, "" where nothing is, and why in words."""
    if pool.is_global or pool.kernel is None:
        return "", GLOBAL
    axes, window = spread(pool), _window(pool)
    if max((k for k, _ in axes), default=1) > max_window:
        return _large(facts, pool)
    if any(k > s > 1 for k, s in axes):
        return ("", STEM) if stem else ("overlap", f"pooling windows of {window} overlap")
    if any(k % 2 == 0 and s == 1 for k, s in axes):
        return "even", f"pooling window of {window} shifts the map by half a position"
    if pool.kind == "max" and set(pool.stride) == {1} and max(pool.kernel) > 1:
        return _same_size(facts, pool)
    return "", f"a window of {window}"


def _large(facts: Facts, pool: Pool) -> tuple[str, str]:
    """Judge a large window."""
    if in_pyramid(facts.model, pool):
        return "", PYRAMID
    if pool.out_shape is None:
        return "", "it may be as large as its map, whose size isn't known"
    return "large", f"pooling window of {_window(pool)} is large"


def _same_size(facts: Facts, pool: Pool) -> tuple[str, str]:
    """Judge a maximum that keeps the size of its map."""
    if in_branch(facts.model, pool):
        return "", BRANCH
    if blurred(facts.model, facts.layers, pool):
        return "", BLUR
    return "same size", f"maximum over {_window(pool)} keeps the size of the map, in no branch"


def _finding(facts: Facts, kind: str, words: str, pools: Sequence[Pool]) -> Finding:
    first, reads = pools[0], [_reads(pool) for pool in pools]
    step = sides((2,) * len(first.stride))
    three = sides((3,) * len(first.stride))
    saved = None if None in reads else sum(r for r in reads if r is not None)
    cost = "" if saved is None else f", with {saved:,} fewer reads"
    halves = f"windows of {step} at stride 2, a convolution between where more are needed"
    out = f"take it out, or pool {step} at stride 2 where the map should shrink"
    # A maximum over 3x3 at stride 1 is no remedy: outside a branch it is reported itself.
    centred = first.kind != "max" or in_branch(facts.model, first)
    remedy = {
        "large": out if max(first.stride) == 1 else halves,
        "overlap": f"a window of {sides(first.stride)} at the same stride reads no position twice"
        f"{cost}",
        "even": f"a window of {three} is centred" if centred else out,
        "same size": out,
        "padding": "count_include_pad=0 averages what is there",
    }
    change = None
    if kind == "overlap" and len(pools) == 1:
        window = zip(first.kernel or (), first.stride, strict=True)
        field = facts.receptive.get(first.node.inputs[0])
        change = in_pixels(field, [min(0, step - side) for side, step in window])
    return Finding(
        nodes=tuple(pool.node for pool in pools),
        message=f"{words}{f' ({len(pools)} layers)' if len(pools) > 1 else ''}",
        suggestion=f"{remedy[kind]}; needs retraining",
        evidence={
            "kind": kind,
            "kernel": first.kernel,
            "stride": first.stride,
            "layers": len(pools),
            "reads_saved": saved if kind == "overlap" else None,
        },
        saving=Saving(receptive_field=0 if kind == "padding" else change),
    )


def _reads(pool: Pool) -> int | None:
    """Return how many reads fewer there are with a window as large as the stride."""
    if pool.out_shape is None or pool.kernel is None:
        return None
    return prod(pool.out_shape) * (prod(pool.kernel) - prod(pool.stride))
