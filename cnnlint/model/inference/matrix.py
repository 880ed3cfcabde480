"""Output shapes of matrix products, recurrent layers and attention."""

from collections.abc import Mapping

from cnnlint.model.defect import Kind
from cnnlint.model.graph import Dim, Shape
from cnnlint.model.inference.call import (
    Call,
    Contradiction,
    Handler,
    Shapes,
    broadcast,
    one_dim,
    one_shape,
    spell,
)
from cnnlint.model.inference.einsum import einsum_shape


def _matmul(a: int = 0, b: int = 1) -> Handler:
    """Return the handler of a product, as numpy's matmul, of the operands at these inputs."""

    def matmul(call: Call) -> Shapes:
        return (matmul_shape(call.shape(a), call.shape(b)),)

    return matmul


def matmul_shape(a: Shape, b: Shape) -> Shape:
    """Return the shape of ``a @ b``: (..., m, k) @ (..., k, n), a vector being (k,).

    Raises:
        Contradiction: the shapes don't fit.
    """
    if not a or not b:
        raise Contradiction("a matrix product of a scalar", Kind.RANK)
    _inner(a[-1], b[0] if len(b) == 1 else b[-2])
    rows, columns = a[-2:-1], b[-1:] if len(b) > 1 else ()
    return (*broadcast(a[:-2], b[:-2]), *rows, *columns)


def _inner(a: Dim, b: Dim) -> None:
    one_dim(a, b, f"a product over {a} columns of the first and {b} rows of the second matrix")


def _fused_matmul(call: Call) -> Shapes:
    """Shape of com.microsoft.FusedMatMul, which can transpose its operands first."""
    a, b = call.shape(0), call.shape(1)
    if call.attr_int("transBatchA", 0):
        a = (*a[1:-1], a[0], a[-1])
    if call.attr_int("transBatchB", 0):
        b = (*b[1:-1], b[0], b[-1])
    return (matmul_shape(_turned(call, "transA", a), _turned(call, "transB", b)),)


def _turned(call: Call, name: str, shape: Shape) -> Shape:
    turn = call.attr_int(name, 0) and len(shape) > 1
    return (*shape[:-2], shape[-1], shape[-2]) if turn else shape


def _gemm(call: Call) -> Shapes:
    a, b = call.shape(0), call.shape(1)
    for name, shape in (("a", a), ("b", b)):
        if len(shape) != 2:
            clash = f"Gemm multiplies matrices, but {name} is {spell(shape)}"
            raise Contradiction(clash, Kind.RANK)
    (m, inner), (rows, n) = _turned(call, "transA", a), _turned(call, "transB", b)
    _inner(inner, rows)
    shape = (m, n)
    addend = call.shape_or_none(2)
    if addend is not None:
        fits = broadcast(addend, shape)
        if len(fits) > 2 or any(x != y for x, y in zip(fits, shape, strict=True) if y is not None):
            raise Contradiction(f"the addend {spell(addend)} does not fit {spell(shape)}")
        shape = fits
    return (shape,)


def _qgemm(call: Call) -> Shapes:
    """Shape of com.microsoft.QGemm: a, its scale and zero point, then the same of b."""
    a, b = _turned(call, "transA", call.shape(0)), _turned(call, "transB", call.shape(3))
    return (matmul_shape(a, b),)


def _matmul_n_bits(call: Call) -> Shapes:
    """(..., N): the weight is packed, its true sizes are the attributes K and N."""
    *batch, inner = call.shape(0)
    _inner(inner, call.needed_int("K"))
    return ((*batch, call.needed_int("N")),)


def _einsum(call: Call) -> Shapes:
    equation = call.node.attrs.get("equation")
    if not isinstance(equation, str):
        raise Contradiction("attribute equation is missing", Kind.NODE)
    shapes = [call.value(index).shape for index in range(len(call.inputs))]
    return (einsum_shape(equation, shapes),)


