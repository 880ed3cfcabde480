"""P401."""

from collections.abc import Iterator
from math import prod

from cnnlint.facts.facts import Facts
from cnnlint.facts.layers import Conv, Pool, sides, steps
from cnnlint.lint.finding import Basis, Finding, Fix, Part, Saving, Severity, Silence
from cnnlint.lint.rule import rule

CUTS = frozenset({"Slice", "Split"})


@rule(
    "P401",
    severity=Severity.WARNING,
    basis=Basis.COMPUTED,
    fix=Fix.UNSAFE,
    proven="ConvNeXt (stride = kernel)",
    since="0.1",
    marks=Part.STRIDE,
)
def stride_exceeds_kernel(facts: Facts) -> Iterator[Finding | Silence]:
    """Stride larger than the kernel, so that part of the map is never read.

    ## What it does
    Reports a convolution or pooling layer that steps over positions of its input on some axis,
    and says which share of them it never reads. A dilated kernel steps over them too where stride
    and dilation have a common factor: 3x3 with dilation 2 and stride 2 reads every second row and
    column only. The finding is but a note in three cases: another layer reads the whole of the
    same map, or that map is an output, so that nothing is lost; the result serves attention only
    (MViT makes keys and values at stride 8 with 3x3 kernels); or the layer reads some channels of
    a map, and another layer reads others of them whole (the SK-ResNets of timm give one half of
    the channels to a dilated kernel).

    ## Why is this bad?
    Between two windows lie positions that no weight ever sees; of their values, and of the
    multiply-adds that computed them, nothing is left. Without dilation that is 1 - k/s on each
    axis.

    ## Example
    `Conv 3x3 s4` on 64x64 reads 9 of every 16 positions: 44 % of the map are computed and
    thrown away. A 4x4 kernel at the same stride reads all of them, for 1.78 times the MACs.

    ## When to ignore it
    When the skipped values are known to repeat their neighbours, which a file doesn't show. A
    stride equal to the kernel (patches), a 1x1 kernel with a stride (P402 and P403 speak of
    those), and an axis on which the window stands once only are left alone. Rows left over at
    the border don't count; they are P404's.

    ## References
    - Dumoulin and Visin, A guide to convolution arithmetic for deep learning, 2016
    - Zhang, Making Convolutional Networks Shift-Invariant Again, 2019, section 3
    - Fan et al., Multiscale Vision Transformers, 2021
    - Li et al., Selective Kernel Networks, 2019
    """
    for layer in facts.layers.values():
        if not isinstance(layer, Conv | Pool):
            continue
        reason = _reads_all(facts, layer)
        if reason:
            yield Silence(layer.node, reason)
            continue
        whole = layer.node.inputs[0] in facts.whole_maps
        kept = whole or facts.only_attended(layer.node) or _reads_a_part(facts, layer)
        yield _finding(facts, layer, kept=kept)


def _reads_all(facts: Facts, layer: Conv | Pool) -> str:
    """Return why a layer is left alone, "" where it isn't."""
    if isinstance(layer, Conv) and layer.transposed:
        return "a transposed convolution reads every position of its input"
    if layer.kernel is None or max(layer.kernel, default=1) == 1:
        return "its window is one position" if layer.kernel else "it pools the whole map"
    if layer.node.key in facts.partly_read:
        return ""
    return (
        f"a window of {sides(layer.kernel)} at stride {steps(layer.stride)} reads every position"
    )


def _reads_a_part(facts: Facts, layer: Conv | Pool) -> bool:
    """Return whether a layer has some channels of a map, of which others are read whole."""
    name = layer.node.inputs[0]
    cut = facts.model.producer_of.get(name)
    if cut is None or cut.op not in CUTS:
        return False
    parts = [n for n in facts.model.consumers_of.get(cut.inputs[0], ()) if n.op == cut.op]
    return any(o in facts.whole_maps for part in parts for o in part.outputs if o != name)


def _finding(facts: Facts, layer: Conv | Pool, *, kept: bool) -> Finding:
    kernel, read = layer.kernel or (), facts.partly_read[layer.node.key]
    wider = tuple(map(max, kernel, layer.stride))
    macs, weights = facts.macs_of(layer.node), layer.weights if isinstance(layer, Conv) else 0
    more_macs = None if macs is None else macs * prod(wider) // prod(kernel) - macs
    more_weights = weights * prod(wider) // prod(kernel) - weights
    costs = [f"{more_weights:,} more weights"] if more_weights else []
    costs += [f"{more_macs:,} more MACs"] if more_macs else []
    dilated = max(layer.dilation) > 1
    rate = f" with dilation {steps(layer.dilation)}" if dilated else ""
    return Finding(
        nodes=(layer.node,),
        message=(
            f"a window of {sides(kernel)}{rate} at stride {steps(layer.stride)} never reads "
            f"{1 - read:.0%} of its input"
        ),
        suggestion=(
            f"a window of {sides(wider)}{' without dilation' if dilated else ''} at the same "
            f"stride reads every position{', for ' * bool(costs)}{' and '.join(costs)}; needs "
            "retraining"
        ),
        evidence={
            "kernel": kernel,
            "stride": layer.stride,
            "dilation": layer.dilation,
            "unread": round(1 - read, 4),
        },
        saving=Saving(
            macs=None if more_macs is None else -more_macs,
            params=-more_weights,
            receptive_field=None,
        ),
        severity=Severity.NOTE if kept else None,
    )
