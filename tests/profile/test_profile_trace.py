"""Reading traces: which spans are kernels of which run, and how long they took."""

from typing import Any

import pytest

from cnnlint.profile.trace import Event, Kernel, kernel_runs, mean_kernels, read_events


def entry(name: str, start: int, length: int, category: str = "Node", **args: object) -> object:
    spans = {"name": name, "cat": category, "ts": start, "dur": length, "args": args}
    return {**spans, "pid": 1, "tid": 1, "ph": "X"}


def events(*entries: object) -> list[Event]:
    return read_events(list(entries))


def names(runs: list[list[Event]]) -> list[list[str]]:
    return [[event.name for event in run] for run in runs]


@pytest.mark.parametrize(
    "odd",
    [
        None,
        {"name": "a"},
        [{"name": "a", "cat": "Node", "ts": 1}],
        [{"name": 1, "cat": "Node", "ts": 1, "dur": 1}],
        [{"name": "a", "cat": "Node", "ts": "1", "dur": 1}],
        ["a", 3],
    ],
)
def test_what_has_another_form_is_skipped(odd: object) -> None:
    assert read_events(odd) == []


def test_an_event_without_arguments() -> None:
    spans = {"name": "a", "cat": "Node", "ts": 3, "dur": 2, "args": None}
    assert read_events([spans]) == [Event("a", "Node", 3, 5, {})]


def test_kernels_belong_to_their_run() -> None:
    trace = events(
        entry("model_loading_uri", 0, 5, "Session"),
        entry("before", 6, 1),
        entry("a", 11, 3),
        entry("b", 14, 2),
        entry("SequentialExecutor::Execute", 10, 9, "Session"),
        entry("model_run", 10, 10, "Session"),
        entry("a", 31, 3),
        entry("model_run", 30, 10, "Session"),
        entry("after", 50, 1),
    )
    assert names(kernel_runs(trace)) == [["a", "b"], ["a"]]


def test_a_kernel_too_short_to_be_seen_still_ran() -> None:
    trace = events(entry("a", 1, 9), entry("b", 10, 0), entry("model_run", 0, 10, "Session"))
    assert names(kernel_runs(trace)) == [["a", "b"]]


def test_order_is_that_of_starting_not_of_writing() -> None:
    trace = events(entry("b", 5, 2), entry("a", 1, 3), entry("model_run", 0, 10, "Session"))
    assert names(kernel_runs(trace)) == [["a", "b"]]


def test_a_loop_holds_the_kernels_of_its_body() -> None:
    trace = events(
        entry("inner", 2, 3),
        entry("inner", 5, 3),
        entry("loop", 1, 9),
        entry("next", 10, 2),
        entry("model_run", 0, 20, "Session"),
    )
    assert names(kernel_runs(trace)) == [["loop", "next"]]


def test_a_body_that_starts_with_its_loop() -> None:
    trace = events(entry("inner", 1, 3), entry("loop", 1, 9), entry("model_run", 1, 20, "Session"))
    assert names(kernel_runs(trace)) == [["loop"]]


def test_kernels_have_the_mean_of_the_runs() -> None:
    shape = [{"float": [1, 8, 4, 4]}, {"int64": [3]}]
    args: dict[str, Any] = {"op_name": "Conv", "node_index": "7", "output_type_shape": shape}
    trace = events(
        entry("conv_kernel_time", 1, 10, **args),
        entry("other", 12, 3),
        entry("model_run", 0, 20, "Session"),
        entry("conv_kernel_time", 31, 20, **args),
        entry("other", 52, 5),
        entry("model_run", 30, 60, "Session"),
    )
    conv, other = mean_kernels(kernel_runs(trace))
    assert conv == Kernel("conv", "Conv", 7, (1, 8, 4, 4), conv.ms)
    assert other == Kernel("other", "", -1, None, other.ms)
    assert [conv.ms, other.ms] == pytest.approx([0.0155, 0.0045])


def test_kernels_of_one_name_are_told_apart_by_number() -> None:
    trace = events(
        entry("x", 1, 2, node_index="1"),
        entry("x", 4, 2, node_index="2"),
        entry("model_run", 0, 20, "Session"),
    )
    assert [kernel.index for kernel in mean_kernels(kernel_runs(trace))] == [1, 2]


@pytest.mark.parametrize(
    "shape", [None, [], ["float"], [{}], [{"float": 3}], [{"float": [1, "N"]}], {"float": [1]}]
)
def test_a_shape_of_another_form_is_unknown(shape: object) -> None:
    trace = events(entry("x", 1, 2, output_type_shape=shape), entry("model_run", 0, 20, "Session"))
    assert mean_kernels(kernel_runs(trace))[0].shape is None
