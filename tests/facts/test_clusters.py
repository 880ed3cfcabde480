"""Every spelling of an activation that an exporter is known to write."""

from itertools import pairwise

import pytest

from cnnlint.facts.clusters import find_clusters
from cnnlint.facts.dataflow import data_tensors
from tests.facts.onnx_text import graph


def chain(name: str, length: int) -> str:
    """Return lines that pass a tensor on unchanged, as name1, name2 ..."""
    names = [name, *(f"{name}{i}" for i in range(1, length + 1))]
    return "".join(f"{b} = Identity({a})\n" for a, b in pairwise(names))


def by_tanh(power: str) -> str:
    """Return GELU's approximation around a power of c that the line makes as k."""
    return f"""
        {power}
        l = Mul(k, 0.044715)
        i = Add(c, l)
        j = Mul(i, 0.79788)
        t = Tanh(j)
        b = Add(t, 1)
        m = Mul(c, b)
        y = Mul(m, 0.5)
    """


SPELLINGS = {
    # SiLU
    "silu": ("SiLU", "s = Sigmoid(c) \n y = Mul(c, s)"),
    "silu, factors swapped": ("SiLU", "s = Sigmoid(c) \n y = Mul(s, c)"),
    "silu with an identity": (
        "SiLU",
        "i = Identity(c) \n s = Sigmoid(i) \n y = Mul(c, s)",
    ),
    "silu behind as many steps as are followed": (
        "SiLU",
        "s = Sigmoid(c)\n" + chain("s", 4) + "y = Mul(c, s4)",
    ),
    "silu with casts": (
        "SiLU",
        "h = Cast<to=10>(c) \n s = Sigmoid(h) \n f = Cast<to=1>(s) \n y = Mul(f, c)",
    ),
    "silu with a pair of transposes": (
        "SiLU",
        """
        t = Transpose<perm=[0,2,3,1]>(c)
        s = Sigmoid(t)
        u = Transpose<perm=[0,3,1,2]>(s)
        y = Mul(c, u)
        """,
    ),
    "silu fused by a runtime": ("SiLU", "y = com.microsoft.QuickGelu<alpha=1.0>(c)"),
    "swish": ("SiLU", "y = Swish(c)"),
    "swish with another slope": ("QuickGELU", "y = Swish<alpha=1.702>(c)"),
    "quick gelu": ("QuickGELU", "a = Mul(c, 1.702) \n s = Sigmoid(a) \n y = Mul(c, s)"),
    "quick gelu fused": ("QuickGELU", "y = com.microsoft.QuickGelu(c)"),
    # GELU
    "gelu": (
        "GELU",
        """
        a = Div(c, 1.41421)
        e = Erf(a)
        b = Add(e, 1)
        m = Mul(c, b)
        y = Mul(m, 0.5)
        """,
    ),
    "gelu, halved first": (
        "GELU",
        """
        h = Mul(0.5, c)
        a = Mul(0.70711, c)
        e = Erf(a)
        b = Add(1, e)
        y = Mul(h, b)
        """,
    ),
    "gelu, halved in between": (
        "GELU",
        """
        a = Div(c, 1.4142)
        e = Erf(a)
        b = Add(1, e)
        h = Mul(b, 0.5)
        y = Mul(h, c)
        """,
    ),
    "gelu, halved in both terms": (
        "GELU",
        """
        a = Div(c, 1.4142)
        e = Erf(a)
        h = Div(e, 2)
        b = Sub(h, -0.5)
        y = Mul(c, b)
        """,
    ),
    "gelu by the complement": (
        "GELU",
        """
        a = Mul(c, 0.70711)
        n = Neg(a)
        t = Transpose<perm=[0,2,3,1]>(n)
        e = Erfc(t)
        u = Transpose<perm=[0,3,1,2]>(e)
        h = Mul(c, 0.5)
        y = Mul(h, u)
        """,
    ),
    "gelu by tanh": (
        "GELU",
        """
        two = Mul(c, c)
        three = Mul(two, c)
        k = Mul(three, 0.044715)
        i = Add(c, k)
        j = Mul(i, 0.79788)
        t = Tanh(j)
        b = Add(t, 1)
        h = Mul(c, 0.5)
        y = Mul(h, b)
        """,
    ),
    "gelu by tanh, with a power": (
        "GELU",
        """
        three = Pow(c, 3)
        k = Mul(0.044715, three)
        i = Add(k, c)
        j = Mul(0.79788, i)
        t = Tanh(j)
        b = Add(1, t)
        m = Mul(c, b)
        y = Mul(m, 0.5)
        """,
    ),
    "gelu by tanh, factored": (
        "GELU",
        """
        two = Pow(c, 2)
        k = Mul(0.044715, two)
        i = Add(1, k)
        l = Mul(0.79788, c)
        j = Mul(l, i)
        t = Tanh(j)
        b = Add(1, t)
        h = Mul(0.5, c)
        y = Mul(h, b)
        """,
    ),
    "gelu by tanh, subtracted": (
        "GELU",
        """
        three = Pow(c, 3)
        k = Mul(-0.044715, three)
        i = Sub(c, k)
        j = Mul(0.79788, i)
        t = Tanh(j)
        b = Add(1, t)
        m = Mul(c, b)
        y = Mul(m, 0.5)
        """,
    ),
    "gelu of a scaled tensor": (
        "GELU",
        """
        v = Mul(c, 3)
        a = Div(v, 1.41421)
        e = Erf(a)
        b = Add(e, 1)
        m = Mul(v, b)
        y = Mul(m, 0.5)
        """,
    ),
    "gelu operator": ("GELU", "y = Gelu(c)"),
    "gelu fused with a bias": ("GELU", "y = com.microsoft.BiasGelu(c, g)"),
    "gelu fused": ("GELU", "y = com.microsoft.FastGelu(c)"),
    # HardSwish and HardSigmoid
    "hardswish, divided last": (
        "HardSwish",
        "a = Add(c, 3) \n r = Clip(a, 0, 6) \n m = Mul(c, r) \n y = Div(m, 6)",
    ),
    "hardswish, divided first": (
        "HardSwish",
        "a = Add(3, c) \n r = Clip(a, 0, 6) \n m = Div(r, 6) \n y = Mul(c, m)",
    ),
    "hardswish, multiplied": (
        "HardSwish",
        "a = Add(c, 3) \n r = Clip(a, 0, 6) \n m = Mul(r, c) \n y = Mul(m, 0.16667)",
    ),
    "hardswish, by max and min": (
        "HardSwish",
        """
        a = Add(c, 3)
        r = Max(a, 0)
        i = Min(6, r)
        m = Mul(c, i)
        y = Div(m, 6)
        """,
    ),
    "hardswish, from 0 to 1": (
        "HardSwish",
        """
        a = Mul(c, 0.16667)
        b = Add(a, 0.5)
        r = Clip(b, 0, 1)
        y = Mul(c, r)
        """,
    ),
    "hardswish, two operators": (
        "HardSwish",
        "s = HardSigmoid<alpha=0.16667>(c) \n y = Mul(c, s)",
    ),
    "hardswish operator": ("HardSwish", "y = HardSwish(c)"),
    "hardsigmoid, by a clip": (
        "HardSigmoid",
        "a = Add(c, 3) \n r = Clip(a, 0, 6) \n y = Div(r, 6)",
    ),
    "hardsigmoid of keras 2": (
        "HardSigmoid",
        "a = Mul(0.2, c) \n b = Add(a, 0.5) \n y = Clip(b, 0, 1)",
    ),
    "hardsigmoid, subtracted": (
        "HardSigmoid",
        "a = Mul(c, 0.2) \n b = Sub(0.5, a) \n y = Clip(b, 0, 1)",
    ),
    "hardsigmoid, falling": (
        "HardSigmoid",
        "a = Mul(c, -0.2) \n b = Add(a, 0.5) \n y = Clip(b, 0, 1)",
    ),
    "hardsigmoid operator": ("HardSigmoid", "y = HardSigmoid(c)"),
    # Softplus and what is made of it
    "softplus": ("Softplus", "y = Softplus(c)"),
    "softplus with a threshold": (
        "Softplus",
        "s = Softplus(c) \n b = Greater(c, 20) \n y = Where(b, c, s)",
    ),
    "mish": ("Mish", "s = Softplus(c) \n t = Tanh(s) \n y = Mul(c, t)"),
    "mish with a threshold": (
        "Mish",
        """
        s = Softplus(c)
        b = Greater(c, 20)
        i = Where(b, c, s)
        t = Tanh(i)
        y = Mul(t, c)
        """,
    ),
    "mish operator": ("Mish", "y = Mish(c)"),
    # Clamps
    "relu": ("Relu", "y = Relu(c)"),
    "relu by a clip": ("Relu", "y = Clip(c, 0)"),
    "relu by a clip with the largest float": ("Relu", "y = Clip(c, 0, 3.4028235e38)"),
    "relu by max": ("Relu", "y = Max(0, c)"),
    "relu6": ("Relu6", "y = Clip(c, 0, 6)"),
    "relu6 by relu and an upper bound": ("Relu6", "r = Relu(c) \n y = Clip(r, , 6)"),
    "relu6 by relu and min": ("Relu6", "r = Relu(c) \n y = Min(r, 6)"),
    "relu6 by min and max": ("Relu6", "r = Min(c, 6) \n y = Max(r, 0)"),
    "relu6 with attributes": ("Relu6", "y = Clip<min=0.0, max=6.0>(c)"),
    "hardtanh": ("Hardtanh", "y = Clip(c, -1, 1)"),
    "other bounds": ("Clip", "y = Clip(c, 0.25, 5)"),
    "bounds of a probability": ("Clip", "y = Clip(c, 1e-5, 5)"),
    "other lower bound": ("Clip", "y = Max(c, 0.25)"),
    "no bounds": ("Clip", "y = Clip(c)"),
    "a bound that isn't known": ("Clip", "y = Clip(c, 0, s1)"),
    # Others
    "softsign": ("Softsign", "a = Abs(c) \n b = Add(a, 1) \n y = Div(c, b)"),
    "softsign operator": ("Softsign", "y = Softsign(c)"),
    "leaky relu": ("LeakyRelu", "y = LeakyRelu(c)"),
    "prelu": ("PRelu", "y = PRelu(c, g)"),
    "elu": ("Elu", "y = Elu(c)"),
    "selu": ("Selu", "y = Selu(c)"),
    "celu": ("Celu", "y = Celu(c)"),
    "thresholded": ("ThresholdedRelu", "y = ThresholdedRelu(c)"),
    "sigmoid": ("Sigmoid", "y = Sigmoid(c)"),
    "tanh": ("Tanh", "y = Tanh(c)"),
    "softmax": ("Softmax", "y = Softmax(c)"),
    "log softmax": ("LogSoftmax", "y = LogSoftmax(c)"),
}


