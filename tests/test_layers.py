"""Who may import whom: the rooms of the house stand in one order, and data flows one way."""

import ast
import re
from collections.abc import Iterable, Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FILES = sorted((ROOT / "cnnlint").rglob("*.py")) + sorted((ROOT / "rules").rglob("*.py"))

DATA = {"cnnlint.errors", "cnnlint.model.defect", "cnnlint.model.graph"}
"""Plain data and exceptions, known to every room."""
MAY_IMPORT: dict[str, set[str]] = {  # longest prefix decides
    "cnnlint.errors": set(),
    "cnnlint.model": {"cnnlint.model"},
    "cnnlint.facts": {"cnnlint.facts"},
    "cnnlint.lint.finding": set(),
    "cnnlint.lint.remarks": {"cnnlint.lint.finding"},
    "cnnlint.lint.rule": {"cnnlint.facts", "cnnlint.lint.finding", "cnnlint.lint.remarks"},
    "cnnlint.rules": {"cnnlint.facts", "cnnlint.lint.finding", "cnnlint.lint.rule"},
    "cnnlint.report": {
        "cnnlint.facts",
        "cnnlint.lint.finding",
        "cnnlint.profile.result",
        "cnnlint.report",
    },
    "cnnlint.report.manual": {
        "cnnlint.lint.finding",
        "cnnlint.lint.presets",
        "cnnlint.lint.rule",
    },
    "cnnlint.lint": {
        "cnnlint.facts",
        "cnnlint.lint",
        "cnnlint.model",
        "cnnlint.report",
        "cnnlint.rules",
    },
    "cnnlint.config": {"cnnlint.config", "cnnlint.lint", "cnnlint.model.binding"},
    "cnnlint.profile": {"cnnlint.facts", "cnnlint.model", "cnnlint.profile", "cnnlint.report"},
    "cnnlint.cli": {"cnnlint"},
    "cnnlint": {"cnnlint"},
}
ONLY_IN = {  # who alone may import a library
    "onnx": {"cnnlint.model"},
    "google": {"cnnlint.model"},
    "onnxruntime": {"cnnlint.profile"},
    "click": {"cnnlint.cli", "cnnlint.report"},
    "tabulate": {"cnnlint.report"},
    "networkx": {"cnnlint.model", "cnnlint.facts"},
    "pathspec": {"cnnlint.lint.patterns"},
}
FACTS = (
    *("dataflow", "layers", "flaws"),
    *("weights", "counting", "training", "memory", "reach"),
    *("activations", "structure", "sampling", "remedies"),
    *("datapath", "network", "facts", "measures"),
)
"""The rooms of the facts: each knows those before it, and may ask the door for a whole model."""


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    parts = ("cnnlint", *parts) if parts[0] == "rules" else parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(path: Path, *, at_once: bool = False) -> Iterator[str]:
    """Yield what a module imports; ``at_once``, what it can't be imported without."""
    tree = ast.parse(path.read_text())
    nodes: Iterable[ast.AST] = tree.body if at_once else ast.walk(tree)
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path}: relative import"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def inside(module: str, rooms: set[str]) -> bool:
    return any(module == room or module.startswith(f"{room}.") for room in rooms)


@pytest.mark.parametrize("path", FILES, ids=module_name)
def test_imports_point_one_way(path: Path) -> None:
    here = module_name(path)
    room = max((r for r in MAY_IMPORT if inside(here, {r})), key=len)
    for module in imports(path):
        if inside(module, {"cnnlint"}):
            assert inside(module, MAY_IMPORT[room] | DATA), f"{here} imports {module}"


@pytest.mark.parametrize(
    "path", [p for p in FILES if module_name(p).startswith("cnnlint.facts.")], ids=module_name
)
def test_facts_stand_in_one_order(path: Path) -> None:
    here = module_name(path).split(".")[2]
    for module in imports(path):
        if inside(module, {"cnnlint.facts"}):
            room = module.split(".")[2]
            assert room == "facts" or FACTS.index(room) <= FACTS.index(here), module


@pytest.mark.parametrize("path", FILES, ids=module_name)
def test_libraries_stay_in_their_rooms(path: Path) -> None:
    here = module_name(path)
    for module in imports(path):
        rooms = ONLY_IN.get(module.partition(".")[0])
        assert rooms is None or inside(here, rooms), f"{here} imports {module}"


@pytest.mark.parametrize(
    "path", [p for p in FILES if p.parent.parent.name == "rules"], ids=module_name
)
def test_rules_do_not_know_each_other(path: Path) -> None:
    assert not [m for m in imports(path) if inside(m, {"cnnlint.rules"})]


@pytest.mark.parametrize("room", ["config", "facts", "lint"])
def test_the_map_of_a_room_is_whole(room: str) -> None:
    door = ROOT / "cnnlint" / room / "__init__.py"
    there = {path.stem for path in door.parent.iterdir() if not path.name.startswith("__")}
    assert set(re.findall("``([a-z_]+)``", door.read_text(encoding="utf-8"))) == there


def test_no_modules_import_each_other_in_a_circle() -> None:
    modules = {module_name(path): set(imports(path, at_once=True)) for path in FILES}
    known = {
        here: {name if name in modules else name.rpartition(".")[0] for name in names}
        for here, names in modules.items()
    }
    order = list(TopologicalSorter(known).static_order())
    assert order.index("cnnlint.errors") < order.index("cnnlint.cli.main")
