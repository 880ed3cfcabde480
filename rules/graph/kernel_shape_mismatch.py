"""G923."""

from collections.abc import Iterator

from cnnlint.facts.facts import Facts
from cnnlint.lint.finding import Basis, Finding, Part, Severity
from cnnlint.lint.rule import rule
from cnnlint.model.defect import Kind


@rule("G923", severity=Severity.ERROR, basis=Basis.COMPUTED, since="0.1", marks=Part.KERNEL)
def kernel_shape_mismatch(facts: Facts) -> Iterator[Finding]:
    """Attribute kernel_shape that differs from the weight.

    ## What it does
    Reports a convolution whose attribute `kernel_shape` is not the spatial size of its weight.

    ## Why is this bad?
    The attribute repeats what the weight says; where they differ, one of them is wrong, and no
    runtime can know which. onnx's checker, its strict shape inference and onnxruntime's session
    creation accept the file (onnx 1.23, onnxruntime 1.32); it fails when it is run. Tools that
    count costs from the attribute are wrong in silence.

    ## Example
    `kernel_shape = 5x5` with a weight of 8x3x3x3.

    ## When to ignore it
    Never. The attribute is optional: a convolution without it is fine.

    ## References
    - ONNX operators, Conv, https://onnx.ai/onnx/operators/onnx__Conv.html
    """
    for flaw in facts.flaws.get(Kind.KERNEL, ()):
        yield Finding(
            nodes=flaw.nodes,
            message=flaw.text,
            suggestion="leave kernel_shape out, or write the size of the weight into it",
            evidence={"inputs": flaw.inputs},
        )
