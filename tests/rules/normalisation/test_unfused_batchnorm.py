import numpy as np
import onnx
import pytest
from onnx import helper

from cnnlint.facts.facts import Facts
from cnnlint.lint.finding import Saving, Severity, Silence
from cnnlint.model.loader import load
from rules.normalisation.unfused_batchnorm import unfused_batchnorm
from tests.net import Net
from tests.running import rewritten, run, same, weights, with_numbers

MAP = Net(3, 16).conv(64, name="stem").relu()


def normalised(net: Net, name: str = "n", *, training: int = 0, epsilon: float = 1e-5) -> Net:
    """Append a BatchNormalization."""
    parts = [f"{name}.{part}" for part in "stmv"]
    for part in parts:
        net = net.shaped(part, net.cin)
    return net.op("BatchNormalization", *parts, name=name, training_mode=training, epsilon=epsilon)


def product(net: Net) -> Net:
    """Append a matrix product without a bias."""
    return net.op("MatMul", "w", width=8).shaped("w", net.cin, 8)


DCGAN = normalised(MAP.conv_transpose(32, 4, pad=1, name="up"))


@pytest.mark.parametrize(
    ("net", "found"),
    [
        pytest.param(DCGAN, ["n"], id="transposed convolution"),
        pytest.param(normalised(MAP.conv(32)), ["n"], id="convolution"),
        pytest.param(normalised(Net(8, ()).dense(4)), ["n"], id="dense"),
        pytest.param(normalised(Net(8, (16,)).conv(4)), ["n"], id="1-D"),
        pytest.param(normalised(MAP.conv(32), training=1), [], id="training mode"),
        pytest.param(normalised(MAP.conv(32).relu()), [], id="behind an activation"),
        pytest.param(normalised(MAP.mark("x").conv(64).add("x")), [], id="behind a sum"),
        pytest.param(normalised(MAP.mark("x").conv(64).concat("x")), [], id="behind a Concat"),
        pytest.param(normalised(MAP), [], id="pre-activation"),
        pytest.param(normalised(MAP.pool(op="AveragePool")), [], id="behind a pool"),
        pytest.param(normalised(MAP.conv(64).output()), [], id="behind an output"),
        pytest.param(
            normalised(MAP.conv(64, name="c").mark("x").relu().output().goto("x")),
            [],
            id="read by others too",
        ),
        pytest.param(normalised(MAP.conv(64).op("Dropout")), ["n"], id="dropout between"),
        pytest.param(normalised(normalised(MAP.conv(64)), "m"), ["n", "m"], id="two"),
        pytest.param(
            normalised(normalised(MAP.conv(64), training=1), "m"), [], id="behind training mode"
        ),
        pytest.param(normalised(product(Net(8, ()))), [], id="matrix product"),
        pytest.param(
            normalised(MAP.op("Conv", "stem.weight").conv(4, name="c")), ["n"], id="other shared"
        ),
        pytest.param(
            normalised(MAP.conv(64, name="c").relu().op("Conv", "c.weight")),
            [],
            id="shared weights",
        ),
    ],
)
def test_reports(net: Net, found: list[str]) -> None:
    findings = unfused_batchnorm.run(net.facts())
    assert [node.path for finding in findings for node in finding.nodes] == found
    assert len(findings) == bool(found)
    assert all(finding.severity is None for finding in findings)


def test_severity() -> None:
    assert unfused_batchnorm.severity is Severity.WARNING


def test_example_of_the_manual() -> None:
    (finding,) = unfused_batchnorm.run(DCGAN.facts())
    assert finding.message == (
        "BatchNormalization behind ConvTranspose 4x4 64->32 is not folded into it"
    )
    assert finding.suggestion == (
        "fold scale and shift into the weight and bias before: the numbers stay the same, 32 "
        "parameters and 1 pass over the map less"
    )
    assert finding.evidence == {"count": 1, "layers": ("up",), "behind": ("ConvTranspose",)}
    assert finding.saving == Saving(params=32, activation_bytes=128 * 1024)


def test_all_in_one_finding() -> None:
    net = normalised(DCGAN.relu().conv_transpose(16, 4, pad=1, name="up2"), "n2").relu()
    (finding,) = unfused_batchnorm.run(normalised(net.conv(8, name="c"), "n3").facts())
    assert finding.message == (
        "3 BatchNormalization behind Conv, ConvTranspose are not folded into them"
    )
    assert finding.suggestion.endswith("64 parameters and 3 passes over the map less")
    assert finding.evidence == {
        "count": 3,
        "layers": ("up", "up2", "c"),
        "behind": ("Conv", "ConvTranspose"),
    }
    # 2 x 32 and 2 x 16 for a bias of 32 and 16; 2 x 8 where there is a bias
    assert finding.saving == Saving(
        params=32 + 16 + 16, activation_bytes=4 * (32 * 32**2 + 16 * 64**2 + 8 * 64**2)
    )


