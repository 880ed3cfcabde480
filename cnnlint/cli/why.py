"""``cnnlint why``: why a rule did or did not speak about a layer."""

from pathlib import Path

import click

from cnnlint.cli.options import Sizes, config_option, input_options, recipe_option, rules_option
from cnnlint.cli.streams import read_standard_input


@click.command(short_help="Tell why a rule did or did not speak about a layer.")
@click.argument("model", type=click.Path(path_type=Path))
@click.argument("layer")
@click.argument("rule")
@rules_option
@config_option
@recipe_option
@input_options
def why(
    *,
    model: Path,
    layer: str,
    rule: str,
    folders: tuple[Path, ...],
    config: tuple[str, ...],
    recipe: Path | None,
    sizes: Sizes,
) -> int:
    """Tell why RULE did or did not speak about LAYER of MODEL.

    LAYER is a layer path as findings and `cnnlint profile --static` give it, the name of a node,
    or of a tensor that it makes or reads. RULE is a code or name, of a rule that is off too.

    \b
    Examples:
      cnnlint why model.onnx conv1 K101
      cnnlint why model.onnx layer4.1.conv2 missing-bottleneck
    """  # noqa: D301  (\b is click's mark for text that is not rewrapped)
    from cnnlint.lint.config import parse_options
    from cnnlint.lint.engine import Settings
    from cnnlint.lint.recipes import read_recipe
    from cnnlint.lint.registry import catalogue, find
    from cnnlint.lint.why import explain
    from cnnlint.report.why import render_answer

    source = read_standard_input() if str(model) == "-" else model
    known = catalogue(folders)
    options = parse_options(config, known)
    settings = Settings(options=options, recipe=read_recipe(recipe) if recipe else None)
    answer = explain(source, layer, find(rule, known), sizes.bindings, settings)
    click.echo(render_answer(answer), nl=False)
    return 0
