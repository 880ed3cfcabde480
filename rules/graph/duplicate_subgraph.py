"""G903."""

from collections.abc import Iterator, Sequence

from cnnlint.facts.counting.cost import MACS
from cnnlint.facts.dataflow import total
from cnnlint.facts.facts import Facts
from cnnlint.facts.structure.branches import branches
from cnnlint.facts.structure.duplicates import Duplicate
from cnnlint.lint.finding import Basis, Finding, Fix, Saving, Severity, Silence
from cnnlint.lint.rule import rule
from cnnlint.model.graph import Node

ON_PURPOSE = frozenset({"Cast", "DequantizeLinear", "QuantizeLinear"})
"""Operators that are written anew for each reader, so that a runtime can join them with it."""


@rule("G903", severity=Severity.WARNING, basis=Basis.COMPUTED, fix=Fix.SAFE, since="0.1")
def duplicate_subgraph(facts: Facts) -> Iterator[Finding | Silence]:
    """Branch that computes again what another one has computed.

    ## What it does
    Reports nodes with the same operator, attributes, inputs and weights as an earlier node, and
    the nodes behind them that repeat those behind the earlier one: one finding for each such
    branch that takes MACs; one note for all other duplicates together. Weights are the same if
    they lie at the same place in the file, or hold the same bytes. Nodes that lead to no output
    are left to G901.

    ## Why is this bad?
    The result is known already. onnxruntime 1.32 merges such nodes when it optimises, but only
    where they read the same stored tensor: with a copy of the weights both are computed, and the
    weights are stored twice.

    ## Example
    Two `Conv 3x3 16->16` with one weight on the same map of 32x32: the second one takes 2,359,296
    MACs and 65,536 bytes for a map that is there already.

    ## When to ignore it
    When two branches are equal only until they are trained (two heads with the same initial
    weights). Left alone are the same weights on other maps (siamese networks, shared heads),
    nodes that read constants only, random operators, Dropout, control flow, operators of other
    domains, and what exporters repeat for each reader: casts, quantisation, and operators without
    arithmetic such as Reshape.

    ## References
    - Cocke, Global Common Subexpression Elimination, 1970
    """
    found = {d.node.key: d for d in facts.duplicates if d.node.outputs[0] in facts.data}
    cheap: list[Duplicate] = []
    for branch in branches(each.node for each in found.values()):
        repeated = [found[node.key] for node in branch]
        if any(node.op in MACS for node in branch):
            yield _finding(facts, repeated)
        else:
            cheap += [each for each in repeated if _costs(facts, each.node)]
            for each in repeated:
                if not _costs(facts, each.node):
                    yield Silence(each.node, f"repeats {each.original.path}, which costs nothing")
    if cheap:
        yield _finding(facts, cheap, Severity.NOTE)
    if not found:
        yield Silence(None, "no node on the data path does what an earlier one has done")


def _costs(facts: Facts, node: Node) -> bool:
    return node.op not in ON_PURPOSE and facts.costs[node.key].flops != 0


def _finding(
    facts: Facts, repeated: Sequence[Duplicate], severity: Severity | None = None
) -> Finding:
    nodes = [each.node for each in repeated]
    macs = total(facts.macs_of(node) for node in nodes)
    params = sum(facts.params_of(node) for node in nodes)
    size = total(facts.activation_bytes(node) for node in nodes)
    first = repeated[0]
    op = first.node.op
    what = f"{op} computes" if len(nodes) == 1 else f"{len(nodes)} nodes from {op} on compute"
    costs = [f"{macs:,} MACs"] if macs else []
    costs += [f"{params:,} parameters"] if params else []
    return Finding(
        nodes=tuple({n.key: n for d in repeated for n in (d.node, d.original)}.values()),
        message=f"{what} what is there already" + (f": {', '.join(costs)}" if costs else ""),
        suggestion=f"take out {first.node.path} and read the results of {first.original.path}",
        evidence={"nodes": len(nodes), "macs": macs, "params": params, "activation_bytes": size},
        saving=Saving(macs=macs, params=params, activation_bytes=size),
        severity=severity,
    )
