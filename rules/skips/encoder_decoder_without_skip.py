"""S203."""

from collections.abc import Iterator
from math import prod
from typing import Annotated

from cnnlint.facts.dataflow import size_of, total
from cnnlint.facts.facts import Facts
from cnnlint.facts.layers import sides
from cnnlint.facts.structure.bottleneck import Join, Passage, find_passage
from cnnlint.lint.finding import Basis, Finding, Fix, Saving, Severity, Silence
from cnnlint.lint.rule import rule

MAX_OUTPUTS = 8
NAMED = 4
"""How many pairs the suggestion names."""
REBUILDING = frozenset({"compression", "anomaly", "generation"})
"""Tasks that want everything to go through the bottleneck."""


@rule(
    "S203",
    severity=Severity.WARNING,
    basis=Basis.PUBLISHED,
    fix=Fix.UNSAFE,
    proven="U-Net",
    since="0.1",
)
def encoder_decoder_without_skip(
    facts: Facts,
    *,
    min_bottleneck: Annotated[
        int, "how many times coarser than the output, on an axis, a coarse map is"
    ] = 8,
    note_bottleneck: Annotated[int, "the same for a note, where no map is as coarse as that"] = 4,
    max_output_jump: Annotated[
        int, "most input pixels, on an axis, for one position of an output that is judged"
    ] = 4,
    note_from_jump: Annotated[int, "so many of them and more make it a note"] = 4,
) -> Iterator[Finding | Silence]:
    """Encoder and decoder with nothing but a coarse map between them.

    ## What it does
    Looks at each output (the first eight) that is a map in which a position stands for at most
    `max_output_jump` input pixels on an axis. Reports it if every path to it (a gate is none) goes
    through a map `min_bottleneck` times as coarse as the output, and through two upsampling steps
    or more, and if a layer with weights reads an upsampled map. Where no map is that coarse,
    `note_bottleneck` times is enough for a note. Names the maps of the way down that have the grid
    of a convolution on the way up, and what joining them costs: a Concat makes that convolution
    dearer, an Add costs nothing where channels are equal.

    ## Why is this bad?
    A coarse map says what is there, but not exactly where. The fine maps of the encoder do, and a
    skip connection hands them to the decoder, as in FCN, U-Net and their successors.

    ## Example
    An encoder on 96x96 with 16, 32 and 64 channels, 128 at the bottom, and a decoder with 64, 32
    and 16: the three skip connections are free as Add. As Concat they cost 63,700,992 MACs and
    48,384 weights.

    ## When to ignore it
    When everything is meant to go through the bottleneck: an output with as many channels as the
    input (an autoencoder) is a note at most, and so is any output where the model's metadata says
    that `cnnlint.task` is compression, anomaly or generation. Such outputs are left alone where no
    map is `min_bottleneck` times as coarse (style transfer). Outputs of `note_from_jump` pixels a
    position and more are a note: pose estimation does well without skips there. Left alone are a
    single upsampling step, as in FCN-32s and DeepLabv3, upsampling with no layer behind it, and
    generators that start from a vector. The limits are house values.

    ## References
    - Long et al., Fully Convolutional Networks for Semantic Segmentation, 2015, section 4.2
    - Ronneberger et al., U-Net: Convolutional Networks for Biomedical Image Segmentation, 2015
    - Xiao et al., Simple Baselines for Human Pose Estimation and Tracking, 2018
    """
    maps = 0
    for output in facts.model.outputs[:MAX_OUTPUTS]:
        passage, shallow = _passage(facts, output, min_bottleneck), False
        if passage is not None and passage.coarsest < passage.limit:
            passage, shallow = _passage(facts, output, note_bottleneck), True
        if passage is None:
            continue
        maps += 1
        rebuilds = _rebuilds(facts, output)
        reason = _harmless(passage, max_output_jump)
        if reason is None and shallow and rebuilds:
            reason = "it makes its input over again, and no map is much coarser"
        if reason:
            yield Silence(facts.model.producer_of.get(output), reason)
        else:
            soft = shallow or rebuilds or passage.jump >= note_from_jump
            yield _finding(facts, output, passage, Severity.NOTE if soft else Severity.WARNING)
            yield Silence(None, f"its output {output} is reported once, at layers of the way up")
    if not maps:
        yield Silence(None, "no output is a map of the input")


