"""Roles of activations on small graphs that hold one idiom each; gates have files of their own."""

import json
from pathlib import Path

import pytest

from cnnlint.facts.activations.roles import Activations
from cnnlint.model.loader import load
from tests.facts.idioms import Idioms, gate_edges, roles_in
from tests.facts.onnx_text import activations

ROLES: Idioms = {
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
    assert roles_in(text, roles) == roles


def test_attention_has_no_gates() -> None:
    assert gate_edges(ROLES["self-attention"][0]) == set()


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
