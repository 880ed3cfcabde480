"""G909."""

from collections.abc import Iterator, Mapping
from typing import Annotated

from cnnlint.facts.facts import Facts
from cnnlint.facts.weights.finite import LARGEST_HALF, Extremes, extremes
from cnnlint.lint.finding import Basis, Finding, Severity, Silence
from cnnlint.lint.rule import rule
from cnnlint.model.graph import Key, Node

MIB = 2**20
STATISTICS = {"BatchNormalization": (3, 4)}
"""Operands that are no parameters but come from training all the same."""
MASKING = frozenset({"Add", "Concat", "Expand", "Gather", "Where"})
"""Operators of which a constant may be infinite on purpose: the mask of an attention."""


@rule("G909", severity=Severity.ERROR, basis=Basis.COMPUTED, since="0.1")
def non_finite_weight(
    facts: Facts,
    *,
    max_mib: Annotated[float, "most MiB of weights that are read; a house value"] = 1024.0,
) -> Iterator[Finding | Silence]:
    """Weight that is not a number, or infinite.

    ## What it does
    Reads the weights, biases and statistics of normalisation, and reports the layers in which one
    number is NaN or infinite. Numbers of float32 or float64 beyond +-65,504 are a note: they
    become infinite where the model is converted to float16.

    ## Why is this bad?
    One NaN in a kernel makes all of its output channel NaN, and the next convolution over all
    channels makes all of its output so. Training that diverged leaves such weights, and so may a
    conversion to float16.

    ## Example
    A running variance of `inf` in one channel; a kernel that is NaN since training diverged at
    too high a learning rate.

    ## When to ignore it
    Never for NaN. Infinite and large numbers in constants of Add, Concat, Expand, Gather and
    Where are left alone: the mask of an attention holds them on purpose. Nothing is said of a
    file whose weights are missing, of one with more than `max_mib` MiB of them (reading takes
    time), of bodies of If, Loop and Scan, and of integers and floats of 8 bits.

    ## References
    - IEEE 754-2019, Standard for Floating-Point Arithmetic
    """
    if facts.weight_bytes > max_mib * MIB:
        said = f"{facts.weight_bytes / MIB:,.1f} MiB of weights are too many to read"
        yield Silence(None, said)
        return
    odd: dict[Key, Extremes] = {}
    large: dict[Key, Extremes] = {}
    read = 0
    for node in facts.working:
        found = [e for name in _names(facts, node) if (e := extremes(facts.model.value(name)))]
        read += len(found)
        together = sum(found, start=Extremes())
        if together.nan or (together.infinite and node.op not in MASKING):
            odd[node.key] = together
        elif together.largest > LARGEST_HALF and node.op not in MASKING:
            large[node.key] = together
    if odd:
        yield _odd(facts, odd)
    if large:
        yield _large(facts, large)
    if not odd and not large:
        said = f"each of {read:,} tensors of weights holds finite numbers"
        yield Silence(None, said if read else "the weights can't be read, or there are none")


def _names(facts: Facts, node: Node) -> Iterator[str]:
    """Yield the tensors of weights that a node is the first to read."""
    for parameter in facts.own_parameters.get(node.key, ()):
        yield parameter.name
    for index in STATISTICS.get(node.op, ()):
        yield from node.inputs[index : index + 1]


def _odd(facts: Facts, found: Mapping[Key, Extremes]) -> Finding:
    nodes = tuple(node for node in facts.working if node.key in found)
    together = sum(found.values(), start=Extremes())
    counts = [f"{together.nan:,} NaN"] if together.nan else []
    counts += [f"{together.infinite:,} infinite"] if together.infinite else []
    layers = "a layer" if len(nodes) == 1 else f"{len(nodes):,} layers"
    return Finding(
        nodes=nodes,
        message=f"weights of {layers} are not finite: {' and '.join(counts)}",
        suggestion="go back to the last sound checkpoint and export that",
        evidence={"layers": len(nodes), "nan": together.nan, "infinite": together.infinite},
    )


def _large(facts: Facts, found: Mapping[Key, Extremes]) -> Finding:
    nodes = tuple(node for node in facts.working if node.key in found)
    largest = max(each.largest for each in found.values())
    return Finding(
        nodes=nodes,
        message=f"weights up to {largest:.3g}: float16 ends at {LARGEST_HALF:,}",
        suggestion="keep these layers in float32 where the model is converted to float16",
        evidence={"layers": len(nodes), "largest": largest},
        severity=Severity.NOTE,
    )
