"""Which layers serve attention only: they make its queries, keys or values."""

from collections.abc import Mapping

from cnnlint.facts.activations.gates import data_operands
from cnnlint.facts.activations.roles import MATRIX_PRODUCTS
from cnnlint.model.graph import Key, Model, Node

MAX_NODES = 64
"""How many operators are looked at behind a layer."""


def only_attended(
    model: Model, data: frozenset[str], weighted: Mapping[Key, object], node: Node
) -> bool:
    """Return whether what a node makes goes nowhere but into products of two data matrices.

    Norms and changes of layout may lie between, layers with weights may not.
    """
    seen = set(node.outputs)
    front = list(seen)
    attended = False
    for _ in range(MAX_NODES):
        if not front:
            return attended
        name = front.pop()
        if name in model.outputs:
            return False
        for reader in model.consumers_of.get(name, ()):
            if reader.key in weighted:
                return False
            if reader.op in MATRIX_PRODUCTS and len(data_operands(reader, data)) > 1:
                attended = True
                continue
            fresh = [made for made in reader.outputs if made in data and made not in seen]
            seen.update(fresh)
            front += fresh
    return False
