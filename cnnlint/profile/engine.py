"""A model in, a Report with its layers and their times out."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from cnnlint.errors import LoadError, ProfileError
from cnnlint.facts.facts import Facts
from cnnlint.model.binding import Bindings, check_all_used
from cnnlint.model.graph import Key
from cnnlint.model.loader import load
from cnnlint.model.source import sha256
from cnnlint.profile.run import Options, profile
from cnnlint.report.describe import body_reports, layer_rows, summary
from cnnlint.report.report import Failure, ModelReport


def profile_model(
    path: Path,
    bindings: Bindings,
    options: Options | None,
    progress: Callable[[str], None] | None = None,
    *,
    digest: bool = False,
) -> ModelReport:
    """Count what each layer costs and, given options, measure how long the model runs.

    Args:
        path: the model.
        bindings: sizes of open dimensions.
        options: how to measure, None to count only.
        progress: is told what comes next.
        digest: whether to hash the file, which reads every byte of it.

    Raises:
        UsageError: the bindings don't fit the model, or there is no such path.
        ProfileError: the model can't be run here.
    """
    try:
        model = load(path, bindings)
    except LoadError as error:
        return ModelReport(str(path), failure=Failure(error.code, error.cause, error.cure))
    check_all_used(bindings, [model])
    facts = Facts(model)
    hashed = sha256(path) if digest else None
    if options is None:
        return _counted(facts, hashed)
    if model.free_dims:
        raise ProfileError(
            f"the size of the input is open: {', '.join(model.free_dims)}",
            "give it with --dim NAME=SIZE or --input-shapes",
        )
    measured = profile(model, options, progress)
    times = measured.layers
    others = {"(layout reorders)": times.overhead_ms, "(between kernels)": times.gap_ms}
    if times.unmapped_ms:
        others["(kernels of unknown origin)"] = times.unmapped_ms
    return replace(
        _counted(facts, hashed, times.by_node), latency=measured.latency, layer_times=others
    )


def _counted(
    facts: Facts, hashed: str | None, times: Mapping[Key, float] | None = None
) -> ModelReport:
    return ModelReport(
        facts.model.origin.path,
        hashed,
        summary=summary(facts, thorough=True),
        layers=layer_rows(facts, times),
        bodies=body_reports(facts),
    )
