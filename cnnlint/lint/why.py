"""Why a rule did or did not speak about a layer."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path

from cnnlint.errors import UsageError
from cnnlint.facts.facts import Facts
from cnnlint.lint.engine import STDIN, Settings, reported
from cnnlint.lint.finding import Finding, Remark, Silence, Unchecked
from cnnlint.lint.gate import judge
from cnnlint.lint.recipes import recipe_of
from cnnlint.lint.rule import Rule, guarded
from cnnlint.model.binding import Bindings, check_all_used
from cnnlint.model.graph import Node
from cnnlint.model.loader import load
from cnnlint.model.watchdog import memory_limit, time_limit
from cnnlint.report.block import suppressed_by
from cnnlint.report.escape import plain
from cnnlint.report.label import label
from cnnlint.report.report import ReportedFinding
from cnnlint.report.why import Answer, Spoken

NAMES: tuple[Callable[[Node], Iterable[str]], ...] = (
    lambda node: (node.path,),
    lambda node: (node.name,),
    lambda node: node.outputs,
    lambda node: node.inputs,
)
"""What people know a layer by, the surest first."""


def explain(
    source: Path | bytes,
    layer: str,
    rule: Rule,
    bindings: Bindings,
    settings: Settings | None = None,
    off: str | None = None,
) -> Answer:
    """Run one rule on a model and return what it says about a layer.

    Args:
        source: a path, or a model's bytes.
        layer: its path or node name, or a tensor that it makes or reads.
        rule: the rule, whether it is on or not.
        bindings: sizes of open dimensions.
        settings: how rules are run, what doesn't count, and the training recipe.
        off: who says that the rule doesn't run on this model; None where it does.

    Raises:
        LoadError: the model can't be read.
        UsageError: the bindings don't fit the model, it has no such layer, or what lies beside
            it is no recipe.
        RuleError: the rule fails.
    """
    settings = settings or Settings()
    path = STDIN if isinstance(source, bytes) else str(source)
    with time_limit(path), memory_limit(path):
        model = load(source, bindings, name=path)
        check_all_used(bindings, [model.inputs])
        facts = Facts(model, recipe_of(source, settings.recipe))
        nodes = find_layer(tuple(nodes_of(facts)), layer)
        return replace(answer(facts, nodes, rule, settings), off=off)


def answer(
    facts: Facts,
    nodes: Sequence[Node],
    rule: Rule,
    settings: Settings | None = None,
) -> Answer:
    """Return what a rule says about the nodes that are one layer to the user.

    Raises:
        RuleError: the rule fails.
    """
    settings = settings or Settings()
    keys = {node.key for node in nodes}
    findings, reasons, general = [], [], []
    with guarded(rule):
        remarks = list(rule.remarks(facts, settings.options.get(rule.code)))
    judged = iter(_judged(facts, rule, remarks, settings))
    for said in remarks:
        match said:
            case Finding():
                found = next(judged)
                if not said.nodes:
                    by = f"; {suppressed_by(found.suppressed)}" if found.suppressed else ""
                    general.append(f"it reports of the file as a whole: {said.message}{by}")
                elif not keys.isdisjoint(node.key for node in said.nodes):
                    findings.append(_spoken(found))
            case Silence(node=None):
                general.append(said.reason)
            case Silence(node=Node(key=key)) if key in keys:
                reasons.append(said.reason)
            case Unchecked():
                general.append(f"the training recipe doesn't say {', '.join(said.needs)}")
    if nodes[0] not in facts.model.nodes and not findings and not reasons:
        reasons.append("it is in a body of If, Loop or Scan, where few rules look")
    return Answer(
        model=facts.model.origin.path,
        layer=nodes[0].path,
        label=label(facts, nodes[0]),
        code=rule.code,
        name=rule.name,
        findings=tuple(findings),
        reasons=tuple(dict.fromkeys(reasons)),
        general=tuple(dict.fromkeys(general)),
    )


def _judged(
    facts: Facts, rule: Rule, remarks: Sequence[Remark], settings: Settings
) -> tuple[ReportedFinding, ...]:
    """Return what a rule has found, in order, as the gate judges it; budgets aren't looked at."""
    findings = [
        reported(facts, rule, remark, settings)
        for remark in remarks
        if isinstance(remark, Finding)
    ]
    return judge(facts, findings, replace(settings.gate, limits=()), (rule,), Bindings()).findings


def _spoken(found: ReportedFinding) -> Spoken:
    return Spoken(
        found.severity, found.message, found.suggestion, len(found.layers), found.suppressed
    )


def nodes_of(facts: Facts) -> Iterator[Node]:
    """Yield the nodes of a model, then those in the bodies of its If, Loop and Scan."""
    yield from facts.model.nodes
    for bodies in facts.bodies.values():
        for body in bodies:
            yield from nodes_of(body.facts)


def find_layer(nodes: Sequence[Node], name: str) -> tuple[Node, ...]:
    """Return the nodes that a name means: a layer path, else a node name, else a tensor.

    Raises:
        UsageError: it means none; with the nearest names that there are.
    """
    for spelled in (str, plain):  # reports show control characters escaped
        for names in NAMES:
            if name and (found := tuple(n for n in nodes if name in map(spelled, names(n)))):
                return found
    near = get_close_matches(name, dict.fromkeys(node.path for node in nodes), 3)
    cure = (
        f"did you mean {' or '.join(near)}?" if near else "`cnnlint profile --static` lists them"
    )
    raise UsageError(f"the model has no layer {name!r}", cure)
