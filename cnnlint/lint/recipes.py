"""Training recipes in files: where they lie, and how they get into a model."""

from collections.abc import Mapping
from os import PathLike
from os.path import isfile
from pathlib import Path

from cnnlint.errors import UsageError
from cnnlint.facts.training.recipe import Recipe, parse, plain, to_metadata
from cnnlint.lint.toml import read_toml
from cnnlint.model.stamp import write_stamped

SUFFIX = ".recipe.toml"
"""``model.recipe.toml`` is the recipe of ``model.onnx``."""


def read_recipe(file: Path) -> Recipe:
    """Return the recipe in a TOML file.

    Raises:
        MissingPathError: there is no such file.
        UsageError: it is no recipe; all that is wrong with it is in one message.
    """
    return checked(read_toml(file, "recipe").values, str(file))


def recipe_of(model: str | Path | bytes, given: Recipe | None) -> Recipe:
    """Return what is said of a model outside of it: as given, else by the file beside it.

    Raises:
        UsageError: the file beside it is no recipe.
    """
    recipe = given or Recipe()
    if isinstance(model, bytes):
        return recipe
    beside = recipe_beside(Path(model))
    return recipe if beside is None else recipe.over(read_recipe(beside))


def recipe_beside(model: Path) -> Path | None:
    """Return the recipe that lies beside a model, None where there is none."""
    file = model.with_name(model.name.removesuffix(".onnx") + SUFFIX)
    return file if isfile(file) else None  # noqa: PTH113  (Path.is_file raises on long names)


def checked(values: Mapping[str, object], where: str) -> Recipe:
    """Return the recipe that plain values make.

    Raises:
        UsageError: something is wrong with them; all of it is in one message.
    """
    recipe, mistakes = parse(values)
    if mistakes:
        raise UsageError(f"{where}: {'; '.join(mistakes)}", "correct the recipe")
    return recipe


def stamp(
    path: str | PathLike[str],
    recipe: "Mapping[str, object] | Recipe | str | PathLike[str]",
    out: str | PathLike[str],
    *,
    overwrite: bool = False,
) -> None:
    """See :func:`cnnlint.stamp`."""
    if isinstance(recipe, Recipe):
        said = checked(plain(recipe), "the recipe")
    elif isinstance(recipe, Mapping):
        values = {key: value for key, value in recipe.items() if value is not None}
        said = checked(values, "the recipe")
    else:
        said = read_recipe(Path(recipe))
    write_stamped(Path(path), to_metadata(said), Path(out), overwrite=overwrite)
