"""G930."""

from collections.abc import Iterator

from cnnlint.facts.facts import Facts
from cnnlint.lint.finding import Basis, Finding, Severity
from cnnlint.lint.rule import rule
from cnnlint.model.defect import Kind


@rule("G930", severity=Severity.ERROR, basis=Basis.COMPUTED, since="0.1")
def empty_weight(facts: Facts) -> Iterator[Finding]:
    """Weight without any numbers in it.

    ## What it does
    Reports a layer whose weight has a size of 0 on some axis.

    ## Why is this bad?
    The layer computes nothing from its input, or can't run at all. Of a convolution without
    output channels onnxruntime 1.32 gives a map without channels, and nothing is left for what
    reads it; one with a 0 anywhere else is refused when it is loaded, or fails when it is run.
    Pruning leaves such a weight where it removes every channel of a layer.

    ## Example
    A weight of 8x3x0x3.

    ## When to ignore it
    Never. Remove the layer, and let what reads it read something else.

    ## References
    - ONNX operators, Conv, https://onnx.ai/onnx/operators/onnx__Conv.html
    """
    for flaw in facts.flaws.get(Kind.EMPTY, ()):
        yield Finding(
            nodes=flaw.nodes,
            message=flaw.text,
            suggestion="remove the layer, or store a weight in which every size is at least 1",
            evidence={"inputs": flaw.inputs},
        )
