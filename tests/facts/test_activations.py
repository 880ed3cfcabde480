"""Roles of activations and the edges of gates, on small graphs that hold one idiom each."""

import json
from pathlib import Path

import pytest

from cnnlint.facts.activations import Activations
from cnnlint.model.loader import load
from tests.facts.onnx_text import activations, graph

TWO = "float[1,8,16,16] x, float[1,8,16,16] h"
SQUEEZE = """
    p = GlobalAveragePool({0})
    f = Conv(p, p1)
    r = Relu(f)
    e = Conv(r, p2)
"""
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

ROLES: dict[str, tuple[str, dict[str, str]]] = {
    "hidden": ("a = Conv(x, w) \n t = Sigmoid(a) \n y = Conv(t, w)", {"t": "hidden"}),
    "hidden before a bypass": (
        "a = Conv(x, w) \n t = Tanh(a) \n b = Conv(t, w) \n y = Add(b, t)",
        {"t": "hidden"},
    ),
    "output": ("a = Conv(x, w) \n y = Sigmoid(a)", {"y": "output"}),
    "output of decoder arithmetic": (
        """
        a = Conv(x, w)
        t = Sigmoid(a)
        u, v = Split<axis=1>(t)
        m = Mul(u, 2)
        n = Mul(m, m)
        y = Concat<axis=1>(n, v)
        """,
        {"t": "output"},
    ),
    "output that another branch doesn't use": (
        "a = Conv(x, w) \n o = Sigmoid(a) \n r = Relu(a) \n y = Conv(r, w)",
        {"o": "output", "r": "hidden"},
    ),
    "output of a classifier": ("a = Conv(x, w) \n y = Softmax(a)", {"y": "output"}),
    "relu": (
        "a = Conv(x, w) \n r = Relu(a) \n b = Conv(r, w) \n y = Relu(b)",
        {"r": "hidden", "y": "output"},
    ),
    "nothing reads it": (
        "a = Conv(x, w) \n t = Tanh(a) \n d = Conv(t, w) \n y = Conv(a, w)",
        {"t": "output"},
    ),
    "scores that choose boxes": (
        """
        a = Conv(x, w)
        t = Sigmoid(a)
        flat = Reshape(t, shape)
        v, i = TopK(flat, k)
        boxes = Gather<axis=0>(x, i)
        y = MatMul(boxes, m)
        shape = Constant<value_ints=[-1]>()
        k = Constant<value_ints=[1]>()
        """,
        {"t": "output"},
    ),
    "scores that are also a feature": (
        """
        a = Conv(x, w)
        t = Sigmoid(a)
        flat = Reshape(t, shape)
        v, i = TopK(flat, k)
        boxes = Gather<axis=0>(t, i)
        y = MatMul(boxes, m)
        shape = Constant<value_ints=[-1]>()
        k = Constant<value_ints=[1]>()
        """,
        {"t": "hidden"},
    ),
    "boxes to pool over": (
        """
        a = Conv(x, w)
        t = Sigmoid(a)
        flat = Reshape(t, shape)
        b = RoiAlign(x, flat, batch)
        y = Conv(b, w)
        shape = Constant<value_ints=[512, 4]>()
        batch = Constant<value_ints=[0]>()
        """,
        {"t": "output"},
    ),
    # self-gated, in spellings that have no name
    "x tanh(x)": (
        "a = Conv(x, w) \n t = Tanh(a) \n m = Mul(a, t) \n y = Conv(m, w)",
        {"t": "silu-like"},
    ),
    "swish with a learnt slope": (
        """
        a = Conv(x, w)
        b = Mul(a, g)
        t = Sigmoid(b)
        m = Mul(t, a)
        y = Conv(m, w)
        """,
        {"t": "silu-like"},
    ),
    "swish between quantisers": (
        """
        a = Conv(x, w)
        b = QuantizeLinear(a, 0.5)
        c = DequantizeLinear(b, 0.5)
        t = Sigmoid(c)
        d = QuantizeLinear(t, 0.5)
        e = DequantizeLinear(d, 0.5)
        m = Mul(c, e)
        y = Conv(m, w)
        """,
        {"t": "silu-like"},
    ),
    # gates
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
    # attention
    "self-attention": (
        """
        q = Conv(x, w)
        k = Conv(x, w)
        v = Conv(x, w)
        a = MatMul(q, k)
        t = Softmax(a)
        b = MatMul(t, v)
        y = Conv(b, w)
        """,
        {"t": "attention"},
    ),
    "bilinear attention": (
        """
        q = Conv(x, w)
        t = Sigmoid(q)
        n = ReduceSum(t)
        d = Div(t, n)
        b = Einsum<equation="abcd,abde->abce">(x, d)
        y = Conv(b, w)
        """,
        {"t": "attention"},
    ),
    "layer in front of a matrix product": (
        "a = Conv(x, w) \n t = Sigmoid(a) \n q = Conv(t, w) \n b = MatMul(q, x) \n y = Conv(b, w)",
        {"t": "hidden"},
    ),
    "layer beside a matrix product": (
        """
        a = Conv(x, w)
        t = Sigmoid(a)
        q = Conv(t, w)
        b = MatMul(q, t)
        y = Conv(b, w)
        """,
        {"t": "hidden"},
    ),
    "layer behind a relu beside a matrix product": (
        """
        a = Conv(x, w)
        t = Sigmoid(a)
        r = Relu(t)
        q = Conv(r, w)
        b = MatMul(q, t)
        y = Conv(b, p)
        """,
        {"t": "hidden", "r": "hidden"},
    ),
    # coordinates
    "sampling grid": (
        """
        a = GlobalAveragePool(x)
        b = Reshape(a, shape)
        t = Tanh(b)
        r = Mul(t, 2)
        c = GridSample(x, r)
        y = Conv(c, w)
        shape = Constant<value_ints=[1, 2, 2, 2]>()
        """,
        {"t": "bounded-coordinate"},
    ),
    "sampled map": (
        """
        a = Conv(x, w)
        t = Tanh(a)
        c = GridSample(t, grid)
        y = Conv(c, w)
        grid = ConstantOfShape(shape)
        shape = Constant<value_ints=[1, 4, 4, 2]>()
        """,
        {"t": "hidden"},
    ),
    "sampling grid that is also a feature": (
        """
        a = Conv(x, p)
        b = Transpose<perm=[0,2,3,1]>(a)
        t = Tanh(b)
        u, r = Split<axis=3>(t, parts)
        c = GridSample(x, r)
        d = Conv(t, w)
        e = Add(c, d)
        y = Conv(e, w)
        parts = Constant<value_ints=[6, 2]>()
        """,
        {"t": "hidden"},
    ),
    "offsets of a deformable convolution": (
        "a = Conv(x, w) \n t = Tanh(a) \n c = DeformConv(x, w, t) \n y = Conv(c, w)",
        {"t": "bounded-coordinate"},
    ),
    "modulation of a deformable convolution": (
        """
        a = Conv(x, w)
        b = Conv(x, w)
        t = Sigmoid(a)
        c = DeformConv(x, w, b, , t)
        y = Conv(c, w)
        """,
        {"t": "bounded-coordinate"},
    ),
    "map of a deformable convolution": (
        """
        a = Conv(x, w)
        t = Sigmoid(a)
        y = DeformConv(t, w, x)
        """,
        {"t": "hidden"},
    ),
}


