"""``cnnlint why``: why a rule did or did not speak about a layer."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cnnlint.cli.options import Sizes, input_options, recipe_option
from cnnlint.cli.streams import read_standard_input
from cnnlint.cli.wanted import Basis, basis_options, tell_warnings

if TYPE_CHECKING:
    from cnnlint.config.selection import Choice
    from cnnlint.lint.baseline import KnownModel


@click.command(short_help="Tell why a rule did or did not speak about a layer.")
@click.argument("model", type=click.Path(path_type=Path))
@click.argument("layer")
@click.argument("rule")
@basis_options
@recipe_option
@input_options
def why(
    *,
    model: Path,
    layer: str,
    rule: str,
    basis: Basis,
    recipe: Path | None,
    sizes: Sizes,
) -> int:
    """Tell why RULE did or did not speak about LAYER of MODEL.

    LAYER is a layer path as findings and `cnnlint profile --static` give it, the name of a node,
    or of a tensor that it makes or reads. RULE is a code or name, of a rule that is off too:
    then it says who turned it off, as it says who keeps a finding from counting.

    \b
    Examples:
      cnnlint why model.onnx conv1 K101
      cnnlint why model.onnx layer4.1.conv2 missing-bottleneck
    """  # noqa: D301  (\b is click's mark for text that is not rewrapped)
    from cnnlint.config.planner import Asked, Planner
    from cnnlint.lint.recipes import read_recipe
    from cnnlint.lint.registry import catalogue, find
    from cnnlint.lint.why import explain
    from cnnlint.report.why import render_answer

    known = catalogue(basis.folders, installed=not basis.isolated)
    planner = Planner(known, Asked(basis.config, basis.isolated, basis.typed))
    piped = str(model) == "-"
    path = None if piped else model
    plan = planner.plan(path)
    tell_warnings(planner)
    found = find(rule, known)
    choice = planner.choice(found, path)
    settings = replace(
        plan.settings,
        recipe=read_recipe(recipe) if recipe else None,
        gate=replace(plan.settings.gate, baseline=_known(plan.baseline, path)),
    )
    answer = explain(
        read_standard_input() if piped else model,
        layer,
        found,
        plan.bindings(sizes.bindings),
        settings,
        None if choice.on else _off(choice),
    )
    click.echo(render_answer(answer), nl=False)
    return 0


def _off(choice: "Choice") -> str:
    """Return who says that a rule is off, or how to turn it on."""
    from cnnlint.config.selection import BY_DEFAULT

    return "by default; extend-select turns it on" if choice.why == BY_DEFAULT else choice.why


def _known(baseline: Path | None, model: Path | None) -> "KnownModel | None":
    """Return what a baseline knows of a model."""
    from cnnlint.lint.baseline_file import read_baseline

    return read_baseline(baseline).of(model) if baseline and model else None
