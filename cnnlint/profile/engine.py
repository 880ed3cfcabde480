"""A model in, a Report with its layers and their times out."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from cnnlint.errors import LoadError, ProfileError
from cnnlint.facts.facts import Facts
from cnnlint.model.binding import Bindings, check_all_used
from cnnlint.model.graph import Model
from cnnlint.model.loader import load
from cnnlint.model.source import sha256
from cnnlint.model.watchdog import memory_limit, time_limit
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
) -> tuple[ModelReport, Model | None]:
    """Count what each layer costs and, given options, measure how long the model runs.

    Args:
        path: the model.
        bindings: sizes of open dimensions.
        options: how to measure, None to count only.
        progress: is told what comes next.
        digest: whether to hash the file, which reads every byte of it.

    Returns:
        The report, and the model unless it could not be read.

    Raises:
        UsageError: the bindings don't fit the model, or there is no such path.
        ProfileError: the model can't be run here.
    """
    try:
        with time_limit(str(path)), memory_limit(str(path)):
            model = load(path, bindings)
            facts = Facts(model)
            counted = ModelReport(
                model.origin.path,
                sha256(path) if digest else None,
                summary=summary(facts, thorough=True),
                layers=layer_rows(facts),
                bodies=body_reports(facts),
            )
    except LoadError as error:
        failure = Failure(error.code, error.cause, error.cure)
        return ModelReport(str(path), failure=failure), None
    check_all_used(bindings, [model.inputs])
    if options is None:
        return counted, model
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
    layers = layer_rows(facts, times.by_node)
    return replace(counted, layers=layers, latency=measured.latency, layer_times=others), model
