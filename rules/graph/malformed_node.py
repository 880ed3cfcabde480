"""G932."""

from collections.abc import Iterator

from cnnlint.facts.facts import Facts
from cnnlint.lint.finding import Basis, Finding, Severity
from cnnlint.lint.rule import rule
from cnnlint.model.defect import Kind


@rule("G932", severity=Severity.ERROR, basis=Basis.COMPUTED, since="0.1")
def malformed_node(facts: Facts) -> Iterator[Finding]:
    """Input or attribute that is missing, unknown, or not what the operator takes.

    ## What it does
    Reports nodes that don't fit the schema of their operator: the operator set that the file
    imports doesn't have it yet, or no longer; a required input or attribute is missing, there are
    too many inputs, an attribute is unknown, stands twice or has the wrong type; and values that
    can't be: a Slice with a step of 0, a Resize by 0 or NaN, a TopK of 10 out of 5.

    ## Why is this bad?
    onnxruntime refuses the file when it is loaded, or the node fails when it is run. An unknown
    attribute is often one of another version of the operator: what it should do is not done.

    ## Example
    Gelu, of operator set 20, in a file that imports 17; Conv with an attribute `colour`; MaxPool
    without `kernel_shape`; `strides` given as floats.

    ## When to ignore it
    Where a runtime of your own takes what the standard operator doesn't: then give the operator a
    domain of its own. Operators of other domains, and operator sets newer than the newest that
    this version of cnnlint knows, are not looked at; nor are the types of tensors. Operators that
    onnxruntime runs at older operator sets too (LayerNormalization) are not reported.

    ## References
    - ONNX operators, https://onnx.ai/onnx/operators/
    """
    for flaw in facts.flaws.get(Kind.NODE, ()):
        yield Finding(
            nodes=flaw.nodes,
            message=flaw.text,
            suggestion=(
                "write the node as the operator set that the file imports has it, or "
                "export it again"
            ),
            evidence={"inputs": flaw.inputs},
        )
