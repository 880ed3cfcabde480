import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

Run = Callable[..., tuple[int, str, str]]
SAMPLE = Path(__file__).parents[2] / "sample_models" / "large_kernels.onnx"


@pytest.mark.parametrize("rule", ["K101", "large-dense-kernel"])
def test_a_finding(run: Run, rule: str) -> None:
    code, out, err = run("why", SAMPLE, "stages.1.conv2", rule)
    assert (code, err) == (0, "")
    assert out.startswith("K101 large-dense-kernel on stages.1.conv2 (Conv 7x7 32->32) of ")
    assert "reports a warning:\n    7x7 convolution where three 3x3 would see" in out


def test_sizes_of_the_input_reach_the_rule(run: Run) -> None:
    code, out, _ = run("why", SAMPLE, "stages.1.conv2", "K101", "--batch", 2)
    assert code == 0
    assert "25,690,112 MACs" in out


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ((SAMPLE, "stages.9", "K101"), 2, "the model has no layer 'stages.9'; did you mean"),
        ((SAMPLE, "stages.1.conv2", "K101a"), 2, "there is no rule 'K101a'; did you mean K101?"),
        ((SAMPLE, "stages.1.conv2", "K101", "--dim", "rows=8"), 2, "rows"),
        ((SAMPLE.with_name("nothing.onnx"), "a", "K101"), 2, "nothing.onnx"),
        ((SAMPLE.with_name("README.md"), "a", "K101"), 1, "README.md"),
    ],
)
def test_mistakes_are_one_line(
    run: Run, arguments: tuple[object, ...], code: int, said: str
) -> None:
    got, out, err = run("why", *arguments)
    assert (got, out) == (code, "")
    assert said in err
    assert err.count("\n") == 1


def test_the_recipe_reaches_the_rule(run: Run, tmp_path: Path) -> None:
    recipe = tmp_path / "recipe.toml"
    recipe.write_text('optimizer = "sgd"\nweight_decay = 0.0\n')
    code, out, _ = run("why", SAMPLE, "stages.1.conv2", "T701")
    assert (code, "the training recipe doesn't say" in out) == (0, True)
    code, out, _ = run("why", SAMPLE, "stages.1.conv2", "T701", "--recipe", recipe)
    assert (code, "reports of the file as a whole" in out) == (0, True)


def test_it_says_what_keeps_a_finding_from_counting(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".git").mkdir()
    shutil.copy(SAMPLE, "net.onnx")
    asked = ("why", "net.onnx", "stages.1.conv2", "K101")
    counts = run(*asked)[1]
    assert "count" not in counts
    assert run("baseline", "create", "net.onnx")[0] == 0
    known = run(*asked, "--config", "baseline=cnnlint-baseline.json")[1]
    assert known.startswith(counts + "  doesn't count:\n    suppressed by the baseline")
    config = tmp_path / "cnnlint.toml"
    config.write_text('[[suppress]]\nrule = "K"\nlayer = "stages.1.*"\nreason = "bought"\n')
    assert run(*asked)[1] == (
        counts + "  doesn't count:\n    suppressed by the configuration (cnnlint.toml:1): bought\n"
    )
    assert "count" not in run("why", "net.onnx", "stages.0.conv3", "K101")[1]


@pytest.mark.parametrize(
    ("config", "why"),
    [
        ('ignore = ["K1"]', "ignore 'K1', cnnlint.toml:1"),
        ('select = ["S"]', "not in select, cnnlint.toml:1"),
        (
            '[per-file-ignores]\n"net*" = ["kernels"]',
            "per-file-ignores 'net*', cnnlint.toml:2",
        ),
    ],
)
def test_it_says_who_turns_a_rule_off(
    run: Run, config: str, why: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "cnnlint.toml").write_text(config)
    shutil.copy(SAMPLE, "net.onnx")
    out = run("why", "net.onnx", "stages.1.conv2", "K101")[1]
    assert f"  off, so nothing of this is reported:\n    {why}\n  reports a warning:\n" in out
    assert "off" not in run("why", "net.onnx", "stages.1.conv2", "K101", "--isolated")[1]
    out = run("why", "net.onnx", "stages.1.conv2", "K104", "--isolated")[1]
    assert "reported:\n    by default; extend-select turns it on\n" in out
