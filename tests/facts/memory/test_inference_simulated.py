"""Memory of random graphs against a simulation that looks at every tensor at every step."""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from cnnlint.facts.memory.inference import memory
from cnnlint.facts.memory.schedule import schedule
from cnnlint.model.graph import Model, Node, Origin, Value

OUTSIDE = ("input", "weight")
OPERANDS = {"Relu": 1, "Identity": 1, "Exp": 1, "Add": 2, "Split": 1, "If": 1}


@st.composite
def models(draw: st.DrawFn) -> Model:
    """Draw a graph of up to 12 nodes, each on tensors that are there, of 1 to 3 numbers."""
    there, nodes = list(OUTSIDE), []
    for index in range(draw(st.integers(1, 12))):
        op = draw(st.sampled_from(sorted(OPERANDS)))
        read = tuple(draw(st.sampled_from(there)) for _ in range(OPERANDS[op]))
        made = tuple(f"t{index}{letter}" for letter in ("ab" if op == "Split" else "a"))
        captures = (draw(st.sampled_from(there)),) if op == "If" else ()
        nodes.append(Node(("", index), "", op, "", read, made, {}, f"n{index}", None, captures))
        there += made
    sizes = {name: draw(st.integers(1, 3)) for name in there}
    outputs = draw(st.lists(st.sampled_from(there), min_size=1, max_size=3, unique=True))
    return Model(
        origin=Origin("<bytes>", None, 0),
        name="",
        ir_version=8,
        opsets={"": 17},
        producer="",
        metadata={},
        inputs=(),
        outputs=tuple(outputs),
        nodes=tuple(nodes),
        values={name: Value(name, "uint8", (size,)) for name, size in sizes.items()},
    )


def simulate(model: Model, order: Sequence[Node]) -> list[int]:
    """Return the bytes in use at each step, each tensor and each later node looked at anew."""
    lies_in: dict[str, int] = {}
    sizes: dict[int, int] = {}
    used = []
    for step, node in enumerate(order):
        for name in node.outputs:
            first, kept = node.inputs[0], name in model.outputs
            if node.op == "Identity" and not kept:
                if first in lies_in:
                    lies_in[name] = lies_in[first]
                continue
            if node.op == "Relu" and not kept and first in lies_in:
                shared = {n for n, buffer in lies_in.items() if buffer == lies_in[first]}
                as_large = size(model, first) == size(model, name)
                if as_large and not is_wanted(model, shared, order[step + 1 :]):
                    lies_in[name] = lies_in[first]
                    continue
            lies_in[name] = len(sizes)
            sizes[len(sizes)] = size(model, name)
        buffers = {b: {n for n in lies_in if lies_in[n] == b} for b in sizes}
        alive = [b for b in sizes if is_alive(model, buffers[b], order, step)]
        used.append(sum(sizes[b] for b in alive))
    return used


def is_wanted(model: Model, names: set[str], nodes: Sequence[Node]) -> bool:
    return bool(names & set(model.outputs)) or any(names & reads(n) for n in nodes)


def is_alive(model: Model, names: set[str], order: Sequence[Node], step: int) -> bool:
    never_read = not any(names & reads(node) for node in order)
    return never_read or is_wanted(model, names, order[step:])


def reads(node: Node) -> set[str]:
    return {*node.inputs, *node.captures}


def size(model: Model, name: str) -> int:
    (sides,) = model.values[name].shape or ()
    return sides or 0


@given(models())
def test_bytes_in_use(model: Model) -> None:
    order = schedule(model)
    found = memory(model)
    expected = simulate(model, order)
    assert found.in_use == dict(zip((node.key for node in order), expected, strict=True))
    assert found.peak_activation_bytes == max(expected)
    assert sum(held.bytes for held in found.alive_at_peak) == max(expected)


@given(models())
def test_every_node_runs_once_and_after_what_it_reads(model: Model) -> None:
    order = schedule(model)
    assert sorted(node.key for node in order) == [node.key for node in model.nodes]
    there = set(OUTSIDE)
    for node in order:
        assert there.issuperset(reads(node))
        there.update(node.outputs)
