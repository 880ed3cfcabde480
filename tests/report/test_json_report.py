"""The JSON report is a contract: exactly these keys, on every model."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.net import Net

Run = Callable[..., tuple[int, str, str]]

MODEL = {
    "path",
    "sha256",
    "status",
    "error",
    "summary",
    "layers",
    "bodies",
    "modules",
    "findings",
    "budgets",
    "notes",
    "latency",
    "internal_errors",
    "other_times_ms",
}
SUMMARY = {
    "params",
    "macs",
    "macs_symbolic",
    "flops",
    "uncounted_ops",
    "macs_are_lower_bound",
    "weight_bytes",
    "peak_activation_bytes",
    "peak_layer",
    "peak_tensors",
    "bytes_moved",
    "arithmetic_intensity",
    "weighted_layers",
    "depth",
    "plain_run",
    "shortest_path",
    "receptive_field",
    "useful_input",
    "nodes",
    "opset",
    "producer",
    "inputs",
    "outputs",
    "assumptions",
    "coverage",
}
LAYER = {
    "path",
    "node",
    "outputs",
    "op",
    "kernel",
    "stride",
    "dilation",
    "groups",
    "in_shape",
    "out_shape",
    "macs",
    "macs_are_lower_bound",
    "flops",
    "params",
    "activation_bytes",
    "bytes_moved",
    "receptive_field",
    "receptive_field_min",
    "jump",
    "global_context",
    "weight",
    "source",
    "time_ms",
}
MODULE = {
    "path",
    "layers",
    "macs",
    "macs_are_lower_bound",
    "macs_share",
    "flops",
    "params",
    "activation_bytes",
    "time_ms",
}
FINDING = {
    "code",
    "name",
    "family",
    "severity",
    "basis",
    "message",
    "suggestion",
    "layers",
    "evidence",
    "saving",
    "proven",
    "fix",
    "fingerprint",
    "cost",
    "suppressed",
    "grown_from",
}


@pytest.fixture
def model(run: Run, tmp_path: Path) -> dict[str, object]:
    path = tmp_path / "net.onnx"
    net = Net(3, 32, batch="batch").conv(16, name="stem").relu().conv(32, 7, name="big").relu()
    path.write_bytes(net.gap().flatten().dense(10).proto().SerializeToString())
    _, out, _ = run("check", path, "--format", "json", "-v")
    document = json.loads(out)
    assert document["schema"] == "cnnlint-report/1"
    assert document["tool"]["name"] == "cnnlint"
    (found,) = document["models"]
    assert isinstance(found, dict)
    return found


def test_keys(model: dict[str, Any]) -> None:
    assert set(model) == MODEL
    assert set(model["summary"]) == SUMMARY
    assert all(set(layer) == LAYER for layer in model["layers"])
    assert all(set(f) == FINDING for f in model["findings"])


def test_summary(model: dict[str, dict[str, object]]) -> None:
    summary = model["summary"]
    macs = 1024 * (16 * 27 + 32 * 16 * 49) + 320
    assert summary["macs"] == macs
    assert summary["params"] == 16 * 27 + 16 + 32 * 16 * 49 + 32 + 330
    assert summary["weight_bytes"] == 4 * (16 * 27 + 16 + 32 * 16 * 49 + 32 + 330)
    # bias of both convolutions, two ReLUs, global average pooling, bias of the dense layer
    assert summary["flops"] == 2 * macs + 1024 * (16 + 16 + 32 + 32 + 32) + 10
    assert (summary["depth"], summary["plain_run"], summary["shortest_path"]) == (3, 3, 3)
    assert summary["receptive_field"] == [9, 9]
    assert summary["useful_input"] == [4, 9]
    assert summary["inputs"] == [
        {
            "name": "input",
            "dtype": "float32",
            "shape": ["batch", 3, 32, 32],
            "bound": [1, 3, 32, 32],
        }
    ]
    assert summary["assumptions"] == ["batch = 1"]
    coverage = summary["coverage"]
    assert isinstance(coverage, dict)
    assert coverage | {"unchecked": coverage["unchecked"][:1]} == {
        "nodes": 7,
        "unresolved_shapes": 0,
        "unchecked": ["weights are missing: weights.bin"],
    }
    assert "T701 no-weight-decay (needs optimizer, weight_decay)" in coverage["unchecked"][1:]
    assert summary["macs_symbolic"] == f"{macs}*batch"
    assert summary["peak_activation_bytes"] == 4 * 1024 * (16 + 32)
    assert summary["peak_layer"] == "big"
    assert summary["peak_tensors"] == [
        {"name": "big_out", "bytes": 4 * 1024 * 32},
        {"name": "relu1_out", "bytes": 4 * 1024 * 16},
    ]
    weights = summary["weight_bytes"]
    maps = (3 + 16) + (16 + 16) + (16 + 32) + (32 + 32) + 32
    assert summary["bytes_moved"] == weights + 4 * (1024 * maps + 32 + 32 + 10)
    assert summary["arithmetic_intensity"] == pytest.approx(
        summary["flops"] / summary["bytes_moved"]
    )


def test_layer(model: dict[str, list[dict[str, object]]]) -> None:
    layer = model["layers"][2]
    assert layer == {
        "path": "big",
        "node": "/big/Conv",
        "outputs": ["big_out"],
        "op": "Conv",
        "kernel": [7, 7],
        "stride": [1, 1],
        "dilation": [1, 1],
        "groups": 1,
        "in_shape": [1, 16, 32, 32],
        "out_shape": [1, 32, 32, 32],
        "macs": 25_690_112,
        "macs_are_lower_bound": False,
        "flops": 2 * 25_690_112 + 32_768,
        "params": 25_120,
        "activation_bytes": 131_072,
        "bytes_moved": 65_536 + 4 * 25_120 + 131_072,
        "receptive_field": [9, 9],
        "receptive_field_min": [9, 9],
        "jump": [1.0, 1.0],
        "global_context": False,
        "weight": "big.weight",
        "source": None,
        "time_ms": None,
    }


def test_modules(model: dict[str, object], run: Run) -> None:
    assert model["modules"] is None
    _, out, _ = run(
        *("profile", model["path"], "--static", "--format", "json"), *("--by", "module")
    )
    stem, *_, big, _, _, _, dense = json.loads(out)["models"][0]["modules"]
    assert set(stem) == MODULE
    assert big == {
        "path": "big",
        "layers": 1,
        "macs": 25_690_112,
        "macs_are_lower_bound": False,
        "macs_share": 25_690_112 / (25_690_112 + 442_368 + 320),
        "flops": 2 * 25_690_112 + 32_768,
        "params": 25_120,
        "activation_bytes": 131_072,
        "time_ms": None,
    }
    assert dense["params"] == 330


def test_finding(model: dict[str, list[dict[str, object]]]) -> None:
    (finding,) = [finding for finding in model["findings"] if finding["code"] == "K101"]
    assert finding["layers"] == [
        {
            "path": "big",
            "node": "/big/Conv",
            "outputs": ["big_out"],
            "weight": "big.weight",
            "source": None,
        }
    ]
    assert finding["saving"] == {
        "macs": 25_690_112 - 1024 * 9 * (16 * 16 + 16 * 16 + 16 * 32),
        "params": 25_088 - 9 * (16 * 16 + 16 * 16 + 16 * 32),
        "activation_bytes": -2 * 16 * 1024 * 4,
        "receptive_field": 0,
        "time_ms": None,
    }
    assert finding["fingerprint"] == "0e4ee6fe87634182"
    assert finding["suppressed"] is None


def test_sha256_is_that_of_the_file(model: dict[str, str]) -> None:
    import hashlib  # noqa: PLC0415  (one test needs it)

    assert model["sha256"] == hashlib.sha256(Path(model["path"]).read_bytes()).hexdigest()
