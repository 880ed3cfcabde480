"""The text that people read, whole."""

from collections.abc import Sequence
from dataclasses import replace

from cnnlint.lint.engine import check_model
from cnnlint.lint.registry import builtin_rules
from cnnlint.lint.rule import Rule
from cnnlint.model.binding import Bindings
from cnnlint.report.block import MAX_PER_RULE
from cnnlint.report.remarks import MAX_NAMES
from cnnlint.report.report import Report
from cnnlint.report.style import TextStyle
from cnnlint.report.text import render_text
from tests.net import Net


def shown(net: Net, *, color: bool = False, rules: Sequence[Rule] | None = None) -> str:
    data = net.proto().SerializeToString()
    if rules is None:  # all but those that need a recipe
        rules = [rule for rule in builtin_rules() if rule.family != "training"]
    report, _ = check_model(data, rules, Bindings())
    return render_text(Report("0", (report,)), TextStyle(color))


def test_a_finding() -> None:
    net = Net(16, 32).conv(16, name="stem").relu().conv_transpose(16, 3, name="up")
    assert shown(net) == (
        "warning[P409]: transposed convolution of 3x3 at stride 2 overlaps unevenly: 1 to\n"
        "      4 taps write an output\n"
        "  --> <stdin> · up\n"
        "   |\n"
        "   |  relu1   Relu                         1x16x32x32\n"
        "   |> up      ConvTranspose 3x3 s2 16->16  1x16x65x65  2.4 MMACs\n"
        "   |                        ^^^ 2,304 weights, 50.0 % of the model's MACs\n"
        "   |  up_out  output                       1x16x65x65\n"
        "   |\n"
        "   = help: a kernel of 4x4 at the same stride overlaps evenly (4,194,304 MACs);\n"
        "           a nearest Resize and a convolution of 3x3 have no overlap\n"
        "           (9,437,184 MACs); needs retraining\n"
        "   = costs: 1.8 MMACs (+78 %), 1,792 params (+78 %)\n"
        "   = note: basis published; done as suggested in U-Net (2x2, stride 2)\n"
        "   = rule: cnnlint rule P409 (checkerboard-upsampling)\n"
        "\n"
        "<stdin>: 1 warning · 4,624 params · 4.7 MMACs · receptive field 4x4\n"
    )


def test_many_layers_are_counted() -> None:
    net = Net(16, 32).conv(16).repeat(24, lambda n: n.relu().conv(16, bias=False))
    text = shown(net)
    assert "25 layers in series" in text
    assert "   |  and 20 more layers\n" in text
    assert text.count("   |> ") == 5


def test_unknown_operator() -> None:
    text = shown(Net(4, 8).conv(4, name="a").op("Wavelet", domain="acme").op("Abs"))
    found, _, rest = text.partition("\n\n")
    assert found.startswith("warning[G917]: operators of acme, which ONNX doesn't have: Wavelet")
    assert rest == (
        "<stdin>: 1 warning · 148 params · at least 9,216 MACs · receptive field 3x3\n"
        "  = note: acme:Wavelet (1 node) is not counted, so all totals are lower bounds;\n"
        "          where the shapes behind it are unknown, no rule looked: export with\n"
        "          standard operators, or store the shapes in the file\n"
    )


def test_contradiction() -> None:
    text = shown(Net(4, 8).shaped("w", 8, 5, 3, 3).op("Conv", "w", name="a"))
    assert "? MACs" in text
    assert "the shapes of 1 node are unknown" in text
    assert "error[G920]: weight takes 5 input channels, the input has 4" in text
    assert "can't run" not in text


def test_a_contradiction_that_no_rule_tells_of_is_a_remark() -> None:
    text = shown(Net(4, 8).shaped("w", 8, 5, 3, 3).op("Conv", "w", name="a"), rules=())
    assert "  = note: can't run: a: weight takes 5 input channels, the input has 4\n" in text


def test_colour_changes_nothing_but_colour() -> None:
    import click  # noqa: PLC0415  (one test needs it)

    net = Net(3, 32).conv(16).relu().gap().flatten().dense(10).relu()
    assert "\x1b[" in shown(net, color=True)
    assert click.unstyle(shown(net, color=True)) == shown(net)


def test_an_operator_set_from_the_future() -> None:
    proto = Net(3, 8).conv(4).proto()
    proto.opset_import[0].version = 999
    proto.opset_import.add(domain="acme", version=10**6)
    report, _ = check_model(proto.SerializeToString(), (), Bindings())
    text = render_text(Report("0", (report,)), TextStyle())
    assert "  = note: operator set 999 is newer than " in text
    assert "what nodes\n          take was not checked" in text
    assert "acme" not in text


def test_very_many_findings_of_one_rule_are_counted() -> None:
    net = Net(3, 8).shaped("w", 4, 2, 1, 1)
    for index in range(MAX_PER_RULE + 7):
        net = net.goto_input().op("Conv", "w", name=f"c{index}").output()
    text = shown(net, rules=[rule for rule in builtin_rules() if rule.code == "G920"])
    assert text.count("error[G920]") == 1
    assert f"   = also: {MAX_PER_RULE + 6} more findings of G920 in this model\n" in text
    assert text.count("\n   |> c") == MAX_PER_RULE
    assert "   |  and 7 more; --max-per-rule 0 shows all\n" in text
    assert f"{MAX_PER_RULE + 7} errors" in text


def test_very_many_names_in_a_remark_are_counted() -> None:
    net = Net(3, 8).conv(4)
    for index in range(MAX_NAMES + 3):
        net = net.op(f"Wavelet{index:02}", domain="acme")
    text = shown(net)
    assert text.count("is not counted") == MAX_NAMES
    assert "  = note: 3 more operators are not counted\n" in text
    assert "Wavelet22" not in text


def test_rules_that_lack_a_recipe() -> None:
    """Each list of them is told once, at the first model that has it."""
    rules = [rule for rule in builtin_rules() if rule.code in ("T701", "T704")]
    data = Net(4, 8).conv(4).proto().SerializeToString()
    model, _ = check_model(data, rules, Bindings())
    other = replace(model, unchecked=model.unchecked[:1])
    text = render_text(Report("0", (model, model, other, model)), TextStyle())
    told = "not checked without a training recipe (--recipe FILE): T701"
    assert [line for line in text.splitlines() if "recipe" in line] == [
        f"  = note: {told}, T704",
        f"  = note: {told}",
    ]
    assert text.splitlines()[1].endswith("T704")
    assert "recipe" not in render_text(Report("0", (model,)), TextStyle(quiet=True))


def test_what_is_ignored_of_metadata() -> None:
    data = Net(4, 8).conv(4).proto().SerializeToString()
    model, _ = check_model(data, (), Bindings())
    odd = tuple(f"odd \x1b{i}" for i in range(7))
    text = render_text(Report("0", (replace(model, odd_metadata=odd),)), TextStyle())
    assert text.count("ignored in the recipe that the model's metadata holds: odd \\x1b") == 5
