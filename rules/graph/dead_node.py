"""G901."""

from collections.abc import Iterator, Sequence

from cnnlint.facts.dataflow import total
from cnnlint.facts.facts import Facts
from cnnlint.facts.structure.branches import branches
from cnnlint.lint.finding import Basis, Finding, Fix, Saving, Severity, Silence
from cnnlint.lint.rule import rule
from cnnlint.model.graph import Node


@rule("G901", severity=Severity.WARNING, basis=Basis.COMPUTED, fix=Fix.SAFE, since="0.1")
def dead_node(facts: Facts) -> Iterator[Finding | Silence]:
    """Branch that leads to no output of the model.

    ## What it does
    Reports nodes from which nothing leads to an output of the model: one finding for each such
    branch, with its MACs, the parameters that nothing else reads, and the bytes of its maps.
    What the bodies of If, Loop and Scan read counts as read.

    ## Why is this bad?
    It is computed at every run, for nothing: onnxruntime 1.32 leaves such nodes in, with its
    optimisation off as well as on. And it may be the trace of a mistake: a branch that was meant
    to be joined, or an output that was forgotten when the model was exported.

    ## Example
    A `Conv 3x3 16->16` on a map of 32x32 whose result nobody reads takes 2,359,296 MACs at each
    run, 2,320 parameters and 65,536 bytes for its map.

    ## When to ignore it
    When another program reads these tensors by name: better make them outputs then. Left alone
    are nodes that compute from constants or shapes only, and nodes inside functions and bodies.

    ## References
    - ONNX IR specification, graphs and their outputs, https://onnx.ai/onnx/repo-docs/IR.html
    """
    if not facts.model.outputs:
        yield Silence(None, "the graph has no outputs, so that nothing leads to one")
        return
    dead = [node for node in facts.nodes if node.key in facts.model.idle]
    kept = _read_elsewhere(facts) if dead else frozenset()
    for branch in branches(dead):
        yield _finding(facts, branch, kept)
    if not dead:
        yield Silence(None, f"each of {len(facts.nodes):,} nodes leads to an output")


def _finding(facts: Facts, branch: Sequence[Node], kept: frozenset[object]) -> Finding:
    macs = total(facts.macs_of(node) for node in branch)
    read = (p for node in branch for p in facts.own_parameters.get(node.key, ()))
    params = sum(p.elements for p in read if p.identity not in kept)
    size = total(facts.activation_bytes(node) for node in branch)
    first = branch[0]
    what = first.op if len(branch) == 1 else f"a branch of {len(branch)} nodes from {first.op} on"
    costs = [f"{macs:,} MACs"] if macs else []
    costs += [f"{params:,} parameters"] if params else []
    return Finding(
        nodes=tuple(branch),
        message=f"{what} leads to no output" + (f": {', '.join(costs)} in vain" if costs else ""),
        suggestion="take it out of the graph, or make its result an output if it should be one",
        evidence={"nodes": len(branch), "macs": macs, "params": params, "activation_bytes": size},
        saving=Saving(macs=macs, params=params, activation_bytes=size),
    )


def _read_elsewhere(facts: Facts) -> frozenset[object]:
    """Return the parameters that nodes read which do lead to an output."""
    alive = (read for key, read in facts.parameters.items() if key not in facts.model.idle)
    return frozenset(parameter.identity for read in alive for parameter in read)
