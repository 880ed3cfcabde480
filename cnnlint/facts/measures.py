"""What a model costs, each figure with why it may be more than is known of it.

A budget that takes a lower bound for the cost is kept by not knowing; so each figure says what
it leaves out:

- MACs: operators that can't be counted, bodies that run nobody knows how often, open sizes,
- peak memory: open sizes, and what happens inside of If, Loop and Scan,
- parameters and their bytes: what a foreign operator reads may be weights; weights of unknown
  size. Neither missing data files nor bodies make a difference: shape and type of every weight
  stand in the model, and the weights of all bodies count, whichever run,
- plain run: a foreign operator that reads weights may be a layer, or several; so may be If, Loop
  and Scan with layers inside; a layer whose weight has no known size isn't recognised,
- file size: data files that are not here.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from cnnlint.facts.dataflow import size_in_bytes
from cnnlint.facts.facts import Facts
from cnnlint.facts.layers import CONV_OPERANDS, DENSE_OPERANDS, NHWC_OPERANDS, RECURRENT
from cnnlint.facts.weights.parameters import may_be_learnt, unsized
from cnnlint.model.graph import Node

NAMED = 3
"""How many operators, layers or files a reason names; the others are counted."""
_WITH_BODIES: Mapping[str, str] = {
    "If": "which branch of If runs",
    "Loop": "how often Loop runs",
    "Scan": "how often Scan runs",
}
_WEIGHT_AT: Mapping[str, tuple[int, ...]] = {
    **{op: (weight,) for op, (_, weight, _) in {**CONV_OPERANDS, **NHWC_OPERANDS}.items()},
    **DENSE_OPERANDS,
    **dict.fromkeys(RECURRENT, (1,)),
}
"""Where the operators that are layers with weights may have them."""


@dataclass(frozen=True, slots=True)
class Measure:
    """What a model costs by one count."""

    value: int | None
    """At least so much where ``unsure`` says something; None where not even that is known."""
    unsure: str = ""
    """Why nobody knows how much it is, in words; "" where the value is exact."""
    cure: str = ""
    """What would make it known, in words; "" where nothing simple would."""

    @property
    def exact(self) -> int | None:
        """The value where it is exact."""
        return None if self.unsure else self.value


def params(facts: Facts) -> Measure:
    """Return the number of parameters."""
    return Measure(facts.params, "; ".join(_hidden_weights(facts)))


def weight_bytes(facts: Facts) -> Measure:
    """Return the bytes of the parameters as stored."""
    odd = [p.name for p in facts.unique_parameters if size_in_bytes(1, p.dtype) is None]
    why = [f"the type of {_listed(odd)} is unknown"] if odd else []
    return Measure(facts.weight_bytes, "; ".join((*_hidden_weights(facts), *why)))


def macs(facts: Facts) -> Measure:
    """Return the MACs of a run at the bound shapes."""
    if facts.macs is None:
        return Measure(None, _unresolved(facts), _binding(facts))
    return Measure(facts.macs, "; ".join(_uncounted(facts)))


def peak_memory(facts: Facts) -> Measure:
    """Return the bytes that activations take at once."""
    peak = facts.memory.peak_activation_bytes
    if peak is None:
        return Measure(None, _unresolved(facts), _binding(facts))
    why = "what the bodies of If, Loop and Scan take isn't counted" if facts.bodies else ""
    return Measure(peak, why)


def plain_run(facts: Facts) -> Measure:
    """Return how many layers stand in series with no way around them."""
    return Measure(facts.topology.plain_run_units, "; ".join(_hidden_layers(facts)))


def file_size(facts: Facts) -> Measure:
    """Return the bytes of the model file and its data files."""
    origin = facts.model.origin
    size = origin.size + origin.data_bytes
    missing, elsewhere = [file.name for file in origin.missing_data], origin.unmeasured_data
    why = [f"{_listed(missing)} {'are' if missing[1:] else 'is'} missing"] if missing else []
    why += [f"{_listed(elsewhere)} can't be looked for"] if elsewhere else []
    cure = "put all data files beside the model" if why else ""
    return Measure(size, "; ".join(why), cure)


MEASURES: Mapping[str, Callable[[Facts], Measure]] = {
    "params": params,
    "macs": macs,
    "weight_bytes": weight_bytes,
    "peak_memory": peak_memory,
    "file_size": file_size,
    "plain_run": plain_run,
}
"""Every cost by its name; each takes time only when it is called."""


def _hidden_weights(facts: Facts) -> Iterator[str]:
    """Yield why there may be more parameters than are counted."""
    if ops := _opaque_ops(facts):
        yield f"what {_listed(ops)} reads may be weights, or not"
    if names := _unsized(facts):
        yield f"the size of {_listed(names)} is unknown"


def _hidden_layers(facts: Facts) -> Iterator[str]:
    """Yield why more layers may stand in series than are seen."""
    for path in _untyped(facts):
        yield f"{path} may be a layer: the size of its weight is unknown"
    if ops := _opaque_ops(facts):
        yield f"{_listed(ops)} may hold layers"
    if inner := [node.op for node in facts.working if _holds_layers(facts, node)]:
        yield f"nobody knows which layers inside of {_listed(inner)} run in series"
    if not facts.topology.exhaustive:
        yield "there are more outputs than are looked at"


def _opaque_ops(facts: Facts) -> list[str]:
    """Return the operators that nobody knows and that may hold layers, bodies' too."""
    ops = [node.op for node in facts.working if _is_opaque(facts, node)]
    return ops + [op for inner in _inside(facts) for op in _opaque_ops(inner)]


