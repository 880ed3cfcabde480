"""``cnnlint baseline``: accept what is there today, and keep it from getting worse."""

import errno
import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cnnlint.cli.gathering import gathered
from cnnlint.cli.options import Sizes, input_options, recipe_option
from cnnlint.cli.planned import Planned, planned
from cnnlint.cli.streams import complain, put, spare, tell_failures
from cnnlint.cli.targets import ClosedFolder, Target
from cnnlint.cli.wanted import Wanted, wanted_options
from cnnlint.errors import UsageError

if TYPE_CHECKING:
    from cnnlint.lint.baseline import Baseline, KnownModel
    from cnnlint.lint.engine import Looked
    from cnnlint.lint.ratchet import Change
    from cnnlint.report.report import ModelReport

DEFAULT = Path("cnnlint-baseline.json")
_GONE = frozenset({errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG})


@click.group(short_help="Accept what is found today, and keep it from getting worse.")
def baseline() -> None:
    """Accept what is found today, and keep it from getting worse.

    A baseline is a file that lies in git. What is in it doesn't count, until it costs over 5 %
    more; what is new counts.
    """


@dataclass(frozen=True, slots=True)
class Asked:
    """Which models a baseline is about, and how they are checked."""

    paths: tuple[str, ...]
    wanted: Wanted
    recipe: Path | None
    sizes: Sizes


def _asked(command: Callable[..., int]) -> Callable[..., int]:
    """Add what both commands take."""
    argument = click.argument("paths", nargs=-1, required=True, metavar="PATH...")
    return gathered("asked", Asked, argument, wanted_options, recipe_option, input_options)(
        command
    )


@baseline.command(short_help="Write down what is found today.")
@click.option(
    "--output",
    "-o",
    type=click.Path(dir_okay=False, path_type=Path),
    help=f"The baseline to write.  [default: that of the configuration, else {DEFAULT}]",
)
@click.option("--force", is_flag=True, help="Write over a baseline that is there already.")
@_asked
def create(*, output: Path | None, force: bool, asked: Asked) -> int:
    """Lint models and write down what is found and what they cost: only what is new counts then.

    Exit codes: 0 written, 1 written without models that can't be read, 2 misuse or a fault.

    \b
    Examples:
      cnnlint baseline create models/
      cnnlint check models/ --baseline cnnlint-baseline.json
    """  # noqa: D301  (\b is click's mark for text that is not rewrapped)
    from cnnlint.lint.baseline import Baseline
    from cnnlint.lint.baseline_file import written
    from cnnlint.lint.ratchet import known_model
    from cnnlint.report.numbers import plural

    if asked.wanted.baseline:
        raise UsageError("--baseline is for `check` and `prune`", "name the new one by --output")
    run = _planned(asked)
    output = output or run.baseline or DEFAULT
    _see_that_it_is_free(output, force=force)
    empty, models = Baseline(output), dict[str, "KnownModel"]()

    def note(file: Path, looked: "Looked") -> None:
        models[empty.key(file)] = known_model(looked)

    seen = _look(run, asked, note)
    if not models:  # perhaps the path is wrong: an old baseline isn't lost by that
        complain(f"{output} is not written", "name models that can be read", level="warning")
        return _told(seen)
    spare(output, seen.kept)
    lost = _lost(output, models)
    put(written(replace(empty, models=models)), output)
    count = sum(len(known.findings) for known in models.values())
    click.echo(f"{output}: {plural(count, 'finding')} of {plural(len(models), 'model')}")
    _tell_next(shlex.join(asked.paths), output, configured=output == run.baseline)
    code = _told(seen)
    _tell_lost(lost)
    return code


@baseline.command(short_help="Take out what is no longer found.")
@click.option("--dry-run", is_flag=True, help="Say what would change, and write nothing.")
@_asked
def prune(*, dry_run: bool, asked: Asked) -> int:
    """Take out of a baseline what is no longer found, and lower what has become cheaper.

    Nothing is added and nothing raised. Entries follow layers that were renamed; those of models
    that aren't named stay, and those of files that are gone are taken out.

    Exit codes: 0 done, 1 done but for models that can't be read, 2 misuse or a fault.

    \b
    Examples:
      cnnlint baseline prune models/
      cnnlint baseline prune models/ --baseline ci/known.json --dry-run
    """  # noqa: D301  (\b is click's mark for text that is not rewrapped)
    from cnnlint.lint.baseline_file import read_baseline, written
    from cnnlint.lint.budget import SAME_SIZES, sizes_of
    from cnnlint.lint.ratchet import pruned

    run = _planned(asked)
    file = run.baseline or DEFAULT
    old = read_baseline(file)
    named = run.targets
    models = {key: known for key, known in old.models.items() if not _gone(old.path(key))}
    changes: dict[str, Change] = {}

    def note(model: Path, looked: "Looked") -> None:
        key = old.key(model)
        if resized := models[key].resized(sizes_of(looked.facts)):
            complain(f"{key} stays as it is: {resized}", SAME_SIZES, level="warning")
        models[key], changes[key] = pruned(models[key], looked)

    seen = _look(run.only(lambda target: _is_known(target, old)), asked, note)
    new = replace(old, models=models)
    if new != old and not dry_run:
        put(written(new), file, "--baseline")
    _tell_pruned(old, new, changes, dry_run=dry_run)
    _tell_unknown([each for each in named if not _is_known(each, old)])
    return _told(seen)


