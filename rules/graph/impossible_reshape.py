"""G927."""

from collections.abc import Iterator

from cnnlint.facts.facts import Facts
from cnnlint.lint.finding import Basis, Finding, Part, Severity
from cnnlint.lint.rule import rule
from cnnlint.model.defect import Kind


@rule("G927", severity=Severity.ERROR, basis=Basis.COMPUTED, since="0.1", marks=Part.SHAPE)
def impossible_reshape(facts: Facts) -> Iterator[Finding]:
    """Reshape, Squeeze, Split or the like that the size of its tensor doesn't allow.

    ## What it does
    Reports Reshape to a shape of another number of elements, with two -1 or with a 0 that has
    nothing to copy; Squeeze of an axis that isn't 1; Split into parts that don't add up;
    DepthToSpace and SpaceToDepth whose blocks don't divide the tensor.

    ## Why is this bad?
    The node can't run. A Reshape to the wrong number of elements is accepted by onnx's checker,
    by its strict shape inference and by onnxruntime's session creation (onnx 1.23, onnxruntime
    1.32), and fails when it is run. The usual cause is a size that was baked into the file when
    it was exported, such as the batch, or the side of the image in front of a dense layer.

    ## Example
    1x3x16x16 has 768 elements; a Reshape to 1x7 keeps 7.

    ## When to ignore it
    Where the sizes that were given with `--batch`, `--dim` or `--input-shapes` are not those of
    the real input. Sizes that cnnlint assumes by itself are never held against a model.

    ## References
    - ONNX operators, Reshape, https://onnx.ai/onnx/operators/onnx__Reshape.html
    """
    for flaw in facts.flaws.get(Kind.ELEMENTS, ()):
        yield Finding(
            nodes=flaw.nodes,
            message=flaw.text,
            suggestion=(
                "export with -1 for the size that varies, or run at the size that the "
                "file was exported for"
            ),
            evidence={"inputs": flaw.inputs},
        )
