"""Small valid models of every kind: what the mutations start from."""

from functools import cache
from pathlib import Path

import numpy as np
import onnx
from onnx import helper, numpy_helper, parser

ROOT = Path(__file__).parents[1]
MAX_BYTES = 120_000
"""Larger files are weights, or take long to check: no seeds."""
SMALL_BYTES = 7_000
"""Hundreds of models of this size are checked in a second."""
WIDE = 1_100
"""More floats than the walk over the bytes keeps."""

_OPSETS = 'opset_import: ["" : OPSET, "me" : 1, "com.microsoft" : 1]'
_HEAD = f"<ir_version: 10, {_OPSETS}>"
_FUNCTION = f'<domain: "me", {_OPSETS}>'

_TEXTS = {
    "cnn": """net (float[N,3,32,32] x, float[8,3,3,3] w, float[8] b, float[10,8] f) => (y) {
        c = Conv <pads = [1,1,1,1], strides = [2,2], kernel_shape = [3,3]> (x, w, b)
        n = BatchNormalization <epsilon = 0.001> (c, b, b, b, b)
        r = Relu (n)
        p = MaxPool <kernel_shape = [2,2], strides = [2,2], ceil_mode = 1> (r)
        u = Resize <mode = "nearest"> (p, , scales)
        s = Add (u, r)
        g = GlobalAveragePool (s)
        h = Flatten (g)
        l = Gemm <transB = 1, alpha = 0.5> (h, f)
        y = Softmax <axis = 1> (l)
    }""",
    "blocks": """net (float[1,8,H,W] x, float[8,1,3,3] d, float[8,8,1,1] w,
        float[8,4,2,2] t) => (y) {
        a = Conv <group = 8, pads = [1,1,1,1]> (x, d)
        k = Sigmoid (a)
        m = Mul (a, k)
        b = Conv <dilations = [1,1], auto_pad = "SAME_UPPER"> (m, w)
        q = Add (b, x)
        c = Concat <axis = 1> (q, x)
        l, r = Split <axis = 1> (c, halves)
        e = ConvTranspose <strides = [2,2], output_padding = [1,1]> (l, t)
        v = AveragePool <kernel_shape = [3,3], count_include_pad = 1> (e)
        y = ReduceMean <axes = [2,3], keepdims = 0> (v)
    }""",
    "shapes": """net (float[N,C,H,W] x) => (y, z) {
        s = Shape (x)
        n = Gather <axis = 0> (s, zero)
        o = Unsqueeze (n, axes)
        m = Constant <value_ints = [-1]> ()
        t = Concat <axis = 0> (o, m)
        y = Reshape (x, t)
        p = Slice (x, axes, two, axes, two)
        q = Transpose <perm = [0, 2, 3, 1]> (p)
        e = Expand (q, five)
        w = Tile (e, five)
        r = Range (zero, one, one)
        c = ConstantOfShape <value = float[1] {0.0}> (two)
        k = Pad <mode = "reflect"> (x, pads)
        g = Where (mask, w, w)
        z = Squeeze (g)
    }""",
    "if": """net (float[2,3] x, bool c) => (y) {
        d = Constant <value_int = 1> ()
        b = Cast <to = 9> (d)
        t = If (c) <then_branch = one () => (o) { o = Neg (x) },
            else_branch = two () => (o) { p = Abs (x) o = Concat <axis = 0> (p, p) }>
        y = If (b) <then_branch = one () => (o) { o = Relu (t) },
            else_branch = two () => (o) { o = Identity (x) }>
    }""",
    "loop": """net (float[2,3] x, bool c, float[3,3] w) => (y, z) {
        n = Constant <value_int = 3> ()
        y, z = Loop (n, c, x) <body = run (int64 i, bool go, float[2,3] s) => (go, r, m) {
            m = MatMul (s, w)
            r = Add (m, s)
        }>
    }""",
    "scan": """net (float[2,3] x, float[5,2,3] many) => (y, z) {
        y, z = Scan <num_scan_inputs = 1, scan_input_axes = [0], scan_output_axes = [1],
            body = run (float[2,3] s, float[2,3] e) => (t, u) { t = Add (s, e) u = Neg (t) }
        > (x, many)
    }""",
    "functions": f"""net (float[1,4,8,8] x, float[4,4,3,3] w) => (y) {{
        a = me.Block <axis = 1> (x, w)
        y = me.Outer (a, w)
    }}
    {_FUNCTION}
    Block <axis: int = 1, fill> (a, w) => (b) {{
        c = Conv <pads = [1,1,1,1]> (a, w)
        d = Softmax <axis: int = @axis> (c)
        b = Relu (d)
    }}
    {_FUNCTION}
    Outer (a, w) => (b) {{ t = me.Block (a, w) b = me.Block (t, w) }}""",
    "sequences": """net (float[1] a, float[2] b, int64 any) => (y, v) {
        s = SequenceConstruct (a, b)
        t = SequenceInsert (s, b, zero)
        u = SequenceErase (t, one)
        y = SequenceAt (u, zero)
        e = SequenceEmpty ()
        n = Constant <value_int = 3> ()
        q = Loop (n, , e) <body = run (int64 i, bool go, seq(float[1]) k) => (go, r) {
            r = SequenceInsert (k, a)
        }>
        w = SplitToSequence <axis = 0> (b)
        o = ConcatFromSequence <axis = 0> (q)
        l = SequenceLength (w)
        v = SequenceAt (q, any)
    }""",
    "attention": """net (float[1,T,16] x, float[16,48] w, float[16] b) => (y) {
        n = LayerNormalization <axis = -1> (x, b, b)
        p = MatMul (n, w)
        q, k, v = Split <axis = 2, num_outputs = 3> (p)
        s = Einsum <equation = "bik,bjk->bij"> (q, k)
        a = Softmax <axis = -1> (s)
        o = MatMul (a, v)
        m = com.microsoft.Attention <num_heads = 4> (x, w)
        e = Erf (m)
        g = com.microsoft.FusedMatMul <transB = 1, alpha = 0.5> (e, o)
        y = Add (o, x)
    }""",
    "recurrent": """net (float[T,B,4] x, float[2,32,4] w, float[2,32,8] r, float[2,24,4] u,
        float[2,24,8] v) => (y, g) {
        y, h, c = LSTM <hidden_size = 8, direction = "bidirectional"> (x, w, r)
        g = GRU <hidden_size = 8, direction = "bidirectional", linear_before_reset = 1> (x, u, v)
    }""",
    "quantised": """net (float[1,3,8,8] x, int8[4,3,3,3] w, float s, uint8 z, int8 o) => (y) {
        q = QuantizeLinear (x, s, z)
        d = DequantizeLinear (q, s, z)
        f = DequantizeLinear <axis = 0> (w, s, o)
        c = Conv (d, f)
        i = ConvInteger (q, w, z)
        k = QLinearConv (q, s, z, w, s, o, s, z)
        m = com.microsoft.QLinearAdd (k, s, z, k, s, z, s, z)
        y = DequantizeLinear (m, s, z)
    }""",
    "arithmetic": """net (float[N,8,H,W] x) => (y, v) {
        s = Shape (x)
        n = Gather <axis = 0> (s, two)
        a = Add (n, two)
        m = Mul (a, two)
        d = Div (m, two)
        o = Mod (d, five)
        p = Pow (two, five)
        q = Sub (p, o)
        e = Equal (q, two)
        w = Where (e, q, five)
        f = Cast <to = 1> (w)
        r = Sqrt (f)
        c = Ceil (r)
        k = Cast <to = 7> (c)
        i = Max (k, five)
        u = Min (i, two, five)
        l = Clip (u, zero, one)
        g = ReduceProd <keepdims = 0> (l)
        t = Range (zero, g, one)
        b = Slice (t, axes, two)
        h = Concat <axis = 0> (b, two)
        y = Reshape (x, h)
        z = ConstantOfShape (h)
        j = NonZero (z)
        v = Expand (x, j)
    }""",
    "gates": """net (float[1,8,16,16] x, float[8,8,1,1] w, float[8] b) => (y) {
        c = Conv (x, w, b)
        three = Constant <value_float = 3.0> ()
        six = Constant <value_float = 6.0> ()
        p = Add (c, three)
        q = Clip <min = 0.0, max = 6.0> (p)
        d = Div (q, six)
        h = Mul (c, d)
        root = Constant <value_float = 1.4142135> ()
        half = Constant <value_float = 0.5> ()
        one_f = Constant <value_float = 1.0> ()
        e = Div (h, root)
        f = Erf (e)
        g = Add (f, one_f)
        i = Mul (h, g)
        j = Mul (i, half)
        k = ReduceMean <axes = [2,3]> (j)
        l = Conv (k, w)
        m = Relu (l)
        n = Conv (m, w)
        o = Sigmoid (n)
        s = Mul (j, o)
        t = Add (s, x)
        y = Sigmoid (t)
    }""",
    "odd habits": """net (float[1,3,64,64] x, float[64,3,3,3] a, float[64,64,9,9] l,
        float[256,64,1,1] e, float[256,256,3,3] b, float[256,64,3,3] t, float[10,9216] f) => (y) {
        c0 = Conv <strides = [2,2], pads = [1,1,1,1]> (x, a)
        s0 = Sigmoid (c0)
        c1 = Conv <pads = [4,4,4,4]> (s0, l)
        r1 = Relu (c1)
        p1 = MaxPool <kernel_shape = [2,2], strides = [3,3]> (r1)
        c2 = Conv <strides = [2,2]> (p1, e)
        c3 = Conv <pads = [1,1,1,1]> (c2, b)
        r3 = Relu (c3)
        c4 = Conv <pads = [1,1,1,1]> (r3, b)
        r4 = Relu (c4)
        c5 = Conv <pads = [1,1,1,1]> (r4, b)
        r5 = Relu (c5)
        c6 = Conv <pads = [1,1,1,1]> (r5, b)
        r6 = Relu (c6)
        u = ConvTranspose <strides = [2,2]> (r6, t)
        n = AveragePool <kernel_shape = [2,2]> (u)
        d = Flatten (n)
        g = Gemm <transB = 1> (d, f)
        y = Relu (g)
    }""",
    "selecting": """net (float[1,10,4] boxes, float[1,2,10] scores, float[N,5] x, float[1,4,8,8] m,
        float[N,4] rois) => (y, t, o) {
        y = NonMaxSuppression (boxes, scores)
        t, i = TopK <axis = 1, largest = 1> (x, one)
        n = NonZero (x)
        h = OneHot (i, five, x)
        c = CumSum (x, zero)
        a = ArgMax <axis = 1> (x)
        g = GatherND (x, a)
        s = DepthToSpace <blocksize = 2> (m)
        w = SpaceToDepth <blocksize = 2> (s)
        o = RoiAlign <output_height = 2, output_width = 2> (m, rois, a)
    }""",
}
_CONSTANTS = {
    "zero": np.array(0),
    "one": np.array(1),
    "axes": np.array([0]),
    "two": np.array([2]),
    "five": np.array([1, 1, 1, 5]),
    "halves": np.array([8, 8]),
    "pads": np.array([0, 0, 1, 1, 0, 0, 1, 1]),
    "scales": np.array([1, 1, 2, 2], np.float32),
    "mask": np.array([True]),
}


