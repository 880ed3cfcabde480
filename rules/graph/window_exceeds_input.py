"""G922."""

from collections.abc import Iterator

from cnnlint.facts.facts import Facts
from cnnlint.lint.finding import Basis, Finding, Part, Severity
from cnnlint.lint.rule import rule
from cnnlint.model.defect import Kind


@rule("G922", severity=Severity.ERROR, basis=Basis.COMPUTED, since="0.1", marks=Part.KERNEL)
def window_exceeds_input(facts: Facts) -> Iterator[Finding]:
    """Window larger than the map that it slides over.

    ## What it does
    Reports a convolution or pooling layer whose window, holes of dilation included, is larger
    than its padded input, and a transposed convolution whose padding leaves nothing of its
    output.

    ## Why is this bad?
    The window has no position, so the layer has no output. Mostly the input is smaller than the
    network was made for, or it is halved once too often: each stride 2 on the way costs a factor
    of two. onnx's checker, its strict shape inference and onnxruntime's session creation accept
    the file (onnx 1.23, onnxruntime 1.32). A convolution, transposed or not, fails when it is
    run. Of pooling onnxruntime gives a map that the ONNX formula doesn't, or an empty one:
    MaxPool 3x3 on a map of 2x2 gives 1x1 with stride 2 and 0x0 with stride 1. Where the window is
    larger than the map by two strides or more, pooling fails too.

    ## Example
    `Conv 31x31` without padding on a map of 8x8.

    ## When to ignore it
    Where the sizes that were given with `--dim` or `--input-shapes` are not those of the real
    input. Sizes that cnnlint assumes by itself are never held against a model.

    ## References
    - Dumoulin and Visin, A guide to convolution arithmetic for deep learning, 2016
    """
    for flaw in facts.flaws.get(Kind.FIT, ()):
        yield Finding(
            nodes=flaw.nodes,
            message=flaw.text,
            suggestion=(
                "use a larger input, fewer strides before this layer, more padding or a "
                "smaller kernel"
            ),
            evidence={"inputs": flaw.inputs},
        )
