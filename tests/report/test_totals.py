"""Rows sum to totals: on real exports, in every format, by layer and by module."""

import csv
import io
import json
import re
from collections.abc import Iterable, Mapping
from functools import cache
from itertools import product
from pathlib import Path

import pytest

from cnnlint.model.binding import Bindings
from cnnlint.profile.engine import profile_model
from cnnlint.report.csv import render_csv
from cnnlint.report.json import render_json
from cnnlint.report.report import ModelReport, Report
from cnnlint.report.table import render_table
from cnnlint.report.view import View, arranged
from tests.net import Net

ROOT = Path(__file__).parents[2]
FILES = sorted((ROOT / "tests/data").glob("*.onnx")) + sorted((ROOT / "sample_models").glob("*"))
MODELS = {path.name: path for path in FILES if path.suffix == ".onnx"}
KEYS = ("macs", "flops", "params", "activation_bytes")
Totals = Mapping[str, int | None]
Column = Iterable[int | None]


@cache
def counted(path: Path) -> ModelReport:
    report, _ = profile_model(path, Bindings(), None)
    assert report.failure is None
    return report


def totals(model: ModelReport) -> Totals:
    assert model.summary is not None
    assert model.layers is not None
    sizes = [row.activation_bytes for row in model.layers]
    return {
        "macs": model.summary.macs,
        "flops": model.summary.flops,
        "params": model.summary.params,
        "activation_bytes": None if None in sizes else sum(size or 0 for size in sizes),
    }


def assert_sum(column: Column, total: int | None, *, at_least: bool = False) -> None:
    """Rows add up; a total is unknown where a row is, unless it is a lower bound."""
    counts = list(column)
    if total is None:
        assert None in counts
    else:
        assert at_least or None not in counts
        assert sum(count or 0 for count in counts) == total


def table(text: str) -> list[dict[str, str]]:
    """Return the rows of a table, the total last; columns stand where the dashes do."""
    heads, dashes, *lines = text.splitlines()
    spans = [match.span() for match in re.finditer("-+", dashes)]
    rows = lines[: lines.index("")]
    return [{heads[a:b].strip(): line[a:b].strip() for a, b in spans} for line in rows]


def number(cell: str) -> int | None:
    return int(cell.replace(",", "")) if cell.strip("?") else None


@pytest.mark.parametrize("name", MODELS)
def test_json(name: str) -> None:
    model = counted(MODELS[name])
    for depth in (1, 2, 3):
        report = Report("0", (arranged(model, View("macs", depth=depth)),))
        (found,) = json.loads(render_json(report))["models"]
        for rows, key in product((found["layers"], found["modules"]), KEYS):
            assert_sum((row[key] for row in rows), totals(model)[key])
        assert sum(row["layers"] for row in found["modules"]) == len(found["layers"])
        if model.summary and model.summary.macs:
            assert sum(row["macs_share"] for row in found["modules"]) == pytest.approx(1)


@pytest.mark.parametrize("name", MODELS)
def test_csv(name: str) -> None:
    model = counted(MODELS[name])
    for depth, key in product((None, 1, 2, 3), KEYS):
        text = render_csv(Report("0", (arranged(model, View(depth=depth)),)))
        rows = list(csv.DictReader(io.StringIO(text, newline="")))
        assert_sum((number(row[key]) for row in rows), totals(model)[key])


@pytest.mark.parametrize("name", MODELS)
def test_text(name: str) -> None:
    model = counted(MODELS[name])
    for depth, top in product((None, 1, 2, 3), (None, 1, 7)):
        view = View("params" if top else "order", top, depth)
        *rows, total = table(render_table(Report("0", (arranged(model, view),)), top))
        for head, key in (("MACs", "macs"), ("FLOPs", "flops"), ("params", "params")):
            assert number(total[head]) == totals(model)[key]
            assert_sum((number(row[head]) for row in rows), totals(model)[key])


def test_lower_bound(tmp_path: Path) -> None:
    path = tmp_path / "net.onnx"
    net = Net(4, 8).conv(4, name="a.conv").op("Wavelet", domain="acme", name="a")
    path.write_bytes(net.goto_input().conv(2, name="b.conv").proto().SerializeToString())
    model = counted(path)
    for depth in (1, 2):
        found = arranged(model, View(depth=depth))
        assert found.modules is not None
        for key in ("macs", "flops"):
            column = (getattr(row, key) for row in found.modules)
            assert_sum(column, totals(model)[key], at_least=True)
        bounds = [row.path for row in found.modules if row.macs_are_lower_bound]
        assert bounds == (["a"] if depth == 1 else [])
