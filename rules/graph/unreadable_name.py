"""G936."""

from collections.abc import Iterator

from cnnlint.facts.facts import Facts
from cnnlint.lint.finding import Basis, Finding, Severity
from cnnlint.lint.rule import rule
from cnnlint.model.defect import Kind


@rule("G936", severity=Severity.ERROR, basis=Basis.COMPUTED, since="0.1")
def unreadable_name(facts: Facts) -> Iterator[Finding]:
    """Name that is no text.

    ## What it does
    Reports a file in which the name of a node, tensor or operator is not valid UTF-8.

    ## Why is this bad?
    Names are text by the format's definition. Readers differ in what they make of other bytes:
    some refuse the file, some hand over bytes where text is expected and fail later, some replace
    them, so that two names become one. And the file may be damaged elsewhere too.

    ## Example
    A node name in which a transfer error has made the byte 0xFF of a letter: no UTF-8 text has
    that byte.

    ## When to ignore it
    Never.

    ## References
    - Protocol Buffers, Language guide, scalar value types: strings are UTF-8,
      https://protobuf.dev/programming-guides/proto2/
    """
    for flaw in facts.flaws.get(Kind.NAME, ()):
        yield Finding(
            nodes=flaw.nodes,
            message=flaw.text,
            suggestion=(
                "export or download the file again; give the tensor or node a name in UTF-8"
            ),
        )
