"""P401."""

from collections.abc import Iterator
from math import gcd, prod

from cnnlint.facts.facts import Facts
from cnnlint.facts.layers import Conv, Pool, sides, steps
from cnnlint.lint.finding import Basis, Finding, Fix, Saving, Severity
from cnnlint.lint.rule import rule
from cnnlint.model.graph import Node


@rule(
    "P401",
    severity=Severity.WARNING,
    basis=Basis.COMPUTED,
    fix=Fix.UNSAFE,
    proven="ConvNeXt (stride = kernel)",
    since="0.1",
)
def stride_exceeds_kernel(facts: Facts) -> Iterator[Finding]:
    """Stride larger than the kernel, so that part of the map is never read.

    ## What it does
    Reports a convolution or pooling layer that steps over positions of its input on some axis,
    and says which share of them it never reads. A dilated kernel steps over them too where
    stride and dilation have a common factor: 3x3 with dilation 2 and stride 2 reads every
    second row and column only. A note where another layer reads the whole of the same map, so
    that nothing is lost.

    ## Why is this bad?
    Between two windows lie positions that no weight ever sees; of their values, and of the
    multiply-adds that computed them, nothing is left. Without dilation that is 1 - k/s on each
    axis.

    ## Example
    `Conv 3x3 s4` on 64x64 reads 9 of every 16 positions: 44 % of the map are computed and
    thrown away. A 4x4 kernel at the same stride reads all of them, for 1.78 times the MACs.

    ## When to ignore it
    When the skipped values are known to repeat their neighbours, which a file doesn't show. A
    stride equal to the kernel (patches), a 1x1 kernel with a stride, and an axis on which the
    window stands once only are left alone. Rows left over at the border don't count.

    ## References
    - Dumoulin and Visin, A guide to convolution arithmetic for deep learning, 2016
    - Zhang, Making Convolutional Networks Shift-Invariant Again, 2019, section 3
    """
    windows = [layer for layer in facts.layers.values() if isinstance(layer, Conv | Pool)]
    found = [w for w in windows if max(w.kernel or (1,)) > 1 and share_read(w) < 1]
    whole = _read_whole(facts) if found else frozenset()
    for layer in found:
        yield _finding(facts, layer, read_elsewhere=layer.node.inputs[0] in whole)


def share_read(layer: Conv | Pool) -> float:
    """Return the share of its input, borders aside, that a layer reads; 1 is all.

    An axis on which the window stands once counts as read.
    """
    if layer.kernel is None or (isinstance(layer, Conv) and layer.transposed):
        return 1.0
    windows = layer.out_shape[2:] if layer.out_shape else (None,) * len(layer.kernel)
    axes = zip(layer.kernel, layer.dilation, layer.stride, windows, strict=True)
    return prod(
        1.0 if count == 1 else phases_read(kernel, rate, stride) / stride
        for kernel, rate, stride, count in axes
    )


def phases_read(kernel: int, dilation: int, stride: int) -> int:
    """Return how many of ``stride`` successive positions on an axis are read."""
    return min(kernel, stride // gcd(dilation, stride))


def _finding(facts: Facts, layer: Conv | Pool, *, read_elsewhere: bool) -> Finding:
    kernel, read = layer.kernel or (), share_read(layer)
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
        severity=Severity.NOTE if read_elsewhere else None,
    )


def _read_whole(facts: Facts) -> frozenset[str]:
    """Return the tensors of which some node reads every number, and the outputs."""
    readers = (node for node in facts.nodes if _reads_all(facts, node))
    names = (name for node in readers for name in (*node.inputs, *node.captures))
    return frozenset((*names, *facts.model.outputs))


def _reads_all(facts: Facts, node: Node) -> bool:
    layer = facts.layers.get(node.key)
    return not isinstance(layer, Conv | Pool) or share_read(layer) == 1
