"""Layer paths and source lines: what a node is called, whatever made the file."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnnlint.model.graph import SourceLine
from cnnlint.model.loader import load
from cnnlint.model.paths import STACK, Naming, layer_paths, source_line


def torchscript(op: str, module: str, *weights: str) -> Naming:
    """Name a node as TorchScript's exporter does: each module repeats the one around it."""
    parts = module.split(".")
    prefixes = [".".join(parts[: i + 1]) for i in range(len(parts))]
    return Naming(op, f"/{'/'.join(prefixes)}/{op}", weights, None)


def dynamo(op: str, module: str, *weights: str, index: int = 0) -> Naming:
    """Name a node as torch's dynamo exporter does, with the scopes of its module."""
    parts = module.split(".")
    prefixes = [".".join(parts[: i + 1]) for i in range(len(parts))]
    return Naming(op, f"node_{op}_{index}", weights, str(["", *prefixes, op.lower()]))


def numbered(op: str, index: int = 7) -> Naming:
    return Naming(op, f"node_{op}_{index}", (), None)


@pytest.mark.parametrize(
    ("node", "path"),
    [
        # a weight's name first
        (Naming("Conv", "node_Conv_24", ("layer1.0.conv1.weight",), None), "layer1.0.conv1"),
        (Naming("Conv", "/stem/Conv", ("layer1.0.conv1.weight",), None), "layer1.0.conv1"),
        (dynamo("Conv", "features.0.1", "features.0.0.weight"), "features.0.0"),
        (Naming("Conv", "", ("b1.block1-0.proj.0.weight",), None), "b1.block1-0.proj.0"),
        (Naming("Conv", "", ("fc.weight_quantized",), None), "fc"),
        (Naming("Conv", "", ("stem.kernel",), None), "stem"),
        (Naming("Conv", "", ("fc.bias", "fc.weight"), None), "fc"),
        (Naming("MatMul", "", ("onnx::MatMul_7", "fc.weight"), None), "fc"),
        # names of weights that tell nothing
        (Naming("Conv", "/stem/conv/Conv", ("onnx::Conv_137",), None), "stem.conv"),
        (Naming("Conv", "/stem/conv/Conv", ("weight",), None), "stem.conv"),
        (Naming("Conv", "/stem/conv/Conv", ("0.weight",), None), "stem.conv"),
        (Naming("Conv", "/stem/conv/Conv", ("a b.weight",), None), "stem.conv"),
        (Naming("Conv", "/stem/conv/Conv", ("conv.weight.T",), None), "stem.conv"),
        (Naming("Conv", "/stem/conv/Conv", ("conv.weights",), None), "stem.conv"),
        # with a weight the node's name before the scopes, which a folded BatchNorm has left
        (replace(dynamo("Conv", "bn1", "val_3"), name="/conv1/Conv"), "conv1"),
        (dynamo("Conv", "features.0.1", "val_3"), "features.0.1"),
        # without one the scopes first
        (replace(dynamo("Relu", "layer1.0.relu"), name="/other/Relu"), "layer1.0.relu"),
        (torchscript("Relu", "layer1.0.relu"), "layer1.0.relu"),
        (torchscript("Add", "layer1.0"), "layer1.0"),
        (Naming("Add", "/Add", (), None), "Add"),
        (Naming("Add", "/Add_3", (), None), "Add"),
        (Naming("Add", "node_add", (), "['', 'add']"), "Add"),
        # other exporters' slashes
        (Naming("Conv", "model/conv2d/Conv2D", ("w:0",), None), "model.conv2d.Conv2D"),
        (Naming("Add", "block/Add_x", (), None), "block.Add_x"),
        (Naming("Add", "block/Sub", (), None), "block.Sub"),
        (Naming("Add", "block/Sub_3", (), None), "block.Sub_3"),
        # names, and what isn't one
        (Naming("Conv", "stem", (), None), "stem"),
        (Naming("Conv", "layer1.0.conv1", (), None), "layer1.0.conv1"),
        (Naming("Conv", "resnetv17_conv0_fwd", (), None), "resnetv17_conv0_fwd"),
        *[(Naming("Conv", name, (), None), "Conv") for name in ("node_Conv_24", "Conv_0", "n4_2")],
        *[(Naming("Conv", name, (), None), "Conv") for name in ("Conv12", "node_conv2d_1", "")],
        # scopes that say nothing
        (Naming("Relu", "act", (), ""), "act"),
        (Naming("Relu", "act", (), "['relu']"), "act"),
        (Naming("Relu", "act", (), "no list"), "act"),
        # odd characters
        (Naming("Relu", "/", (), None), "/"),
        (Naming("Relu", "///", (), None), "///"),
        (Naming("Relu", "a\x1b[31m", (), None), "a\x1b[31m"),
        (Naming("R.*", "/a/R.*_2", (), None), "a"),
        (Naming("R.*", "/a/Rxx", (), None), "a.Rxx"),
    ],
)
def test_one_node(node: Naming, path: str) -> None:
    assert layer_paths([node]) == [path]