def test_generator_of_a_gan() -> None:
    net = Net(100, 1)
    for place, width in enumerate((512, 256, 128, 64)):
        stride = 2 if place else 1
        net = net.conv_transpose(width, 4, stride=stride, pad=stride - 1, name=f"up{place}")
        net = normalised(net, f"n{place}").relu()
    (finding,) = unfused_batchnorm.run(net.conv_transpose(3, 4, pad=1).op("Tanh").facts())
    assert finding.evidence["count"] == 4
    assert finding.saving.params == 512 + 256 + 128 + 64


def test_two_behind_one_layer() -> None:
    net = MAP.conv(8, bias=False, name="c")
    (finding,) = unfused_batchnorm.run(normalised(normalised(net), "m").facts())
    assert finding.saving.params == 4 * 8 - 8


def test_training_mode_of_an_old_operator_set() -> None:
    proto = DCGAN.proto()
    del proto.graph.node[-1].attribute[:]
    proto.opset_import[0].version = 6
    said = list(unfused_batchnorm.remarks(Facts(load(proto.SerializeToString()))))
    assert [s.reason for s in said if isinstance(s, Silence)] == ["it is in training mode (N603)"]
    assert len(said) == 1


def test_unknown_size() -> None:
    (finding,) = unfused_batchnorm.run(DCGAN.open_facts())
    assert finding.saving == Saving(params=32, activation_bytes=None)


def folded(proto: onnx.ModelProto) -> onnx.ModelProto:
    """Return a model of a layer and its normalisation as the layer alone."""
    layer, norm = proto.graph.node
    stored = weights(proto)
    scale, shift, mean, variance = (stored[name] for name in norm.input[1:])
    (epsilon,) = (a.f for a in norm.attribute if a.name == "epsilon")
    factor = scale / np.sqrt(variance + np.float32(epsilon))
    weight = stored[layer.input[1]]
    if layer.op_type == "ConvTranspose":
        groups = next(helper.get_attribute_value(a) for a in layer.attribute if a.name == "group")
        shape = weight.shape
        parts = weight.reshape(groups, shape[0] // groups, shape[1], -1)
        weight = (parts * factor.reshape(groups, 1, -1, 1)).reshape(shape)
    else:
        weight = weight * factor.reshape(-1, *(1,) * (weight.ndim - 1))
    bias = stored[layer.input[2]] if len(layer.input) > 2 else np.zeros_like(mean)
    one = onnx.NodeProto()
    one.CopyFrom(layer)
    del one.input[1:], one.output[:]
    one.input.extend(["w", "c"])
    one.output.append(norm.output[0])
    return rewritten(proto, [one], w=weight, c=(bias - mean) * factor + shift)


@pytest.mark.parametrize(
    "net",
    [
        pytest.param(Net(4, 6).conv(8, name="c"), id="convolution"),
        pytest.param(Net(4, 6).conv(8, groups=2, bias=False), id="groups, no bias"),
        pytest.param(Net(4, 6).conv_transpose(8, 4, pad=1), id="transposed"),
        pytest.param(Net(4, 6).conv_transpose(8, 3, groups=2), id="transposed, groups"),
        pytest.param(Net(4, ()).dense(8), id="dense"),
    ],
)
def test_folding_gives_the_same_numbers(net: Net) -> None:
    net = normalised(net, epsilon=0.1)
    (finding,) = unfused_batchnorm.run(net.facts())
    proto = with_numbers(net)
    assert same(run(proto), run(folded(proto)))
    stored = weights(proto)
    layer, norm = proto.graph.node
    before = sum(stored[n].size for n in [*layer.input[1:], *norm.input[1:3]])
    after = sum(weights(folded(proto))[n].size for n in ("w", "c"))
    assert finding.saving.params == before - after


@pytest.mark.parametrize(
    ("net", "reason"),
    [
        pytest.param(
            normalised(MAP.conv(32), training=1), "it is in training mode (N603)", id="training"
        ),
        pytest.param(
            normalised(MAP),
            "no Conv, ConvTranspose or Gemm alone makes what it reads",
            id="pre-activation",
        ),
        pytest.param(
            normalised(MAP.conv(32, name="c").op("Pad")),
            "what lies between c and it doesn't fold",
            id="padding",
        ),
        pytest.param(
            normalised(MAP.conv(64, name="c").relu().op("Conv", "c.weight")),
            "other layers share the weights of c_1",
            id="shared weights",
        ),
    ],
)
def test_silence(net: Net, reason: str) -> None:
    facts = net.facts()
    assert list(unfused_batchnorm.remarks(facts)) == [Silence(facts.nodes[-1], reason)]
