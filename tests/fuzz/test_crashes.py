"""Files that once broke something give a report or a refusal."""

from pathlib import Path

import pytest

from fuzz.target import examine

FOLDER = Path(__file__).parents[1] / "data" / "crashes"


@pytest.mark.parametrize("file", sorted(FOLDER.glob("*.onnx")), ids=lambda file: file.stem)
def test_breaks_no_more(file: Path, tmp_path: Path) -> None:
    fault = examine(file.read_bytes(), tmp_path)
    assert fault is None, fault.text


def test_they_are_all_small() -> None:
    files = list(FOLDER.glob("*.onnx"))
    assert files
    assert max(file.stat().st_size for file in files) < 10_000
