"""``cnnlint baseline``: adopt, get worse, get better, move."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from tests.net import Net

Run = Callable[..., tuple[int, str, str]]
NAME = "cnnlint-baseline.json"


def save(file: Path, net: Net) -> Path:
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(net.proto().SerializeToString())
    return file


def net(*, width: int = 64, name: str = "wide", stem: int = 3) -> Net:
    """Return a network with a 7x7 convolution and a ReLU on its output."""
    body = Net(3, 32).conv(width, stem, name="stem").relu().conv(width, 7, name=name)
    return body.relu().gap().flatten().dense(10, name="fc").relu()


@pytest.fixture
def repo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run: Run) -> Path:
    """Return a folder with two models and their baseline, which is where we are."""
    monkeypatch.chdir(tmp_path)
    save(tmp_path / "models" / "a.onnx", net())
    save(tmp_path / "models" / "b.onnx", net(width=32))
    assert run("check", "models")[0] == 1
    assert run("baseline", "create", "models")[0] == 0
    return tmp_path


def content(repo: Path) -> dict[str, Any]:
    document = json.loads((repo / NAME).read_text())
    models: dict[str, Any] = document["models"]
    return models


def entries(repo: Path, model: str = "models/a.onnx") -> list[tuple[str, str]]:
    return [(each["rule"], each["layer"]) for each in content(repo)[model]["findings"]]


def check(run: Run, *more: str) -> tuple[int, list[Any]]:
    """Return the exit code, and the reports on the models."""
    code, out, _ = run("check", "models", "--baseline", NAME, "--format", "json", *more)
    return code, json.loads(out)["models"]


def test_adopting(run: Run, repo: Path) -> None:
    (repo / NAME).unlink()
    code, out, err = run("baseline", "create", "models")
    assert (code, err) == (0, "")
    count = sum(len(each["findings"]) for each in content(repo).values())
    assert out == (
        f"{NAME}: {count} findings of 2 models\n"
        f"next: cnnlint check models --baseline {NAME}\n"
        f'or once for all, in cnnlint.toml: baseline = "{NAME}"\n'
    )
    assert list(content(repo)) == ["models/a.onnx", "models/b.onnx"]
    assert content(repo)["models/a.onnx"]["costs"]["max_params"] == net().facts().params
    code, models = check(run)
    assert code == 0
    assert {f["suppressed"]["by"] for m in models for f in m["findings"]} == {"baseline"}
    assert [m["notes"] for m in models] == [[], []]
    assert ("K101", "wide") in entries(repo)
    assert str(repo) not in (repo / NAME).read_text()


def test_the_file_is_the_same_from_anywhere(
    run: Run, repo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = (repo / NAME).read_text()
    monkeypatch.chdir(repo / "models")
    assert run("baseline", "create", repo, ".", "-o", f"../{NAME}", "--force")[0] == 0
    assert (repo / NAME).read_text() == text
    assert run("check", "a.onnx", "--baseline", f"../{NAME}")[0] == 0


def test_a_dearer_layer_counts_again(run: Run, repo: Path) -> None:
    save(repo / "models" / "a.onnx", net(width=74))
    code, models = check(run)
    assert code == 1
    (grown,) = [f for f in models[0]["findings"] if f["code"] == "K101"]
    assert grown["suppressed"] is None
    before = net().facts().macs_of(net().facts().model.nodes[2])
    assert grown["grown_from"] == {"value": before, "unit": "macs"}
    assert models[1]["path"] == "models/b.onnx"
    assert not [f for f in models[1]["findings"] if not f["suppressed"]]
    says = r"in the baseline at 205\.5 MMACs, now 274\.8 MMACs \(\+34 %\)"
    for form in ("text", "concise"):
        out = run("check", "models", "--baseline", NAME, "--format", form)[1]
        assert re.search(says, out)


def test_what_is_new_counts(run: Run, repo: Path) -> None:
    save(repo / "models" / "c.onnx", net())
    code, models = check(run)
    assert code == 1
    assert [len([f for f in m["findings"] if not f["suppressed"]]) for m in models][:2] == [0, 0]
    assert not [f for f in models[2]["findings"] if f["suppressed"]]


def test_what_was_mended_is_told_and_pruned(run: Run, repo: Path) -> None:
    before = entries(repo)
    mended = Net(3, 32).conv(64, name="stem").relu().conv(64, name="wide").relu()
    save(repo / "models" / "a.onnx", mended.gap().flatten().dense(10, name="fc").relu())
    code, models = check(run)
    assert code == 0
    note = (
        "1 entry of the baseline matches nothing any more; `cnnlint baseline prune` takes it out"
    )
    assert models[0]["notes"] == [note]
    text = (repo / NAME).read_text()
    left = len(before) - 1 + len(entries(repo, "models/b.onnx"))
    said = (
        "models/a.onnx: 1 finding taken out, 1 finding lowered, 3 costs of the model lowered\n"
        f"{NAME}: {left} findings of 2 models"
    )
    assert run("baseline", "prune", "models", "--dry-run") == (0, f"{said} would be left\n", "")
    assert (repo / NAME).read_text() == text
    assert run("baseline", "prune", "models") == (0, f"{said} left\n", "")
    assert set(before) - set(entries(repo)) == {("K101", "wide")}
    nothing = f"{NAME}: nothing to change, {left} findings of 2 models\n"
    before_that = (repo / NAME).stat()
    assert run("baseline", "prune", "models") == (0, nothing, "")
    assert (repo / NAME).stat().st_ino == before_that.st_ino  # it was not written again
    assert check(run)[1][0]["notes"] == []
    save(repo / "models" / "a.onnx", net())
    assert check(run)[0] == 1  # what was mended is not to come back


def test_pruning_lowers_and_never_raises_or_adds(run: Run, repo: Path) -> None:
    old = content(repo)
    save(repo / "models" / "a.onnx", net(width=32))
    save(repo / "models" / "b.onnx", net(width=64))
    code, out, _ = run("baseline", "prune", "models")
    assert code == 0
    assert "models/a.onnx: " in out
    assert "models/b.onnx: " not in out
    new = content(repo)
    assert new["models/b.onnx"]["findings"] == old["models/b.onnx"]["findings"]
    assert new["models/b.onnx"]["costs"] == old["models/b.onnx"]["costs"]
    assert new["models/a.onnx"] == old["models/b.onnx"]
    assert check(run)[0] == 1


def test_pruning_follows_a_layer(run: Run, repo: Path) -> None:
    save(repo / "models" / "a.onnx", net(name="block.conv"))
    assert check(run)[0] == 0
    assert "2 findings followed to another name" in run("baseline", "prune", "models")[1]
    assert ("K101", "block.conv") in entries(repo)
    assert check(run)[0] == 0


def test_pruning_leaves_what_it_does_not_look_at(run: Run, repo: Path) -> None:
    text = (repo / NAME).read_text()
    save(repo / "models" / "a.onnx", Net(3, 32).conv(64, name="stem").relu())
    assert run("baseline", "prune", "models/b.onnx")[0] == 0
    assert (repo / NAME).read_text() == text
    run("baseline", "prune", "models", "--select", "H503")
    assert ("K101", "wide") in entries(repo)
    assert "H503" not in {rule for rule, _ in entries(repo)}


def test_models_come_and_go(run: Run, repo: Path) -> None:
    (repo / "models" / "b.onnx").unlink()
    save(repo / "models" / "c.onnx", net())
    code, out, err = run("baseline", "prune", "models")
    assert code == 0
    assert re.match(r"models/b.onnx: the file is gone, \d+ findings taken out\n", out)
    assert err == (
        "note: 1 model not in the baseline, models/c.onnx first; "
        "`cnnlint baseline create` writes a new one with all models\n"
    )
    assert list(content(repo)) == ["models/a.onnx"]


def test_a_model_of_which_nobody_knows_whether_it_is_there_stays(run: Run, repo: Path) -> None:
    (repo / "ring").symlink_to("ring")
    text = (repo / NAME).read_text()
    (repo / NAME).write_text(text.replace("models/b.onnx", "ring/b.onnx"))
    assert run("baseline", "prune", "models/a.onnx")[0] == 0
    assert list(content(repo)) == ["models/a.onnx", "ring/b.onnx"]


def test_models_that_can_not_be_read(run: Run, repo: Path) -> None:
    text = (repo / NAME).read_text()
    (repo / "models" / "a.onnx").write_bytes(b"no model")
    code, out, err = run("baseline", "prune", "models")
    assert (code, out.startswith(f"{NAME}: nothing to change")) == (1, True)
    assert err.startswith("error: models/a.onnx: ")
    assert (repo / NAME).read_text() == text
    code, out, err = run("baseline", "create", "models", "--force")
    assert (code, list(content(repo))) == (1, ["models/b.onnx"])
    assert err.startswith("error: models/a.onnx: ")


def test_without_a_model_nothing_is_written(run: Run, repo: Path) -> None:
    text = (repo / NAME).read_text()
    (repo / "empty").mkdir()
    code, out, err = run("baseline", "create", "empty", "--force")
    assert (code, out) == (0, "")
    assert err == (
        "warning: no models found; name .onnx files, or folders that hold some\n"
        f"warning: {NAME} is not written; name models that can be read\n"
    )
    (repo / "empty" / "a.onnx").touch()
    code, out, err = run("baseline", "create", "empty", "--force")
    assert (code, out, err.count("\n")) == (1, "", 2)
    assert (repo / NAME).read_text() == text


def test_broken_files_are_never_accepted(run: Run, repo: Path) -> None:
    broken = Net(3, 32).conv(8).shaped("w", 8, 5, 3, 3).op("Conv", "w").relu()
    save(repo / "models" / "c.onnx", broken)
    code, _, err = run("baseline", "create", "models", "--force")
    assert code == 0
    assert re.search(
        r"warning: \d+ findings? on files that are broken can't be in a baseline; mend th", err
    )
    assert not [rule for rule, _ in entries(repo, "models/c.onnx") if rule.startswith("G")]
    assert check(run)[0] == 1


def test_what_is_suppressed_does_not_get_in_twice(run: Run, repo: Path) -> None:
    assert run("baseline", "create", "models", "--force", "--ignore", "K101")[0] == 0
    assert "K101" not in {rule for rule, _ in entries(repo)}
    assert check(run)[0] == 1


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["create", "models"], f"{NAME} is there already; --force writes over it"),
        (["create", "models", "-o", "notes.txt", "--force"], "is there already, and no baseline"),
        (["create", "models", "-o", "x.onnx"], "would overwrite a model"),
        (["create", "models", "-o", "models/a.onnx", "--force"], "already, and no baseline"),
        (["create", "models", "-o", "no/where.json"], "can't be written"),
        (["create", "models", "--baseline", NAME], "--baseline is for `check` and `prune`"),
        (["create", "-", "-o", "x.json"], "a model on stdin has no name in a baseline"),
        (["create", "nowhere", "-o", "x.json"], "nowhere does not exist"),
        (["create"], "Missing argument 'PATH...'"),
        (["prune", "models", "--baseline", "none.json"], "the baseline none.json does not exist"),
        (["prune", "models", "--baseline", "notes.txt"], "notes.txt is no baseline"),
    ],
)
def test_what_makes_no_sense(arguments: list[str], says: str, run: Run, repo: Path) -> None:
    (repo / "notes.txt").write_text("dear diary")
    before = {path: path.read_bytes() for path in repo.rglob("*") if path.is_file()}
    code, _, err = run("baseline", *arguments)
    assert code == 2
    assert says in err
    assert {path: path.read_bytes() for path in repo.rglob("*") if path.is_file()} == before


def test_a_baseline_that_is_named_must_be_there(run: Run, repo: Path) -> None:
    code, _, err = run("check", "models", "--baseline", "none.json")
    assert (code, "the baseline none.json does not exist; check the path" in err) == (2, True)
    assert run("check", "models")[0] == 1  # none is taken unasked
    (repo / NAME).write_text("<<<<<<< ours\n")
    assert run("check", "models", "--baseline", NAME)[0] == 2


@pytest.mark.parametrize("named", [True, False])
def test_no_report_goes_over_a_baseline(named: bool, run: Run, repo: Path) -> None:
    text = (repo / NAME).read_text()
    more = ["--baseline", NAME] if named else []
    code, _, err = run("check", "models", "-o", NAME, *more)
    assert code == 2
    assert "would overwrite" in err
    assert (repo / NAME).read_text() == text


def test_an_empty_file_may_be_written_over(run: Run, repo: Path) -> None:
    (repo / "new.json").touch()
    assert run("baseline", "create", "models", "-o", "new.json")[0] == 2
    assert run("baseline", "create", "models", "-o", "new.json", "--force")[0] == 0
    assert (repo / "new.json").read_text() == (repo / NAME).read_text()


def test_force_mends_a_baseline_with_conflicts(run: Run, repo: Path) -> None:
    text = (repo / NAME).read_text()
    broken = text.replace('"models": {', '"models": {\n<<<<<<< ours', 1)
    (repo / NAME).write_text(broken)
    assert run("baseline", "create", "models", "--force")[0] == 0
    assert (repo / NAME).read_text() == text


def test_force_says_what_the_new_one_lacks(run: Run, repo: Path) -> None:
    save(repo / "models" / "c.onnx", net(width=16))
    assert run("baseline", "create", "models", "--force")[::2] == (0, "")
    (repo / "models" / "a.onnx").unlink()  # what is gone is missed by nobody
    code, _, err = run("baseline", "create", "models/c.onnx", "--force")
    assert list(content(repo)) == ["models/c.onnx"]
    told = "warning: 1 model of the old baseline not in the new, models/b.onnx first; name all"
    assert (code, err.startswith(told)) == (0, True)
    (repo / "models" / "d.onnx").write_bytes(b"")
    assert run("baseline", "create", "models", "--force")[0] == 1
    assert list(content(repo)) == ["models/b.onnx", "models/c.onnx"]


def test_what_is_next_where_it_is_configured(run: Run, repo: Path) -> None:
    (repo / "cnnlint.toml").write_text(f'baseline = "{NAME}"\n')
    assert run("baseline", "create", "models", "--force")[1].endswith(
        "next: cnnlint check models\n"
    )
    assert run("check", "models")[0] == 0
    out = run("baseline", "create", "models", "-o", "other.json")[1]
    assert "next: cnnlint check models --baseline other.json\n" in out


def test_other_sizes_are_no_way_out(run: Run, repo: Path) -> None:
    """With a batch of 8 in the baseline, one of 1 makes room for layers 8 times as dear."""
    save(repo / "models" / "a.onnx", replace(net(), batch="N"))
    assert run("baseline", "create", "models", "--force", "--dim", "N=8")[0] == 0
    text = (repo / NAME).read_text()
    assert text.count('   "sizes": {"N": 8},\n') == 1
    told = "the baseline was made with N = 8, and now it is N = 1"
    budgets = ("--max-macs", "+5%", "--max-params", "+5%")
    code, (model, _) = check(run, *budgets)
    assert code == 1
    assert [each["verdict"] for each in model["budgets"]] == ["pass", "undecidable"]
    assert told in model["budgets"][1]["reason"]
    assert [note.partition(":")[0] for note in model["notes"]] == [told]
    code, _, err = run("baseline", "prune", "models")
    assert (code, err.startswith(f"warning: models/a.onnx stays as it is: {told}")) == (0, True)
    assert (repo / NAME).read_text() == text
    code, (model, _) = check(run, *budgets, "--dim", "N=8")
    assert (code, model["notes"]) == (0, [])
    assert run("baseline", "prune", "models", "--dim", "N=8")[::2] == (0, "")


def test_a_model_on_stdin_is_in_no_baseline(
    run: Run, repo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Stdin:
        buffer = BytesIO((repo / "models" / "a.onnx").read_bytes())

    monkeypatch.setattr("sys.stdin", Stdin)
    assert run("check", "-", "--baseline", NAME)[0] == 1
