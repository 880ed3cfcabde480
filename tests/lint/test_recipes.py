from pathlib import Path

import pytest

from cnnlint.errors import MissingPathError, UsageError
from cnnlint.facts.training.recipe import Recipe
from cnnlint.lint.recipes import read_recipe, recipe_beside, recipe_of
from cnnlint.lint.toml import MAX_BYTES


def test_a_recipe(tmp_path: Path) -> None:
    file = tmp_path / "r.toml"
    file.write_text('optimizer = "SGD"  # with momentum\nlr = 1e-1\ntrain_images = 1_281_167\n')
    assert read_recipe(file) == Recipe(optimizer="SGD", lr=0.1, train_images=1_281_167)
    file.write_text("")
    assert read_recipe(file) == Recipe()


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"lr = ", "is no TOML: "),
        (b"\xff", "is no TOML: "),
        (b"lr = 1\nlr = 2", "is no TOML: "),
        (b"lr = " + b"9" * 5_000, "is no TOML: "),
        (b"lr = 0x" + b"f" * 5_000, "a number of very many digits"),
        (b"x = " + b"[" * 50_000, "is no TOML: it nests too deeply"),
        (b"lr = 1" + b" " * MAX_BYTES, "has more than 1,048,576 bytes"),
        (b"wieght_decay = 1\nlr = 0", "r.toml: there is no key 'wieght_decay' (did you mean"),
        (b"wieght_decay = 1\nlr = 0", "; lr is 0 and must be a number above 0"),
        (b"[recipe]\nlr = 1", "there is no key 'recipe'"),
    ],
)
def test_what_is_none(content: bytes, why: str, tmp_path: Path) -> None:
    file = tmp_path / "r.toml"
    file.write_bytes(content)
    with pytest.raises(UsageError) as caught:
        read_recipe(file)
    assert why in str(caught.value)
    assert str(file) in str(caught.value)


def test_what_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(MissingPathError):
        read_recipe(tmp_path / "none.toml")
    with pytest.raises(UsageError, match="is no regular file"):
        read_recipe(tmp_path)


def test_what_is_closed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def closed(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    file = tmp_path / "r.toml"
    file.write_text("lr = 1")
    monkeypatch.setattr(Path, "open", closed)
    with pytest.raises(UsageError, match="can't be read: Permission denied"):
        read_recipe(file)


@pytest.mark.parametrize(
    ("model", "recipe"),
    [
        ("net.onnx", "net.recipe.toml"),
        ("net.ts.onnx", "net.ts.recipe.toml"),
        ("net", "net.recipe.toml"),
        ("net.bin", "net.bin.recipe.toml"),
    ],
)
def test_beside(model: str, recipe: str, tmp_path: Path) -> None:
    assert recipe_beside(tmp_path / model) is None
    (tmp_path / recipe).mkdir()
    assert recipe_beside(tmp_path / model) is None
    (tmp_path / recipe).rmdir()
    (tmp_path / recipe).write_text("lr = 1\nclasses = 2")
    assert recipe_beside(tmp_path / model) == tmp_path / recipe
    assert recipe_of(tmp_path / model, None) == Recipe(lr=1.0, classes=2)
    assert recipe_of(str(tmp_path / model), Recipe(lr=3.0)) == Recipe(lr=3.0, classes=2)


def test_a_name_that_is_too_long_for_one_beside(tmp_path: Path) -> None:
    assert recipe_beside(tmp_path / f"{'n' * 250}.onnx") is None


def test_nothing_lies_beside_standard_input() -> None:
    assert recipe_of(b"", None) == Recipe()
    assert recipe_of(b"", Recipe(lr=1.0)) == Recipe(lr=1.0)
    assert recipe_of("net.onnx", Recipe(lr=1.0)) == Recipe(lr=1.0)
