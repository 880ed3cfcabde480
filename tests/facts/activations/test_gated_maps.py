"""Gates on maps: squeeze-and-excitation, attention over places, masks."""

import pytest

from tests.facts.idioms import Idioms, gate_edges, roles_in

SQUEEZE = """
    p = GlobalAveragePool({0})
    f = Conv(p, p1)
    r = Relu(f)
    e = Conv(r, p2)
"""

ROLES: Idioms = {
    "squeeze-and-excitation": (
        f"a = Conv(x, w) {SQUEEZE.format('a')} t = Sigmoid(e) \n m = Mul(a, t) \n y = Conv(m, w)",
        {"t": "gate", "r": "hidden"},
    ),
    "hard squeeze-and-excitation": (
        f"""a = Conv(x, w) {SQUEEZE.format("a")}
        b = Add(e, 3)
        c = Clip(b, 0, 6)
        t = Div(c, 6)
        m = Mul(t, a)
        y = Conv(m, w)
        """,
        {"t": "gate", "r": "hidden"},
    ),
    "gate on a hidden sigmoid": (
        f"""
        a = Conv(x, w)
        h = Sigmoid(a)
        {SQUEEZE.format("h")}
        t = Sigmoid(e)
        m = Mul(h, t)
        y = Conv(m, w)
        """,
        {"h": "hidden", "t": "gate", "r": "hidden"},
    ),
    "gate on a reshaped hidden sigmoid": (
        """
        a = Conv(x, w)
        h = Sigmoid(a)
        v = Transpose<perm=[0,1,3,2]>(h)
        e = Conv(v, w)
        t = Sigmoid(e)
        m = Mul(v, t)
        y = Conv(m, w)
        """,
        {"h": "hidden", "t": "gate"},
    ),
    "scale without a bound on a hidden tanh": (
        f"a = Conv(x, w) \n h = Tanh(a) {SQUEEZE.format('h')} m = Mul(h, e) \n y = Conv(m, w)",
        {"h": "hidden", "r": "hidden"},
    ),
    "squeezing sigmoid inside a gate": (
        """
        a = Conv(x, w)
        p = GlobalAveragePool(a)
        f = Conv(p, p1)
        r = Sigmoid(f)
        e = Conv(r, p2)
        t = Sigmoid(e)
        m = Mul(a, t)
        y = Conv(m, w)
        """,
        {"r": "hidden", "t": "gate"},
    ),
    "gate on the only map": ("a = Conv(x, w) \n t = Sigmoid(a) \n y = Mul(x, t)", {"t": "gate"}),
    "gate of a coarse map": (
        """
        a = Conv(x, w)
        c = MaxPool<kernel_shape=[2,2], strides=[2,2]>(a)
        e = Conv(c, o1)
        t = Sigmoid(e)
        u = Resize<mode="linear">(t, , scales)
        v = Mul(u, 2)
        n = Sub(1, v)
        m = Mul(a, n)
        y = Conv(m, w)
        scales = Constant<value_floats=[1.0, 1.0, 2.0, 2.0]>()
        """,
        {"t": "gate"},
    ),
    "gate and mask output": (
        "a = Conv(x, w) \n b = Conv(a, w) \n o = Sigmoid(b) \n m = Mul(a, o) \n y = Conv(m, w)",
        {"o": "gate"},
    ),
    "gate that is also a feature": (
        """
        a = Conv(x, w)
        b = Conv(a, w)
        t = Sigmoid(b)
        m = Mul(a, t)
        n = Add(m, t)
        y = Conv(n, w)
        """,
        {"t": "hidden"},
    ),
    "gate that is also a layer's input": (
        """
        a = Conv(x, w)
        b = Conv(a, w)
        t = Sigmoid(b)
        m = Mul(a, t)
        n = Conv(t, w)
        y = Add(m, n)
        """,
        {"t": "hidden"},
    ),
    "gate that is also attention": (
        """
        a = Conv(x, w)
        b = Conv(a, w)
        t = Sigmoid(b)
        m = Mul(a, t)
        n = MatMul(t, x)
        c = Add(m, n)
        y = Conv(c, p)
        """,
        {"t": "hidden"},
    ),
    "gate in front of scores": (
        """
        a = Conv(x, w)
        b = Conv(a, w)
        t = Sigmoid(b)
        m = Mul(a, t)
        y = ArgMax(m)
        """,
        {"t": "gate"},
    ),
    "gate on what a gate lets through": (
        """
        a = Conv(x, w)
        b = Conv(x, w)
        s = Sigmoid(b)
        m = Mul(a, s)
        t = Sigmoid(m)
        n = Mul(x, t)
        y = Conv(n, w)
        """,
        {"s": "gate", "t": "gate"},
    ),
    "coordinate attention": (
        """
        a = Conv(x, w)
        b = ReduceMean<axes=[2]>(a)
        c = ReduceMean<axes=[3]>(a)
        d = Conv(b, p1)
        e = Conv(c, p2)
        s = Sigmoid(d)
        t = Sigmoid(e)
        u = Mul(s, t)
        m = Mul(a, u)
        y = Conv(m, w)
        """,
        {"s": "gate", "t": "gate"},
    ),
    "gates side by side": (
        """
        a = Conv(x, w)
        b = Conv(x, o1)
        c = Conv(x, o2)
        s = Sigmoid(b)
        t = Sigmoid(c)
        u = Concat<axis=1>(s, s, s, s, t, t, t, t)
        m = Mul(a, u)
        y = Conv(m, w)
        """,
        {"s": "gate", "t": "gate"},
    ),
    "sum of two sigmoids": (
        """
        a = Conv(x, w)
        s = Sigmoid(a)
        b = Conv(s, w)
        t = Sigmoid(b)
        u = Add(s, t)
        m = Mul(x, u)
        y = Conv(m, w)
        """,
        {"s": "hidden", "t": "hidden"},
    ),
    "inverse of a sigmoid": (
        """
        a = Conv(x, w)
        t = Sigmoid(a)
        u = Div(1, t)
        m = Mul(x, u)
        y = Conv(m, w)
        """,
        {"t": "hidden"},
    ),
    "quantised gate": (
        """
        a = Conv(x, w)
        b = Conv(a, w)
        t = com.microsoft.QLinearSigmoid(b, 1, 0, 1, 0)
        m = com.microsoft.QLinearMul(a, 1, 0, t, 1, 0, 1, 0)
        y = Conv(m, w)
        """,
        {"t": "gate"},
    ),
}


@pytest.mark.parametrize(("text", "roles"), ROLES.values(), ids=ROLES)
def test_role(text: str, roles: dict[str, str]) -> None:
    assert roles_in(text, roles) == roles


EDGES: dict[str, set[tuple[str, str]]] = {
    "squeeze-and-excitation": {("t", "m")},
    "hard squeeze-and-excitation": {("t", "m")},
    "gate on a hidden sigmoid": {("t", "m")},
    "gate on a reshaped hidden sigmoid": {("t", "m")},
    "scale without a bound on a hidden tanh": set(),
    "gate of a coarse map": {("n", "m")},
    "coordinate attention": {("s", "u"), ("u", "m")},
    "gates side by side": {("u", "m")},
}


@pytest.mark.parametrize("idiom", EDGES)
def test_edges_of_gates(idiom: str) -> None:
    assert gate_edges(ROLES[idiom][0]) == EDGES[idiom]
