"""A copy of a model differs in its metadata alone."""

from pathlib import Path

import onnx
import pytest
from onnx import helper

import cnnlint
from cnnlint.errors import LoadError, MissingPathError, UsageError
from cnnlint.facts.training.recipe import Dropout, Recipe
from cnnlint.model.loader import load
from tests.model.small_graph import watching
from tests.net import Net


def written(file: Path, net: Net, metadata: dict[str, str] | None = None) -> onnx.ModelProto:
    """Write a net whose weights, where it has any in other files, lie in weights.bin."""
    proto = net.proto()
    helper.set_model_props(proto, metadata or {})
    file.write_bytes(proto.SerializeToString())
    return proto


BN = Net(3, 8).bn()
"""All of its weights are in the model."""
CONV = Net(3, 8).conv(4)
"""Its weights are in weights.bin."""


def said(file: Path) -> list[tuple[str, str]]:
    return [(p.key, p.value) for p in onnx.load(file, load_external_data=False).metadata_props]


def test_all_but_metadata_stays(tmp_path: Path) -> None:
    source, out = tmp_path / "a.onnx", tmp_path / "b.onnx"
    before = written(source, BN, {"author": "me", "cnnlint.lr": "1", "cnnlint.git": "abc"})
    data = source.read_bytes()
    cnnlint.stamp(source, {"lr": 0.1, "optimizer": "sgd", "classes": None}, out)
    assert source.read_bytes() == data
    assert said(out) == [
        ("author", "me"),
        ("cnnlint.git", "abc"),
        ("cnnlint.optimizer", "sgd"),
        ("cnnlint.lr", "0.1"),
    ]
    after = onnx.load(out)
    for proto in (before, after):
        del proto.metadata_props[:]
    assert after == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.onnx", "b.onnx"]


def test_metadata_in_front_of_the_graph(tmp_path: Path) -> None:
    """Fields of a message may stand in any order, and a key more than once."""
    source = tmp_path / "a.onnx"
    entries = onnx.ModelProto(ir_version=8)
    for key in ("cnnlint.lr", "x", "cnnlint.lr"):
        entries.metadata_props.add(key=key, value="1")
    source.write_bytes(entries.SerializeToString() + BN.proto().SerializeToString())
    cnnlint.stamp(source, {"lr": 2}, tmp_path / "b.onnx")
    assert said(tmp_path / "b.onnx") == [("x", "1"), ("cnnlint.lr", "2.0")]


def test_long_fields_are_copied_whole(tmp_path: Path) -> None:
    source, out = tmp_path / "a.onnx", tmp_path / "b.onnx"
    proto = BN.proto()
    proto.doc_string = "é" * 3_000_000
    source.write_bytes(proto.SerializeToString())
    cnnlint.stamp(source, {}, out)
    assert out.read_bytes() == source.read_bytes()


