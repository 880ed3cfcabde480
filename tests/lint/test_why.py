"""What a rule says about one layer, whichever name the layer is given by."""

from collections.abc import Iterator

import pytest
from onnx import parser

from cnnlint.errors import UsageError
from cnnlint.facts.facts import Facts
from cnnlint.lint.engine import Settings
from cnnlint.lint.finding import Basis, Finding, Fix, Remark, Severity, Silence, Unchecked
from cnnlint.lint.rule import Rule
from cnnlint.lint.why import answer, explain, find_layer
from cnnlint.model.binding import Bindings
from cnnlint.report.why import Spoken, render_answer
from tests.net import Net

NET = Net(3, 8).conv(4, name="a").relu().conv(8, name="b").conv(8, name="c").conv(2, name="d")


def judge(facts: Facts, *, most: int = 8) -> Iterator[Remark]:
    a, b, c, _ = facts.convs
    yield Silence(a.node, "it is a stem")
    yield Silence(a.node, "it is a stem")
    yield Finding((b.node, c.node), f"more than {most}", "less", severity=Severity.ERROR)
    yield Finding((c.node,), "once more", "less still")


def on_the_whole(facts: Facts) -> Iterator[Remark]:
    yield Silence(None, f"only {len(facts.convs)} layers")
    yield Unchecked(("optimizer", "weight_decay"))
    yield Finding((), "it is too large", "less")


def rule(check: object) -> Rule:
    assert callable(check)
    note, heuristic = Severity.NOTE, Basis.HEURISTIC
    return Rule("X101", "judge", "kernels", note, heuristic, Fix.NONE, "0", None, True, check)


def ask(check: object, name: str, **options: int) -> tuple[object, ...]:
    facts = NET.facts()
    said = answer(
        facts,
        find_layer(facts.model.nodes, name),
        rule(check),
        Settings(options={"X101": options}),
    )
    return said.findings, said.reasons, said.general


@pytest.mark.parametrize(
    ("name", "findings", "reasons"),
    [
        ("a", (), ("it is a stem",)),
        ("b", (Spoken(Severity.ERROR, "more than 8", "less", 2),), ()),
        (
            "c",
            (
                Spoken(Severity.ERROR, "more than 8", "less", 2),
                Spoken(Severity.NOTE, "once more", "less still", 1),
            ),
            (),
        ),
        ("d", (), ()),
    ],
)
def test_what_is_said_of_a_layer(name: str, findings: object, reasons: object) -> None:
    assert ask(judge, name) == (findings, reasons, ())


def test_options_reach_the_rule() -> None:
    assert ask(judge, "b", most=5)[0] == (Spoken(Severity.ERROR, "more than 5", "less", 2),)


def test_what_holds_for_the_whole_model() -> None:
    assert ask(on_the_whole, "a") == (
        (),
        (),
        (
            "only 4 layers",
            "the training recipe doesn't say optimizer, weight_decay",
            "it reports of the file as a whole: it is too large",
        ),
    )


@pytest.mark.parametrize(
    ("name", "paths"),
    [
        ("b", ["b"]),
        ("/b/Conv", ["b"]),
        ("b_out", ["b"]),
        ("b.weight", ["b"]),
        ("input", ["a"]),
    ],
)
def test_a_layer_by_any_of_its_names(name: str, paths: list[str]) -> None:
    assert [node.path for node in find_layer(NET.facts().model.nodes, name)] == paths


@pytest.mark.parametrize(
    ("name", "cure"), [("bb", "did you mean b"), ("", "--static"), ("nothing", "--static")]
)
def test_a_layer_that_is_not_there(name: str, cure: str) -> None:
    with pytest.raises(UsageError, match="no layer") as caught:
        find_layer(NET.facts().model.nodes, name)
    assert cure in caught.value.cure


def test_text() -> None:
    facts = NET.facts()
    shown = {
        name: render_answer(answer(facts, find_layer(facts.model.nodes, name), rule(check)))
        for name, check in {"a": judge, "b": judge, "c": on_the_whole, "d": judge}.items()
    }
    assert shown["a"] == (
        "X101 judge on a (Conv 3x3 3->4) of <bytes>\n"
        "  silent about this layer:\n    it is a stem\n"
    )
    assert shown["b"] == (
        "X101 judge on b (Conv 3x3 4->8) of <bytes>\n"
        "  reports an error, about 2 layers:\n    more than 8\n  help:\n    less\n"
    )
    assert "  about the model as a whole:\n    only 4 layers\n" in shown["c"]
    assert shown["d"].endswith(
        "  silent:\n    nothing to say of this layer; `cnnlint rule X101` tells what it seeks\n"
    )


def test_text_of_a_rule_that_reports_a_layer_and_passes_it_over_elsewhere() -> None:
    def check(facts: Facts) -> Iterator[Remark]:
        yield Finding((facts.convs[0].node,), "too large", "less")
        yield Silence(facts.convs[0].node, "nothing before it")

    facts = NET.facts()
    assert render_answer(answer(facts, find_layer(facts.model.nodes, "a"), rule(check))) == (
        "X101 judge on a (Conv 3x3 3->4) of <bytes>\n"
        "  reports a note:\n    too large\n  help:\n    less\n"
        "  otherwise silent:\n    nothing before it\n"
    )


def test_text_of_a_model_is_made_harmless() -> None:
    net = Net(3, 8).conv(4, name="a\x1b[31m")
    facts = net.facts()
    said = answer(facts, facts.model.nodes[:1], rule(lambda _facts: iter(())))
    assert "\x1b" not in render_answer(said)


def test_a_name_as_reports_show_it() -> None:
    nodes = Net(3, 8).conv(4, name="a\nb").relu().facts().model.nodes
    (node,) = find_layer(nodes, r"a\nb")
    assert node.path == "a\nb"


def test_a_layer_in_a_body() -> None:
    """Profile lists those too; a few rules of the file as a whole look into them."""
    proto = parser.parse_model(
        '<ir_version: 10, opset_import: ["" : 17]> net (float[2] x, bool c) => (float[2] y) { '
        "y = If (c) <then_branch = a () => (t) { t = Neg (x) }, "
        "else_branch = b () => (u) { u = Abs (x) }> }"
    )
    silent = rule(lambda _facts: iter(()))
    said = explain(proto.SerializeToString(), "If.else_branch.Abs", silent, Bindings())
    assert (said.layer, said.label) == ("If.else_branch.Abs", "Abs")
    assert said.reasons == ("it is in a body of If, Loop or Scan, where few rules look",)
