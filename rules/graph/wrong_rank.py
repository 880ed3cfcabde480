"""G924."""

from collections.abc import Iterator

from cnnlint.facts.facts import Facts
from cnnlint.lint.finding import Basis, Finding, Severity
from cnnlint.lint.rule import rule
from cnnlint.model.defect import Kind


@rule("G924", severity=Severity.ERROR, basis=Basis.COMPUTED, since="0.1")
def wrong_rank(facts: Facts) -> Iterator[Finding]:
    """Operand with a number of axes that the operator can't take.

    ## What it does
    Reports a layer whose input or weight has too few or too many axes: a convolution on a matrix,
    a weight of two axes on an image, Gemm on anything but matrices, a recurrent layer on anything
    but (steps, batch, features).

    ## Why is this bad?
    The layer can't run. Where the weight of a convolution is wrong and `kernel_shape` is given,
    onnx's checker, its strict shape inference and onnxruntime's session creation accept the file
    (onnx 1.23, onnxruntime 1.32), and it fails when it is run.

    ## Example
    A weight of 8x27 (the matrix of a convolution that was lowered to a product) on an input of
    1x3x16x16.

    ## When to ignore it
    Where `--input-shapes` gives an input another rank than the real one has.

    ## References
    - ONNX operators, https://onnx.ai/onnx/operators/
    """
    for flaw in facts.flaws.get(Kind.RANK, ()):
        yield Finding(
            nodes=flaw.nodes,
            message=flaw.text,
            suggestion="reshape the operand to the axes that the operator takes",
            evidence={"inputs": flaw.inputs},
        )