@pytest.mark.parametrize(("kind", "text"), SPELLINGS.values(), ids=SPELLINGS)
def test_a_spelling_is_recognised(kind: str, text: str) -> None:
    model = graph(f"c = Conv(x, w)\n{text}")
    (found,) = find_clusters(model, data_tensors(model))
    assert found.kind == kind
    assert found.result == "y"
    source = "v" if text.lstrip().startswith("v =") else "c"
    assert found.source == source
    outside = {"Conv", "Constant"}
    ours = [n for n in model.nodes if n.op not in outside and "v" not in n.outputs]
    assert list(found.members) == ours


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


def test_a_half_that_is_an_output_stays_an_activation() -> None:
    model = graph("c = Conv(x, w) \n r = Relu(c) \n y = Min(r, 6)", outputs="r, y")
    kinds = [cluster.kind for cluster in find_clusters(model, data_tensors(model))]
    assert kinds == ["Relu", "Clip"]


def test_a_threshold_around_softplus_is_no_part_of_what_reads_it_inside() -> None:
    model = graph(
        """
        c = Conv(x, w)
        s = Softplus(c)
        b = Greater(c, 20)
        i = Where(b, c, s)
        t = Tanh(s)
        m = Mul(c, t)
        y = Add(m, i)
        """
    )
    kinds = [cluster.kind for cluster in find_clusters(model, data_tensors(model))]
    assert kinds == ["Softplus", "Tanh"]


def test_activations_come_in_the_order_of_their_results() -> None:
    model = graph(
        """
        c = Conv(x, w)
        s = Sigmoid(c)
        r = Relu(x)
        y = Mul(c, s)
        """,
        outputs="y, r",
    )
    kinds = [cluster.kind for cluster in find_clusters(model, data_tensors(model))]
    assert kinds == ["Relu", "SiLU"]


def test_arithmetic_on_constants_is_no_activation() -> None:
    model = graph("r = Relu(g) \n y = Add(x, r)")
    assert find_clusters(model, data_tensors(model)) == ()
