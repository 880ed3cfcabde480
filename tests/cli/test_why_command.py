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
