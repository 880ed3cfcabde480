"""Rules that others wrote: those of a folder, those that installed packages bring."""

import os
import re
import sys
from collections.abc import Iterator
from importlib import import_module
from importlib.machinery import ModuleSpec
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from pkgutil import walk_packages
from types import ModuleType
from zlib import crc32

from cnnlint.errors import MissingPathError, RuleError, UsageError
from cnnlint.lint.finding import Basis, Fix, Severity
from cnnlint.lint.rule import Rule

GROUP = "cnnlint.rules"
"""The group of entry points by which a package says that it brings rules."""
_CODE = re.compile(r"[A-Z]{2,}[0-9]+")
_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)+")
_NO_RULES = re.compile(r"test_.*|conftest|__main__")
"""Files that are for somebody else to run."""


def rules_in(module: ModuleType) -> Iterator[Rule]:
    """Yield the rules that a module names, those that it imports too."""
    yield from (value for value in vars(module).values() if isinstance(value, Rule))


def folder_rules(folder: Path) -> list[Rule]:
    """Return the rules of every ``.py`` below a folder, tests and ``__main__`` left out.

    The folder is a package of its own name space: what is in it never meets a package of the
    same name, and its files import each other relatively.

    Raises:
        UsageError: the folder isn't there, is none, or has no rule in it.
        RuleError: a file can't be imported.
    """
    try:
        next(folder.iterdir(), None)
    except FileNotFoundError as error:
        raise MissingPathError(f"--rules {folder} does not exist", "check the path") from error
    except OSError as error:
        cause = f"--rules {folder} can't be read as a folder: {error.strerror}"
        raise UsageError(cause, "give the folder that holds the rules") from error
    modules = [_imported(name, file) for name, file in _modules(folder.resolve())]
    rules = [rule for module in modules for rule in rules_in(module)]
    if not rules:
        cure = "a rule is a function under @rule(...) from cnnlint.lint.rule, in a .py file"
        raise UsageError(f"--rules {folder}: there is no rule in it", cure)
    return rules


def installed_rules() -> list[Rule]:
    """Return the rules that installed packages announce by an entry point.

    It names a rule, a module, or a package with rules in any of its modules.

    Raises:
        RuleError: an entry point can't be loaded, or is something else.
    """
    if not _announced():
        return []
    from importlib.metadata import entry_points  # noqa: PLC0415  (20 ms that most runs don't need)

    rules: list[Rule] = []
    try:
        points = entry_points(group=GROUP)
    except (AttributeError, OSError, TypeError, ValueError) as error:  # in any package
        cause = f"entry points of installed packages can't be read: {error}"
        raise RuleError(cause, "find the package whose entry_points.txt is broken") from error
    for point in points:
        owner = f" of {point.dist.name}" if point.dist else ""
        what = f"entry point {point.name} = {point.value}{owner}"
        try:
            found = list(_brought(point.load()))
        except (Exception, SystemExit) as error:
            raise RuleError(
                f"{what} can't be loaded: {type(error).__name__}: {error}",
                "mend or uninstall that package",
            ) from error
        if not found:
            cure = "it has to name a rule, or a module or package that holds some"
            raise RuleError(f"{what}: there is no rule in it", cure)
        rules += found
    return rules


def checked(rule: Rule) -> Rule:
    """Return a rule of somebody else as it is.

    Raises:
        RuleError: its code could be one of ours, or it is declared in a way that can't work.
    """
    if not _CODE.fullmatch(str(rule.code)):
        cure = "rules of your own have two capital letters or more, and a number: AC101"
        raise RuleError(f"{rule.file}: {rule.code!r} is no code for a rule", cure)
    if not _NAME.fullmatch(rule.name):
        cure = "name the function in two or more lower-case words: thin_layer"
        raise RuleError(f"{rule.file}: {rule.name!r} is no name for a rule", cure)
    for value, kind in ((rule.severity, Severity), (rule.basis, Basis), (rule.fix, Fix)):
        if not isinstance(value, kind):
            cure = f"take one of {', '.join(map(str, kind))}, from cnnlint.lint.finding"
            raise RuleError(f"{rule.file}: {value!r} of {rule.code} is no {kind.__name__}", cure)
    try:
        _ = rule.options
    except RuleError as error:
        raise RuleError(f"{rule.file}: {error.cause}", error.cure) from error
    except Exception as error:
        cause = f"{rule.file}: the options of {rule.code} can't be read: {error}"
        raise RuleError(cause, "import what their types need at run time") from error
    return rule


def _modules(folder: Path) -> Iterator[tuple[str, Path]]:
    """Yield what the modules of a folder are called, and their files; the folder itself first."""
    space = f"_cnnlint_{crc32(os.fsencode(folder)):08x}.{folder.name.replace('.', '_') or 'rules'}"
    _enter(space, folder)
    yield space, folder
    for file in sorted(folder.rglob("*.py")):
        parts = file.relative_to(folder).with_suffix("").parts
        hidden = any(part.startswith(".") for part in parts)
        if hidden or _NO_RULES.fullmatch(parts[-1]) or not file.is_file():
            continue
        if any("." in part for part in parts):
            raise RuleError(f"{file} has a dot in its name", "rename it: no module is called that")
        parts = parts[:-1] if parts[-1] == "__init__" else parts
        yield ".".join((space, *parts)), file


def _enter(space: str, folder: Path) -> None:
    """Make a folder a package, under a name that nobody else has."""
    if space in sys.modules:
        return
    own = folder / "__init__.py"
    places = [str(folder)]
    spec = spec_from_file_location(space, own, submodule_search_locations=places)
    if spec is None or not own.is_file():
        spec = ModuleSpec(space, None, is_package=True)
        spec.submodule_search_locations = places
    sys.modules[space] = module_from_spec(spec)
    if spec.loader is None:
        return
    try:
        spec.loader.exec_module(sys.modules[space])
    except (Exception, SystemExit) as error:
        del sys.modules[space]
        raise _broken(own, error) from error


def _imported(name: str, file: Path) -> ModuleType:
    try:
        return import_module(name)
    except (Exception, SystemExit) as error:
        raise _broken(file, error) from error


def _broken(file: Path, error: BaseException) -> RuleError:
    cause = f"{file} can't be imported: {type(error).__name__}: {error}"
    return RuleError(cause, "mend or remove that file")


def _brought(thing: object) -> Iterator[Rule]:
    """Yield the rules that an entry point brings."""
    if isinstance(thing, Rule):
        yield thing
    if isinstance(thing, ModuleType):
        yield from rules_in(thing)
        for module in walk_packages(getattr(thing, "__path__", ()), f"{thing.__name__}."):
            if not _NO_RULES.fullmatch(module.name.rpartition(".")[2]):
                yield from rules_in(import_module(module.name))


def _announced() -> bool:
    """Tell whether any installed package may announce rules.

    Looking into the files takes under 1 ms; ``importlib.metadata`` takes 20 ms to import.
    """
    for place in sys.path:
        try:
            entries = list(Path(place).iterdir())
        except NotADirectoryError:  # a zip file
            return True
        except OSError:
            continue
        for entry in entries:
            if entry.name.lower().endswith((".dist-info", "egg-info")):
                try:
                    text = (entry / "entry_points.txt").read_bytes()
                except OSError:  # it has none, or is closed to us
                    continue
                if f"[{GROUP}]".encode() in text:
                    return True
    return False
