"""Dense layers in series: the heads of networks that have more than a classifier."""

from collections.abc import Iterator
from dataclasses import dataclass

from cnnlint.facts.facts import Facts
from cnnlint.facts.layers import Dense
from cnnlint.model.graph import Key, Node


@dataclass(frozen=True, slots=True)
class Joint:
    """Two dense layers of which the second goes on from the first alone."""

    first: Dense
    second: Dense
    between: tuple[Node, ...]
    """What stands between them: activation, normalisation, Dropout."""


def dense_series(facts: Facts) -> tuple[tuple[Joint, ...], ...]:
    """Return the joints of dense layers in series, each series together, in execution order.

    A dense layer here is applied once to an image: not to each of its tokens, and not in a gate.
    Where the first one feeds several, they are one series with it.
    """
    images = facts.images
    own = {
        layer.node.key: layer
        for layer in facts.dense
        if images is not None and layer.rows == images and layer.node.key in facts.topology.trunk
    }
    series: dict[Key, list[Joint]] = {}
    for joint in _joints(facts, own):
        parts = series.setdefault(joint.first.node.key, [])
        parts.append(joint)
        series[joint.second.node.key] = parts
    return tuple({id(parts): tuple(parts) for parts in series.values()}.values())


def _joints(facts: Facts, own: dict[Key, Dense]) -> Iterator[Joint]:
    for layer in own.values():
        between: list[Node] = []
        for node in facts.upstream(layer.data):
            if node.key in facts.weighted:
                if node.key in own:
                    yield Joint(own[node.key], layer, tuple(reversed(between)))
                break
            between.append(node)
