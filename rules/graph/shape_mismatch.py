"""G928."""

from collections.abc import Iterator

from cnnlint.facts.facts import Facts
from cnnlint.lint.finding import Basis, Finding, Severity
from cnnlint.lint.rule import rule
from cnnlint.model.defect import Kind


@rule("G928", severity=Severity.ERROR, basis=Basis.COMPUTED, since="0.1")
def shape_mismatch(facts: Facts) -> Iterator[Finding]:
    """Operands whose shapes don't go together.

    ## What it does
    Reports element-wise operators whose inputs don't broadcast, Concat of tensors that differ
    beside the joined axis, matrix products (MatMul, Gemm, Einsum, recurrent layers, attention)
    whose inner sizes differ, Expand to a shape that the tensor doesn't broadcast to.

    ## Why is this bad?
    The node can't run. Where the sizes are those of a skip connection, one of the two ways has a
    stride or a padding that the other lacks; where they are those of a dense layer, the map
    before it has another size than when the network was trained.

    ## Example
    Add of 1x64x56x56 and 1x64x28x28: the main way was strided, the shortcut was not.

    ## When to ignore it
    Where the sizes that were given with `--batch`, `--dim` or `--input-shapes` are not those of
    the real input. Sizes that cnnlint assumes by itself are never held against a model.

    ## References
    - ONNX, Broadcasting, https://onnx.ai/onnx/repo-docs/Broadcasting.html
    """
    for flaw in facts.flaws.get(Kind.SHAPES, ()):
        yield Finding(
            nodes=flaw.nodes,
            message=flaw.text,
            suggestion=(
                "bring the operands to one size: project the shortcut, pad, or give the "
                "input its true size"
            ),
            evidence={"inputs": flaw.inputs},
        )
