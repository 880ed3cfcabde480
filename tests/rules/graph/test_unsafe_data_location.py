from pathlib import Path

import pytest

from cnnlint.facts.facts import Facts
from cnnlint.lint.finding import Severity
from cnnlint.model.loader import load
from rules.graph.unsafe_data_location import unsafe_data_location
from tests.net import Net

NET = Net(3, 8).conv(4, name="a").relu().conv(4, name="b")


def facts(folder: Path, location: str) -> Facts:
    """Return the facts of a net whose weights lie at ``location``."""
    proto = NET.proto()
    for tensor in proto.graph.initializer:
        tensor.external_data[0].value = location
    file = folder / "net.onnx"
    file.write_bytes(proto.SerializeToString())
    return Facts(load(file))


@pytest.mark.parametrize(
    ("location", "why"),
    [
        ("../weights.bin", "leaves the folder"),
        ("sub/../weights.bin", "leaves the folder"),
        ("/etc/passwd", "is an absolute path"),
        ("..\\weights.bin", "is no portable path"),
        ("http://127.0.0.1/weights.bin", "is no file but a URL"),
        ("*/_ORT_MEM_ADDR_/*", "is an address in memory"),
        ("link.bin", "is a link out of the model's folder"),
    ],
)
def test_reports_a_place_once(location: str, why: str, tmp_path: Path) -> None:
    (tmp_path / "link.bin").symlink_to("/etc/passwd")
    (finding,) = unsafe_data_location.run(facts(tmp_path, location))
    assert finding.message == (
        f"external data at {location} {why}; not opened, for a.weight, a.bias, b.weight and 1 more"
    )
    assert [node.path for node in finding.nodes] == ["a"]
    assert finding.evidence == {"tensor": "a.weight"}
    assert unsafe_data_location.severity is Severity.ERROR


@pytest.mark.parametrize("location", ["weights.bin", "sub/weights.bin", "missing.bin"])
def test_silent(location: str, tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    for name in ("weights.bin", "sub/weights.bin"):
        (tmp_path / name).write_bytes(bytes(4096))
    assert not unsafe_data_location.run(facts(tmp_path, location))