def test_both_exporters_of_torch_agree() -> None:
    layers = [
        ("Conv", "conv1", "conv1.weight"),
        ("Relu", "relu"),
        ("Conv", "layer1.0.conv1", "layer1.0.conv1.weight"),
        ("Relu", "layer1.0.relu"),
        ("Conv", "layer1.0.conv2", "layer1.0.conv2.weight"),
        ("Add", "layer1.0"),
        ("Relu", "layer1.0.relu"),
        ("Gemm", "fc", "fc.weight"),
    ]
    expected = ["conv1", "relu", "layer1.0.conv1", "layer1.0.relu", "layer1.0.conv2"]
    expected += ["layer1.0.Add", "layer1.0.relu_1", "fc"]
    assert layer_paths([torchscript(*layer) for layer in layers]) == expected
    traced = [dynamo(*layer, index=index) for index, layer in enumerate(layers)]
    assert layer_paths(traced) == expected


@pytest.mark.parametrize(
    ("nodes", "paths"),
    [
        # a module that is one operator, used once or often
        ([torchscript("Relu", "act")] * 3, ["act", "act_1", "act_2"]),
        # ... several operators
        (
            [torchscript("Sigmoid", "act"), torchscript("Mul", "act")],
            ["act.Sigmoid", "act.Mul"],
        ),
        ([torchscript(op, "m") for op in ("Add", "Mul", "Add")], ["m.Add", "m.Mul", "m.Add_1"]),
        # ... a layer and something after it
        ([torchscript("Conv", "m", "m.weight"), torchscript("Relu", "m")], ["m", "m.Relu"]),
        ([torchscript("Relu", "m"), torchscript("Conv", "m", "m.weight")], ["m.Relu", "m"]),
        # ... a layer and constants, which don't count
        (
            [torchscript("Constant", "m"), torchscript("Conv", "m", "m.weight")],
            ["m.Constant", "m"],
        ),
        ([torchscript("Constant", "m"), torchscript("Conv", "m", "w")], ["m.Constant", "m"]),
        ([torchscript("Constant", "m"), torchscript("Relu", "m")], ["m.Constant", "m"]),
        # ... other modules
        ([torchscript("Relu", "m"), torchscript("Relu", "m.act")], ["m.Relu", "m.act"]),
        ([torchscript("Relu", "m"), torchscript("Relu", "m2.act")], ["m", "m2.act"]),
        ([torchscript("Relu", "m"), torchscript("Relu", "m.a.b.act")], ["m.Relu", "m.a.b.act"]),
        # a weight that two layers share
        ([torchscript("Conv", "m", "m.weight")] * 2, ["m", "m_1"]),
        # nothing to go by
        ([numbered("Conv"), numbered("Relu"), numbered("Conv", 9)], ["Conv", "Relu", "Conv_1"]),
        # numbers that meet names
        (
            [Naming("Add", name, (), None) for name in ("x-1", "x", "x", "x_y", "x-1")],
            ["x-1", "x", "x_1", "x_y", "x-1_1"],
        ),
        (
            [torchscript("Relu", "a"), torchscript("Relu", "a"), torchscript("Relu", "a_1")],
            ["a", "a_1", "a_1~2"],
        ),
        (
            [Naming("Relu", f"/{name}/Relu", (), None) for name in ("a", "a", "a_1", "a_1~2")],
            ["a", "a_1", "a_1~2", "a_1~2~2"],
        ),
        ([], []),
    ],
)
def test_several_nodes(nodes: list[Naming], paths: list[str]) -> None:
    assert layer_paths(nodes) == paths


@given(st.integers(0, 8), st.sampled_from(("Conv", "Relu")))
def test_a_layer_inserted_elsewhere_changes_no_other_path(place: int, op: str) -> None:
    modules = ["stem", "layer1.0.conv1", "layer1.0.act", "layer1.1.conv1", "layer1.1.act"]
    net = [torchscript("Conv", m, f"{m}.weight") for m in modules]
    net += [dynamo("Relu", "head.act", index=4), dynamo("Relu", "head.act", index=5)]
    net += [torchscript("Gemm", "fc", "onnx::Gemm_9")]
    before = layer_paths(net)
    after = layer_paths([*net[:place], torchscript(op, "layer1.2.extra"), *net[place:]])
    assert after == [*before[:place], "layer1.2.extra", *before[place:]]


