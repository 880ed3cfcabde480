"""G933."""

from collections.abc import Iterator

from cnnlint.facts.facts import Facts
from cnnlint.lint.finding import Basis, Finding, Severity
from cnnlint.lint.rule import rule
from cnnlint.model.defect import Kind


@rule("G933", severity=Severity.ERROR, basis=Basis.COMPUTED, since="0.1")
def corrupt_tensor(facts: Facts) -> Iterator[Finding]:
    """Stored tensor whose bytes don't fit what is said of it.

    ## What it does
    Reports stored tensors with more or fewer bytes than their shape and type ask for, without a
    type, with data in two fields at once or in segments; sparse ones whose indices lie outside;
    and external ones whose place is no place in the data file. Bytes are counted, not read.

    ## Why is this bad?
    onnxruntime refuses most of these files when it loads them; readers that don't look take the
    wrong numbers for weights. A download that was cut off, and tools that change a shape and
    forget the data, leave such tensors behind.

    ## Example
    A float32 weight of 8x3x3x3 with 863 bytes of raw data; it needs 864.

    ## When to ignore it
    Never. A file whose weights were left out on purpose is not reported: no data is fine, wrong
    data is not.

    ## References
    - ONNX, onnx.proto: TensorProto, https://onnx.ai/onnx/repo-docs/IR.html
    - ONNX, External data, https://onnx.ai/onnx/repo-docs/ExternalData.html
    """
    for flaw in facts.flaws.get(Kind.TENSOR, ()):
        yield Finding(
            nodes=flaw.nodes,
            message=flaw.text,
            suggestion="export or download the file again, together with its data files",
            evidence={"tensor": flaw.tensor},
        )
