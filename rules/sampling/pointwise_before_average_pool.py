"""P412."""

from collections.abc import Iterator
from math import prod

from cnnlint.facts.dataflow import size_in_bytes, total
from cnnlint.facts.facts import Facts
from cnnlint.facts.layers import Conv, sides
from cnnlint.facts.sampling.averaging import AVERAGING, Averaging, averaging
from cnnlint.facts.structure.linear import Source, by_channel, described
from cnnlint.lint.finding import Basis, Finding, Fix, Saving, Severity, Silence
from cnnlint.lint.rule import rule
from cnnlint.model.graph import Node

BORDER = " but for the map's border; needs retraining"


@rule(
    "P412",
    severity=Severity.WARNING,
    basis=Basis.COMPUTED,
    fix=Fix.SAFE,
    proven="ResNet-D (pools before the 1x1 convolution)",
    since="0.1",
)
def pointwise_before_average_pool(facts: Facts) -> Iterator[Finding | Silence]:
    """Pointwise convolution straight before average pooling, where pooling first costs less.

    ## What it does
    Reports a 1x1 convolution (stride 1, no padding) whose result goes straight into average
    pooling with a stride, or into the mean of the map, and nowhere else; only normalisation for
    inference and sums and products with constants may lie between, and go with the convolution.
    Says whether pooling first gives the same numbers (`exact` in the evidence): it does unless
    windows count padding and the convolution or what follows it adds a bias, which the padding
    lacks; then the numbers at the border change, and it needs retraining.

    ## Why is this bad?
    A mean over positions and a sum over channels may change places. With the convolution first,
    it is computed at every position and most of that is averaged away: at stride 2 pooling first
    saves 3 of 4 multiply-adds.

    ## Example
    `Conv 1x1 256->128` on 56x56 and a 2x2 average pool, the first transition of DenseNet-121,
    cost 102,760,448 MACs; with the pool in front they are 25,690,112. Its three transitions
    together save 231,211,008 of 2,834,161,664 MACs.

    ## When to ignore it
    When the map before the pool is what you are after, as a class activation map, and the file is
    not what you deploy. With an activation between, the order matters, and nothing is said. MACs
    are not time: where the convolution has fewer channels behind it than in front, pooling first
    reads more numbers.

    ## References
    - Huang et al., Densely Connected Convolutional Networks, 2017, section 3 (transition layers)
    - He et al., Bag of Tricks for Image Classification with Convolutional Neural Networks, 2019,
      section 4 (ResNet-D)
    """
    for node in facts.nodes:
        if node.op not in AVERAGING:
            continue
        source = facts.sole_source(node.inputs[0])
        mean = averaging(facts.model, node)
        if source is None or not isinstance(source.layer, Conv) or not _commutes(facts, source):
            yield Silence(node, "no 1x1 convolution alone makes what it reads")
        elif mean is None:
            yield Silence(node, "it is no mean over positions, or the map's size is unknown")
        elif not mean.thins:
            yield Silence(node, f"it makes {sides(mean.pooled)} of {sides(mean.grid)}")
        else:
            yield _finding(facts, source, source.layer, node, mean)


def _commutes(facts: Facts, source: Source) -> bool:
    """Return whether what comes before treats every position alike, and on its own."""
    conv = source.layer
    if not isinstance(conv, Conv) or conv.node.op != "Conv" or not conv.pointwise:
        return False
    plain = set(conv.stride) == {1} and not any(map(sum, conv.pads))
    return plain and by_channel(facts.model, facts.data, source)


def _finding(facts: Facts, source: Source, conv: Conv, node: Node, mean: Averaging) -> Finding:
    exact = not (mean.counts_padding and source.shifts)
    macs, less = (mean.batch * prod(grid) * conv.weights for grid in (mean.grid, mean.pooled))
    gone = [facts.activation_bytes(each) for each in (conv.node, *source.between)]
    dtype = facts.model.value(conv.node.outputs[0]).dtype
    pooled = size_in_bytes(mean.batch * conv.cin * prod(mean.pooled), dtype)
    op = f"{node.op} (keepdims=1)" if mean.drops_axes else node.op
    return Finding(
        nodes=(conv.node, node),
        message=(
            f"{described(conv)} on {sides(mean.grid)} computes what {node.op} behind it averages "
            f"to {sides(mean.pooled)}"
        ),
        suggestion=(
            f"{op} first, then the convolution: {less:,} instead of {macs:,} MACs; the numbers "
            f"stay the same{'' if exact else BORDER}"
        ),
        evidence={
            "exact": exact,
            "grid": mean.grid,
            "pooled_grid": mean.pooled,
            "macs": macs,
            "macs_pooled_first": less,
        },
        saving=Saving(
            macs=macs - less,
            activation_bytes=total((*gone, None if pooled is None else -pooled)),
        ),
        fix=Fix.SAFE if exact else Fix.UNSAFE,
    )