@cache
def seeds(folder: Path | None = None) -> tuple[bytes, ...]:
    """Return the models to start from, small ones first; ``folder`` may hold more of them."""
    own = [
        _built(text, opset).SerializeToString() for text in _TEXTS.values() for opset in (13, 21)
    ]
    files = [*(ROOT / "sample_models").glob("*.onnx"), *(ROOT / "tests" / "data").glob("*.onnx")]
    more = sorted(folder.rglob("*.onnx")) if folder else []
    read = (
        file.read_bytes() for file in (*sorted(files), *more) if file.stat().st_size <= MAX_BYTES
    )
    return (*own, _stored().SerializeToString(), *read)


@cache
def small(folder: Path | None = None) -> tuple[bytes, ...]:
    """Return the seeds of a few kilobytes at most."""
    return tuple(seed for seed in seeds(folder) if len(seed) < SMALL_BYTES)


def _built(text: str, opset: int) -> onnx.ModelProto:
    model = parser.parse_model(f"{_HEAD} {text}".replace("OPSET", str(opset)))
    for entry in list(model.graph.input)[1:]:
        _store(model.graph, entry)
    used = {name for node in model.graph.node for name in node.input}
    for name, numbers in _CONSTANTS.items():
        if name in used:
            model.graph.initializer.append(numpy_helper.from_array(numbers, name))
    return model