@pytest.mark.parametrize(("text", "roles"), ROLES.values(), ids=ROLES)
def test_role(text: str, roles: dict[str, str]) -> None:
    outputs = "o, y" if "o" in roles else "y"
    found = activations(graph(text, outputs)).all
    assert {a.result: str(a.role) for a in found} == roles


EDGES: dict[str, set[tuple[str, str]]] = {
    "squeeze-and-excitation": {("t", "m")},
    "hard squeeze-and-excitation": {("t", "m")},
    "gate on a hidden sigmoid": {("t", "m")},
    "gate on a reshaped hidden sigmoid": {("t", "m")},
    "scale without a bound on a hidden tanh": set(),
    "gate of a coarse map": {("n", "m")},
    "highway": {("t", "u"), ("n", "v")},
    "gated tanh unit": {("t", "m")},
    "tanh under a gate for each place": {("t", "m")},
    "selective kernels": {("u", "k"), ("v", "l")},
    "coordinate attention": {("s", "u"), ("u", "m")},
    "gates side by side": {("u", "m")},
    "masked gate": {("m", "n")},
    "gated tanh unit before a product": {("t", "m")},
    "lstm from a state of zeros": {("fs1", "keep1"), ("is1", "new1"), ("os1", "h1")},
    "gru": {("r", "m"), ("k", "u"), ("t", "v")},
    "sigmoid under a mask": set(),
    "self-attention": set(),
}


@pytest.mark.parametrize("idiom", EDGES)
def test_edges_of_gates(idiom: str) -> None:
    """An edge is named by the gate's tensor and the result of the product."""
    model = graph(ROLES[idiom][0])
    results = {node.key: node.outputs[0] for node in model.nodes}
    edges = {(name, results[key]) for name, key in activations(model).gate_edges}
    assert edges == EDGES[idiom]


# Real exports.

SATURATING = {"Sigmoid", "Tanh", "HardSigmoid", "Softsign", "Hardtanh"}


def saturating_hidden(found: Activations) -> set[str]:
    return {a.result for a in found.all if a.kind in SATURATING and a.role == "hidden"}


def test_published_networks_have_no_saturating_hidden_activation(corpus: Path) -> None:
    """But for MaxViT, which has a Tanh between the two dense layers of its head."""
    files = [
        f for kind in ("torchvision", "timm", "keras") for f in (corpus / kind).glob("*.onnx")
    ]
    found = {file.name: saturating_hidden(activations(load(file))) for file in files}
    counts = {name: len(results) for name, results in found.items() if results}
    assert counts == {"maxvit_t.ts.onnx": 1, "maxvit_t.dy.onnx": 1}


def test_labelled_hidden_activations_are_found(corpus: Path) -> None:
    for entry in json.loads((corpus / "mutants" / "mutants.json").read_text()):
        present = [p for p in entry["present"] if p["antipattern"] == "non_relu_hidden"]
        if present or "non_relu_hidden" in entry["absent"]:
            labelled = {name for pattern in present for name in pattern["outputs"]}
            found = activations(load(corpus / "mutants" / entry["file"]))
            assert saturating_hidden(found) == labelled, entry["file"]
