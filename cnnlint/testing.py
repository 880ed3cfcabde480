"""What a test of a rule says: it finds this and only this, it is silent about that.

::

    assert_finds(thin_layer, "net.onnx", "stem.conv")
    assert_silent(thin_layer, "net.onnx", min_channels=4)
"""

from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from pathlib import Path
from typing import Protocol, TypeAlias

from cnnlint.facts.facts import Facts
from cnnlint.lint.finding import Finding, Remark, Silence, Unchecked
from cnnlint.lint.rule import OptionValue, Rule
from cnnlint.model.graph import Node
from cnnlint.model.loader import load


class Serializable(Protocol):
    """What ``onnx.ModelProto`` and its like can do."""

    def SerializeToString(self) -> bytes:  # noqa: N802  (that is what protobuf calls it)
        """Return the bytes of a model."""
        ...


AnyModel: TypeAlias = str | Path | bytes | Serializable | Facts
"""A path, a model's bytes, an ``onnx.ModelProto``, or facts that are there already."""


def assert_finds(
    rule: Rule, model: AnyModel, /, *layers: str, **options: OptionValue
) -> list[Finding]:
    """Fail unless a rule finds these layers, and nothing that is about none of them.

    Args:
        rule: the rule.
        model: the model that it looks at.
        layers: layer paths as a report shows them; names of nodes and outputs will do. None means
            that it finds anything at all.
        options: options of the rule, by name.

    Returns:
        The findings, for a closer look.

    Raises:
        AssertionError: it finds something else; says what, and why it is silent elsewhere.
    """
    __tracebackhide__ = True
    facts = _facts(model)
    remarks = list(rule.remarks(facts, options))
    findings = [remark for remark in remarks if isinstance(remark, Finding)]
    wanted = {layer: _node(facts, layer).key for layer in layers}
    found = [(finding, {node.key for node in finding.nodes}) for finding in findings]
    missing = [layer for layer in layers if not any(wanted[layer] in keys for _, keys in found)]
    stray = [finding for finding, keys in found if layers and not keys & set(wanted.values())]
    if missing:
        raise AssertionError(_told(rule, f"does not find {', '.join(missing)}", remarks))
    if stray:
        raise AssertionError(_told(rule, "finds more than that", remarks))
    if not findings:
        raise AssertionError(_told(rule, "finds nothing", remarks))
    return findings


def assert_silent(rule: Rule, model: AnyModel, /, **options: OptionValue) -> None:
    """Fail if a rule finds anything.

    Args:
        rule: the rule.
        model: the model that it looks at.
        options: options of the rule, by name.

    Raises:
        AssertionError: it does; says what.
    """
    __tracebackhide__ = True
    remarks = list(rule.remarks(_facts(model), options))
    if any(isinstance(remark, Finding) for remark in remarks):
        raise AssertionError(_told(rule, "is not silent", remarks))


def _facts(model: AnyModel) -> Facts:
    if isinstance(model, Facts):
        return model
    if isinstance(model, str | Path | bytes):
        return Facts(load(model))
    return Facts(load(model.SerializeToString()))


def _node(facts: Facts, layer: str) -> Node:
    """Return a layer by its path, or by the name of its node or of one of its outputs.

    Raises:
        AssertionError: there is none, with what there is.
    """
    __tracebackhide__ = True
    nodes = facts.model.nodes
    for node in nodes:
        if layer in (node.path, node.name, *node.outputs):
            return node
    paths = [node.path for node in nodes]
    near = get_close_matches(layer, paths, 5) or paths[:5]
    raise AssertionError(f"the model has no layer {layer!r}; it has {', '.join(near)} …")


def _told(rule: Rule, what: str, remarks: Iterable[Remark]) -> str:
    lines = list(_lines(remarks)) or ["no finding, and no reason given"]
    return "\n  ".join([f"{rule.code} {rule.name} {what}:", *lines])


def _lines(remarks: Iterable[Remark]) -> Iterator[str]:
    for remark in remarks:
        match remark:
            case Finding(nodes=nodes, message=message):
                where = ", ".join(node.path for node in nodes) or "the model"
                yield f"finding on {where}: {message}"
            case Silence(node=node, reason=reason):
                yield f"silent about {node.path if node else 'the model'}: {reason}"
            case Unchecked(needs=needs):
                yield f"not checked: needs {', '.join(needs)}"
