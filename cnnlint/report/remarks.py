"""What a reader must know to trust the numbers of a model."""

from collections.abc import Iterator, Sequence
from itertools import islice

from cnnlint.report import numbers
from cnnlint.report.escape import plain
from cnnlint.report.report import Coverage, ModelReport

MAX_NAMES = 20
"""Names that one remark lists; the others are counted."""
MAX_TEXTS = 5
"""Remarks of one kind; JSON has them all."""
_UNCOUNTED = (
    "is not counted, so all totals are lower bounds; where the shapes behind it are unknown, no "
    "rule looked: export with standard operators, or store the shapes in the file"
)
_UNSURE = {
    "If": "takes a branch by the data; the cheaper one is counted: totals are lower bounds",
    "Loop": "runs as often as the data asks for; one round is counted: totals are lower bounds",
    "Scan": "runs along an axis of unknown size; one round is counted: totals are lower bounds",
}


def remarks(model: ModelReport) -> Iterator[str]:
    """Yield what a reader must know to trust the numbers."""
    summary = model.summary
    if summary is None:
        return
    if summary.assumptions:
        yield f"assumed {_listed(summary.assumptions)}"
    if summary.free_dims:
        yield f"input size is open: {_listed(summary.free_dims)}; give it with --dim NAME=SIZE"
    for op, times in islice(summary.uncounted_ops.items(), MAX_NAMES):
        yield f"{plain(op)} ({numbers.plural(times, 'node')}) {_UNSURE.get(op, _UNCOUNTED)}"
    if len(summary.uncounted_ops) > MAX_NAMES:
        yield f"{len(summary.uncounted_ops) - MAX_NAMES:,} more operators are not counted"
    if summary.coverage.unresolved_shapes and not (summary.free_dims or summary.uncounted_ops):
        count = numbers.plural(summary.coverage.unresolved_shapes, "node")
        yield f"the shapes of {count} are unknown, and no rule that needs them looked there"
    yield from _gaps(summary.coverage)
    for text in model.odd_metadata[:MAX_TEXTS]:
        yield f"ignored in the recipe that the model's metadata holds: {plain(text)}"
    yield from untold(model)
    yield from map(plain, model.notes)


def untold(model: ModelReport) -> Iterator[str]:
    """Yield what makes a run fail though no finding tells of it."""
    for text in model.untold_defects[:MAX_TEXTS]:
        yield f"can't run: {plain(text)}"


def _listed(texts: Sequence[str]) -> str:
    more = f" and {len(texts) - MAX_NAMES:,} more" if len(texts) > MAX_NAMES else ""
    return ", ".join(map(plain, texts[:MAX_NAMES])) + more


def _gaps(coverage: Coverage) -> Iterator[str]:
    for text in coverage.newer_opsets:
        yield f"{plain(text)}, the newest known here: what nodes take was not checked"
    if missing := coverage.missing_data:
        more = f" and {numbers.plural(len(missing) - 1, 'other file')}" if missing[1:] else ""
        verb = "are" if more else "is"
        yield (
            f"weights are not here: {plain(missing[0])}{more} {verb} missing; rules on weights "
            "did not look, and the model can't be run"
        )
    for text in coverage.doubts[:MAX_TEXTS]:
        yield f"not checked: {plain(text)}"
