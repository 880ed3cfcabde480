import pytest

from cnnlint.report.report import Failure, ModelReport
from cnnlint.report.view import SORT_KEYS, SortKey, View, arranged, ordered
from tests.report.rows import report, row, subtotal, total

ROWS = (
    row("b", macs=5, flops=70, params=2, activation_bytes=9, time_ms=0.2),
    row("a", macs=None, flops=None, params=3, activation_bytes=None, time_ms=None),
    row("d", macs=7, flops=60, params=2, activation_bytes=9, time_ms=0.1),
    row("c", macs=0, flops=60, params=0, activation_bytes=8, time_ms=0.0),
)


@pytest.mark.parametrize(
    ("key", "paths"),
    [
        ("order", "badc"),
        ("macs", "dbca"),
        ("flops", "bdca"),
        ("params", "abdc"),
        ("activations", "bdca"),
        ("time", "bdca"),
        ("path", "abcd"),
    ],
)
def test_order(key: SortKey, paths: str) -> None:
    assert "".join(r.path for r in ordered(ROWS, key)) == paths


def test_all_keys_order_modules_too() -> None:
    rows = (subtotal("b", macs=1), subtotal("a", macs=2))
    for key in SORT_KEYS:
        assert sorted(r.path for r in ordered(rows, key)) == ["a", "b"]
    assert [r.path for r in ordered(rows, "macs")] == ["a", "b"]


def test_numbers_in_paths_count() -> None:
    paths = ["f.10.x", "f.2", "f", "10", "f.9.y", "f.009.x", "e.11", f"f.{'9' * 5000}"]
    found = [r.path for r in ordered(tuple(map(row, paths)), "path")]
    assert found == ["10", "e.11", "f", "f.2", "f.009.x", "f.9.y", "f.10.x", paths[-1]]


def test_rows_are_all_there_and_modules_in_order() -> None:
    rows = [row("a.x", macs=1), row("b.x", macs=4), row("a.y", macs=2)]
    model = report(*rows, path="n")
    found = arranged(model, View("macs", top=1, depth=1))
    assert found.layers == (rows[1], rows[2], rows[0])
    assert found.modules is not None
    assert [m.path for m in found.modules] == ["b", "a"]
    assert arranged(model, View()) == model


def test_a_failure_stays_one() -> None:
    failed = ModelReport("n", failure=Failure("empty", "empty", ""))
    assert arranged(failed, View("macs", depth=1)) is failed
    no_layers = ModelReport("n", summary=total())
    assert arranged(no_layers, View("macs", depth=1)) is no_layers
