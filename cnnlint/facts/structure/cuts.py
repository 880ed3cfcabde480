"""Where all paths of a network meet: the ends of its blocks and modules."""

from collections.abc import Set as AbstractSet

from cnnlint.model.graph import Key, Model, Node


def cut_points(
    model: Model,
    output: str,
    trunk: AbstractSet[Key],
    gate_edges: AbstractSet[tuple[str, Key]],
) -> tuple[Node, ...]:
    """Return the nodes that every path from an input to an output goes through, in order.

    In an order in which nodes can run that is a node over which no edge jumps; so one pass is
    enough.

    Args:
        model: the model.
        output: the name of the output.
        trunk: the nodes on a path from an input to an output that passes no gate.
        gate_edges: a tensor and the node that gates something by it: no path.
    """
    wanted, last_read, nodes = {output}, {output: len(model.nodes)}, []
    for place in range(len(model.nodes) - 1, -1, -1):
        node = model.nodes[place]
        if node.key in trunk and not wanted.isdisjoint(node.outputs):
            nodes.append((place, node))
            for name in node.inputs:
                if (name, node.key) not in gate_edges:
                    wanted.add(name)
                    last_read.setdefault(name, place)
    far = max((last_read.get(entry.name, -1) for entry in model.inputs), default=-1)
    cuts = []
    for place, node in reversed(nodes):
        if far <= place:
            cuts.append(node)
        far = max(far, *(last_read.get(name, -1) for name in node.outputs))
    return tuple(cuts)
