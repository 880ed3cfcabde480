"""``cnnlint profile``: what each layer costs, and how fast the model runs here."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from cnnlint import __version__
from cnnlint.cli.options import Sizes, input_options, output_option
from cnnlint.cli.progress import progress
from cnnlint.cli.streams import tell_failures, tell_remarks, write
from cnnlint.cli.tables import table_options, view_of
from cnnlint.errors import UsageError

if TYPE_CHECKING:
    from cnnlint.model.binding import Bindings
    from cnnlint.report.report import Report
    from cnnlint.report.view import SortKey


@click.command(short_help="Show what every layer costs, and how long it takes here.")
@click.argument("model", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--static", is_flag=True, help="Count only; run nothing.")
@click.option(
    "--threads",
    type=click.IntRange(1),
    default=1,
    show_default=True,
    help="Threads that share one operator.",
)
@click.option(
    "--duration",
    type=click.FloatRange(0.01, min_open=False),
    default=3.0,
    show_default=True,
    metavar="SECONDS",
    help="Measure no longer than this; less where the number is certain sooner.",
)
@click.option("--seed", default=0, show_default=True, help="Seed of the random input.")
@click.option(
    "--format",
    "form",
    type=click.Choice(("text", "json", "csv")),
    default="text",
    show_default=True,
    help="How to show the report.",
)
@table_options
@output_option
@input_options
@click.option(
    "--config",
    multiple=True,
    metavar="FILE|KEY=VALUE",
    help="Take sizes from this file of configuration, or set one as it does: dim.height=64.",
)
@click.option("--isolated", is_flag=True, help="Read no file of configuration.")
@click.option("--quiet", "-q", is_flag=True, help="Say nothing on stderr but errors.")
def profile(  # noqa: PLR0913  (one parameter an option)
    *,
    model: Path,
    threads: int,
    duration: float,
    seed: int,
    form: str,
    sort: "SortKey | None",
    top: int | None,
    by: str | None,
    depth: int | None,
    output: Path | None,
    sizes: Sizes,
    config: tuple[str, ...],
    isolated: bool,
    static: bool,
    quiet: bool,
) -> int:
    """Show what every layer costs, and measure the latency of MODEL with onnxruntime.

    Sizes that a model leaves open are those of the configuration, `batch` and `[dim]`, where no
    option gives them.

    \b
    Examples:
      cnnlint profile model.onnx
      cnnlint profile model.onnx --static --format json
      cnnlint profile model.onnx --static --by module --top 10
      cnnlint profile model.onnx --batch 8 --threads 2
    """  # noqa: D301  (\b is click's mark for text that is not rewrapped)
    from cnnlint.profile.engine import profile_model
    from cnnlint.profile.run import Options
    from cnnlint.report.report import Report
    from cnnlint.report.view import arranged

    view = view_of(sort, None if form == "json" else top, by, depth, static=static)
    options = None if static else Options(threads=threads, duration_s=duration, seed=seed)
    if str(model) == "-":
        raise UsageError("standard input can't be profiled", "give a file")
    asked, files = configured(model, sizes.bindings, config, isolated=isolated)
    with progress(quiet=quiet) as tell:
        profiled, read = profile_model(model, asked, options, tell, digest=form == "json")
    report = Report(__version__, (arranged(profiled, view),))
    kept = [model, *files, *(read.origin.data_files if read else ())]
    write(render(report, form, view.top), output, kept)
    if form == "csv" and not quiet:
        tell_remarks(report)
    tell_failures(report)
    return report.exit_code


def configured(
    model: Path, asked: "Bindings", config: tuple[str, ...], *, isolated: bool
) -> "tuple[Bindings, tuple[Path, ...]]":
    """Return the sizes of open dimensions, and the files of configuration that were read.

    Raises:
        ConfigError: the configuration has mistakes where it says sizes.
        UsageError: what is asked for makes no sense.
    """
    from cnnlint.config.files import Finder, absolute

    found = not isolated and Finder().find(absolute(model).parent)
    if not config and not found:
        return asked, ()  # as most have none, and what reads it takes long to import
    from cnnlint.config.planner import SIZES, Asked, Planner

    planner = Planner((), Asked(config, isolated), SIZES)
    return planner.plan(model).bindings(asked), planner.files


def render(report: "Report", form: str, top: int | None) -> str:
    """Return the report in one of the formats of ``profile``."""
    if form == "json":
        from cnnlint.report.json import render_json

        return render_json(report) + "\n"
    if form == "csv":
        from cnnlint.report.csv import render_csv

        return render_csv(report, top)
    from cnnlint.report.table import render_table

    return render_table(report, top)