def _is_opaque(facts: Facts, node: Node) -> bool:
    if facts.costs[node.key].counted or node.key in facts.bodies:
        return False
    constants = (n for n in node.inputs if n and n not in facts.data)
    return node.op in _WITH_BODIES or any(
        may_be_learnt(facts.model.value(name)) for name in constants
    )


def _unsized(facts: Facts) -> list[str]:
    names = list(unsized(facts.working, facts.model, facts.data))
    return names + [name for inner in _inside(facts) for name in _unsized(inner)]


def _untyped(facts: Facts) -> Iterator[str]:
    """Yield the first node that may be a layer with weights, were their size known."""
    for node in facts.nodes:
        operands = (node.inputs[i] for i in _WEIGHT_AT.get(node.op, ()) if i < len(node.inputs))
        constants = (name for name in operands if name and name not in facts.data)
        if any(facts.model.static(name) is None for name in constants):
            yield node.path
            return


def _holds_layers(facts: Facts, node: Node) -> bool:
    """Return whether there are layers with weights in the bodies of a node."""
    inner = [body.facts for body in facts.bodies.get(node.key, ())]
    return any(
        f.weighted or any(_untyped(f)) or any(_holds_layers(f, n) for n in f.working)
        for f in inner
    )


def _inside(facts: Facts) -> Iterator[Facts]:
    return (body.facts for bodies in facts.bodies.values() for body in bodies)


def _uncounted(facts: Facts) -> Iterator[str]:
    ops = facts.uncounted_ops
    yield from (f"{why} depends on the data" for op, why in _WITH_BODIES.items() if op in ops)
    if others := [op for op, times in ops.items() for _ in range(times) if op not in _WITH_BODIES]:
        verb = "costs" if len(others) == 1 else "cost"
        yield f"what {_listed(others)} {verb} is unknown"


def _unresolved(facts: Facts) -> str:
    nodes = facts.unresolved
    if not nodes:
        return "the size of a tensor is unknown"
    others = len(nodes) - 1
    more = f" and of {others:,} more node{'s' * (others > 1)}" if others else ""
    return f"the size of the output of {nodes[0].path}{more} is unknown"


def _binding(facts: Facts) -> str:
    """Return how to give the sizes that are open."""
    names = facts.model.free_dims
    if not names:
        return ""
    more = f", and of {len(names) - NAMED:,} more" if len(names) > NAMED else ""
    options = " ".join(f"--dim {name}=SIZE" for name in names[:NAMED])
    return f"give the open sizes: {options}{more}"


def _listed(names: Iterable[str]) -> str:
    """Return names, each once with how often it occurs, and how many are left out."""
    every = list(names)
    unique: Sequence[str] = list(dict.fromkeys(every))
    shown = [
        f"{name} x{every.count(name)}" if every.count(name) > 1 else name
        for name in unique[:NAMED]
    ]
    more = f" and {len(unique) - NAMED:,} more" if len(unique) > NAMED else ""
    return f"{', '.join(shown)}{more}"
