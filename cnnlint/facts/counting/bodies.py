"""What an If, Loop or Scan costs: what its bodies do, times how often they run.

Which branch of an If runs depends on data, so the cheaper one counts; a body that runs nobody
knows how often counts once. Both make the total a lower bound where it could be more.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cnnlint.facts.counting.cost import Cost

if TYPE_CHECKING:
    from cnnlint.facts.facts import Facts


@dataclass(frozen=True, slots=True)
class BodyFacts:
    """One body, as a graph of its own."""

    name: str
    """``then_branch``, ``else_branch`` or ``body``."""
    runs: int | None
    """How often it runs; None where that depends on data."""
    facts: "Facts"


def cost_of_bodies(op: str, bodies: Sequence[BodyFacts]) -> Cost:
    """Return the cost of a node from those of its bodies; None where one is unknown.

    It is not counted, but a lower bound, where the data decides what it is.
    """
    return Cost(
        macs=over_runs(op, bodies, [body.facts.macs for body in bodies]),
        flops=over_runs(op, bodies, [body.facts.flops for body in bodies]),
        counted=_is_sure(op, bodies),
    )


def over_runs(op: str, bodies: Sequence[BodyFacts], once: Sequence[int | None]) -> int | None:
    """Return what one run of each body does ``once`` for all runs of the node.

    A body that never runs does nothing, whether known or not.
    """
    runs = [1 if body.runs is None else body.runs for body in bodies]
    counts = [0 if n == 0 else c if c is None else c * n for c, n in zip(once, runs, strict=True)]
    known = [count for count in counts if count is not None]
    if len(known) < len(counts):
        return None
    return min(known) if op == "If" else sum(known)


def _is_sure(op: str, bodies: Sequence[BodyFacts]) -> bool:
    """Return whether a node costs the same whatever the data."""
    counts = [(body.facts.macs, body.facts.flops) for body in bodies]
    if op == "If":
        return len(set(counts)) == 1
    return all(b.runs is not None or c == (0, 0) for b, c in zip(bodies, counts, strict=True))
