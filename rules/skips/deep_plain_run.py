"""S201."""

from collections.abc import Iterator
from typing import Annotated

from cnnlint.facts.dataflow import size_in_bytes
from cnnlint.facts.facts import Facts
from cnnlint.facts.remedies.shortcuts import plan
from cnnlint.facts.weights.folded import folded_skips
from cnnlint.lint.finding import Basis, Finding, Fix, Saving, Severity, Silence
from cnnlint.lint.rule import rule


@rule(
    "S201",
    severity=Severity.WARNING,
    basis=Basis.PUBLISHED,
    fix=Fix.UNSAFE,
    proven="ResNet",
    since="0.1",
)
def deep_plain_run(
    facts: Facts,
    *,
    note_above: Annotated[int, "longest plain run of which nothing is said"] = 16,
    warn_above: Annotated[int, "longest plain run that is only a note"] = 20,
    identity_ratio: Annotated[float, "identity score from which on a kernel holds a skip"] = 1.5,
) -> Iterator[Finding | Silence]:
    """Many layers in series that no skip connection or branch bypasses.

    ## What it does
    Reports the longest plain run: layers with weights that follow each other with no way round
    any of them. A depthwise convolution and the pointwise one behind it count once, gates not at
    all. More than `note_above` layers are a note, more than `warn_above` a warning. Suggests skip
    connections around every two or every three layers behind the stem, whichever need fewer MACs.

    ## Why is this bad?
    Beyond about 20 layers plain networks get harder to train, and worse: on ImageNet 34 plain
    layers have 28.54 % top-1 error against 25.03 % for the same network with skip connections,
    while 18 layers show hardly a difference (27.94 % and 27.88 %). VGG-19 and VDSR
    (20 layers) work without, hence the default of `warn_above`; the others are house values.

    ## Example
    A ResNet-34 without its additions is a plain run of 34. Around every 2 layers behind the stem
    13 skip connections cost neither weights nor MACs, since channels and grid stay the same; 3
    need a 1x1 projection. These are the ones that the ResNet has.

    ## When to ignore it
    When the network trains well as it is, which a file doesn't show: VGG-19 (19 layers) does.
    Networks whose skip connections were folded into the kernels (RepVGG, MobileOne) get a note,
    however deep they are. They are recognised by the training recipe (`reparameterized = true`) or
    by their weights: in half or more of the dense kernels of stride 1 with as many channels in as
    out, the weights in the centre that pass a channel on to itself are on average at least
    `identity_ratio` times as large as all others. Where weights can't be read, it is a note if all
    kernels are 3x3 or 1x1 and have a bias, as folding leaves them.

    ## References
    - He et al., Deep Residual Learning for Image Recognition, 2016, table 2 and figure 4
    - Ding et al., RepVGG: Making VGG-style ConvNets Great Again, 2021
    """
    units = facts.topology.plain_run_units
    if units <= note_above:
        reason = f"the longest run without a skip connection or branch has {units} layers"
        yield Silence(None, reason)
        return
    run = [facts.weighted[key] for key in facts.topology.plain_run]
    folded = folded_skips(facts.model, run, identity_ratio, told=facts.recipe.reparameterized)
    shortcuts = plan(run, facts.stems)
    map_bytes = size_in_bytes(
        shortcuts.largest_map, facts.model.value(run[0].node.outputs[0]).dtype
    )
    yield Finding(
        nodes=tuple(layer.node for layer in run),
        message=f"{units} layers in series without a skip connection{_REMARKS[folded]}",
        suggestion=(
            f"add a skip connection around every {shortcuts.block} layers from "
            f"{run[0].node.path} to {run[-1].node.path}{shortcuts.costs}; needs retraining"
        ),
        evidence={
            "plain_run": units,
            "layers": len(run),
            "threshold": warn_above if units > warn_above else note_above,
            "folded_skips": folded,
            "block": shortcuts.block,
            "free_shortcuts": shortcuts.free,
            "projections": shortcuts.projections,
        },
        saving=Saving(
            macs=-shortcuts.macs,
            params=-shortcuts.weights,
            activation_bytes=None if map_bytes is None else -map_bytes,
        ),
        severity=Severity.WARNING if units > warn_above and folded == "no" else Severity.NOTE,
    )


_REMARKS = {
    "no": "",
    "yes": " (but kernels hold folded ones, as in RepVGG)",
    "unreadable": " (weights are needed to tell whether kernels hold folded ones, as in RepVGG)",
}
