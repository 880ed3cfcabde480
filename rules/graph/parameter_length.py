"""G925."""

from collections.abc import Iterator

from cnnlint.facts.facts import Facts
from cnnlint.lint.finding import Basis, Finding, Part, Severity
from cnnlint.lint.rule import rule
from cnnlint.model.defect import Kind


@rule("G925", severity=Severity.ERROR, basis=Basis.COMPUTED, since="0.1", marks=Part.CHANNELS)
def parameter_length(facts: Facts) -> Iterator[Finding]:
    """Bias, scale or statistic that doesn't have one value a channel.

    ## What it does
    Reports a convolution, normalisation or recurrent layer whose bias, scale, mean or variance
    has another number of values than there are channels (or groups, where one a group is asked
    for).

    ## Why is this bad?
    The layer can't run. onnx's checker, its strict shape inference and onnxruntime's session
    creation accept a convolution with a bias of the wrong length (onnx 1.23, onnxruntime 1.32);
    it fails when it is run. It is a common trace of channel pruning that forgot the bias.

    ## Example
    A bias of 5 values on a convolution with 8 output channels.

    ## When to ignore it
    Never.

    ## References
    - ONNX operators, Conv and BatchNormalization, https://onnx.ai/onnx/operators/
    """
    for flaw in facts.flaws.get(Kind.LENGTH, ()):
        yield Finding(
            nodes=flaw.nodes,
            message=flaw.text,
            suggestion=(
                "cut or fill the parameter to one value a channel, together with the weight"
            ),
            evidence={"inputs": flaw.inputs},
        )
