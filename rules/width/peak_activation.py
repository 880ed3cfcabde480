"""W808."""

from collections.abc import Iterator
from typing import Annotated

from cnnlint.facts.facts import Facts
from cnnlint.lint.finding import Basis, Finding, Part, Saving, Severity, Silence
from cnnlint.lint.rule import rule

MIB = 2**20
NAMED = 2


@rule("W808", severity=Severity.NOTE, basis=Basis.HEURISTIC, since="0.1", marks=Part.SHAPE)
def peak_activation(
    facts: Facts,
    *,
    min_peak_mib: Annotated[float, "MiB of activations at once from which on it is said"] = 128.0,
) -> Iterator[Finding | Silence]:
    """Layer at which activations take more memory at once than those of common networks do.

    ## What it does
    Follows which tensors are in use while each node runs, at the bound shapes and batch size,
    and reports the first node with most bytes in use where that is `min_peak_mib` or more, with
    the two largest tensors in use there. Weights and the input of the model are not counted.

    ## Why is this bad?
    The peak, not the sum, decides whether activations fit into a device, and it is mostly in the
    first stages, where maps are large. Of 55 published networks, nearly all of them classifiers,
    none takes 128 MiB for one float32 image of its usual size; FCN-ResNet50 on 520x520 comes
    closest, with 121 MiB.

    ## Example
    While the second of two `Conv 3x3 64->64` with ReLU on 512x512 runs, the map that it reads and
    the one that it makes are in use, 64 MiB each: 128 MiB. Each ReLU writes over the map that it
    reads, and takes none. At half the side the peak is a quarter.

    ## When to ignore it
    Where there is memory enough, or large images keep their size through wide layers: the first
    U-Net, on 572x572, has 158 MiB in use in its second layer. The threshold is a house value. For
    a limit of your own there is `max_peak_mib` of W809. What kernels take for themselves while
    they run is not counted, and operators that a runtime fuses need less. Nothing is said where
    weights that the file computes from constants (as standardised ones) make up the difference:
    most runtimes fold them.

    ## References
    - Sandler et al., MobileNetV2, 2018, section 5.1 (memory efficient inference)
    """
    memory = facts.memory
    peak, node = memory.peak_activation_bytes, memory.peak_at
    if peak is None or node is None:
        why = "a tensor's size is unknown" if peak is None else "no node makes a map"
        yield Silence(None, f"the peak of activations can't be told: {why}")
        return
    if peak < min_peak_mib * MIB:
        yield Silence(
            None, f"activations peak at {peak / MIB:.1f} MiB, below {min_peak_mib:g} MiB"
        )
        return
    maps = [held for held in memory.alive_at_peak if held.name in facts.data or not held.name]
    folded = peak - sum(held.bytes for held in maps)
    if peak - folded < min_peak_mib * MIB:
        yield Silence(
            None,
            f"{folded / MIB:.1f} of {peak / MIB:.1f} MiB are computed from constants: runtimes "
            "do that once",
        )
        return
    alive = maps[:NAMED]
    named = " and ".join(f"{held.name} with {held.bytes / MIB:.1f} MiB" for held in alive)
    yield Finding(
        nodes=(node,),
        message=f"{peak / MIB:.1f} MiB of activations are in use at once: {named}",
        suggestion=(
            "reduce the resolution in front of it, or give it fewer channels: with half the "
            "side, maps take a quarter; needs retraining"
        ),
        evidence={
            "peak_bytes": peak,
            "alive": tuple(held.name for held in alive),
            "alive_bytes": tuple(held.bytes for held in alive),
        },
        saving=Saving(macs=None, params=None, activation_bytes=None, receptive_field=None),
    )
    yield Silence(None, f"activations peak at {node.path} first")
