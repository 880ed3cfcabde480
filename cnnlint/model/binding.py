"""Dimensions that the model leaves open, and what they are bound to."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import get_close_matches

from cnnlint.errors import UsageError
from cnnlint.model.graph import Input, Shape, StaticShape

_SIZE = re.compile(r"[1-9][0-9]{0,17}")
"""A positive number that fits the 64 bits of a size."""
IMAGE_SIZE = 224
"""Height and width of an image where nothing else is asked for; ImageNet's usual crop."""
IMAGE_CHANNELS = 4
"""Colours, and transparency; what has more is a map of features."""
BATCH_NAMES = re.compile(r"(n|b|bs|batch(_?size|_?dim)?)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Bindings:
    """What the user asked for: ``--batch``, ``--dim`` and ``--input-shapes``.

    ``shapes`` is keyed by input name; the key "" stands for the only input. What is usual is
    used where nothing else is asked for, and a model need not have it.
    """

    batch: int | None = None
    dims: Mapping[str, int] = field(default_factory=dict)
    shapes: Mapping[str, StaticShape] = field(default_factory=dict)
    usual_batch: int | None = None
    usual_dims: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Bound:
    """The inputs with their bound shapes, the symbols behind them, and what was assumed."""

    inputs: tuple[Input, ...]
    symbols: Mapping[str, int]
    assumptions: tuple[str, ...]
    free_dims: tuple[str, ...]


def parse_dims(texts: Iterable[str]) -> dict[str, int]:
    """Read ``height=224`` options.

    Raises:
        UsageError: not of that form, or not a positive size.
    """
    dims = {}
    for text in texts:
        name, _, size = (part.strip() for part in text.rpartition("="))
        if not name or not _SIZE.fullmatch(size):
            raise UsageError(
                f"--dim {text!r} is not NAME=SIZE", "write for example --dim height=224"
            )
        dims[name] = int(size)
    return dims


def parse_shapes(texts: Iterable[str]) -> dict[str, StaticShape]:
    """Read ``input:1,3,224,224`` options; ``x`` separates too, brackets and the name may go.

    Raises:
        UsageError: not of that form.
    """
    shapes = {}
    for text in texts:
        match = re.fullmatch(r"(?:(.*):)?\s*[\[(]?([^:\[(\])]*)[\])]?\s*", text)
        sizes = [size.strip() for size in re.split("[,x]", match[2])] if match else []
        if not match or not all(map(_SIZE.fullmatch, sizes)):
            raise UsageError(
                f"--input-shapes {text!r} is not NAME:SIZE,SIZE,...",
                "write for example --input-shapes input:1,3,224,224; sizes start at 1",
            )
        shapes[(match[1] or "").strip()] = tuple(map(int, sizes))
    return shapes


def bind(inputs: Sequence[Input], bindings: Bindings, *, usual_batch: int | None = 1) -> Bound:
    """Give every open dimension of the inputs a size, as far as that is possible.

    Asked-for sizes come first. An open first axis (of two or more), and any dimension that
    shares its symbol or is called like a batch, becomes the batch: ``usual_batch`` unless asked.
    Other open dimensions stay None, and are named.

    Raises:
        UsageError: a shape of the wrong rank or unlike the declared one or another option, a
            bare shape for several inputs.
    """
    shapes = {_the_only(inputs) if name == "" else name: s for name, s in bindings.shapes.items()}
    symbols = dict(bindings.dims)
    for entry in inputs:
        _learn_symbols(entry, shapes.get(entry.name), symbols)
    batch = _batch_dims(inputs) - symbols.keys()
    if bindings.batch:
        symbols |= dict.fromkeys(batch, bindings.batch)
    symbols = {**bindings.usual_dims, **symbols}
    batch -= symbols.keys()
    images = bindings.usual_batch or usual_batch
    if images is not None:
        symbols |= dict.fromkeys(batch, images)
    assumed = sorted(batch) if images and not bindings.usual_batch else []
    bound: list[Input] = []
    free: dict[str, None] = {}
    for entry in inputs:
        shape = shapes.get(entry.name) or _substitute(entry, symbols)
        for axis, size in enumerate(shape or ()):
            if size is None:
                free[dim_name(entry, axis)] = None
        bound.append(Input(entry.name, entry.dtype, entry.declared, shape))
    return Bound(
        tuple(bound), symbols, tuple(f"{name} = {images}" for name in assumed), tuple(free)
    )


def with_image_size(inputs: Sequence[Input], bindings: Bindings) -> Bindings | None:
    """Return the bindings with the usual size for images of open height and width.

    Costs are published at 224 x 224 for most networks that take any size. None where no input
    is such an image (four axes, few channels first or last, both other sizes open), or where
    any of its sizes was asked for.
    """
    sides = [name for entry in inputs for name in _image_sides(entry)]
    asked = bindings.dims.keys() | bindings.usual_dims.keys()
    if not sides or bindings.shapes or asked & set(sides):
        return None
    return replace(bindings, dims={**bindings.dims, **dict.fromkeys(sides, IMAGE_SIZE)})


def open_sizes(inputs: Iterable[Input]) -> dict[str, int]:
    """Return the dimensions that the file leaves open, and what they are bound to."""
    return {
        dim_name(entry, axis): size
        for entry in inputs
        for axis, (declared, size) in enumerate(
            zip(entry.declared or (), entry.bound or (), strict=False)
        )
        if size is not None and not isinstance(declared, int)
    }


def dim_name(entry: Input, axis: int) -> str:
    """Return how ``--dim`` calls an axis: its symbol, or ``input.2`` where it has none."""
    declared = entry.declared[axis] if entry.declared else None
    return declared if isinstance(declared, str) else f"{entry.name}.{axis}"


def check_all_used(bindings: Bindings, models: Sequence[Sequence[Input]]) -> None:
    """Refuse names that none of the models has, so that a typing error is not ignored.

    Args:
        bindings: what was asked for.
        models: the inputs of each model.

    Raises:
        UsageError: an unknown dimension or input, with the nearest known one; or a batch asked
            for where every model has a fixed one.
    """
    inputs = [entry for model in models for entry in model]
    open_dims = {
        dim_name(entry, axis): None
        for entry in inputs
        for axis, size in enumerate(entry.declared or ())
        if not isinstance(size, int)
    }
    for name in bindings.dims:
        if models and name not in open_dims:
            raise _unknown("dimension", name, list(open_dims))
    for name in bindings.shapes:
        if models and name and name not in {entry.name for entry in inputs}:
            raise _unknown("input", name, [entry.name for entry in inputs])
    if models and bindings.batch and not _batch_dims(inputs):
        raise UsageError(
            "--batch changes nothing: the batch of every input is fixed in the file",
            "export with a dynamic batch axis, or give --input-shapes",
        )


def _unknown(kind: str, name: str, known: list[str]) -> UsageError:
    near = get_close_matches(name, known, 1)
    cure = f"did you mean {near[0]!r}?" if near else f"there is {', '.join(known) or 'none'}"
    return UsageError(f"no model has the {kind} {name!r}", cure)


def _the_only(inputs: Sequence[Input]) -> str:
    if len(inputs) != 1:
        names = ", ".join(entry.name for entry in inputs)
        raise UsageError(
            f"--input-shapes without a name, but the model has {len(inputs)} inputs",
            f"name one of them: {names}",
        )
    return inputs[0].name


def _learn_symbols(entry: Input, shape: StaticShape | None, symbols: dict[str, int]) -> None:
    """Note what a shape that was asked for says about the open dimensions it fills."""
    if shape is None or entry.declared is None:
        return
    if len(shape) != len(entry.declared):
        raise UsageError(
            f"--input-shapes gives {len(shape)} sizes, but input {entry.name!r} has "
            f"{len(entry.declared)} axes",
            "give one size an axis",
        )
    for axis, (declared, size) in enumerate(zip(entry.declared, shape, strict=True)):
        name = dim_name(entry, axis)
        known = declared if isinstance(declared, int) else symbols.setdefault(name, size)
        if known != size:
            raise UsageError(
                f"--input-shapes gives {size} for axis {axis} of input {entry.name!r}, which is "
                f"{known}",
                "export with that axis dynamic" if known == declared else "ask for one size",
            )


def _batch_dims(inputs: Sequence[Input]) -> set[str]:
    """Return the names of the open dimensions that are taken for the batch."""
    names = set()
    for entry in inputs:
        for axis, declared in enumerate(entry.declared or ()):
            first = axis == 0 and len(entry.declared or ()) > 1
            called = isinstance(declared, str) and BATCH_NAMES.fullmatch(declared)
            if not isinstance(declared, int) and (first or called):
                names.add(dim_name(entry, axis))
    return names


def _image_sides(entry: Input) -> list[str]:
    """Return the names of height and width where both are open, none for what is no image."""
    dims = entry.declared or ()
    for channels, grid in ((1, (2, 3)), (3, (1, 2))) if len(dims) == 4 else ():
        count = dims[channels]
        fixed = any(isinstance(dims[axis], int) for axis in grid)
        if isinstance(count, int) and count <= IMAGE_CHANNELS and not fixed:
            return [dim_name(entry, axis) for axis in grid]
    return []


def _substitute(entry: Input, symbols: Mapping[str, int]) -> Shape | None:
    if entry.declared is None:
        return None
    return tuple(
        size if isinstance(size, int) else symbols.get(dim_name(entry, axis))
        for axis, size in enumerate(entry.declared)
    )
