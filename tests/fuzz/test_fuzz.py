"""The fuzzer itself: inputs that can be made again, and planted faults that it finds."""

import subprocess
import sys
import warnings
from collections import Counter
from pathlib import Path
from random import Random

import onnx
import pytest
from google.protobuf.message import DecodeError

from cnnlint.errors import CnnlintError
from cnnlint.model.loader import load
from fuzz import operators, seeds, target
from fuzz.campaign import Failure, Plan, keep, run
from fuzz.inputs import KINDS, make
from fuzz.minimise import smaller
from fuzz.target import Fault, examine
from fuzz.workers import Examine, Limits, team
from tests.fuzz import planted
from tests.net import Net

ROOT = Path(__file__).parents[2]
LIMITS = Limits(cpu_s=0.3, wall_s=20, memory=target.MEMORY // 4)


def parses(data: bytes) -> bool:
    try:
        onnx.ModelProto.FromString(data)
    except DecodeError:
        return False
    return True


# ------------------------------------------------------------------- inputs


def test_seeds_can_be_read() -> None:
    assert len(seeds.small()) > 20
    whole = [not load(seed).defects for seed in seeds.seeds()]
    assert sum(whole) > 0.8 * len(whole)  # an operator set that is too old or new makes some odd


def test_more_models_to_start_from(tmp_path: Path) -> None:
    data = Net(3, 8).conv(4).proto().SerializeToString()
    (tmp_path / "mine.onnx").write_bytes(data)
    assert seeds.seeds(tmp_path) == (*seeds.seeds(), data)


def test_an_input_can_be_made_again() -> None:
    command = "from fuzz.inputs import make; print([make(7, n) for n in range(60)])"
    outputs = {
        subprocess.run(  # noqa: S603  (our own command)
            [sys.executable, "-c", command],
            cwd=ROOT,
            env={"PYTHONHASHSEED": hashing, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            check=True,
        ).stdout
        for hashing in "12"
    }
    assert len(outputs) == 1
    assert make(7, 3) != make(8, 3)


def test_kinds_and_how_many_of_them_are_models() -> None:
    made = [make(0, number) for number in range(400)]
    count = Counter(kind for kind, _ in made)
    whole = Counter(kind for kind, data in made if parses(data))
    assert set(count) == set(KINDS)
    assert min(count.values()) > 60
    assert whole["structure"] == count["structure"]
    assert whole["operators"] == count["operators"]
    assert 0 < whole["bytes"] < count["bytes"]
    assert len({data for _, data in made}) > 380


def test_every_operator_has_its_turn() -> None:
    known = operators.known()
    assert {("", "Conv"), ("", "Scan"), ("com.microsoft", "FusedConv")} <= set(known)
    rng = Random(0)  # noqa: S311  (not for secrets)
    drawn = {
        (node.domain, node.op_type)
        for _ in range(3_000)
        for node in operators.operator_model(rng).graph.node
    }
    assert drawn <= set(known)
    assert len(drawn) > 0.95 * len(known)


# ------------------------------------------------------------------- what is a fault


def test_a_whole_model_and_a_refusal_are_fine(tmp_path: Path) -> None:
    assert examine(Net(3, 8).conv(4).proto().SerializeToString(), tmp_path) is None
    assert examine(b"", tmp_path) is None


def misuse(_file: Path) -> None:
    raise CnnlintError("no", "yes")


def warn(_file: Path) -> None:
    warnings.warn("odd", RuntimeWarning, stacklevel=2)


def not_found(_file: Path) -> None:
    (_ for _ in ()).throw(KeyError("x"))


@pytest.mark.parametrize("check", [warn, not_found, misuse])
def test_what_is_raised_is_a_fault(check: "target.Check", tmp_path: Path) -> None:
    fault = examine(b"", tmp_path, check)
    assert fault is not None
    assert check.__name__ in fault.text


@pytest.mark.parametrize(
    ("name", "stand_in", "place"),
    [
        ("load", "cnnlint.lint.engine", "TypeError outside"),
        ("summary", "cnnlint.lint.engine", "TypeError outside"),
        ("memory", "cnnlint.facts.facts", "TypeError at cnnlint/facts/facts.py:"),
        ("render_text", "fuzz.target", "TypeError outside"),
    ],
)
def test_where_it_failed(
    name: str, stand_in: str, place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in {stand_in, "fuzz.target"}:
        monkeypatch.setattr(f"{module}.{name}", None, raising=False)
    fault = examine(Net(3, 8).conv(4).proto().SerializeToString(), tmp_path)
    assert fault is not None
    assert fault.place.startswith(place)
    assert "TypeError" in fault.text


@pytest.mark.parametrize(
    ("render", "output", "words"),
    [
        ("render_json", '{"macs": -1}', "Wrong: negative macs"),
        ("render_json", '{"jump": NaN}', "Wrong: NaN in JSON"),
        ("render_json", '{"jump": Infinity}', "Wrong: Infinity in JSON"),
        ("render_json", '{"in_shape": [1, -1]}', "Wrong: negative in_shape"),
        ("render_json", '{"saving": {"macs": -1}}', None),
        ("render_text", "\x1b[31m", "Wrong: unprintable output"),
        ("render_csv", "a\tb", "Wrong: unprintable output"),
        ("render_table", "\ud800", "UnicodeEncodeError outside"),
        ("render_text", "fine\r\n", None),
    ],
)
def test_output_is_looked_at(
    render: str, output: str, words: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(target, render, lambda *_: output)
    fault = examine(Net(3, 8).conv(4).proto().SerializeToString(), tmp_path)
    assert (fault.place if fault else None) == words


# ------------------------------------------------------------------- workers


@pytest.mark.parametrize(
    ("check", "limits", "place"),
    [
        (planted.hangs, LIMITS, "Slow outside"),
        (planted.devours, LIMITS, "MemoryError outside"),
        (planted.sleeps, Limits(wall_s=0.5), "no answer"),
        (planted.dies, LIMITS, "died of 9"),
    ],
)
def test_a_worker_survives(check: Examine, limits: Limits, place: str) -> None:
    with team(1, check, limits) as (worker,):
        for data, expected in ((b"good", None), (b"bad", place), (b"good", None)):
            worker.ask(data)
            fault = worker.answer()
            assert (fault.place if fault else None) == expected


# ------------------------------------------------------------------- campaigns


def test_a_planted_fault_is_found_and_written(tmp_path: Path) -> None:
    told: list[Failure] = []
    plan = Plan(seconds=60, jobs=2, inputs=120)
    outcome = run(plan, planted.odd_relu, LIMITS, told.append)
    assert outcome.kinds.total() == 120
    assert told == list(outcome.failures.values())
    (first,) = told
    assert outcome.times["Odd at relu.py:1"] > 1
    (file,) = keep(outcome, tmp_path / "kept", planted.odd_relu, LIMITS)
    assert file.name == "Odd_at_relu_py_1.onnx"
    (node,) = onnx.ModelProto.FromString(file.read_bytes()).graph.node
    assert node == onnx.NodeProto(op_type="Relu")
    said = file.with_suffix(".txt").read_text(encoding="utf-8")
    assert said == f"{first.kind} input {first.number}\n\na Relu"


def test_nothing_to_find() -> None:
    told: list[Failure] = []
    outcome = run(Plan(seconds=60, inputs=30), planted.fine, LIMITS, told.append)
    assert (outcome.failures, outcome.kinds.total()) == ({}, 30)
    again = run(Plan(seconds=0), planted.fine, LIMITS, told.append)
    assert (again.kinds.total(), told) == (0, [])


def test_bytes_that_do_not_parse_are_made_smaller_too() -> None:
    data = b"\xff" * 50 + b"needle" + b"\xff" * 50
    assert smaller(data, lambda part: b"needle" in part) == b"needle"
    assert smaller(data, lambda part: b"needle" in part, tries=3) != data


@pytest.mark.parametrize("inputs", [20])
def test_the_command(inputs: int, tmp_path: Path) -> None:
    done = subprocess.run(  # noqa: S603  (our own command)
        [sys.executable, "-m", "fuzz", "--inputs", str(inputs), "--keep", str(tmp_path / "kept")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("seed 0, from input 0 on, 1 jobs\n20 inputs in ")
    assert done.stdout.endswith("no failure\n")
    assert not (tmp_path / "kept").exists()


def test_a_few_hundred_inputs_break_nothing(tmp_path: Path) -> None:
    faults: list[Fault] = []
    for number in range(300):
        fault = examine(make(0, number)[1], tmp_path)
        faults += [fault] if fault else []
    assert [fault.text for fault in faults] == []
