"""The helpers for tests of rules: what they accept, and how they fail."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import pytest

from cnnlint.facts.facts import Facts
from cnnlint.lint.finding import Basis, Finding, Remark, Severity, Silence, Unchecked
from cnnlint.lint.rule import rule
from cnnlint.testing import AnyModel, assert_finds, assert_silent
from tests.net import Net

NET = Net(3, 8).conv(4, name="thin").conv(16, name="wide").conv(32, name="wider")


@rule("AC101", severity=Severity.NOTE, basis=Basis.HEURISTIC, since="1")
def too_wide(
    facts: Facts,
    *,
    most: Annotated[int, "most channels"] = 8,
    talks: Annotated[bool, "whether it gives reasons"] = True,
    aggregated: Annotated[bool, "whether all layers are one finding"] = False,
) -> Iterator[Remark]:
    """Convolution that is too wide."""
    found = [conv.node for conv in facts.convs if conv.cout > most]
    if aggregated and found:
        yield Finding(tuple(found), "all too wide", "s")
        return
    for conv in facts.convs:
        if conv.node in found:
            yield Finding((conv.node,), f"{conv.cout} channels", "s")
        elif talks:
            yield Silence(conv.node, f"{conv.cout} channels are fine")
    if talks:
        yield Silence(None, "it is an example")
        yield Unchecked(("optimizer", "epochs"))


@rule("AC102", severity=Severity.NOTE, basis=Basis.HEURISTIC, since="1")
def always_there(_facts: Facts) -> Iterator[Finding]:
    """Say it of the model."""
    yield Finding((), "there it is", "s")


def test_any_kind_of_model(tmp_path: Path) -> None:
    proto = NET.proto()
    file = tmp_path / "net.onnx"
    file.write_bytes(proto.SerializeToString())
    models: list[AnyModel] = [file, str(file), file.read_bytes(), proto, NET.facts()]
    for model in models:
        assert_finds(too_wide, model, "wide", "wider")
        assert_silent(too_wide, model, most=32)


def test_layers_go_by_path_node_or_output() -> None:
    facts = NET.facts()
    first, second = assert_finds(too_wide, facts, "/wide/Conv", "wider_out")
    assert (first.message, second.message) == ("16 channels", "32 channels")
    assert assert_finds(too_wide, facts, "wider", most=16) == [second]


def test_without_layers_anything_will_do() -> None:
    assert len(assert_finds(too_wide, NET.facts())) == 2
    assert len(assert_finds(always_there, NET.facts())) == 1


def test_one_layer_of_a_finding_names_it() -> None:
    assert len(assert_finds(too_wide, NET.facts(), "wider", aggregated=True)) == 1


WHY = """
  silent about thin: 4 channels are fine
  silent about wide: 16 channels are fine
  finding on wider: 32 channels
  silent about the model: it is an example
  not checked: needs optimizer, epochs"""


@pytest.mark.parametrize(
    ("layers", "options", "said"),
    [
        (["wide", "wider"], {"most": 16}, f"AC101 too-wide does not find wide:{WHY}"),
        (["thin", "wide"], {"most": 16}, f"AC101 too-wide does not find thin, wide:{WHY}"),
        (
            ["wider"],
            {"talks": False},
            """AC101 too-wide finds more than that:
  finding on wide: 16 channels
  finding on wider: 32 channels""",
        ),
        (
            [],
            {"most": 99, "talks": False},
            "AC101 too-wide finds nothing:\n  no finding, and no reason given",
        ),
        (["wides"], {}, "the model has no layer 'wides'; it has wide, wider …"),
        (["x"], {}, "the model has no layer 'x'; it has thin, wide, wider …"),
    ],
)
def test_how_it_fails_to_find(layers: list[str], options: dict[str, int], said: str) -> None:
    with pytest.raises(AssertionError) as caught:
        assert_finds(too_wide, NET.facts(), *layers, **options)
    assert str(caught.value) == said


def test_how_it_fails_to_be_silent() -> None:
    with pytest.raises(AssertionError) as caught:
        assert_silent(too_wide, NET.facts(), aggregated=True)
    assert str(caught.value) == (
        "AC101 too-wide is not silent:\n  finding on wide, wider: all too wide"
    )
    with pytest.raises(AssertionError, match="finding on the model: there it is"):
        assert_silent(always_there, NET.facts())


def test_a_finding_about_the_model_is_about_none_of_the_layers() -> None:
    with pytest.raises(AssertionError, match="does not find wide"):
        assert_finds(always_there, NET.facts(), "wide")


def test_an_option_that_does_not_exist() -> None:
    with pytest.raises(TypeError, match="least"):
        assert_silent(too_wide, NET.facts(), least=3)
