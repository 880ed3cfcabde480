"""``cnnlint check --max-macs 1.5G``: what exits with 1, and what is said."""

import json
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path

import pytest

from cnnlint.cli.wanted import Wanted
from cnnlint.lint.budget import KEYS, LATENCY
from cnnlint.report.report import Verdict
from tests.net import Net

Run = Callable[..., tuple[int, str, str]]
OPTIONS = ("params", "macs", "weight-bytes", "peak-memory", "file-size", "plain-run")


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """Return a model of 618 parameters and 15,712 MACs, with its weights beside it."""
    file = tmp_path / "net.onnx"
    net = Net(3, 6).conv(16).relu().gap().flatten().dense(10)
    file.write_bytes(net.proto().SerializeToString())
    (tmp_path / "weights.bin").write_bytes(bytes(4000))
    return file


@pytest.mark.parametrize("option", OPTIONS)
@pytest.mark.parametrize(("limit", "code"), [("1", 1), ("100M", 0)])
def test_each_option(run: Run, model: Path, option: str, limit: str, code: int) -> None:
    limit = "1000" if (option, code) == ("plain-run", 0) else limit.replace("M", " MB")
    limit = limit.replace(" MB", "M") if option in ("params", "macs") else limit
    found, out, err = run("check", model, f"--max-{option}", limit)
    assert (found, err) == (code, "")
    broken = f"budget max_{option.replace('-', '_')}: broken: "
    assert (broken in out) is bool(code)
    assert ("budgets: 1 kept" in out) is not bool(code)


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ([], 1),
        (["--fail-on", "error"], 1),
        (["--fail-on", "never"], 0),
        (["--exit-zero"], 0),
        (["--ignore", "ALL"], 1),
    ],
)
@pytest.mark.parametrize("limit", ["100", "+5%"])
def test_what_fails(run: Run, model: Path, options: list[str], code: int, limit: str) -> None:
    assert run("check", model, "--max-macs", limit, *options)[0] == code


def test_text(run: Run, model: Path) -> None:
    _, out, _ = run("check", model, "--max-params", "500", "--max-macs", "10k")
    assert out.startswith(
        "budget max_params: broken: 618 params, 23.6 % above 500 params (--max-params)\n"
        "budget max_macs: broken: 15,712 MACs, 57.1 % above 10,000 MACs (--max-macs)\n"
        f"  --> {model}\n\n"
    )
    assert f"{model}: no findings, budgets: 2 broken" in " ".join(out.split())


def test_kept_ones_are_shown_when_asked_for(run: Run, model: Path) -> None:
    code, out, _ = run("check", model, "--max-params", "5M", "--verbose")
    assert code == 0
    assert "budget max_params: kept: 618 params of 5.00 M params" in " ".join(out.split())
    assert "max_params" not in run("check", model, "--max-params", "5M")[1]


def test_quiet(run: Run, model: Path) -> None:
    code, out, _ = run("check", model, "--max-params", "500", "-q")
    assert (code, len(out.splitlines())) == (1, 3)
    assert run("check", model, "--max-params", "5M", "-q") == (0, "", "")


def test_concise(run: Run, model: Path) -> None:
    code, out, _ = run("check", model, "--max-macs", "+5%", "--format", "concise")
    assert code == 1
    assert out.startswith(f"{model}: budget max_macs: can't be decided: no baseline knows")
    assert out.count("\n") == 1


def test_json(run: Run, model: Path) -> None:
    options = ("--max-macs", "1k", "--max-params", "+5%", "--max-file-size", "1MiB")
    code, out, _ = run("check", model, *options, "--format", "json")
    found = {each["key"]: each for each in json.loads(out)["models"][0]["budgets"]}
    assert code == json.loads(out)["exit_code"] == 1
    assert list(found) == ["max_params", "max_macs", "max_file_size"]
    assert found["max_macs"] == {
        "key": "max_macs",
        "verdict": "broken",
        "limit": 1000,
        "value": 15_712,
        "reason": "15,712 MACs, 15.7 times 1,000 MACs",
        "place": "--max-macs",
    }
    assert (found["max_params"]["verdict"], found["max_params"]["limit"]) == ("undecidable", None)
    assert found["max_file_size"]["verdict"] == "pass"
    assert found["max_file_size"]["value"] == model.stat().st_size + 4000


