"""How open dimensions are asked for, and what they are bound to."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnnlint.errors import UsageError
from cnnlint.model.binding import (
    BATCH_NAMES,
    Bindings,
    Bound,
    bind,
    check_all_used,
    dim_name,
    parse_dims,
    parse_shapes,
)
from cnnlint.model.graph import Input

Declared = tuple[int | str | None, ...] | None


def entry(name: str, *declared: int | str | None) -> Input:
    return Input(name, "float32", declared, None)


def shapes(bound: Bound) -> dict[str, tuple[int | None, ...] | None]:
    return {i.name: i.bound for i in bound.inputs}


IMAGE = entry("image", "batch", 3, "height", "width")

# ------------------------------------------------------------------- spelling


@pytest.mark.parametrize(
    ("texts", "dims"),
    [
        ([], {}),
        (["height=224"], {"height": 224}),
        (["h=1", "w=2", "h=3"], {"h": 3, "w": 2}),
        ([" height = 224 "], {"height": 224}),
        (["input.2=7"], {"input.2": 7}),
        (["a=b=7"], {"a=b": 7}),
        (["2*s0 + 1=9"], {"2*s0 + 1": 9}),
        (["h=999999999999999999"], {"h": 10**18 - 1}),
    ],
)
def test_dims(texts: list[str], dims: dict[str, int]) -> None:
    assert parse_dims(texts) == dims


@pytest.mark.parametrize(
    "text",
    [
        *("", "height", "height=", "=224", " =224", "h=0", "h=-1", "h=1.5", "h=x", "h=1,2", "h=٣"),
        *("h=1" + "0" * 18, "h=" + "9" * 5_000),
    ],
)
def test_dims_refused(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_dims(["fine=1", text])
    assert repr(text) in caught.value.cause
    assert caught.value.cure == "write for example --dim height=224"


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("1,3,224,224", ""),
        ("1x3x224x224", ""),
        ("[1,3,224,224]", ""),
        ("(1, 3, 224, 224)", ""),
        (" 1 , 3 , 224 , 224 ", ""),
        ("input:1,3,224,224", "input"),
        ("input:1x3x224x224", "input"),
        ("input:[1,3,224,224]", "input"),
        ("input: (1, 3, 224, 224)", "input"),
        (" input : 1,3,224,224", "input"),
        ("serving_default_input:0:1,3,224,224", "serving_default_input:0"),
        ("x2:1x3x224x224", "x2"),
        ("a[0]:1,3,224,224", "a[0]"),
        (":1,3,224,224", ""),
    ],
)
def test_shapes(text: str, name: str) -> None:
    assert parse_shapes([text]) == {name: (1, 3, 224, 224)}


def test_shapes_of_several_inputs_and_ranks() -> None:
    assert parse_shapes(["a:7", "b:2x3", "a:8"]) == {"a": (8,), "b": (2, 3)}


@pytest.mark.parametrize(
    "text",
    [
        *("", "input", "input:", "input:1,", ",1", "1,,3", "1 3", "1,3,0,4", "1,-1,4", "1,n,4"),
        *("1.5,2", "input=1,3", "[[1,3]]", "1,3]]", "1,٣", "1," + "9" * 5_000),
    ],
)
def test_shapes_refused(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_shapes(["1,2", text])
    assert repr(text) in caught.value.cause
    assert "--input-shapes input:1,3,224,224" in caught.value.cure


@given(st.text(), st.text())
def test_whatever_is_typed_is_read_or_refused(text: str, name: str) -> None:
    for typed in (text, f"{name}={text}", f"{name}:{text}"):
        for parse in (parse_dims, parse_shapes):
            try:
                parse([typed])
            except UsageError:
                continue


@given(
    st.text("abc.:0[]", max_size=9).filter(lambda name: name == name.strip()),
    st.lists(st.integers(1, 10**18 - 1), min_size=1, max_size=6),
    st.sampled_from((",", "x", " , ")),
    st.sampled_from(("{}", "[{}]", "({})")),
)
def test_every_spelling_says_the_same(
    name: str, sizes: list[int], separator: str, brackets: str
) -> None:
    text = f"{name}:{brackets.format(separator.join(map(str, sizes)))}"
    assert parse_shapes([text]) == {name: tuple(sizes)}


@pytest.mark.parametrize(
    "name", ["batch", "N", "b", "BS", "batch_size", "batchsize", "batch_dim", "BatchDim"]
)
def test_names_of_the_batch(name: str) -> None:
    assert BATCH_NAMES.fullmatch(name)


@pytest.mark.parametrize("name", ["batches", "nb", "height", "", "mini_batch", "s0"])
def test_names_of_something_else(name: str) -> None:
    assert not BATCH_NAMES.fullmatch(name)


# ------------------------------------------------------------------- binding


@pytest.mark.parametrize(
    ("declared", "asked", "shape", "assumptions", "free"),
    [
        ((1, 3, 8, 8), Bindings(), (1, 3, 8, 8), (), ()),
        (("batch", 3, 8, 8), Bindings(), (1, 3, 8, 8), ("batch = 1",), ()),
        ((None, 3, 8, 8), Bindings(), (1, 3, 8, 8), ("x.0 = 1",), ()),
        (("unk__7", 3, 8, 8), Bindings(), (1, 3, 8, 8), ("unk__7 = 1",), ()),
        (("batch", 3, 8, 8), Bindings(batch=4), (4, 3, 8, 8), (), ()),
        (("batch", 3, 8, 8), Bindings(dims={"batch": 4}), (4, 3, 8, 8), (), ()),
        ((None, 3, 8, 8), Bindings(dims={"x.0": 4}), (4, 3, 8, 8), (), ()),
        ((None, 3, None, "w"), Bindings(), (1, 3, None, None), ("x.0 = 1",), ("x.2", "w")),
        ((None, 3, None, "w"), Bindings(dims={"w": 5}), (1, 3, None, 5), ("x.0 = 1",), ("x.2",)),
        (("b", 3, "s", "s"), Bindings(dims={"s": 5}), (1, 3, 5, 5), ("b = 1",), ()),
        (("b", 3, "s", "s"), Bindings(), (1, 3, None, None), ("b = 1",), ("s",)),
        ((3, "N", "s"), Bindings(), (3, 1, None), ("N = 1",), ("s",)),
        (("s",), Bindings(), (None,), (), ("s",)),
        (("n",), Bindings(), (1,), ("n = 1",), ()),
        ((None,), Bindings(), (None,), (), ("x.0",)),
        ((), Bindings(), (), (), ()),
        (None, Bindings(), None, (), ()),
        (None, Bindings(shapes={"x": (1, 3)}), (1, 3), (), ()),
        (("b", 3, "s"), Bindings(shapes={"x": (2, 3, 9)}), (2, 3, 9), (), ()),
        ((None, 3, None), Bindings(shapes={"x": (2, 3, 9)}), (2, 3, 9), (), ()),
        ((None, 3, None), Bindings(shapes={"": (2, 3, 9)}), (2, 3, 9), (), ()),
        ((1, 3, 8), Bindings(shapes={"": (1, 3, 8)}), (1, 3, 8), (), ()),
        ((None, 3), Bindings(shapes={"other": (2, 3)}), (1, 3), ("x.0 = 1",), ()),
        (("b", 3), Bindings(batch=4, shapes={"x": (2, 3)}), (2, 3), (), ()),
    ],
)
def test_one_input(
    declared: Declared,
    asked: Bindings,
    shape: tuple[int | None, ...] | None,
    assumptions: tuple[str, ...],
    free: tuple[str, ...],
) -> None:
    given_input = Input("x", "float32", declared, None)
    bound = bind([given_input], asked)
    assert bound.inputs == (Input("x", "float32", declared, shape),)
    assert (bound.assumptions, bound.free_dims) == (assumptions, free)


def test_symbols_are_shared_between_inputs() -> None:
    pair = [entry("left", "n", 3, "s", "s"), entry("right", 2, 1, "s", "n")]
    assert shapes(bind(pair, Bindings())) == {
        "left": (1, 3, None, None),
        "right": (2, 1, None, 1),
    }
    asked = Bindings(shapes={"left": (4, 3, 8, 8)})
    assert shapes(bind(pair, asked)) == {"left": (4, 3, 8, 8), "right": (2, 1, 8, 4)}
    assert bind(pair, asked).symbols == {"n": 4, "s": 8}
    assert bind(pair, Bindings()).assumptions == ("n = 1",)
    assert bind(pair, Bindings()).free_dims == ("s",)


def test_assumptions_name_each_dimension_once_and_in_order() -> None:
    inputs = [entry("b", None, 3), entry("a", "n", 3), entry("c", "n", 4)]
    assert bind(inputs, Bindings()).assumptions == ("b.0 = 1", "n = 1")
    assert shapes(bind(inputs, Bindings(batch=2))) == {"b": (2, 3), "a": (2, 3), "c": (2, 4)}


def test_symbols_hold_for_the_rest_of_the_file() -> None:
    asked = Bindings(batch=2, dims={"height": 32, "unused": 1})
    assert bind([IMAGE], asked).symbols == {"batch": 2, "height": 32, "unused": 1}


@pytest.mark.parametrize(
    ("inputs", "asked", "cause", "cure"),
    [
        (
            [IMAGE],
            {"image": (1, 3)},
            "--input-shapes gives 2 sizes, but input 'image' has 4 axes",
            "give one size an axis",
        ),
        (
            [IMAGE, entry("mask", 1)],
            {"": (1,)},
            "--input-shapes without a name, but the model has 2 inputs",
            "name one of them: image, mask",
        ),
        ([], {"": (1,)}, "--input-shapes without a name, but the model has 0 inputs", "name one"),
    ],
)
def test_shapes_that_do_not_fit(
    inputs: list[Input], asked: Mapping[str, tuple[int, ...]], cause: str, cure: str
) -> None:
    with pytest.raises(UsageError) as caught:
        bind(inputs, Bindings(shapes=asked))
    assert caught.value.cause == cause
    assert caught.value.cure.startswith(cure)


def test_dimensions_are_called_by_symbol_or_place() -> None:
    image = entry("image", "n", 3, None)
    assert [dim_name(image, axis) for axis in range(3)] == ["n", "image.1", "image.2"]
    assert dim_name(Input("x", None, None, None), 0) == "x.0"


@given(
    st.lists(st.sampled_from((1, 3, 224, None, "n", "s", "batch")), max_size=5),
    st.dictionaries(st.sampled_from(("n", "s", "x.0", "x.3")), st.integers(1, 9)),
    st.none() | st.integers(1, 9),
)
def test_every_open_dimension_is_asked_for_assumed_or_free(
    declared: list[int | str | None], dims: dict[str, int], batch: int | None
) -> None:
    given_input = entry("x", *declared)
    bound = bind([given_input], Bindings(batch, dims))
    (result,) = bound.inputs
    assert result.bound is not None
    for axis, (was, size) in enumerate(zip(declared, result.bound, strict=True)):
        name = dim_name(given_input, axis)
        if isinstance(was, int):
            assert size == was
        elif name in dims:
            assert size == dims[name]
        elif size is None:
            assert name in bound.free_dims
        else:
            assert size == (batch or 1)
            assert (f"{name} = 1" in bound.assumptions) is (batch is None)


# ------------------------------------------------------------------- typing errors


@pytest.mark.parametrize(
    ("asked", "cause", "cure"),
    [
        (
            Bindings(dims={"heigth": 5}),
            "no model has the dimension 'heigth'",
            "did you mean 'height'?",
        ),
        (
            Bindings(dims={"zzz": 5}),
            "no model has the dimension 'zzz'",
            "there is batch, height, width, mask.1",
        ),
        (Bindings(dims={"image.1": 5}), "no model has the dimension 'image.1'", "did you mean"),
        (
            Bindings(shapes={"imgae": (1,)}),
            "no model has the input 'imgae'",
            "did you mean 'image'?",
        ),
        (Bindings(shapes={"zzz": (1,)}), "no model has the input 'zzz'", "there is image, mask"),
    ],
)
def test_unknown_names(asked: Bindings, cause: str, cure: str) -> None:
    with pytest.raises(UsageError) as caught:
        check_all_used(asked, [[IMAGE], [entry("mask", 1, None)]])
    assert caught.value.cause == cause
    assert caught.value.cure.startswith(cure)


def test_a_batch_that_is_fixed() -> None:
    fixed = [entry("image", 1, 3, "height")]
    with pytest.raises(UsageError, match="--batch changes nothing"):
        check_all_used(Bindings(batch=8), [fixed])
    check_all_used(Bindings(batch=8), [fixed, [IMAGE]])


def test_a_model_without_open_dimensions_has_none_to_offer() -> None:
    with pytest.raises(UsageError) as caught:
        check_all_used(Bindings(dims={"height": 5}), [[entry("x", 1)]])
    assert caught.value.cure == "there is none"


@pytest.mark.parametrize(
    "asked",
    [
        Bindings(),
        Bindings(batch=2),
        Bindings(dims={"height": 1, "batch": 2}),
        Bindings(shapes={"image": (1, 3, 4, 4)}),
        Bindings(shapes={"": (1, 3, 4, 4)}),
    ],
)
def test_names_that_some_model_has(asked: Bindings) -> None:
    check_all_used(asked, [[entry("y", 1)], [IMAGE]])


def test_a_model_of_fixed_or_unknown_shapes_is_fine_where_nothing_is_asked() -> None:
    check_all_used(Bindings(), [[entry("x", 1, 3), Input("y", None, None, None)]])


@pytest.mark.parametrize("asked", [Bindings(batch=2), Bindings(dims={"x.0": 1})])
def test_an_input_of_unknown_rank_has_no_dimensions_to_ask_for(asked: Bindings) -> None:
    with pytest.raises(UsageError):
        check_all_used(asked, [[Input("x", None, None, None)]])


@pytest.mark.parametrize(
    "asked", [Bindings(batch=2), Bindings(dims={"h": 1}), Bindings(shapes={"x": (1,)})]
)
def test_nothing_is_said_where_no_model_could_be_read(asked: Bindings) -> None:
    check_all_used(asked, [])


@pytest.mark.parametrize(
    ("asked", "cause"),
    [
        (Bindings(shapes={"x": (1, 4, 8)}), "gives 4 for axis 1 of input 'x', which is 3"),
        (
            Bindings(dims={"h": 8}, shapes={"x": (1, 3, 9)}),
            "gives 9 for axis 2 of input 'x', which is 8",
        ),
    ],
)
def test_options_that_contradict_the_file_or_each_other(asked: Bindings, cause: str) -> None:
    with pytest.raises(UsageError, match=cause):
        bind([Input("x", "float32", ("n", 3, "h"), None)], asked)