@given(st.integers(0, 6), st.integers(1, 90))
def test_node_numbers_never_matter(place: int, shift: int) -> None:
    net = [dynamo("Conv", f"layer{i % 3}.conv", "val_1", index=i) for i in range(6)]
    net += [numbered("Add", 6), numbered("Add", 7)]
    moved = [
        replace(node, name=f"node_{node.op}_{index + shift * (index >= place)}")
        for index, node in enumerate(net)
    ]
    assert layer_paths(moved) == layer_paths(net)


names = st.text("a_1.~/", max_size=6) | st.sampled_from(("m", "m.a", "a_1", "a_1~2", "/a/Add"))


@given(
    st.lists(
        st.builds(
            Naming,
            st.sampled_from(("Add", "Constant", "a", "a_1")),
            names,
            st.lists(names.map("{}.weight".format), max_size=1).map(tuple),
            st.none() | st.lists(names, max_size=3).map(str),
        ),
        max_size=12,
    )
)
def test_paths_are_unique_and_repeatable(nodes: list[Naming]) -> None:
    paths = layer_paths(nodes)
    assert len(set(paths)) == len(nodes)
    assert all(paths)
    assert layer_paths(nodes) == paths


@given(st.lists(st.builds(Naming, st.text(), st.text(), st.tuples(st.text()), st.text())))
def test_any_text_gives_a_unique_path(nodes: list[Naming]) -> None:
    assert len(set(layer_paths(nodes))) == len(nodes)


@pytest.mark.parametrize(
    "name",
    [
        "a" * 300_000 + "1-",
        "1" * 300_000 + "-",
        "a" + "1" * 300_000 + "-",
        "a." * 300_000,
        "a" + ".a" * 150_000,
        "a/" * 150_000,
        "a.a/" * 150_000,
        "'" * 300_001,
    ],
)
def test_a_long_name_takes_no_long_time(name: str) -> None:
    nodes = [
        Naming("Add", name, (), None),
        Naming("Add", "", (f"{name}.weight",), None),
        Naming(name, "", (name,), None),
        Naming("Add", "", (), name),
    ]
    assert len(set(layer_paths(nodes))) == 4


# ------------------------------------------------------------------- source lines

USER = 'File "/home/me/net.py", line 58, in forward\n    return self.conv(x)\n'
LIBRARY = '  File "/venv/lib/python3.11/site-packages/torch/nn/modules/conv.py", line 553, in f\n'


@pytest.mark.parametrize(
    ("stack", "line"),
    [
        (USER, SourceLine("/home/me/net.py", 58)),
        (USER + LIBRARY, SourceLine("/home/me/net.py", 58)),
        (LIBRARY + USER, SourceLine("/home/me/net.py", 58)),
        ('File "/a.py", line 1, in f\nFile "/b.py", line 2, in g\n', SourceLine("/b.py", 2)),
        (
            USER + r'File "C:\py\Lib\site-packages\torch\_ops.py", line 9',
            SourceLine("/home/me/net.py", 58),
        ),
        *[
            (USER + f'File "{torch}", line 9', SourceLine("/home/me/net.py", 58))
            for torch in (
                "/usr/lib/python3/dist-packages/torch/utils/checkpoint.py",
                "/home/me/pytorch/torch/nn/functional.py",
                "/pex/torch-2.9.whl/torch/functional.py",
                "/pex/torch-2.9.whl/torch/_tensor.py",
                "<eval_with_key>.7",
            )
        ],
        *[
            (LIBRARY + f'File "{mine}", line 9', SourceLine(mine, 9))
            for mine in (
                "/venv/lib/python3.11/site-packages/torchvision/models/resnet.py",
                "/home/me/torch/models/net.py",
                "net.py",
            )
        ],
        (LIBRARY, None),
        ("", None),
        ("no frames at all", None),
        ('File "/a.py", line x', None),
        ('File "/a.py", line ' + "9" * 5_000, SourceLine("/a.py", 999_999_999)),
        ('File "' * 1_000, None),
    ],
)
def test_source_line(stack: str, line: SourceLine | None) -> None:
    assert source_line({STACK: stack, "other": USER}) == line


def test_no_stack_trace() -> None:
    assert source_line({}) is None
    assert source_line({"pkg.torch.onnx.class_hierarchy": USER}) is None


# ------------------------------------------------------------------- real exports


@pytest.mark.parametrize("name", ["resnet18", "resnet50", "efficientnet_b0", "mobilenet_v2"])
def test_real_layers_are_called_the_same_by_both_exporters(name: str, corpus: Path) -> None:
    paths = []
    for exporter in ("ts", "dy"):
        model = load(corpus / "torchvision" / f"{name}.{exporter}.onnx")
        paths.append([node.path for node in model.nodes if node.op in {"Conv", "Gemm"}])
    assert paths[0] == paths[1]
    assert len(paths[0]) == {"resnet18": 21, "efficientnet_b0": 82}.get(name, len(paths[0]))
