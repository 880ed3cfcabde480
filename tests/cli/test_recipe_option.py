"""Training recipes on the command line: where they are found, and what is said of wrong ones."""

import io
import json
import sys
from collections.abc import Callable
from pathlib import Path

import onnx
import pytest

import cnnlint
from tests.net import Net

Run = Callable[..., tuple[int, str, str]]
ALL = "T701, T702, T704, T705, T706"
NOT_CHECKED = f" = note: not checked without a training recipe (--recipe FILE): {ALL}"


def unwrapped(out: str) -> str:
    return " ".join(out.split())


def codes(out: str) -> list[str]:
    return [
        finding["code"] for model in json.loads(out)["models"] for finding in model["findings"]
    ]


def test_without_a_recipe_rules_are_listed_once(run: Run, models: Path) -> None:
    code, out, err = run("check", models / "clean.onnx")
    assert (code, err) == (0, "")
    assert unwrapped(out).endswith(NOT_CHECKED)
    _, out, _ = run("check", models)
    assert out.count("not checked") == 1
    _, out, _ = run("check", models / "clean.onnx", "--quiet")
    assert "not checked" not in out
    _, out, _ = run("check", models / "clean.onnx", "--format", "json")
    unchecked = json.loads(out)["models"][0]["summary"]["coverage"]["unchecked"]
    rules = [text for text in unchecked if text.startswith("T7")]
    assert rules[0] == "T701 no-weight-decay (needs optimizer, weight_decay)"
    assert ", ".join(text[:4] for text in rules) == ALL


def test_models_that_lack_something_else_are_told_apart(run: Run, models: Path) -> None:
    (models / "clean.recipe.toml").write_text("batch_size = 32")
    _, out, _ = run("check", models)
    assert out.count("not checked") == 2
    assert "(--recipe FILE): T701, T702, T705, T706 " in unwrapped(out)


def test_recipe_option(run: Run, models: Path) -> None:
    recipe = models / "how.toml"
    recipe.write_text('optimizer = "sgd"')
    code, out, err = run("check", models / "clean.onnx", "--recipe", recipe)
    assert (code, err) == (1, "")
    assert out.startswith("warning[T701]: no weight decay: the recipe names none")
    assert "not checked without a training recipe (--recipe FILE): T702, T704" in out


def test_which_recipe_counts(run: Run, models: Path) -> None:
    """What is given goes before what lies beside, and that before metadata, key by key."""
    proto = onnx.load(models / "clean.onnx", load_external_data=False)
    for key, value in (("optimizer", "sgd"), ("weight_decay", "0"), ("batch_size", "4")):
        proto.metadata_props.add(key=f"cnnlint.{key}", value=value)
    model = models / "clean.onnx"
    model.write_bytes(proto.SerializeToString())
    assert codes(run("check", model, "--format", "json")[1]) == ["T701", "T704"]
    (models / "clean.recipe.toml").write_text("weight_decay = 5")
    assert codes(run("check", model, "--format", "json")[1]) == ["T702", "T704"]
    given = models / "given.toml"
    given.write_text("weight_decay = 1e-4\n")
    assert codes(run("check", model, "--format", "json", "--recipe", given)[1]) == ["T704"]
    given.write_text("weight_decay = 1e-4\nbatch_size = 32")
    assert not codes(run("check", model, "--format", "json", "--recipe", given)[1])


def test_a_stamped_model_says_it_itself(run: Run, models: Path) -> None:
    stamped = models / "stamped.onnx"
    cnnlint.stamp(models / "clean.onnx", {"weight_decay": 0}, stamped)
    assert codes(run("check", stamped, "--format", "json")[1]) == ["T701"]


@pytest.mark.parametrize("beside", [False, True])
def test_a_wrong_recipe_is_misuse(run: Run, models: Path, beside: bool) -> None:
    recipe = models / ("clean.recipe.toml" if beside else "given.toml")
    recipe.write_text('wieght_decay = 1\nlr = "fast"')
    option = () if beside else ("--recipe", recipe)
    code, out, err = run("check", models, *option)
    assert (code, out) == (2, "")
    assert err == (
        f"error: {recipe}: there is no key 'wieght_decay' (did you mean weight_decay?); "
        "lr is 'fast' and must be a number above 0; correct the recipe\n"
    )


def test_a_recipe_that_is_not_there_is_misuse(run: Run, models: Path) -> None:
    code, out, err = run("check", models, "--recipe", models / "no.toml")
    assert (code, out) == (2, "")
    assert "no.toml does not exist" in err


def test_wrong_metadata_is_a_remark(run: Run, models: Path) -> None:
    proto = onnx.load(models / "clean.onnx", load_external_data=False)
    for key, value in (("lr", "fa\x1bst"), ("weight_decay", "0"), ("wieght_decay", "1")):
        proto.metadata_props.add(key=f"cnnlint.{key}", value=value)
    (models / "clean.onnx").write_bytes(proto.SerializeToString())
    code, out, err = run("check", models / "clean.onnx")
    assert (code, err) == (1, "")
    text = unwrapped(out)
    head = " = note: ignored in the recipe that the model's metadata holds: "
    assert f"{head}lr is 'fa\\x1bst' and must be a number above 0 =" in text
    assert f"{head}there is no key 'wieght_decay' (did you mean weight_decay?) =" in text
    _, out, _ = run("check", models / "clean.onnx", "--format", "json")
    unchecked = json.loads(out)["models"][0]["summary"]["coverage"]["unchecked"]
    assert "recipe in the metadata: lr is 'fa\\x1bst' and must be a number above 0" in unchecked


@pytest.mark.parametrize(
    ("command", "name"),
    [
        (("check", "--recipe", "how.toml"), "how.toml"),
        (("check",), "clean.recipe.toml"),
        (("profile", "--static"), "clean.recipe.toml"),
    ],
)
def test_the_recipe_is_not_overwritten(
    run: Run, models: Path, command: tuple[str, ...], name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(models)
    recipe = models / name
    recipe.write_text("lr = 1")
    code, _, err = run(*command, "clean.onnx", "-o", name)
    assert code == 2
    assert "would overwrite" in err
    assert recipe.read_text() == "lr = 1"


def test_standard_input(run: Run, models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = Net(3, 8).conv(4).proto().SerializeToString()
    recipe = models / "how.toml"
    recipe.write_text("weight_decay = 0")
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
    assert "T701" in codes(run("check", "-", "--recipe", recipe, "--format", "json")[1])
