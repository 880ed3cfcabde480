"""The text report on sample models, word for word: what changes in it shows up in a diff.

``UPDATE_GOLDEN=1 pytest tests/report/test_golden_text.py`` writes the files anew; look at them.
"""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from cnnlint.lint.engine import check_model
from cnnlint.lint.registry import builtin_rules
from cnnlint.model.binding import Bindings
from cnnlint.report.columns import columns
from cnnlint.report.report import By, ModelReport, Report, Suppressed
from cnnlint.report.style import TextStyle
from cnnlint.report.text import render_text

ROOT = Path(__file__).parents[2]
GOLDEN = ROOT / "tests" / "golden" / "text"
SAMPLES = ("checkerboard_decoder", "large_kernels", "plain_24", "strided_past_kernel", "wide_3x3")
STYLES = {
    "": TextStyle(),
    ".narrow": TextStyle(width=60),
    ".wide": TextStyle(width=120, verbose=True),
    ".words": TextStyle(drawing=False),
}


def report_on(name: str, *, suppressed: bool = False) -> ModelReport:
    """Return the report on a sample model; if asked for, what is found last doesn't count."""
    model, _ = check_model(ROOT / "sample_models" / f"{name}.onnx", builtin_rules(), Bindings())
    model = replace(model, path=f"{name}.onnx")
    if not suppressed:
        return model
    *counting, last = model.findings or ()
    known = Suppressed(By.CONFIG, "kept for the demo", "cnnlint.toml:12", "2026-12-31")
    return replace(model, findings=(*counting, replace(last, suppressed=known)))


@pytest.mark.parametrize("kind", STYLES)
@pytest.mark.parametrize("name", SAMPLES)
def test_text_as_it_was_looked_at(name: str, kind: str) -> None:
    model = report_on(name, suppressed=STYLES[kind].verbose)
    text = render_text(Report("0", (model,)), STYLES[kind])
    file = GOLDEN / f"{name}{kind}.txt"
    if "UPDATE_GOLDEN" in os.environ:
        file.parent.mkdir(exist_ok=True)
        file.write_text(text, encoding="utf-8")
    assert text == file.read_text(encoding="utf-8")
    assert max(map(columns, text.splitlines())) <= STYLES[kind].width


@pytest.mark.parametrize("name", SAMPLES)
def test_nothing_is_said_by_the_drawing_alone(name: str) -> None:
    """Every line begins with a word or a sign that is read aloud; each layer is named in both."""
    model = report_on(name)
    drawn, told = (
        render_text(Report("0", (model,)), replace(STYLES[kind], width=120))
        for kind in ("", ".words")
    )
    assert "|" not in told
    assert "^" not in told
    assert all(line.lstrip()[:1].isalnum() for line in told.splitlines() if line)
    for word in drawn.replace("|>", " ").split():
        assert word.strip("^|=>,;:()-") in told
