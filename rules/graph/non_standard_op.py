"""G917."""

from collections import Counter
from collections.abc import Iterator, Sequence

from cnnlint.facts.facts import Facts
from cnnlint.lint.finding import Basis, Finding, Severity, Silence
from cnnlint.lint.rule import rule
from cnnlint.model.defect import Kind
from cnnlint.model.graph import Node

STANDARD = frozenset({"", "ai.onnx.ml", "ai.onnx.preview", "ai.onnx.preview.training"})
ONNXRUNTIME = ("com.microsoft", "com.ms.")
"""What the domains begin with whose operators onnxruntime brings along."""
INSTEAD = {"Erfc": "1 - Erf(x)"}
"""Operators that exporters write though ONNX doesn't have them, and what says the same."""
NAMED = 5


@rule("G917", severity=Severity.ERROR, basis=Basis.COMPUTED, since="0.1")
def non_standard_op(facts: Facts) -> Iterator[Finding | Silence]:
    """Operator that ONNX doesn't have.

    ## What it does
    Reports operators in ONNX's own domain that none of its operator sets has (error), operators
    of other domains (warning), and those of the domains that onnxruntime brings along, such as
    `com.microsoft` (note): one finding for each unknown operator, and one for each domain. Left
    alone are operators that the file itself defines as functions, and those that onnxruntime
    takes in ONNX's own domain though ONNX doesn't have them.

    ## Why is this bad?
    A runtime refuses a file with an operator that it doesn't have. One of another domain runs
    only where the library that registers it is loaded. And what it does is known to its author
    alone: neither its MACs nor the shapes and receptive field behind it can be counted.

    ## Example
    tf2onnx 1.17 writes the GELU of Keras 3 with `Erfc`, which ONNX doesn't have; `1 - Erf(x)` is
    the same.

    ## When to ignore it
    When the file is made for the one runtime that has these operators. An operator that is in
    ONNX but not in the operator set that the file imports is G932's.

    ## References
    - ONNX operators, https://onnx.ai/onnx/operators/
    """
    unknown: dict[str, list[Node]] = {}
    for flaw in facts.flaws.get(Kind.OPERATOR, ()):
        for node in flaw.nodes:
            unknown.setdefault(node.op, []).append(node)
    foreign: dict[str, list[Node]] = {}
    for node in facts.model.nodes:
        if node.domain not in STANDARD:
            foreign.setdefault(node.domain, []).append(node)
    for op, nodes in unknown.items():
        yield _unknown(op, nodes)
    for domain, nodes in foreign.items():
        yield _foreign(domain, nodes)
    if not unknown and not foreign:
        yield Silence(None, "every operator is one of ONNX, as far as its operator set is known")


def _unknown(op: str, nodes: Sequence[Node]) -> Finding:
    instead = INSTEAD.get(op)
    return Finding(
        nodes=tuple(nodes),
        message=f"{op} is no operator of ONNX, at any operator set; runtimes refuse the file",
        suggestion=(
            f"{instead} is the same: export it so, or patch the nodes"
            if instead
            else "write it with operators that ONNX has, or as one of a domain of your own"
        ),
        evidence={"operators": (op,), "nodes": len(nodes), "domain": ""},
    )


def _foreign(domain: str, nodes: Sequence[Node]) -> Finding:
    counts = Counter(node.op.removeprefix(f"{domain}:") for node in nodes)
    named = ", ".join(f"{op} x{n}" if n > 1 else op for op, n in counts.most_common(NAMED))
    more = f" and {len(counts) - NAMED} more" if len(counts) > NAMED else ""
    where = "onnxruntime alone has" if domain.startswith(ONNXRUNTIME) else "ONNX doesn't have"
    return Finding(
        nodes=tuple(nodes),
        message=f"operators of {domain}, which {where}: {named}{more}",
        suggestion="export with operators of ONNX alone, if other runtimes shall run the file",
        evidence={"operators": tuple(sorted(counts)), "nodes": len(nodes), "domain": domain},
        severity=Severity.NOTE if domain.startswith(ONNXRUNTIME) else Severity.WARNING,
    )