@dataclass(frozen=True, slots=True)
class Seen:
    """What came of looking at the models."""

    reports: "tuple[ModelReport, ...]"
    kept: tuple[Path, ...]
    """Files that are read, and must stay as they are."""


def _look(run: Planned, asked: Asked, note: "Callable[[Path, Looked], None]") -> Seen:
    """Check models, without any baseline, and have each noted that can be read."""
    from functools import partial

    from cnnlint.lint.engine import check_model, unreadable
    from cnnlint.model.binding import check_all_used

    sizes = asked.sizes.bindings
    reports, models = [], []
    for target, plan in zip(run.targets, run.plans, strict=True):
        if isinstance(target, ClosedFolder):
            reports.append(unreadable(str(target.path), target.error))
        elif target is not None:
            report, model = check_model(
                target,
                plan.rules,
                plan.bindings(sizes),
                settings=plan.settings,
                watch=partial(note, target),
            )
            reports.append(report)
            models += [model] if model else []
    check_all_used(sizes, [model.inputs for model in models])
    kept = (file for model in models for file in model.origin.data_files)
    return Seen(tuple(reports), (*run.kept, *kept))


def _planned(asked: Asked) -> Planned:
    """Return the models that are named, and how each is checked.

    Raises:
        UsageError: one has no file.
    """
    run = planned(asked.paths, asked.wanted, asked.recipe, known=False)
    if None in run.targets:
        raise UsageError("a model on stdin has no name in a baseline", "give the path of a file")
    return run


def _see_that_it_is_free(output: Path, *, force: bool) -> None:
    """See that no file is lost that nobody wants to lose.

    Raises:
        UsageError: there is one.
    """
    from cnnlint.lint.baseline_file import is_baseline

    if not output.exists():
        return
    if not force:
        cure = "--force writes over it, `cnnlint baseline prune` takes out what is mended"
        raise UsageError(f"{output} is there already", cure)
    if output.is_file() and output.stat().st_size and not is_baseline(output):
        raise UsageError(f"{output} is there already, and no baseline", "name another file")


def _lost(file: Path, models: "Mapping[str, KnownModel]") -> list[str]:
    """Return the models of a baseline that is to be written over and that the new one lacks."""
    from cnnlint.lint.baseline_file import read_baseline

    try:
        old = read_baseline(file)
    except UsageError:  # there is none, or it is to be mended
        return []
    return [key for key in old.models if key not in models and not _gone(old.path(key))]


def _tell_next(paths: str, output: Path, *, configured: bool) -> None:
    if configured:
        click.echo(f"next: cnnlint check {paths}")
        return
    click.echo(f"next: cnnlint check {paths} --baseline {shlex.quote(str(output))}")
    click.echo(f'or once for all, in cnnlint.toml: baseline = "{output}"')


def _tell_lost(lost: Sequence[str]) -> None:
    if lost:
        from cnnlint.report.numbers import plural

        what = f"{plural(len(lost), 'model')} of the old baseline not in the new, {lost[0]} first"
        complain(what, "name all models that it is to know", level="warning")


def _is_known(target: Target, known: "Baseline") -> bool:
    return not isinstance(target, Path) or known.of(target) is not None


def _gone(file: Path) -> bool:
    """Tell whether there is no such file; what is closed to us may be there."""
    try:
        file.lstat()
    except OSError as error:
        return error.errno in _GONE
    except ValueError:  # no file can be called so
        return True
    return False


def _tell_pruned(
    old: "Baseline", new: "Baseline", changes: "dict[str, Change]", *, dry_run: bool
) -> None:
    from cnnlint.report.escape import plain
    from cnnlint.report.numbers import plural

    for key, known in old.models.items():
        if key not in new.models:
            entries = plural(len(known.findings), "finding")
            click.echo(f"{plain(key)}: the file is gone, {entries} taken out")
        elif changes.get(key):
            click.echo(f"{plain(key)}: {changes[key]}")
    left = sum(len(known.findings) for known in new.models.values())
    state = "nothing to change" if new == old else "would be left" if dry_run else "left"
    total = f"{plural(left, 'finding')} of {plural(len(new.models), 'model')}"
    click.echo(f"{old.file}: {state}, {total}" if new == old else f"{old.file}: {total} {state}")


def _tell_unknown(unknown: Sequence[Target]) -> None:
    if unknown:
        from cnnlint.report.numbers import plural

        what = f"{plural(len(unknown), 'model')} not in the baseline, {unknown[0]} first"
        complain(what, "`cnnlint baseline create` writes a new one with all models", level="note")


def _told(seen: Seen) -> int:
    """Say on stderr what is in no baseline, and return the exit code."""
    from cnnlint.report.numbers import plural
    from cnnlint.report.report import Report

    reports = [replace(each, findings=(), fail_on=None) for each in seen.reports]
    report = Report("", tuple(reports))
    tell_failures(report)
    broken = [f for each in seen.reports for f in each.findings or () if not f.suppressible]
    if broken:
        what = f"{plural(len(broken), 'finding')} on files that are broken can't be in a baseline"
        complain(what, "mend those files", level="warning")
    return report.exit_code
