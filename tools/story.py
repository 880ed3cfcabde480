"""Play a page of the docs: run its commands, in order, in a folder of its own.

What such a page holds besides prose:

- ```` ```console ```` blocks, whose lines after ``$`` are run by bash, and whose other lines are
  what that prints;
- blocks of code that begin with ``# FILE.toml``, which are written to that file;
- comments such as ``<!-- story: wider -->``, which name something that happens to the models.

usage: python tools/story.py [--check]
"""

import argparse
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

import onnx

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "adopting.md"
DATA = ROOT / "tests" / "data"
MODELS = (
    *("alexnet", "convnext_tiny", "densenet121", "efficientnet_b0", "inception_v3"),
    *("mobilenet_v2", "resnet18", "resnet50", "shufflenet_v2_x1_0", "vgg16"),
)
"""What the repository of the story holds: published exports, structure only."""
_PARTS = re.compile(
    r"<!-- story: (?P<step>\w+) -->"
    r"|```console\n(?P<console>.*?)```"
    r"|```toml\n(?P<text># (?P<file>\S+\.toml)\n.*?)```",
    re.DOTALL,
)


def main() -> int:
    """Renew the page, or with ``--check`` say whether it is stale."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing")
    check = parser.parse_args().check
    told = PAGE.read_text(encoding="utf-8")
    with TemporaryDirectory() as folder:
        now = played(told, Path(folder))
    if not check:
        PAGE.write_text(now, encoding="utf-8")
    elif now != told:
        print(f"{PAGE.relative_to(ROOT)} is stale")
    return int(check and now != told)


def played(page: str, folder: Path) -> str:
    """Return a page with what its commands print now, having played it in an empty folder."""

    def play(part: re.Match[str]) -> str:
        if part["step"]:
            STEPS[part["step"]](folder)
        elif part["file"]:
            (folder / part["file"]).write_text(part["text"], encoding="utf-8")
        else:
            commands = [line[2:] for line in part["console"].splitlines() if line[:2] == "$ "]
            said = (f"$ {command}\n{printed(command, folder)}" for command in commands)
            return f"```console\n{''.join(said)}```"
        return part[0]

    return _PARTS.sub(play, page)


def printed(command: str, folder: Path) -> str:
    """Return what a command prints on both streams, as in a terminal without colour."""
    own = f'cnnlint() {{ "{sys.executable}" -m cnnlint "$@"; }}\n'
    done = subprocess.run(  # noqa: S603  (commands of our own docs)
        ["bash", "-c", own + command],  # noqa: S607  (any bash will do)
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env={"PATH": "/usr/local/bin:/usr/bin:/bin", "PYTHONPATH": str(ROOT), "LC_ALL": "C.UTF-8"},
        text=True,
        check=False,
    )
    return done.stdout


# ---- what happens to the models ----


def repository(folder: Path) -> None:
    """Make a repository with ten models, one of them with an operator of the team's own."""
    (folder / ".git").mkdir()
    (folder / "models").mkdir()
    for name in MODELS:
        shutil.copy(DATA / f"{name}.ts.onnx", folder / "models" / f"{name}.onnx")
    _own_operator(folder / "models" / "inception_v3.onnx")


def wider(folder: Path) -> None:
    """Make the first dense layer of VGG-16 30 % dearer, as somebody might in a pull request."""
    file = folder / "models" / "vgg16.onnx"
    proto = onnx.load(file, load_external_data=False)
    stored = {tensor.name: tensor for tensor in proto.graph.initializer}
    for name, axis in (
        ("classifier.0.weight", 0),
        ("classifier.0.bias", 0),
        ("classifier.3.weight", 1),
    ):
        stored[name].dims[axis] = 4096 * 13 // 10
        _outside(stored[name])
    onnx.save(proto, file)


def front_layer(folder: Path) -> None:
    """Put a normalisation of the image in front of all other layers of VGG-16."""
    file = folder / "models" / "vgg16.onnx"
    proto = onnx.load(file, load_external_data=False)
    (image,) = (entry.name for entry in proto.graph.input)
    names = [f"normalise.{part}" for part in ("weight", "bias", "running_mean", "running_var")]
    for name in names:
        _outside(proto.graph.initializer.add(name=name, data_type=1, dims=[3]))
    node = onnx.helper.make_node("BatchNormalization", [image, *names], ["normalised"])
    _put_in_front(proto, node)
    onnx.save(proto, file)


def _own_operator(file: Path) -> None:
    """Put an operator that only its authors know in front of all others."""
    proto = onnx.load(file, load_external_data=False)
    (image,) = (entry.name for entry in proto.graph.input)
    node = onnx.helper.make_node("Undistort", [image], ["adapted"], domain="com.acme")
    _put_in_front(proto, node)
    proto.opset_import.append(onnx.helper.make_opsetid("com.acme", 1))
    onnx.save(proto, file)


def _outside(tensor: onnx.TensorProto) -> None:
    """Say that the numbers of a tensor are in a file that isn't here."""
    tensor.data_location = onnx.TensorProto.EXTERNAL
    del tensor.external_data[:]
    tensor.external_data.add(key="location", value="weights.bin")


def _put_in_front(proto: onnx.ModelProto, node: onnx.NodeProto) -> None:
    for other in proto.graph.node:
        for place, name in enumerate(other.input):
            if name == node.input[0]:
                other.input[place] = node.output[0]
    proto.graph.node.insert(0, node)


STEPS: Mapping[str, Callable[[Path], None]] = {
    step.__name__: step for step in (repository, wider, front_layer)
}
"""By the name that a page calls them."""

if __name__ == "__main__":
    sys.exit(main())
