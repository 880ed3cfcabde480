"""W810."""

from collections.abc import Iterator
from typing import Annotated

from cnnlint.facts.facts import Facts
from cnnlint.facts.layers import Conv, Dense
from cnnlint.lint.finding import Basis, Finding, Fix, Saving, Severity, Silence
from cnnlint.lint.rule import rule
from cnnlint.model.graph import Node


@rule("W810", severity=Severity.NOTE, basis=Basis.HEURISTIC, fix=Fix.UNSAFE, since="0.1")
def hot_layer(
    facts: Facts,
    *,
    max_share: Annotated[float, "share of the model's MACs that one layer may take"] = 0.4,
    min_layers: Annotated[int, "models with fewer layers with weights are left alone"] = 8,
) -> Iterator[Finding | Silence]:
    """One layer that takes a large part of all multiply-adds.

    ## What it does
    Reports a layer (or a product of two maps) with more than `max_share` of the MACs of a model
    that has at least `min_layers` layers with weights. Of a convolution or dense layer it says
    what half the output channels would save.

    ## Why is this bad?
    It need not be. But no other layer is worth as much work to make it cheaper, and among many
    layers one that costs so much is often a slip: a stride that was forgotten, a kernel too
    large, channels concatenated just before it.

    ## Example
    On a 32x32 image seven `Conv 3x3` of 32 channels and then one `Conv 9x9 32->32`, all with
    stride 1: the last takes 60 % of the MACs, and 42,467,328 fewer with 16 output channels.

    ## When to ignore it
    When the cost is meant. Both thresholds are house values: among 55 published networks that
    were measured, the largest share of one layer is 31 % (AlexNet's second). Models whose MACs
    are not fully known are left alone.

    ## References
    - Amdahl, Validity of the Single Processor Approach to Achieving Large Scale Computing
      Capabilities, 1967 (what is gained in one part counts by its share of the whole)
    """
    if len(facts.weighted) < min_layers:
        said = f"{len(facts.weighted)} layers with weights are fewer than {min_layers}"
        yield Silence(None, said)
        return
    if not facts.macs or facts.uncounted_ops:
        yield Silence(None, "the MACs of the model are not fully known")
        return
    most, hot = 0, ""
    for node in facts.working:
        macs = facts.macs_of(node) or 0
        if macs > max_share * facts.macs:
            hot = "of the others "
            yield _finding(facts, node, macs)
        else:
            most = max(most, macs)
    yield Silence(None, f"the costliest layer {hot}takes {most / facts.macs:.0%} of the MACs")


def _finding(facts: Facts, node: Node, macs: int) -> Finding:
    share = macs / (facts.macs or 1)
    layer = facts.weighted.get(node.key)
    saved: int | None = None
    suggestion = "look here first when the model is to become cheaper"
    if isinstance(layer, Conv | Dense) and layer.cout > 1:
        saved = macs // 2
        suggestion = (
            f"half its {layer.cout} output channels would save {saved:,} MACs here, and more in "
            "the layers that read them; needs retraining"
        )
    return Finding(
        nodes=(node,),
        message=f"one of {len(facts.weighted)} layers takes {share:.0%} of the MACs",
        suggestion=suggestion,
        evidence={"macs": macs, "mac_share": round(share, 4), "layers": len(facts.weighted)},
        saving=Saving(macs=saved, params=None, activation_bytes=None),
    )
