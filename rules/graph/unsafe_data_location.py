"""G934."""

from collections.abc import Iterator

from cnnlint.facts.facts import Facts
from cnnlint.lint.finding import Basis, Finding, Severity
from cnnlint.lint.rule import rule
from cnnlint.model.defect import Kind


@rule("G934", severity=Severity.ERROR, basis=Basis.COMPUTED, since="0.1")
def unsafe_data_location(facts: Facts) -> Iterator[Finding]:
    """External data outside the folder of the model.

    ## What it does
    Reports stored tensors whose data file is named by an absolute path, by a path with `..` or
    backslashes, by a link that leads out of the model's folder, by a URL, or by a marker that
    means an address in memory. Nothing of the kind is ever opened.

    ## Why is this bad?
    A tool that follows such a location reads a file that the author of the model chose, on the
    machine of whoever loads it: a known way to steal secrets. A forged memory address may crash
    the tool, or worse. onnx before 1.21 can be led to follow paths out of the folder.

    ## Example
    `location = "../../../../etc/passwd"`.

    ## When to ignore it
    Where you wrote the file yourself and know what it points to; better, move the data beside the
    model, where every tool finds it.

    ## References
    - ONNX, External data, https://onnx.ai/onnx/repo-docs/ExternalData.html
    - CVE-2022-25882, CVE-2024-27318 and CVE-2026-27489: path traversal through external data, in
      onnx before 1.13, 1.16 and 1.21
    """
    for flaw in facts.flaws.get(Kind.LOCATION, ()):
        yield Finding(
            nodes=flaw.nodes,
            message=flaw.text,
            suggestion=(
                "put the data file into the folder of the model, and name it without any "
                "folder in front"
            ),
            evidence={"tensor": flaw.tensor},
        )
