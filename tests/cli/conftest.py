"""What several files of tests on `cnnlint check` may use."""

from pathlib import Path

import pytest

from tests.net import Net


@pytest.fixture
def models(tmp_path: Path) -> Path:
    """Return a folder with a clean model, a bad one, a broken one and one in a subfolder."""
    (tmp_path / "sub").mkdir()
    clean = Net(3, 6).conv(16).relu().gap().flatten().dense(10).proto()
    bad = Net(3, 6).conv(16).relu().gap().flatten().dense(10).relu().proto()
    (tmp_path / "clean.onnx").write_bytes(clean.SerializeToString())
    (tmp_path / "bad.onnx").write_bytes(bad.SerializeToString())
    (tmp_path / "sub" / "deep.onnx").write_bytes(clean.SerializeToString())
    (tmp_path / "notes.txt").write_text("no model")
    return tmp_path
