import csv
import io
from typing import Any

import pytest

from cnnlint.model.graph import SourceLine
from cnnlint.report.csv import LAYER_COLUMNS, MODULE_COLUMNS, render_csv
from cnnlint.report.report import Failure, LayerRow, ModelReport, Report
from cnnlint.report.view import View, arranged
from tests.report.rows import latency, report, row


def read(model: ModelReport, top: int | None = None) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(render_csv(Report("0", (model,)), top), newline="")))


def cells(**fields: Any) -> dict[str, str]:
    (found,) = read(report(row(**fields)))
    return found


def test_a_layer() -> None:
    conv = row(
        *("stem.conv", "Conv"),
        node="/stem/conv/Conv",
        kernel=(7, 7),
        stride=(2, 2),
        dilation=(1, 1),
        groups=1,
        in_shape=(1, 3, 8, 8),
        out_shape=(1, 4, 4, 4),
        macs=9408,
        flops=18880,
        params=592,
        activation_bytes=256,
        bytes_moved=3392,
        receptive_field=(7, 7),
        receptive_field_min=(7, 5),
        jump=(2.0, 0.5),
        global_context=False,
        weight="stem.conv.weight",
        source=SourceLine("src/net.py", 58),
        time_ms=0.125,
    )
    assert render_csv(Report("0", (report(conv),))) == (
        "path,node,op,kernel,stride,dilation,groups,in_shape,out_shape,macs,macs_are_lower_bound,flops,params,"
        "activation_bytes,bytes_moved,receptive_field,receptive_field_min,jump,"
        "global_context,weight,source,time_ms\n"
        "stem.conv,/stem/conv/Conv,Conv,7x7,2x2,1x1,1,1x3x8x8,1x4x4x4,9408,false,18880,592,"
        "256,3392,7x7,7x5,2x0.5,false,stem.conv.weight,src/net.py:58,0.125\n"
    )


def test_unknown_is_empty_and_zero_is_zero() -> None:
    unknown = cells(macs=None, flops=0, in_shape=None, out_shape=(), receptive_field=None)
    assert (unknown["macs"], unknown["flops"]) == ("", "0")
    assert (unknown["in_shape"], unknown["out_shape"]) == ("", "scalar")
    assert [unknown[name] for name in ("kernel", "groups", "weight", "source", "time_ms")] == [
        *[""] * 5
    ]


def test_lower_bound_of_a_layer() -> None:
    assert cells(macs=3, macs_are_lower_bound=True)["macs_are_lower_bound"] == "true"


def test_columns_are_keys_of_a_row() -> None:
    assert set(LAYER_COLUMNS) == set(LayerRow.__dataclass_fields__) - {"outputs"}


def test_quoting() -> None:
    name = 'a,"b" c;d'
    assert cells(path=name)["path"] == name
    assert '"a,""b"" c;d",' in render_csv(Report("0", (report(row(name)),)))


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("=1+1", "'=1+1"),
        ("+1", "'+1"),
        ("-1", "'-1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\uff1d1", "'\uff1d1"),
        (" =1", "' =1"),
        ("\u00a0=1", "'\u00a0=1"),
        ("a;=1", "a;'=1"),
        ("=1;=2;b", "'=1;'=2;b"),
        ("a=1", "a=1"),
        ("layer-1+2@3", "layer-1+2@3"),
        ("\t=1", "\\t=1"),
        ("a\r\n=1", "a\\r\\n=1"),
        ("\x1b[2J", "\\x1b[2J"),
        ("", ""),
    ],
)
def test_no_name_is_a_formula(name: str, shown: str) -> None:
    found = cells(path=name, op=name, node=name, weight=name, source=SourceLine(name, 3))
    assert [found[key] for key in ("path", "op", "node", "weight")] == [shown] * 4
    assert found["source"] == f"{shown}:3"


def timed() -> ModelReport:
    rows = (row("a.x", time_ms=0.5, macs=3), row("b.x", time_ms=0.25, macs=1), row("a.y"))
    return report(*rows, latency=latency(1.0), layer_times={"(between kernels)": 0.25})


@pytest.mark.parametrize("depth", [None, 1])
def test_times_of_no_layer_are_rows(depth: int | None) -> None:
    found = read(arranged(timed(), View(depth=depth)))
    assert found[-1] == dict.fromkeys(found[-1], "") | {
        "path": "(between kernels)",
        "time_ms": "0.25",
    }
    assert sum(float(r["time_ms"] or 0) for r in found) == 1.0


@pytest.mark.parametrize(("depth", "path"), [(None, "a.x"), (1, "a")])
def test_top(depth: int | None, path: str) -> None:
    assert [r["path"] for r in read(arranged(timed(), View(depth=depth)), 1)] == [path]


def test_modules() -> None:
    rows = (row("=a.x", macs=3, params=2), row("b.x", macs=1), row("=a.y", macs=None, flops=None))
    model = arranged(report(*rows), View(depth=1))
    assert render_csv(Report("0", (model,))) == (
        "path,layers,macs,macs_are_lower_bound,macs_share,flops,params,activation_bytes,time_ms\n"
        "'=a,2,,false,,,2,1536,\n"
        "b,1,1,false,,192,0,768,\n"
    )
    assert model.modules is not None
    assert list(MODULE_COLUMNS) == list(type(model.modules[0]).__dataclass_fields__)


def test_lower_bound_of_a_module() -> None:
    rows = (row("a.x", macs=3), row("a.y", macs=None))
    model = arranged(report(*rows, summary=None), View(depth=1))
    assert model.modules is None
    known = report(rows[0])
    model = arranged(report(*rows, summary=known.summary), View(depth=1))
    (found,) = read(model)
    assert (found["macs"], found["macs_are_lower_bound"], found["macs_share"]) == (
        "3",
        "true",
        "1.0",
    )


def test_a_failure_leaves_the_header() -> None:
    failed = ModelReport("n", failure=Failure("empty", "empty", ""))
    assert render_csv(Report("0", (failed,))) == ",".join(LAYER_COLUMNS) + "\n"
