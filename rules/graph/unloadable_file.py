"""G935."""

from collections.abc import Iterator

from cnnlint.facts.facts import Facts
from cnnlint.lint.finding import Basis, Finding, Severity
from cnnlint.lint.rule import rule
from cnnlint.model.defect import Kind


@rule("G935", severity=Severity.ERROR, basis=Basis.COMPUTED, since="0.1")
def unloadable_file(facts: Facts) -> Iterator[Finding]:
    """File of a size or form that no runtime opens.

    ## What it does
    Reports a model of 2 GiB or more in one file, and one whose control flow nests more deeply
    than protobuf reads. cnnlint reads both, and its other findings hold.

    ## Why is this bad?
    A protobuf message ends at 2 GiB, and its messages nest at most 100 deep in the readers that
    onnx and onnxruntime use: neither opens the file, whatever machine it is on.

    ## Example
    A ViT-H with its 2.5 GB of float32 weights in the .onnx file itself.

    ## When to ignore it
    Never, if the file is to be run.

    ## References
    - Protocol Buffers, Proto limits, https://protobuf.dev/programming-guides/proto-limits/
    - ONNX, External data, https://onnx.ai/onnx/repo-docs/ExternalData.html
    """
    for flaw in facts.flaws.get(Kind.FILE, ()):
        yield Finding(
            nodes=flaw.nodes,
            message=flaw.text,
            suggestion=(
                "store the weights as external data (onnx.save with "
                "save_as_external_data=True); flatten control flow"
            ),
        )
