"""The order in which onnxruntime runs the nodes of a model, which is not that of the file."""

from cnnlint.model.graph import Model, Node


def schedule(model: Model) -> tuple[Node, ...]:
    """Return the nodes in onnxruntime's default order, without Constants: these are stored.

    It walks back from the nodes whose outputs no other node reads, the last of them first, and
    at each node enters the producer that stands last in the file first; a node runs once all of
    its producers have. Source: ``Graph::ReverseDFSFrom`` as ``GraphViewer`` calls it for
    ``ExecutionOrder::DEFAULT`` (onnxruntime/core/graph), confirmed with its profiler.
    """
    nodes = [node for node in model.nodes if node.op != "Constant"]
    producer = {name: index for index, node in enumerate(nodes) for name in node.outputs if name}
    before = [
        sorted({producer[name] for name in (*node.inputs, *node.captures) if name in producer})
        for node in nodes
    ]
    read = {index for indices in before for index in indices}
    stack = [(index, False) for index in range(len(nodes)) if index not in read]
    entered: set[int] = set()
    order: list[Node] = []
    while stack:
        index, ready = stack.pop()
        if ready:
            order.append(nodes[index])
        elif index not in entered:
            entered.add(index)
            stack.append((index, True))
            stack += [(source, False) for source in before[index]]
    return tuple(order)
