"""The story of docs/adopting.md: ten models come under a gate, and what happens to them there."""

import re

import pytest

from tools.story import MODELS, PAGE, played


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Return what each chapter prints, by its heading."""
    said = PAGE.read_text(encoding="utf-8")
    page = played(said, tmp_path_factory.mktemp("repository"))
    assert page == said, "python tools/story.py renews what the page says"
    _, *chapters = page.split("\n## ")
    return {heading: text for heading, _, text in (each.partition("\n") for each in chapters)}


def exits(text: str) -> list[int]:
    return [int(code) for code in re.findall(r"^exit code (\d)$", text, re.MULTILINE)]


def test_the_first_day(told: dict[str, str]) -> None:
    text = told["The first day"]
    assert len(MODELS) == 10
    assert "10 models: 9 warnings" in text
    assert exits(text) == [0]
    assert "10 models: no findings" in text


def test_a_layer_becomes_dearer(told: dict[str, str]) -> None:
    text = told["A layer becomes dearer"]
    assert exits(text) == [1]
    assert re.findall(r"^(?:error|warning|note)\[\w+\]", text, re.MULTILINE) == ["warning[H501]"]
    assert "in the baseline at 102.8 MMACs, now 133.6 MMACs (+30 %)" in text


def test_a_suppression_holds_and_expires(told: dict[str, str]) -> None:
    text = told["Agreed, with a reason"]
    assert exits(text) == [0, 1]
    assert "expired after 2025-12-31, 1 finding would need it" in text


def test_a_layer_in_front_changes_nothing(told: dict[str, str]) -> None:
    (said,) = re.findall(r"```console\n(.*?)```", told["A layer is put in front"], re.DOTALL)
    assert said.splitlines()[1:] == ["exit code 0"]


def test_what_nobody_can_decide_fails(told: dict[str, str]) -> None:
    text = told["A budget"]
    assert exits(text) == [1]
    assert "budget max_macs: can't be decided: the size of the output of Undistort" in text


def test_every_value_is_explained(told: dict[str, str]) -> None:
    (said,) = re.findall(
        r"```console\n.*?\n(.*?)```", told["Where does that come from?"], re.DOTALL
    )
    values = [line for line in said.splitlines() if re.match(r"[\w-]+ = ", line)]
    tables = ("rule", "layer", "reason", "expires")  # each explained by the line of its table
    bare = [line for line in values if "# " not in line and line.split(" ")[0] not in tables]
    assert len(values) > 50
    assert not bare
    assert "[[suppress]]  # cnnlint.toml:4" in said
    assert 'baseline = "cnnlint-baseline.json"  # cnnlint.toml:2' in said
