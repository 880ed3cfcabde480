"""G937."""

from collections.abc import Iterator

from cnnlint.facts.facts import Facts
from cnnlint.lint.finding import Basis, Finding, Part, Severity
from cnnlint.lint.rule import rule
from cnnlint.model.defect import Kind


@rule("G937", severity=Severity.ERROR, basis=Basis.COMPUTED, since="0.1", marks=Part.SHAPE)
def false_output_shape(facts: Facts) -> Iterator[Finding]:
    """Output declared with another shape than it has.

    ## What it does
    Reports an output of the model that the file declares with another number of axes than what
    the nodes make, or, in a file without open dimensions, with other sizes.

    ## Why is this bad?
    Whoever deploys the model asks it for the shapes of its outputs, and allocates by the answer.
    onnxruntime runs such a file with no more than a line in its log (onnxruntime 1.32); onnx's
    strict shape inference refuses it (onnx 1.23).

    ## Example
    Einsum `ij->` sums everything up to a scalar, and the output is declared as a list.

    ## When to ignore it
    Never. Declarations of tensors inside the graph are not looked at: cnnlint computes these
    itself.

    ## References
    - ONNX, onnx.proto: GraphProto.output, https://onnx.ai/onnx/repo-docs/IR.html
    """
    for flaw in facts.flaws.get(Kind.OUTPUT, ()):
        yield Finding(
            nodes=flaw.nodes,
            message=flaw.text,
            suggestion="declare the output as it is, or leave its shape open",
            evidence={"inputs": flaw.inputs},
        )
