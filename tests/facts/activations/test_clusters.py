"""Every spelling of an activation that an exporter is known to write."""

import pytest

from cnnlint.facts.activations.clusters import find_clusters
from cnnlint.facts.dataflow import data_tensors
from tests.facts.onnx_text import graph
from tests.facts.spelling import chain

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
