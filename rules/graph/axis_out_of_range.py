"""G929."""

from collections.abc import Iterator

from cnnlint.facts.facts import Facts
from cnnlint.lint.finding import Basis, Finding, Severity
from cnnlint.lint.rule import rule
from cnnlint.model.defect import Kind


@rule("G929", severity=Severity.ERROR, basis=Basis.COMPUTED, since="0.1")
def axis_out_of_range(facts: Facts) -> Iterator[Finding]:
    """Axis that the tensor doesn't have.

    ## What it does
    Reports nodes that work along an axis beyond the rank of their input, name one twice, or
    permute axes by a `perm` that doesn't name each of them once.

    ## Why is this bad?
    The node can't run. An axis that counted from the front before a batch axis was added, or
    removed, is the usual cause; one that is still in range is worse, since nothing can see it.

    ## Example
    Softmax with `axis = 99`; Transpose with `perm = [0, 0, 9, 1]`.

    ## When to ignore it
    Where `--input-shapes` gives an input another rank than the real one has.

    ## References
    - ONNX operators, Softmax and Transpose, https://onnx.ai/onnx/operators/
    """
    for flaw in facts.flaws.get(Kind.AXIS, ()):
        yield Finding(
            nodes=flaw.nodes,
            message=flaw.text,
            suggestion=(
                "name axes from -rank to rank - 1, each once; -1 is the last one whatever the rank"
            ),
            evidence={"inputs": flaw.inputs},
        )
