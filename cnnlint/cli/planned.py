"""From what was typed to the models of a run, and how each of them is checked."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from os.path import isdir
from pathlib import Path
from typing import TYPE_CHECKING

from cnnlint.cli.batch import called
from cnnlint.cli.files import Files
from cnnlint.cli.streams import complain
from cnnlint.cli.targets import ClosedFolder, Target, expand
from cnnlint.cli.wanted import Wanted, planner_of, tell_warnings
from cnnlint.errors import UsageError

if TYPE_CHECKING:
    from cnnlint.config.planner import Plan, Planner
    from cnnlint.facts.training.recipe import Recipe
    from cnnlint.lint.baseline import Baseline


@dataclass(frozen=True, slots=True)
class Planned:
    """The models of a run, each with its plan."""

    targets: list[Target]
    plans: "list[Plan]"
    kept: tuple[Path, ...]
    """Files that were read, or will be, and must stay as they are."""
    notes: tuple[str, ...] = ()
    """What of the configuration is for files that nobody has."""

    @property
    def baseline(self) -> Path | None:
        """The baseline that is given or configured.

        Raises:
            UsageError: the models have several.
        """
        files = list(dict.fromkeys(plan.baseline for plan in self.plans))
        if len(files) > 1:
            names = " and ".join(str(file or "none") for file in files)
            cure = "name models of one configuration at a time"
            raise UsageError(f"the models have several baselines: {names}", cure)
        return next(iter(files), None)

    def only(self, wanted: Callable[[Target], bool]) -> "Planned":
        """Return the same for some of the models."""
        pairs = zip(self.targets, self.plans, strict=True)
        left = [(target, plan) for target, plan in pairs if wanted(target)]
        return replace(self, targets=[t for t, _ in left], plans=[p for _, p in left])


def planned(
    paths: tuple[str, ...],
    wanted: Wanted,
    recipe: Path | None,
    files: Files | None = None,
    *,
    known: bool = True,
) -> Planned:
    """Return the models behind paths, and how each of them is checked.

    Args:
        paths: as they were typed.
        wanted: what is checked, and how strictly.
        recipe: how the models were trained.
        files: which of them are left out.
        known: whether to read the baseline.

    Raises:
        ConfigError: the configuration of some has mistakes.
        UsageError: what is asked for makes no sense, or a file can't be read.
    """
    from cnnlint.lint.recipes import read_recipe

    planner = planner_of(wanted)
    targets = targets_of(paths, files or Files(), planner)
    plans = planner.plans(map(location, targets))
    tell_warnings(planner)
    said = read_recipe(recipe) if recipe else None
    baselines = _baselines(plans) if known else {}
    kept: list[Path] = [target for target in targets if isinstance(target, Path)]
    kept += [*planner.files, *filter(None, baselines), *([recipe] if recipe else [])]
    kept += [
        limit.reference for plan in plans for limit in plan.settings.gate.limits if limit.reference
    ]
    folders = [Path(path) for path in paths if isdir(path)]  # noqa: PTH112  (as in targets)
    return Planned(
        targets,
        [
            _with(plan, target, said, baselines.get(plan.baseline))
            for target, plan in zip(targets, plans, strict=True)
        ],
        tuple(dict.fromkeys(kept)),
        planner.idle([*map(location, targets)], folders),
    )


def targets_of(paths: tuple[str, ...], files: Files, planner: "Planner") -> list[Target]:
    """Return what is to be checked, and complain where that is nothing."""
    from cnnlint.config.exclude import exclusion

    def forced(path: Path) -> bool:
        said = files.force_exclude
        return bool(planner.effective(path.parent).given.force_exclude) if said is None else said

    excluded = exclusion(files.patterns, lambda folder: planner.effective(folder).exclude)
    targets = expand(paths, excluded, forced)
    if not targets:
        level = "error" if files.require_models else "warning"
        complain(*_why_none(expand(paths)), level=level)
    return targets


def _why_none(found: list[Target]) -> tuple[str, str]:
    """Return why there is nothing to check, and what to do: all that was found is excluded."""
    if not found:
        return "no models found", "name .onnx files, or folders that hold some"
    first = called(found[0])
    cause = f"all models that were found are excluded ({len(found)}), {first} first"
    return cause, "see --exclude, --force-exclude and `exclude` of the configuration"


def location(target: Target) -> Path | None:
    """Return where a target lies; None for standard input."""
    return target.path if isinstance(target, ClosedFolder) else target


def _baselines(plans: "list[Plan]") -> "dict[Path | None, Baseline]":
    """Return the baselines that plans name, by their files."""
    files = dict.fromkeys(plan.baseline for plan in plans if plan.baseline)
    if not files:
        return {}
    from cnnlint.lint.baseline_file import read_baseline

    return {file: read_baseline(file) for file in files}


def _with(
    plan: "Plan", target: Target, recipe: "Recipe | None", baseline: "Baseline | None"
) -> "Plan":
    """Return a plan with what was read of files for its model."""
    settings = replace(plan.settings, recipe=recipe) if recipe else plan.settings
    if baseline and isinstance(target, Path):
        settings = replace(settings, gate=replace(settings.gate, baseline=baseline.of(target)))
    return replace(plan, settings=settings)
