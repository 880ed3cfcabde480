"""G926."""

from collections.abc import Iterator

from cnnlint.facts.facts import Facts
from cnnlint.lint.finding import Basis, Finding, Severity
from cnnlint.lint.rule import rule
from cnnlint.model.defect import Kind


@rule("G926", severity=Severity.ERROR, basis=Basis.COMPUTED, since="0.1")
def impossible_window(facts: Facts) -> Iterator[Finding]:
    """Stride, dilation, kernel size or padding that can't be.

    ## What it does
    Reports convolution and pooling layers with a stride, dilation or kernel size below 1, with a
    list of the wrong length, with an unknown `auto_pad`, with `auto_pad` and `pads` both, or with
    a padding that is not smaller than the pooling window.

    ## Why is this bad?
    The window has no positions, or positions where it sees nothing but padding. A stride of 0
    kills the whole process in onnxruntime up to 1.27 and in onnx up to 1.21; later versions refuse
    the file.

    ## Example
    `strides = [0, 0]`; three values of `pads` on a map with two spatial axes, which needs four.

    ## When to ignore it
    Never.

    ## References
    - ONNX operators, Conv and AveragePool, https://onnx.ai/onnx/operators/
    - Dumoulin and Visin, A guide to convolution arithmetic for deep learning, 2016
    """
    for flaw in facts.flaws.get(Kind.WINDOW, ()):
        yield Finding(
            nodes=flaw.nodes,
            message=flaw.text,
            suggestion=(
                "give one stride, dilation and kernel size of at least 1 an axis, and two pads"
            ),
            evidence={"inputs": flaw.inputs},
        )
