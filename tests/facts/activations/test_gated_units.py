"""Gated units, highways and recurrent cells that are spelled out."""

import pytest

from tests.facts.idioms import Idioms, gate_edges, roles_in

LSTM_STEP = """
    a{0} = Conv({1}, w1)
    b{0} = Conv({2}, w2)
    z{0}_ = Add(a{0}, b{0})
    q{0} = Concat<axis=1>(z{0}_, z{0}_, z{0}_, z{0}_)
    i{0}, f{0}, o{0}, g{0} = Split<axis=1>(q{0})
    is{0} = Sigmoid(i{0})
    fs{0} = Sigmoid(f{0})
    os{0} = Sigmoid(o{0})
    gt{0} = Tanh(g{0})
    keep{0} = Mul(fs{0}, {3})
    new{0} = Mul(is{0}, gt{0})
    cell{0} = Add(keep{0}, new{0})
    ct{0} = Tanh(cell{0})
    h{0} = Mul(os{0}, ct{0})
"""
"""A ConvLSTM cell: number, input, hidden state and cell state."""
LSTM_ROLES = {"is": "gate", "fs": "gate", "os": "gate", "gt": "gate", "ct": "recurrent"}

ROLES: Idioms = {
    "highway": (
        """
        a = Conv(x, w)
        h = Relu(a)
        b = Conv(x, w)
        t = Sigmoid(b)
        n = Sub(1, t)
        u = Mul(h, t)
        v = Mul(x, n)
        s = Add(u, v)
        y = Conv(s, w)
        """,
        {"t": "gate", "h": "hidden"},
    ),
    "gated linear unit": (
        """
        a = Conv(x, w)
        b = Concat<axis=1>(a, a)
        u, v = Split<axis=1>(b)
        t = Sigmoid(v)
        m = Mul(u, t)
        y = Conv(m, w)
        """,
        {"t": "gate"},
    ),
    "gated tanh unit": (
        """
        a = Conv(x, w)
        b = Conv(x, w)
        h = Tanh(a)
        t = Sigmoid(b)
        m = Mul(h, t)
        y = Conv(m, w)
        """,
        {"t": "gate", "h": "gate"},
    ),
    "gated tanh unit before a product": (
        """
        a = Conv(x, w)
        b = Conv(x, w)
        h = Tanh(a)
        t = Sigmoid(b)
        m = Mul(h, t)
        n = Mul(m, x)
        y = Conv(n, w)
        """,
        {"t": "gate", "h": "gate"},
    ),
    "gated tanh units in series": (
        """
        a = Conv(x, w)
        b = Conv(x, w)
        h = Tanh(a)
        s = Sigmoid(b)
        m = Mul(h, s)
        c = Conv(m, w)
        d = Conv(m, w)
        i = Tanh(c)
        t = Sigmoid(d)
        n = Mul(i, t)
        y = Conv(n, w)
        """,
        {"s": "gate", "h": "gate", "t": "gate", "i": "gate"},
    ),
    "gated tanh of the input": (
        "a = Conv(x, w) \n h = Tanh(x) \n t = Sigmoid(a) \n m = Mul(h, t) \n y = Conv(m, w)",
        {"t": "gate", "h": "gate"},
    ),
    "gated tanh of a gated map and the input": (
        """
        a = Conv(x, w)
        s = Sigmoid(a)
        m = Mul(x, s)
        b = Add(m, x)
        h = Tanh(b)
        c = Conv(x, w)
        t = Sigmoid(c)
        n = Mul(h, t)
        y = Conv(n, w)
        """,
        {"s": "gate", "t": "gate", "h": "gate"},
    ),
    "cell state that is also a feature": (
        LSTM_STEP.format(1, "x", "x", "s1") + "e = Conv(ct1, w) \n y = Add(e, h1)",
        {f"{name}1": role for name, role in LSTM_ROLES.items()} | {"ct1": "hidden"},
    ),
    "softsign under a gate": (
        """
        a = Conv(x, w)
        b = Conv(x, w)
        h = Softsign(a)
        t = Sigmoid(b)
        m = Mul(h, t)
        y = Conv(m, w)
        """,
        {"t": "gate", "h": "hidden"},
    ),
    "masked gate": (
        """
        a = Conv(x, w)
        t = Sigmoid(a)
        m = Mul(t, s)
        n = Mul(m, x)
        y = Conv(n, w)
        """,
        {"t": "gate"},
    ),
    "gate of a pooled sigmoid": (
        """
        a = Conv(x, w)
        s = Sigmoid(a)
        b = GlobalAveragePool(s)
        t = Sigmoid(b)
        m = Mul(x, t)
        y = Conv(m, w)
        """,
        {"s": "hidden", "t": "gate"},
    ),
    "tanh under a gate for each place": (
        """
        a = Conv(x, w)
        b = Conv(x, o1)
        h = Tanh(a)
        t = Sigmoid(b)
        m = Mul(h, t)
        y = Conv(m, w)
        """,
        {"t": "gate", "h": "hidden"},
    ),
    "selective kernels": (
        """
        a = Conv(x, w)
        b = Conv(x, w)
        s = Add(a, b)
        p = GlobalAveragePool(s)
        e = Conv(p, p1)
        f = Conv(p, p2)
        c = Concat<axis=0>(e, f)
        t = Softmax<axis=0>(c)
        u, v = Split<axis=0>(t)
        k = Mul(a, u)
        l = Mul(b, v)
        m = Add(k, l)
        y = Conv(m, w)
        """,
        {"t": "gate"},
    ),
    "lstm": (
        LSTM_STEP.format(1, "x", "x", "s1")
        + LSTM_STEP.format(2, "x", "h1", "cell1")
        + "y = Conv(h2, w)",
        {f"{name}{step}": role for step in "12" for name, role in LSTM_ROLES.items()},
    ),
    "lstm from a state of zeros": (
        LSTM_STEP.format(1, "x", "x", "z") + "y = Conv(h1, w)",
        {f"{name}1": role for name, role in LSTM_ROLES.items()},
    ),
    "sigmoid scaled for each channel": (
        "a = Conv(x, w) \n t = Sigmoid(a) \n b = Mul(t, g) \n c = Add(b, x) \n y = Conv(c, w)",
        {"t": "hidden"},
    ),
    "sigmoid under a mask": (
        "a = Conv(x, w) \n t = Sigmoid(a) \n b = Mul(t, s) \n y = Conv(b, w)",
        {"t": "hidden"},
    ),
    "sigmoid under a mask that is added to a constant": (
        "a = Conv(x, w) \n t = Sigmoid(a) \n b = Mul(t, s) \n c = Add(b, g) \n y = Conv(c, w)",
        {"t": "hidden"},
    ),
    "gru": (
        """
        a = Conv(x, w)
        b = Conv(x, w)
        r = Sigmoid(a)
        t = Sigmoid(b)
        m = Mul(r, s)
        c = Concat<axis=1>(x, m)
        d, e = Split<axis=1>(c)
        f = Conv(d, w)
        n = Tanh(f)
        k = Sub(1, t)
        u = Mul(k, n)
        v = Mul(t, s)
        h = Add(u, v)
        y = Conv(h, w)
        """,
        {"r": "gate", "t": "gate", "n": "gate"},
    ),
}


