"""G920."""

from collections.abc import Iterator

from cnnlint.facts.facts import Facts
from cnnlint.lint.finding import Basis, Finding, Part, Severity
from cnnlint.lint.rule import rule
from cnnlint.model.defect import Kind


@rule("G920", severity=Severity.ERROR, basis=Basis.COMPUTED, since="0.1", marks=Part.CHANNELS)
def channel_mismatch(facts: Facts) -> Iterator[Finding]:
    """Convolution whose weight takes another number of channels than arrive.

    ## What it does
    Reports a convolution where the channels of the input differ from those that the weight is
    for: its second size times the groups, or the first size where it is transposed.

    ## Why is this bad?
    The layer can't run at any input size. onnx's checker, its strict shape inference and
    onnxruntime's session creation all accept such a file (onnx 1.23, onnxruntime 1.32); it fails
    when it is run for the first time.

    ## Example
    A weight of 8x4x3x3 on an input of 1x3x16x16: it takes 4 channels and gets 3.

    ## When to ignore it
    Never, if the sizes given with `--input-shapes` are those of the real input. Layers whose
    channels are unknown are not looked at.

    ## References
    - ONNX operators, Conv and ConvTranspose, https://onnx.ai/onnx/operators/
    """
    for flaw in facts.flaws.get(Kind.CHANNELS, ()):
        yield Finding(
            nodes=flaw.nodes,
            message=flaw.text,
            suggestion=(
                "give the layer a weight for the channels that arrive, or mend what feeds "
                "it; then export again"
            ),
            evidence={"inputs": flaw.inputs},
        )
