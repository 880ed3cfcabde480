"""G921."""

from collections.abc import Iterator

from cnnlint.facts.facts import Facts
from cnnlint.lint.finding import Basis, Finding, Part, Severity
from cnnlint.lint.rule import rule
from cnnlint.model.defect import Kind


@rule("G921", severity=Severity.ERROR, basis=Basis.COMPUTED, since="0.1", marks=Part.GROUPS)
def indivisible_groups(facts: Facts) -> Iterator[Finding]:
    """Groups that don't divide the channels.

    ## What it does
    Reports a convolution or group normalisation whose number of groups is below 1, or doesn't
    divide the channels that go in or come out.

    ## Why is this bad?
    Each group gets an equal share of the channels; where there is none, the layer can't run.
    onnx's checker, its strict shape inference and onnxruntime's session creation accept such a
    convolution (onnx 1.23, onnxruntime 1.32); it fails when it is run.

    ## Example
    `group = 2` on an input of 3 channels.

    ## When to ignore it
    Never. A depthwise convolution has as many groups as channels, which is fine.

    ## References
    - ONNX operators, Conv and GroupNormalization, https://onnx.ai/onnx/operators/
    """
    for flaw in facts.flaws.get(Kind.GROUPS, ()):
        yield Finding(
            nodes=flaw.nodes,
            message=flaw.text,
            suggestion=(
                "choose a number of groups that divides the channels going in and coming out"
            ),
            evidence={"inputs": flaw.inputs},
        )
