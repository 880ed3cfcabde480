"""G931."""

from collections.abc import Iterator

from cnnlint.facts.facts import Facts
from cnnlint.lint.finding import Basis, Finding, Part, Severity
from cnnlint.lint.rule import rule
from cnnlint.model.defect import Kind


@rule("G931", severity=Severity.ERROR, basis=Basis.COMPUTED, since="0.1", marks=Part.SHAPE)
def impossible_size(facts: Facts) -> Iterator[Finding]:
    """Size that no tensor can have.

    ## What it does
    Reports inputs and stored tensors that are declared with a negative size, and nodes whose
    output would have a negative size, one beyond 64 bits, or more than 64 axes.

    ## Why is this bad?
    The model can't run; and arithmetic on such sizes overflows, which is how hostile files make
    tools allocate too little or too much.

    ## Example
    An input of 1x3x-16x16; a Pad by 2**63 - 1; a ConstantOfShape of -1x4.

    ## When to ignore it
    Never. A -1 is taken for an open size, as some exporters mean it, and so is a batch of 0.

    ## References
    - ONNX, onnx.proto: TensorShapeProto and TensorProto, https://onnx.ai/onnx/repo-docs/IR.html
    """
    for flaw in facts.flaws.get(Kind.SIZE, ()):
        yield Finding(
            nodes=flaw.nodes,
            message=flaw.text,
            suggestion=(
                "declare sizes of at least 1; name a size that varies (dim_param) instead "
                "of writing a number"
            ),
            evidence={"inputs": flaw.inputs},
        )