FIRST_STATE = """
    c = Conv(x, w)
    h0 = {first}(c)
    a = Conv(h0, w)
    b = Conv(h0, w)
    r = Sigmoid(a)
    t = Sigmoid(b)
    m = Mul(r, h0)
    f = Conv(m, w)
    n = {new}(f)
    k = Sub(1, t)
    u = Mul(k, h0)
    v = Mul(t, n)
    h = {join}(u, v)
    y = Conv(h, w)
"""
"""A step of a ConvGRU whose first state is an activation of a convolution (RAFT)."""


@pytest.mark.parametrize(
    ("words", "role"),
    [
        ({}, "recurrent"),
        ({"new": "Relu"}, "hidden"),
        ({"join": "Sub"}, "hidden"),
        ({"first": "Softsign"}, "hidden"),
    ],
)
def test_first_state_of_a_gru(words: dict[str, str], role: str) -> None:
    text = FIRST_STATE.format(**({"first": "Tanh", "new": "Tanh", "join": "Add"} | words))
    assert roles_in(text, {"h0": role})["h0"] == role


def test_tanh_under_two_gates_is_no_state() -> None:
    text = """
        c = Conv(x, w)
        h = Tanh(c)
        p = GlobalAveragePool(h)
        a = Conv(p, p1)
        t = Sigmoid(a)
        u = Mul(t, h)
        b = Conv(h, o1)
        r = Sigmoid(b)
        v = Mul(r, h)
        s = Add(u, v)
        y = Conv(s, w)
    """
    roles = {"h": "hidden", "t": "gate", "r": "gate"}
    assert roles_in(text, roles) == roles


@pytest.mark.parametrize(("text", "roles"), ROLES.values(), ids=ROLES)
def test_role(text: str, roles: dict[str, str]) -> None:
    assert roles_in(text, roles) == roles


EDGES: dict[str, set[tuple[str, str]]] = {
    "highway": {("t", "u"), ("n", "v")},
    "gated tanh unit": {("t", "m")},
    "tanh under a gate for each place": {("t", "m")},
    "selective kernels": {("u", "k"), ("v", "l")},
    "masked gate": {("m", "n")},
    "gated tanh unit before a product": {("t", "m")},
    "lstm from a state of zeros": {("fs1", "keep1"), ("is1", "new1"), ("os1", "h1")},
    "gru": {("r", "m"), ("k", "u"), ("t", "v")},
    "sigmoid under a mask": set(),
}


@pytest.mark.parametrize("idiom", EDGES)
def test_edges_of_gates(idiom: str) -> None:
    assert gate_edges(ROLES[idiom][0]) == EDGES[idiom]