def _store(graph: onnx.GraphProto, entry: onnx.ValueInfoProto) -> None:
    """Make a weight of an input of known size; its numbers lie in a file that isn't there."""
    kind = entry.type.tensor_type
    sizes = [dim.dim_value for dim in kind.shape.dim]
    if sizes and all(sizes):
        tensor = onnx.TensorProto(name=entry.name, data_type=kind.elem_type, dims=sizes)
        tensor.data_location = onnx.TensorProto.EXTERNAL
        tensor.external_data.add(key="location", value="weights.bin")
        graph.initializer.append(tensor)
        graph.input.remove(entry)


def _stored() -> onnx.ModelProto:
    """Return a model with a tensor in every form in which one can be stored, and metadata."""
    kinds = (1, 2, 3, 6, 7, 9, 10, 11, 13, 16, 17, 21, 22)
    tensors = [helper.make_tensor(f"t{kind}", kind, [2], [0, 1]) for kind in kinds]
    tensors += [
        onnx.TensorProto(name="text", data_type=8, dims=[1], string_data=[b"text"]),
        helper.make_tensor("raw", 1, [WIDE], bytes(4 * WIDE), raw=True),
        helper.make_tensor("packed", 1, [WIDE], [0.5] * WIDE),
        onnx.TensorProto(name="far", data_type=1, dims=[4, 2], data_location="EXTERNAL"),
    ]
    for key, value in (("location", "w.bin"), ("offset", "0"), ("length", "32")):
        tensors[-1].external_data.add(key=key, value=value)
    nodes = [helper.make_node("Add", [t.name, t.name], [f"{t.name}_"]) for t in tensors]
    nodes += [
        helper.make_node("Constant", [], ["c"], value=tensors[0]),
        helper.make_node("Mine", ["c", "sparse"], ["y"], domain="me", a=0.5, names=["a", "b"]),
    ]
    scope = {"namespace": "a/b", "pkg.torch.onnx.name_scopes": "['', 'layer1', 'conv']"}
    for key, value in {**scope, "pkg.torch.onnx.stack_trace": 'File "/n.py", line 8'}.items():
        nodes[0].metadata_props.add(key=key, value=value)
    graph = helper.make_graph(nodes, "net", [], [helper.make_tensor_value_info("y", 1, None)])
    graph.initializer.extend(tensors)
    graph.sparse_initializer.add(
        values=helper.make_tensor("sparse", 1, [1], [1.0]),
        indices=helper.make_tensor("", 7, [1], [2]),
        dims=[3],
    )
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("me", 1)]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=8)
    model.training_info.add(algorithm=helper.make_graph(nodes[:1], "t", [], []))
    recipe = {"lr": "0.1", "dropout": '[{"layer": "fc", "p": 0.5}]', "reparameterized": "yes"}
    for key, value in recipe.items():
        model.metadata_props.add(key=f"cnnlint.{key}", value=value)
    return model
