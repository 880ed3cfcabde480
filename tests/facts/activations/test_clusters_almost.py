"""What looks like the spelling of an activation, and is none."""

import pytest

from cnnlint.facts.activations.clusters import find_clusters
from cnnlint.facts.dataflow import data_tensors
from tests.facts.onnx_text import graph
from tests.facts.spelling import by_tanh, chain

ALMOST = {
    # one number or one tensor away from the name before
    "silu of something else": (["Sigmoid"], "s = Sigmoid(c) \n y = Mul(s, x)"),
    "sigmoid of the input times something else": (["Sigmoid"], "s = Sigmoid(x) \n y = Mul(s, c)"),
    "silu, but added": (["Sigmoid"], "s = Sigmoid(c) \n y = Add(c, s)"),
    "silu behind one step more": (
        ["Sigmoid"],
        "s = Sigmoid(c)\n" + chain("s", 5) + "y = Mul(c, s5)",
    ),
    "silu of what lies one step further back": (
        ["Sigmoid"],
        chain("c", 5) + "s = Sigmoid(c) \n y = Mul(c5, s)",
    ),
    "silu of what lies too many steps ahead": (
        ["Sigmoid"],
        chain("c", 7) + "s = Sigmoid(c7) \n y = Mul(c, s)",
    ),
    "silu, scaled for each channel": (
        ["Sigmoid"],
        "s = Sigmoid(c) \n t = Mul(s, z) \n y = Mul(t, c)",
    ),
    "silu, with a text among its numbers": (
        ["Sigmoid"],
        'k = Constant<value_string="1">() \n s = Sigmoid(c) \n t = Mul(s, k) \n y = Mul(t, c)',
    ),
    "silu of a shifted tensor": (
        ["Sigmoid"],
        "a = Add(c, 1) \n s = Sigmoid(c) \n y = Mul(s, a)",
    ),
    "sigmoid squared": (["Sigmoid"], "s = Sigmoid(c) \n y = Mul(s, s)"),
    "silu, doubled": (["Sigmoid"], "s = Sigmoid(c) \n t = Mul(s, 2) \n y = Mul(t, c)"),
    "silu, shifted": (["Sigmoid"], "s = Sigmoid(c) \n t = Add(s, 2) \n y = Mul(t, c)"),
    "another slope": (["Sigmoid"], "a = Mul(c, 1.5) \n s = Sigmoid(a) \n y = Mul(c, s)"),
    "erf alone": ([], "y = Erf(c)"),
    "gelu without its half": (
        [],
        "a = Div(c, 1.41421) \n e = Erf(a) \n b = Add(e, 1) \n y = Mul(c, b)",
    ),
    "gelu without its one": (
        [],
        "a = Div(c, 1.41421) \n e = Erf(a) \n h = Mul(e, 0.5) \n y = Mul(c, h)",
    ),
    "gelu, shifted before it is halved": (
        [],
        """
        a = Div(c, 1.41421)
        e = Erf(a)
        b = Add(e, 1)
        m = Mul(c, b)
        n = Add(m, 1)
        y = Mul(n, 0.5)
        """,
    ),
    "gelu by tanh, with another power": (["Tanh"], by_tanh("k = Pow(c, 5)")),
    "gelu by tanh, with a maximum": (
        ["Tanh"],
        by_tanh("k = Pow(c, 3)").replace("Add(c, l)", "Max(c, l)").replace("0.0447", "-0.0447"),
    ),
    "gelu by tanh, with a further power": (
        ["Tanh"],
        by_tanh("k = Pow(c, 3)").replace(
            "t = Tanh(j)", "d = Pow(c, 2) \n f = Mul(d, d) \n n = Add(j, f) \n t = Tanh(n)"
        ),
    ),
    "hardsigmoid of another slope": (
        ["HardSigmoid"],
        "s = HardSigmoid(c) \n y = Mul(c, s)",
    ),
    "hardsigmoid of another start": (
        ["HardSigmoid"],
        "s = HardSigmoid<alpha=0.16667, beta=0.4>(c) \n y = Mul(c, s)",
    ),
    "clip from 0 to 1": (["Clip"], "y = Clip(c, 0, 1)"),
    "clip that ends elsewhere": (["Clip"], "a = Add(c, 0.5) \n y = Clip(a, 0, 3)"),
    "upper bound of a shifted tensor": (["Clip"], "a = Add(c, 3) \n y = Min(a, 6)"),
    "relu6, divided": (["Relu6"], "r = Clip(c, 0, 6) \n y = Div(r, 6)"),
    "relu of a shifted tensor": (["Relu"], "a = Add(c, 3) \n y = Relu(a)"),
    "two clamps": (["Relu", "Relu6"], "r = Relu(c) \n y = Clip(r, 0, 6)"),
    "two lower bounds": (["Relu", "Clip"], "r = Relu(c) \n y = Max(r, 1)"),
    "two upper bounds": (["Clip", "Clip"], "r = Min(c, 6) \n y = Min(r, 1)"),
    "halves of which one has another reader": (
        ["Relu", "Clip"],
        "r = Relu(c) \n i = Min(r, 6) \n y = Add(i, r)",
    ),
    "no bounds after relu": (["Relu", "Clip"], "r = Relu(c) \n y = Clip(r)"),
    "the larger of two tensors": ([], "y = Max(c, x)"),
    "the largest of three": ([], "y = Max(c, 0, x)"),
    "a bound for each channel": ([], "y = Max(c, g)"),
    "a guard for a divisor": ([], "m = Clip(c, 1e-12) \n y = Div(c, m)"),
    "softsign of something else": ([], "a = Abs(c) \n b = Add(a, 1) \n y = Div(x, b)"),
    "softsign upside down": ([], "a = Abs(c) \n b = Add(a, 1) \n y = Div(b, c)"),
    "softsign, but multiplied": ([], "a = Abs(c) \n b = Add(a, 1) \n y = Mul(c, b)"),
    "softsign with another one": ([], "a = Abs(c) \n b = Add(a, 2) \n y = Div(c, b)"),
    "softplus chosen by something else": (
        ["Softplus"],
        "s = Softplus(c) \n b = Equal(c, 20) \n y = Where(b, c, s)",
    ),
    "softplus chosen by a mask": (["Softplus"], "s = Softplus(c) \n y = Where(g, c, s)"),
    "softplus beside its threshold": (
        ["Softplus"],
        "s = Softplus(c) \n b = Greater(c, 20) \n y = Concat<axis=1>(b, c, s)",
    ),
    "softplus or another tensor": (
        ["Softplus"],
        "s = Softplus(c) \n b = Greater(c, 20) \n y = Where(b, x, s)",
    ),
    "tanh of softplus alone": (["Softplus", "Tanh"], "s = Softplus(c) \n y = Tanh(s)"),
    "mish of something else": (
        ["Softplus", "Tanh"],
        "s = Softplus(c) \n t = Tanh(s) \n y = Mul(t, x)",
    ),
    "tanh of another activation": (
        ["Relu", "Tanh"],
        "r = Relu(c) \n t = Tanh(r) \n y = Mul(t, c)",
    ),
    "tanh of the input": (["Tanh"], "y = Tanh(x)"),
    "relu of the input": (["Relu"], "y = Relu(x)"),
    "a power that is none of x": (
        ["Tanh"],
        "p = Pow(c, 0.5) \n t = Tanh(p) \n b = Add(t, 1) \n m = Mul(c, b) \n y = Mul(m, 0.5)",
    ),
    "a power of a power": (
        ["Tanh"],
        "a = Pow(c, 2) \n b = Pow(a, 3) \n t = Tanh(b) \n u = Add(t, 1) \n y = Mul(c, u)",
    ),
    "a polynomial of degree 4": (
        ["Tanh"],
        "a = Mul(c, c) \n p = Mul(a, a) \n t = Tanh(p) \n y = Mul(c, t)",
    ),
    "division by the tensor": (
        ["Sigmoid"],
        "a = Div(1, c) \n s = Sigmoid(a) \n y = Mul(c, s)",
    ),
    "division by zero": (["Sigmoid"], "a = Div(c, 0) \n s = Sigmoid(a) \n y = Mul(c, s)"),
}


@pytest.mark.parametrize(("kinds", "text"), ALMOST.values(), ids=ALMOST)
def test_what_is_almost_an_activation_is_none(kinds: list[str], text: str) -> None:
    model = graph(f"c = Conv(x, w)\n{text}")
    found = find_clusters(model, data_tensors(model))
    assert [cluster.kind for cluster in found] == kinds
    assert all(len(cluster.members) == 1 for cluster in found)