def _passage(facts: Facts, output: str, coarse: int) -> Passage | None:
    edges = facts.topology.trunk, facts.activations.gate_edges
    return find_passage(facts.model, output, facts.weighted, facts.receptive, edges, coarse)


def _harmless(passage: Passage, max_output_jump: int) -> str | None:
    """Return why nothing is to be said about an output."""
    if passage.jump > max_output_jump:
        return f"a position of the output stands for {float(passage.jump):g} pixels"
    if passage.coarsest < passage.limit:
        return f"no map is coarser than {float(passage.coarsest):g} pixels a position"
    if passage.bypassed:
        return f"a path leads round all maps of {float(passage.limit):g} pixels a position"
    if passage.steps < 2 or not passage.refined:
        return "the coarse map is brought to the output's size in one step"
    return None


def _rebuilds(facts: Facts, output: str) -> bool:
    """Return whether an output looks like the input over again."""
    if facts.model.metadata.get("cnnlint.task", "").lower() in REBUILDING:
        return True
    channels = _channels(facts, output)
    return channels is not None and channels in {
        _channels(facts, entry.name) for entry in facts.model.inputs
    }


def _channels(facts: Facts, name: str) -> int | None:
    reach, shape = facts.receptive.get(name), facts.model.static(name)
    if reach is None or shape is None or not reach.jump:
        return None
    return prod(size for size, axis in zip(shape[1:], reach.axes[1:], strict=True) if not axis)


def _finding(facts: Facts, output: str, passage: Passage, severity: Severity) -> Finding:
    joins = passage.joins
    unequal = [join for join in joins if not join.equal]
    spent = total(join.macs for join in unequal)
    kept = total(size_of(facts.model, join.map) for join in joins)
    return Finding(
        nodes=tuple(join.conv.node for join in joins) or (facts.model.producer_of[output],),
        message=(
            f"all of output {output} goes through maps of {float(passage.coarsest):g} pixels a "
            "position, and no skip connection leads round them"
        ),
        suggestion=f"{_advice(joins)}; needs retraining",
        evidence={
            "output": output,
            "output_jump": float(passage.jump),
            "coarsest_jump": float(passage.coarsest),
            "upsampling_steps": passage.steps,
            "joins": tuple(f"{join.maker.path} -> {join.conv.node.path}" for join in joins),
            "concat_macs": total(join.macs for join in joins),
            "concat_weights": sum(join.weights for join in joins),
        },
        saving=Saving(
            macs=None if spent is None else -spent,
            params=-sum(join.weights for join in unequal),
            activation_bytes=None if kept is None else -kept,
        ),
        severity=severity,
    )


def _advice(joins: tuple[Join, ...]) -> str:
    """Return which maps to join and what that costs."""
    if not joins:
        return "join maps of the way down into the way up, resized where their grids differ"
    named = [
        f"{join.maker.path} ({join.channels}x{sides((join.conv.in_shape or ())[2:])}) into "
        f"{join.conv.node.path}"
        for join in joins[:NAMED]
    ]
    more = f" and {len(joins) - NAMED} more" if len(joins) > NAMED else ""
    macs = total(join.macs for join in joins)
    cost = "" if macs is None else f" for {macs:,} MACs and "
    concat = f"by Concat{cost or ' for '}{sum(join.weights for join in joins):,} weights in all"
    equal = sum(join.equal for join in joins)
    add = f"by Add at no cost where channels are equal ({equal} of {len(joins)}) or "
    return f"join {', '.join(named)}{more}: {add if equal else ''}{concat}"
