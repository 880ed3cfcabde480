"""P403."""

from collections.abc import Iterator

from cnnlint.facts.dataflow import size_in_bytes
from cnnlint.facts.facts import Facts
from cnnlint.facts.layers import Conv, steps
from cnnlint.facts.remedies.strides import pooled_first, share_skipped
from cnnlint.lint.finding import Basis, Finding, Fix, Part, Saving, Severity, Silence
from cnnlint.lint.rule import rule


@rule(
    "P403",
    severity=Severity.NOTE,
    basis=Basis.COMPUTED,
    fix=Fix.UNSAFE,
    proven="ResNet-D",
    since="0.1",
    marks=Part.STRIDE,
)
def strided_pointwise_shortcut(facts: Facts) -> Iterator[Finding | Silence]:
    """Shortcut through a 1x1 convolution with a stride, which reads part of the map only.

    ## What it does
    Reports a 1x1 convolution with a stride on a shortcut: what it makes meets, with nothing but
    normalisation and changes of layout between, an addition or concatenation whose other
    operand comes from the same fork through other layers. P402 speaks of those on the main path.

    ## Why is this bad?
    At stride 2 the shortcut sees one position in four. The layers that it bypasses mostly see
    the others, and most ResNets do so; but a shortcut that averages first reads all of them
    and costs no weight and no MAC more.

    ## Example
    `Conv 1x1 s2 256->512` on 56x56 reads 25 % of the map. An average pool of 2x2 at stride 2 and
    a `Conv 1x1` without stride read all of it, at the same MACs and 802,816 additions.

    ## When to ignore it
    When the network is trained, or its speed counts more than a little accuracy: ResNet-18 to
    ResNet-152, ResNeXt and RegNet work as they are. A note therefore; a warning in the preset
    `accuracy`. A map with one position on each axis that has a stride is left alone.

    ## References
    - He et al., Bag of Tricks for Image Classification with Convolutional Neural Networks, 2019,
      section 4
    """
    for conv in facts.convs:
        if conv.node.key not in facts.strided_pointwise:
            continue
        join = facts.strided_pointwise[conv.node.key]
        if join is None:
            yield Silence(conv.node, "no shortcut around other layers: see P402")
        elif share_skipped(conv) == 0:
            yield Silence(conv.node, "its map has one position on each axis with a stride")
        else:
            yield _finding(facts, conv, join.path)


def _finding(facts: Facts, conv: Conv, join: str) -> Finding:
    pool, skipped = pooled_first(conv), share_skipped(conv)
    dtype = facts.model.value(conv.node.inputs[0]).dtype
    size = None if pool.map_size is None else size_in_bytes(pool.map_size, dtype)
    return Finding(
        nodes=(conv.node,),
        message=(
            f"shortcut to {join} through a pointwise convolution at stride {steps(conv.stride)} "
            f"never reads {skipped:.0%} of its input"
        ),
        suggestion=f"{pool.words}; needs retraining",
        evidence={
            "stride": conv.stride,
            "unread": round(skipped, 4),
            "join": join,
            "additions": pool.additions,
        },
        saving=Saving(activation_bytes=None if size is None else -size, receptive_field=None),
    )
