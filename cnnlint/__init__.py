"""A linter and profiler for convolutional networks exported to ONNX."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from os import PathLike

    from cnnlint.facts.training.recipe import Recipe

__version__ = "0.1.0"


def stamp(
    path: "str | PathLike[str]",
    recipe: "Mapping[str, object] | Recipe | str | PathLike[str]",
    out: "str | PathLike[str]",
    *,
    overwrite: bool = False,
) -> None:
    """Write a copy of a model whose metadata hold how it was trained.

    Keys that the copy gets replace those of the same name; all else stays as it is, and weights
    are not read. Nothing is written where anything is wrong.

    Args:
        path: the model.
        recipe: keys and values, or the path of a TOML file with them.
        out: where the copy goes: never over the model or its weights, and beside it where its
            weights lie in other files.
        overwrite: whether the copy may replace a file that is there already.

    Raises:
        cnnlint.errors.UsageError: the recipe or the place of the copy won't do.
        cnnlint.errors.LoadError: the file is no readable model.
    """
    from cnnlint.lint.recipes import stamp as write  # noqa: PLC0415  (importing stays light)

    write(path, recipe, out, overwrite=overwrite)
