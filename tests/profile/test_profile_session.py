"""Setting up a session: what a model is fed, and what can keep it from running."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnnlint.errors import ProfileError
from cnnlint.model.graph import Input, Model, Origin
from cnnlint.profile.devices import require_runtime
from cnnlint.profile.session import (
    MAX_MESSAGE,
    frozen_dims,
    make_feed,
    one_line,
    open_session,
    runtime_errors,
)


def entry(dtype: str | None, *bound: int | None, name: str = "x") -> Input:
    return Input(name, dtype, bound, bound)


def array(
    dtype: str, *shape: int, seed: int = 0
) -> np.ndarray[tuple[int, ...], np.dtype[np.generic]]:
    return make_feed([entry(dtype, *shape)], seed)["x"]


@pytest.mark.parametrize("dtype", ["float32", "float16", "float64"])
def test_floats_are_standard_normal(dtype: str) -> None:
    made = array(dtype, 1, 3, 64, 64).astype(np.float64)
    assert array(dtype, 2, 2).dtype == dtype
    assert abs(made.mean()) < 0.05
    assert abs(made.std() - 1) < 0.05


@pytest.mark.parametrize("dtype", ["int8", "int32", "int64", "uint8", "bool"])
def test_integers_are_safe_as_indices(dtype: str) -> None:
    made = array(dtype, 4, 50)
    assert (made.dtype, set(made.ravel().tolist())) == (np.dtype(dtype), {0, 1})


@pytest.mark.parametrize("shape", [(), (5,)])
@pytest.mark.parametrize("dtype", ["int64", "uint8"])
def test_integers_that_may_be_sizes_are_one(dtype: str, shape: tuple[int, ...]) -> None:
    made = array(dtype, *shape)
    assert made.shape == shape
    assert made.dtype == dtype
    assert (made == 1).all()


def test_the_seed_decides() -> None:
    first, again, other = (array("float32", 2, 8, seed=seed) for seed in (1, 1, 2))
    assert (first == again).all()
    assert (first != other).any()


def test_every_input_is_fed() -> None:
    feed = make_feed([entry("float32", 1, 3, name="a"), entry("bool", 2, name="b")], 0)
    assert {name: made.shape for name, made in feed.items()} == {"a": (1, 3), "b": (2,)}


@pytest.mark.parametrize("dtype", [None, "string", "bfloat16", "complex64", "float8e4m3fn"])
def test_a_type_that_cannot_be_generated(dtype: str | None) -> None:
    with pytest.raises(ProfileError, match=f"input x is of type {dtype or 'unknown'}") as caught:
        make_feed([entry(dtype, 1)], 0)
    assert caught.value.cure == "use --static"


def test_an_unknown_rank() -> None:
    with pytest.raises(ProfileError, match="the shape of input im\\\\x1b is unknown") as caught:
        make_feed([Input("im\x1b", "float32", None, None)], 0)
    assert "--input-shapes im\\x1b:" in caught.value.cure


@pytest.mark.parametrize(("declared", "name"), [("H", "H"), (None, "x.2")])
def test_an_unknown_dimension(declared: str | None, name: str) -> None:
    unknown = Input("x", "float32", (1, 3, declared), (1, 3, None))
    with pytest.raises(ProfileError, match=f"dimension {name} of input x is unknown") as caught:
        make_feed([unknown], 0)
    assert f"--dim {name}=SIZE" in caught.value.cure


def test_named_dimensions_are_frozen_where_all_inputs_agree() -> None:
    inputs = [
        Input("a", "float32", ("N", 3, None, "W"), (2, 3, 5, 7)),
        Input("b", "float32", ("N", "W", "L"), (2, 8, None)),
        Input("c", "float32", None, None),
    ]
    assert frozen_dims(inputs) == {"N": 2}


def model_at(file: Path | None, *missing: Path) -> Model:
    origin = Origin("net\x07.onnx", file, 1, missing_data=missing)
    return Model(origin, "", 8, {}, "", {}, (), (), (), values={})


def refuse(model: Model) -> ProfileError:
    with pytest.raises(ProfileError) as caught:
        open_session(require_runtime(), model, threads=1)
    return caught.value


def test_missing_weights_are_named(tmp_path: Path) -> None:
    error = refuse(model_at(tmp_path / "net.onnx", Path("w.bin")))
    assert error.cause == "the weights of net\\x07.onnx are missing: there is no w.bin"
    assert "--static" in error.cure


def test_several_missing_files_are_counted(tmp_path: Path) -> None:
    error = refuse(model_at(tmp_path / "net.onnx", Path("w.bin"), Path("v.bin"), Path("u.bin")))
    assert error.cause.endswith("there is no w.bin and 2 more")


def test_a_model_from_memory_is_not_run() -> None:
    assert (
        refuse(model_at(None)).cause == "net\\x07.onnx is not a file, and only a file can be run"
    )


def test_onnxruntimes_own_words_are_kept(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    bad = tmp_path / "bad.onnx"
    bad.write_bytes(b"no protobuf")
    error = refuse(model_at(bad))
    assert error.cause.startswith("onnxruntime can't load this model: [ONNXRuntimeError]")
    assert "--static" in error.cure
    assert capfd.readouterr() == ("", "")


def test_any_exception_of_the_runtime_becomes_ours() -> None:
    def fail() -> None:
        with runtime_errors("run"):
            raise RuntimeError("first\n second\x1b")

    with pytest.raises(ProfileError, match=r"can't run this model: first second\\x1b$"):
        fail()


@pytest.mark.parametrize("message", ["", " \n ", "\x1c"])
def test_no_words_at_all(message: str) -> None:
    assert one_line(message) == "no reason given"


def test_letters_of_any_language_are_kept() -> None:
    assert one_line("größe 幅") == "größe 幅"


def test_a_long_message_is_cut() -> None:
    assert one_line("ab" * 200) == "ab" * 149 + "a…"
    assert one_line("a" * MAX_MESSAGE) == "a" * MAX_MESSAGE


@given(st.text())
def test_a_message_is_always_one_printable_line(message: str) -> None:
    line = one_line(message)
    assert line.isprintable()
    assert 0 < len(line) <= MAX_MESSAGE


def test_the_session_is_set_up_as_the_protocol_says(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    runtime = require_runtime()
    seen: list[tuple[Any, ...]] = []
    monkeypatch.setattr(runtime, "InferenceSession", lambda *a, **k: seen.append((*a, k)))

    def freeze(_: object, name: str, size: int) -> None:
        seen.append((name, size))

    monkeypatch.setattr(
        runtime.SessionOptions, "add_free_dimension_override_by_name", freeze, raising=True
    )
    model = model_at(tmp_path / "net.onnx")
    bound = Model(**{**vars(model), "inputs": (Input("x", "float32", ("N", 3), (2, 3)),)})
    open_session(runtime, bound, threads=2, trace=tmp_path / "trace")
    (override, (path, options, providers)) = seen
    assert override == ("N", 2)
    assert (path, providers) == (
        str(tmp_path / "net.onnx"),
        {"providers": ["CPUExecutionProvider"]},
    )
    assert isinstance(options, runtime.SessionOptions)
    assert (options.intra_op_num_threads, options.inter_op_num_threads) == (2, 1)
    assert options.graph_optimization_level == runtime.GraphOptimizationLevel.ORT_ENABLE_ALL
    assert options.get_session_config_entry("session.intra_op.allow_spinning") == "0"
    assert options.get_session_config_entry("session.inter_op.allow_spinning") == "0"
    assert options.log_severity_level == 4
    assert options.enable_profiling
    assert options.profile_file_prefix == str(tmp_path / "trace")
    seen.clear()
    open_session(runtime, model, threads=1)
    assert not seen[0][1].enable_profiling
