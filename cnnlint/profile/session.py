"""A model in onnxruntime: how the session is set up, and what it is fed."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Protocol, TypeAlias, cast

from cnnlint.errors import ProfileError
from cnnlint.model.binding import dim_name
from cnnlint.model.graph import Input, Model, StaticShape
from cnnlint.profile.devices import CPU

if TYPE_CHECKING:
    import numpy as np

    from cnnlint.model.graph import Array

    Feed: TypeAlias = Mapping[str, Array]

SETTINGS = {
    "session.intra_op.allow_spinning": "0",
    "session.inter_op.allow_spinning": "0",
}
"""Threads that wait without spinning take no time from anybody else."""

FATAL = 4
"""Log severity. Errors arrive as exceptions; what else onnxruntime prints is for its makers."""

MAX_MESSAGE = 300


class Session(Protocol):
    """What is used of ``onnxruntime.InferenceSession``, which ships no types."""

    def run(self, output_names: None, input_feed: "Feed") -> Sequence[object]:
        """Run the model once and return all its outputs."""

    def end_profiling(self) -> str:
        """Close the trace and return the path of its file."""


def open_session(
    runtime: ModuleType, model: Model, threads: int, trace: Path | None = None
) -> Session:
    """Create a session on the CPU, every optimisation on, open dimensions frozen.

    ``trace`` is the start of the path of a trace file to be written.

    Raises:
        ProfileError: the model can't be found, or onnxruntime refuses it.
    """
    file = _runnable_file(model)
    options = runtime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.graph_optimization_level = runtime.GraphOptimizationLevel.ORT_ENABLE_ALL
    options.log_severity_level = FATAL
    runtime.set_default_logger_severity(FATAL)
    for key, value in SETTINGS.items():
        options.add_session_config_entry(key, value)
    for name, size in frozen_dims(model.inputs).items():
        options.add_free_dimension_override_by_name(name, size)
    if trace is not None:
        options.enable_profiling = True
        options.profile_file_prefix = str(trace)
    with runtime_errors("load"):
        return cast("Session", runtime.InferenceSession(str(file), options, providers=[CPU]))


def _runnable_file(model: Model) -> Path:
    """Return the path to run from, which is how external weights are found.

    Runtimes hang or die on some models that can't run, so these never get there.
    """
    name, missing = one_line(model.origin.path), model.origin.missing_data
    if model.obstacles:
        raise ProfileError(
            f"{name} can't run: {one_line(model.obstacles[0].text)}",
            "`cnnlint check` says where and what to do; --static counts what can be counted",
        )
    if missing:
        more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
        raise ProfileError(
            f"the weights of {name} are missing: there is no {one_line(str(missing[0]))}{more}",
            "put the file there, or use --static",
        )
    if model.origin.file is None:
        raise ProfileError(
            f"{name} is not a file, and only a file can be run",
            "save the model and give its path, or use --static",
        )
    return model.origin.file


def frozen_dims(inputs: Sequence[Input]) -> dict[str, int]:
    """Return the size of every named open dimension that all inputs agree on."""
    sizes: dict[str, set[int]] = {}
    for entry in inputs:
        for declared, size in zip(entry.declared or (), entry.bound or (), strict=False):
            if isinstance(declared, str) and size is not None:
                sizes.setdefault(declared, set()).add(size)
    return {name: next(iter(found)) for name, found in sizes.items() if len(found) == 1}


def make_feed(inputs: Sequence[Input], seed: int) -> "Feed":
    """Return random inputs: standard normal floats, integers that are 0 or 1, booleans.

    Integers stay that small because they may be indices; those of up to one axis are 1,
    because they may be sizes.

    Raises:
        ProfileError: an input has an unknown size, or a type that can't be generated.
    """
    import numpy as np  # noqa: PLC0415  (as late as onnxruntime itself)

    rng = np.random.default_rng(seed)
    return {entry.name: _array(entry, _shape(entry), rng) for entry in inputs}


def _shape(entry: Input) -> StaticShape:
    if entry.bound is None:
        raise ProfileError(
            f"the shape of input {one_line(entry.name)} is unknown",
            f"give --input-shapes {one_line(entry.name)}:SIZE,SIZE,..., or use --static",
        )
    sizes = tuple(size for size in entry.bound if size is not None)
    if len(sizes) != len(entry.bound):
        name = one_line(dim_name(entry, entry.bound.index(None)))
        raise ProfileError(
            f"dimension {name} of input {one_line(entry.name)} is unknown",
            f"give --dim {name}=SIZE, or use --static",
        )
    return sizes


def _array(entry: Input, shape: StaticShape, rng: "np.random.Generator") -> "Array":
    import numpy as np  # noqa: PLC0415  (see make_feed)

    try:
        dtype = np.dtype(entry.dtype or "void")
    except TypeError:
        dtype = np.dtype("void")
    match dtype.kind:
        case "f":
            return rng.standard_normal(shape, np.float32).astype(dtype)
        case "i" | "u" if len(shape) > 1:
            return rng.integers(0, 2, shape).astype(dtype)
        case "i" | "u":
            return np.ones(shape, dtype)
        case "b":
            return rng.integers(0, 2, shape).astype(dtype)
        case _:
            raise ProfileError(
                f"input {one_line(entry.name)} is of type {entry.dtype or 'unknown'}, "
                "which can't be generated",
                "use --static",
            )


@contextmanager
def runtime_errors(doing: str) -> Iterator[None]:
    """Turn whatever onnxruntime raises into one line.

    Raises:
        ProfileError: onnxruntime failed to do what ``doing`` says.
    """
    try:
        yield
    except Exception as error:  # onnxruntime's exceptions have no base class of their own
        raise ProfileError(
            f"onnxruntime can't {doing} this model: {one_line(str(error))}",
            "check the model and its input shapes, or use --static",
        ) from error


def one_line(message: str) -> str:
    """Return a text from outside on one line, control characters escaped, not too long."""
    line = " ".join(message.split()) or "no reason given"
    shown = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in line)
    return shown if len(shown) <= MAX_MESSAGE else f"{shown[: MAX_MESSAGE - 1]}…"
