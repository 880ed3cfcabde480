"""Memory of training: what the backward pass keeps."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnnlint.facts.facts import Facts
from cnnlint.facts.memory.training import TrainingMemory, training_memory
from cnnlint.facts.training.recipe import Recipe
from cnnlint.model.binding import Bindings
from cnnlint.model.loader import load
from tests.net import Net

DATA = Path(__file__).parents[2] / "data"
IN = 3 * 32 * 32 * 4
MAP = 8 * 32 * 32 * 4
"""Bytes of the input, and of a map of 8 channels."""
CONV = Net(3, 32).conv(8)


def kept(net: Net, recipe: Recipe | None = None) -> int:
    memory = training_memory(Facts(net.model(), recipe))
    assert memory is not None
    return memory.per_image


@pytest.mark.parametrize(
    ("net", "size"),
    [
        pytest.param(CONV, IN, id="input of a layer"),
        pytest.param(CONV.relu(), IN + MAP, id="result of ReLU"),
        pytest.param(CONV.relu().conv(8), IN + MAP, id="once"),
        pytest.param(CONV.conv(8), IN + MAP, id="input of the second layer"),
        pytest.param(CONV.bn(), IN + MAP, id="input of a normalisation"),
        pytest.param(CONV.bn().relu(), IN + 2 * MAP, id="normalisation and ReLU"),
        pytest.param(CONV.op("Sigmoid"), IN + MAP, id="result of Sigmoid"),
        pytest.param(CONV.op("LeakyRelu").bn(), IN + 2 * MAP, id="input of LeakyRelu"),
        pytest.param(
            CONV.mark("x").op("Sigmoid").mul("x").gap(), IN + MAP, id="input of SiLU, all of it"
        ),
        pytest.param(CONV.pool(), IN + MAP, id="input of max pooling"),
        pytest.param(CONV.pool(op="AveragePool"), IN, id="nothing of average pooling"),
        pytest.param(CONV.mark("x").bn().add("x"), IN + MAP, id="nothing of a sum"),
        pytest.param(CONV.mark("x").bn().mul("x"), IN + 2 * MAP, id="factors of a product"),
        pytest.param(
            CONV.stored("two", [2]).op("Cast", to=7).op("Mul", "two"), IN, id="product of one"
        ),
        pytest.param(CONV.flatten().dense(5, cin=8 * 1024), IN + MAP, id="view"),
        pytest.param(
            CONV.op("Transpose", perm=[0, 3, 2, 1]).mark("x").op("Neg").mul("x"),
            IN + 2 * MAP,
            id="product of what is laid out otherwise",
        ),
        pytest.param(
            CONV.relu().op("Transpose", perm=[0, 1, 3, 2]).conv(4), IN + MAP, id="layout"
        ),
        pytest.param(
            CONV.relu().op("Identity").flatten().dense(5, cin=8 * 1024), IN + MAP, id="views"
        ),
    ],
)
def test_what_is_kept(net: Net, size: int) -> None:
    assert kept(net) == size


@pytest.mark.parametrize(
    ("net", "recipe", "size"),
    [
        (CONV.relu(), Recipe(norm="bn"), IN + 2 * MAP),
        (CONV.relu(), Recipe(norm="none"), IN + MAP),
        (CONV.bn().relu(), Recipe(norm="bn"), IN + 2 * MAP),
        (CONV.relu(), Recipe(precision="mixed"), (IN + MAP) // 2),
        (CONV.relu(), Recipe(precision="float32"), IN + MAP),
    ],
)
def test_what_the_recipe_says(net: Net, recipe: Recipe, size: int) -> None:
    assert kept(net, recipe) == size


@pytest.mark.parametrize(
    ("optimizer", "each"), [(None, 8), ("mine", 8), ("sgd", 12), ("adam", 16), ("AdamW", 16)]
)
def test_parameters(optimizer: str | None, each: int) -> None:
    facts = Facts(CONV.model(), Recipe(optimizer=optimizer))
    memory = training_memory(facts)
    assert facts.params == 224
    assert memory == TrainingMemory(IN, 224 * each)


def test_batch_of_the_file_does_not_matter() -> None:
    proto = CONV.relu().proto()
    proto.graph.input[0].type.tensor_type.shape.dim[0].dim_param = "n"
    memory = training_memory(Facts(load(proto.SerializeToString(), Bindings(batch=6))))
    assert memory is not None
    assert memory.per_image == IN + MAP


def test_unknown_sizes() -> None:
    assert training_memory(CONV.op("Wavelet", domain="acme").bn().facts()) is None
    assert training_memory(Net(3, 32).op("Neg").facts()) is None
    proto = CONV.proto()
    proto.graph.input.add(name="other").CopyFrom(proto.graph.input[0])
    proto.graph.input[1].name = "other"
    proto.graph.input[1].type.tensor_type.shape.dim[0].dim_value = 2
    assert training_memory(Facts(load(proto.SerializeToString()))) is None


def test_resnet50() -> None:
    """11.1 million activations of layers, each also behind ReLU but for those that are added."""
    model = load(DATA / "resnet50.ts.onnx")
    memory = training_memory(Facts(model, Recipe(norm="bn", optimizer="sgd")))
    assert memory is not None
    assert memory.per_image == 84_303_872
    assert memory.parameters == 12 * Facts(model).params
    assert memory.largest_batch(16 << 30) == 128


@given(st.integers(1, 10**9), st.integers(0, 10**12), st.integers(0, 10**13) | st.floats(0, 1e13))
def test_largest_batch(per_image: int, parameters: int, memory: float) -> None:
    taken = TrainingMemory(per_image, parameters)
    largest = taken.largest_batch(memory)
    assert largest == 0 or (largest.bit_count() == 1 and taken.of(largest) <= memory)
    assert taken.of(max(1, 2 * largest)) > memory - 1
