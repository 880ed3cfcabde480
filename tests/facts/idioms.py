"""What is read off a small graph that holds one idiom of activations or gates."""

from collections.abc import Mapping
from typing import TypeAlias

from tests.facts.onnx_text import activations, graph

Idioms: TypeAlias = Mapping[str, tuple[str, Mapping[str, str]]]
"""Lines of a graph, and the role of each activation by its result."""


def roles_in(text: str, roles: Mapping[str, str]) -> dict[str, str]:
    """Return the role of each activation; a graph in which ``o`` has one returns that too."""
    outputs = "o, y" if "o" in roles else "y"
    return {a.result: str(a.role) for a in activations(graph(text, outputs)).all}


def gate_edges(text: str) -> set[tuple[str, str]]:
    """Return the edges of gates, by the gate's tensor and the result of the product."""
    model = graph(text)
    results = {node.key: node.outputs[0] for node in model.nodes}
    return {(name, results[key]) for name, key in activations(model).gate_edges}