@pytest.mark.parametrize(
    "recipe",
    [
        {"dropout": [{"layer": "fc", "p": 0.5}], "lr": 1},
        Recipe(lr=1.0, dropout=(Dropout("fc", 0.5),)),
        "recipe.toml",
        Path("recipe.toml"),
    ],
    ids=["dict", "Recipe", "path", "Path"],
)
def test_forms_of_a_recipe(
    recipe: "dict[str, object] | Recipe | str | Path",
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("recipe.toml").write_text('lr = 1\ndropout = [{layer = "fc", p = 0.5}]\n')
    written(Path("a.onnx"), BN)
    cnnlint.stamp("a.onnx", recipe, "b.onnx")
    assert sorted(said(Path("b.onnx"))) == [
        ("cnnlint.dropout", '[{"layer": "fc", "p": 0.5}]'),
        ("cnnlint.lr", "1.0"),
    ]


@pytest.mark.parametrize(
    "recipe",
    [
        {"lr": -1},
        {"nonsense": 1},
        {1: 1},
        Recipe(lr=-1.0),
        "no.toml",
        "bad.toml",
    ],
    ids=str,
)
def test_a_wrong_recipe_writes_nothing(
    recipe: "dict[str, object] | Recipe | str", tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("bad.toml").write_text("lr = -1")
    written(Path("a.onnx"), BN)
    with pytest.raises(UsageError):
        cnnlint.stamp("a.onnx", recipe, "b.onnx")
    assert sorted(map(str, Path().iterdir())) == ["a.onnx", "bad.toml"]


def test_weights_in_other_files_are_found_by_the_copy(tmp_path: Path) -> None:
    source, out = tmp_path / "a.onnx", tmp_path / "b.onnx"
    written(source, CONV)
    data = tmp_path / "weights.bin"
    data.write_bytes(b"\0" * 10_000)
    with watching() as opened:
        cnnlint.stamp(source, {"lr": 1}, out)
    assert not [path for path in opened if path.endswith(".bin")]
    assert load(out).origin.data_files == (data,)
    (tmp_path / "sub").mkdir()
    with pytest.raises(UsageError, match="would not find"):
        cnnlint.stamp(source, {"lr": 1}, tmp_path / "sub" / "c.onnx")
    assert not list((tmp_path / "sub").iterdir())
    (tmp_path / "link").symlink_to(tmp_path)
    cnnlint.stamp(source, {"lr": 1}, tmp_path / "link" / "c.onnx")
    assert (tmp_path / "c.onnx").is_file()


def test_weights_outside_of_the_folder_are_no_better(tmp_path: Path) -> None:
    proto = CONV.proto()
    for tensor in proto.graph.initializer:
        tensor.external_data[0].value = "../weights.bin"
    (tmp_path / "sub").mkdir()
    (tmp_path / "a.onnx").write_bytes(proto.SerializeToString())
    cnnlint.stamp(tmp_path / "a.onnx", {"lr": 1}, tmp_path / "b.onnx")
    with pytest.raises(UsageError, match="would not find"):
        cnnlint.stamp(tmp_path / "a.onnx", {"lr": 1}, tmp_path / "sub" / "b.onnx")


def test_a_model_with_its_weights_goes_anywhere(tmp_path: Path) -> None:
    written(tmp_path / "a.onnx", BN)
    (tmp_path / "sub").mkdir()
    cnnlint.stamp(tmp_path / "a.onnx", {"lr": 1}, tmp_path / "sub" / "a.onnx")
    assert said(tmp_path / "sub" / "a.onnx") == [("cnnlint.lr", "1.0")]


@pytest.mark.parametrize(
    ("out", "overwrite", "why"),
    [
        ("a.onnx", True, "is the model itself or its weights"),
        ("./a.onnx", True, "is the model itself or its weights"),
        ("hard.onnx", True, "is the model itself or its weights"),
        ("soft.onnx", True, "is the model itself or its weights"),
        ("weights.bin", True, "is the model itself or its weights"),
        ("other.onnx", False, "other.onnx exists"),
        ("sub", True, "sub exists"),
        ("nothing.onnx", False, "nothing.onnx exists"),
        ("nowhere/b.onnx", False, "there is no folder nowhere"),
        ("b" * 300, False, "can't be written: File name too long"),
        ("b\0", False, "can't be written: .*null"),
    ],
)
def test_nothing_is_overwritten(
    out: str, overwrite: bool, why: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    written(Path("a.onnx"), CONV)
    Path("hard.onnx").hardlink_to("a.onnx")
    Path("soft.onnx").symlink_to("a.onnx")
    Path("nothing.onnx").symlink_to("nowhere")
    Path("sub").mkdir()
    Path("other.onnx").write_bytes(b"other")
    before = {path: path.read_bytes() for path in Path().iterdir() if path.is_file()}
    with pytest.raises(UsageError, match=why):
        cnnlint.stamp("a.onnx", {"lr": 1}, out, overwrite=overwrite)
    assert {path: path.read_bytes() for path in Path().iterdir() if path.is_file()} == before
    assert Path("nothing.onnx").is_symlink()


def test_a_name_as_long_as_the_system_takes(tmp_path: Path) -> None:
    written(tmp_path / "a.onnx", BN)
    out = tmp_path / f"{'b' * 250}.onnx"
    cnnlint.stamp(tmp_path / "a.onnx", {"lr": 1}, out)
    assert said(out) == [("cnnlint.lr", "1.0")]


def test_overwriting_on_purpose(tmp_path: Path) -> None:
    written(tmp_path / "a.onnx", BN)
    out = tmp_path / "b.onnx"
    out.write_bytes(b"other")
    cnnlint.stamp(tmp_path / "a.onnx", {"lr": 1}, out, overwrite=True)
    assert said(out) == [("cnnlint.lr", "1.0")]


def test_what_is_no_model(tmp_path: Path) -> None:
    with pytest.raises(MissingPathError):
        cnnlint.stamp(tmp_path / "a.onnx", {"lr": 1}, tmp_path / "b.onnx")
    (tmp_path / "a.onnx").write_text("no model")
    with pytest.raises(LoadError):
        cnnlint.stamp(tmp_path / "a.onnx", {"lr": 1}, tmp_path / "b.onnx")
    assert len(list(tmp_path.iterdir())) == 1


def test_a_full_disk_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written(tmp_path / "a.onnx", BN)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(UsageError, match="can't be written: No space left"):
        cnnlint.stamp(tmp_path / "a.onnx", {"lr": 1}, tmp_path / "b.onnx")
    assert [path.name for path in tmp_path.iterdir()] == ["a.onnx"]