def _recurrent(call: Call) -> Shapes:
    """Y, Y_h and, of an LSTM, Y_c. With layout 0 X is (steps, batch, features).

    W is (directions, gates * hidden, features), R (directions, gates * hidden, hidden).
    """
    data, weight, again = (call.shape(index) for index in range(3))
    for name, shape in (("input", data), ("weight", weight), ("recurrent weight", again)):
        if len(shape) != 3:
            raise Contradiction(f"the {name} has {len(shape)} axes where 3 are needed", Kind.RANK)
    _takes(data[2], weight[2])
    directions = one_dim(weight[0], again[0], "the weights disagree on the directions")
    stated = call.attr_int("hidden_size", 0) or None
    clash = f"hidden_size is {stated}, the recurrent weight is for {again[2]}"
    hidden = one_dim(stated, again[2], clash)
    _gates(call, weight, again, directions, hidden)
    if call.attr_int("layout", 0):
        last: Shape = (data[0], directions, hidden)
        return ((*data[:2], directions, hidden), last, last)
    last = (directions, data[1], hidden)
    return ((data[0], directions, data[1], hidden), last, last)


_GATES: Mapping[str, int] = {"LSTM": 4, "GRU": 3, "RNN": 1}


def _gates(call: Call, weight: Shape, again: Shape, directions: Dim, hidden: Dim) -> None:
    """Check what a recurrent layer's weights and bias hold for its gates and directions."""
    ways = 2 if call.node.get_str("direction", "forward") == "bidirectional" else 1
    one_dim(directions, ways, f"{directions} directions of weights for {ways}")
    rows = None if hidden is None else _GATES[call.node.op] * hidden
    for what, size in (("weight", weight[1]), ("recurrent weight", again[1])):
        one_dim(size, rows, f"the {what} has {size} rows where {rows} are needed")
    bias = call.shape_or_none(3)
    if bias is not None:
        wanted = (directions, None if rows is None else 2 * rows)
        clash = f"the bias is {spell(bias)} where {spell(wanted)} is needed"
        one_shape(wanted, bias, clash, Kind.LENGTH)


def _takes(features: Dim, weight: Dim) -> None:
    one_dim(features, weight, f"weight takes {weight} features, the input has {features}")


def _attention_microsoft(call: Call) -> Shapes:
    """Shape of com.microsoft.Attention: (batch, length, hidden size of the values).

    The weight (features, q + k + v) holds three projections, equal unless sized apart.
    """
    data, weight = call.shape(0), call.shape(1)
    if len(data) != 3 or len(weight) != 2:
        raise Contradiction(f"attention from {spell(data)} with a weight of {spell(weight)}")
    _takes(data[2], weight[0])
    sizes = call.attr_ints("qkv_hidden_sizes")
    if sizes:
        return ((*data[:2], sizes[-1]),)
    return ((*data[:2], None if weight[1] is None else weight[1] // 3),)


def _multi_head_attention(call: Call) -> Shapes:
    """Shape of com.microsoft.MultiHeadAttention: (batch, length, hidden size of the values).

    Values are (batch, length, hidden) or (batch, heads, length, head size); a query of five
    axes (batch, length, heads, 3, head size) holds keys and values too.
    """
    query = call.shape(0)
    if len(query) == 5:
        hidden = _times(query[2], query[4])
    elif call.has(2):
        value = call.shape(2)
        hidden = value[2] if len(value) == 3 else _times(value[1], value[-1])
    else:
        hidden = query[-1]
    return ((*query[:2], hidden),)


def _times(a: Dim, b: Dim) -> Dim:
    return None if a is None or b is None else a * b


MATRIX: Mapping[str, Handler] = {
    "MatMul": _matmul(),
    "MatMulInteger": _matmul(),
    "QLinearMatMul": _matmul(0, 3),
    "Gemm": _gemm,
    "Einsum": _einsum,
    "LSTM": _recurrent,
    "GRU": _recurrent,
    "RNN": _recurrent,
}
MICROSOFT_MATRIX: Mapping[str, Handler] = {
    "FusedMatMul": _fused_matmul,
    "FusedMatMulActivation": _fused_matmul,
    "TransposeMatMul": _fused_matmul,
    "FusedGemm": _gemm,
    "QGemm": _qgemm,
    "DynamicQuantizeMatMul": _matmul(),
    "MatMulIntegerToFloat": _matmul(),
    "MatMulBnb4": _matmul_n_bits,
    "MatMulNBits": _matmul_n_bits,
    "Attention": _attention_microsoft,
    "QAttention": _attention_microsoft,
    "DecoderMaskedSelfAttention": _attention_microsoft,
    "DecoderMaskedMultiHeadAttention": _multi_head_attention,
    "MultiHeadAttention": _multi_head_attention,
}
