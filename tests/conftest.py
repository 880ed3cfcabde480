"""What every test may use."""

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings

from cnnlint.cli.main import main

Run = Callable[..., tuple[int, str, str]]
CORPUS = Path(__file__).resolve().parents[2] / "shared" / "corpus"


# A slow machine is no failure, and CI says the same of the same commit twice.
settings.register_profile("cnnlint", deadline=None, derandomize="CI" in os.environ)
settings.load_profile("cnnlint")


@pytest.fixture(scope="session")
def corpus() -> Path:
    """Return the folder of real exports, which lies beside the checkout where there is one."""
    if not CORPUS.is_dir():
        pytest.skip("../shared/corpus is not here: real exports are not checked")
    return CORPUS


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Return a function that runs the command line and gives exit code, stdout, stderr."""

    def command_line(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["cnnlint", *map(str, arguments)])
        with pytest.raises(SystemExit) as caught:
            main()
        out, err = capsys.readouterr()
        return int(caught.value.code or 0), out, err

    return command_line