def test_a_missing_data_file_decides_nothing(run: Run, model: Path) -> None:
    (model.parent / "weights.bin").unlink()
    code, out, _ = run("check", model, "--max-file-size", "1MiB")
    assert code == 1
    assert "can't be decided" in " ".join(out.split())
    assert "weights.bin is missing" in " ".join(out.split())


def test_every_model_is_judged(run: Run, model: Path) -> None:
    (model.parent / "wide.onnx").write_bytes(Net(3, 6).conv(64).proto().SerializeToString())
    (model.parent / "odd.onnx").write_bytes(b"no model")
    code, out, _ = run("check", model.parent, "--max-params", "1k", "--format", "concise")
    assert code == 1
    lines = [line for line in out.splitlines() if "budget" in line]
    assert [line.partition(":")[0] for line in lines] == [str(model.parent / "wide.onnx")]


def test_sizes_go_for_budgets(run: Run, tmp_path: Path) -> None:
    proto = Net(3, 6).conv(16).proto()
    proto.graph.input[0].type.tensor_type.shape.dim[1].dim_param = "C"
    proto.graph.input[0].type.tensor_type.shape.dim[2].dim_param = "H"
    file = tmp_path / "open.onnx"
    file.write_bytes(proto.SerializeToString())
    code, out, _ = run("check", file, "--max-macs", "1G", "--max-params", "1k", "-q")
    assert code == 1
    assert "budget max_macs: can't be decided" in out
    assert "--dim C=SIZE --dim H=SIZE" in " ".join(out.split())
    assert "max_params" not in out
    sizes = ("--dim", "H=6", "--dim", "C=3")
    assert run("check", file, "--max-macs", "1G", *sizes)[0] == 0


@pytest.mark.parametrize(
    ("option", "text", "cure"),
    [
        ("--max-macs", "1.8X", '"1.8G"'),
        ("--max-macs", "5%", '"+5%"'),
        ("--max-macs", "0", "above 0"),
        ("--max-macs", "", "above 0"),
        ("--max-file-size", "5M", '"5 MB"'),
        ("--max-plain-run", "5.5", "whole number"),
    ],
)
def test_what_is_no_limit(run: Run, model: Path, option: str, text: str, cure: str) -> None:
    code, out, err = run("check", model, option, text)
    assert (code, out) == (2, "")
    assert err.startswith(f"error: {option}: budget.{option[2:].replace('-', '_')} must be ")
    assert f"not {text!r}" in err
    assert cure in err
    assert err.count("\n") == 1


def test_all_mistakes_at_once(run: Run, model: Path) -> None:
    code, _, err = run("check", model, "--max-macs", "many", "--max-params", "few")
    assert code == 2
    assert "--max-macs: budget.max_macs must be" in err
    assert "--max-params: budget.max_params must be" in err


def test_spaces_around_a_limit(run: Run, model: Path) -> None:
    assert run("check", model, "--max-macs", " 5 M ")[0] == 0


def test_the_command_line_goes_before_the_configuration(run: Run, model: Path) -> None:
    (model.parent / "cnnlint.toml").write_text("budget = {max_macs = 5, max_params = '1k'}")
    code, out, _ = run("check", model, "-q")
    assert (code, "max_macs: broken" in out) == (1, True)
    code, out, _ = run("check", model, "--max-macs", "16k", "--format", "json")
    budgets = {each["key"]: each["place"] for each in json.loads(out)["models"][0]["budgets"]}
    assert (code, budgets["max_macs"]) == (0, "--max-macs")
    assert budgets["max_params"].endswith("cnnlint.toml:1")


def test_a_reference_is_never_written_over(run: Run, model: Path) -> None:
    other = model.with_name("reference")
    other.write_bytes(model.read_bytes())
    budget = f"budget={{max_macs='+5%', reference='{other}'}}"
    code, _, err = run("check", model, "--config", budget, "--output", other)
    assert (code, "would overwrite" in err) == (2, True)
    assert other.read_bytes() == model.read_bytes()


def test_the_guide_has_every_key_and_flag() -> None:
    guide = (Path(__file__).parents[2] / "docs" / "budgets.md").read_text(encoding="utf-8")
    for key in KEYS:
        assert f"| `{key}` | " in guide
        assert f"| `--{key.replace('_', '-')} " in guide
    options = {name for field in fields(Wanted) if (name := field.name).startswith("max_")}
    assert options == set(KEYS)
    assert f"| `{LATENCY}` | " in guide
    for verdict in Verdict:
        assert f"`{verdict}`" in guide or verdict is Verdict.BROKEN
