"""What a limit says, to the last byte."""

from dataclasses import fields
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnnlint.cli.wanted import Wanted
from cnnlint.config.amounts import LIMITS, MOST, Measure, Quantity, quantity
from cnnlint.lint.budget import KEYS, LATENCY

DECIMAL = {"": 1, "k": 10**3, "M": 10**6, "G": 10**9, "T": 10**12}
BINARY = {"k": 2**10, "M": 2**20, "G": 2**30, "T": 2**40}


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("1.8G", 1_800_000_000),
        ("1.8 g", 1_800_000_000),
        ("5M", 5_000_000),
        ("5m", 5_000_000),
        ("250k", 250_000),
        ("250K", 250_000),
        ("2T", 2 * 10**12),
        ("0.0001G", 100_000),
        ("1.0009k", 1_000),
        ("4_100_000", 4_100_000),
        ("7", 7),
        (5_000_000, 5_000_000),
        (5e6, 5_000_000),
        (MOST, MOST),
        ("9223372036854775807", MOST),
    ],
)
def test_counts(text: object, amount: int) -> None:
    found = quantity(text, Measure.COUNT)
    assert found == Quantity(amount=amount)
    assert isinstance(found.amount, int)


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("20MiB", 20 * 2**20),
        ("20 mib", 20 * 2**20),
        ("20MIB", 20 * 2**20),
        ("20 MB", 20_000_000),
        ("20 mb", 20_000_000),
        ("900 KB", 900_000),
        ("900 kB", 900_000),
        ("900KiB", 900 * 1024),
        ("1.5GiB", 3 * 2**29),
        ("1GB", 10**9),
        ("1 TiB", 2**40),
        ("20.3 MiB", 21_286_092),
        ("512B", 512),
        ("512", 512),
        (512, 512),
    ],
)
def test_bytes(text: object, amount: int) -> None:
    assert quantity(text, Measure.BYTES) == Quantity(amount=amount)


@pytest.mark.parametrize(
    ("value", "amount"), [(12.5, 12.5), (3, 3), ("12.5", 12.5), ("12.5ms", 12.5), ("3 ms", 3.0)]
)
def test_milliseconds(value: object, amount: float) -> None:
    assert quantity(value, Measure.MILLISECONDS) == Quantity(amount=amount)


@pytest.mark.parametrize(("value", "amount"), [(16, 16), (16.0, 16), ("16", 16)])
def test_layers(value: object, amount: int) -> None:
    assert quantity(value, Measure.LAYERS) == Quantity(amount=amount)


@pytest.mark.parametrize("measure", Measure)
@pytest.mark.parametrize(
    ("text", "growth"),
    [("+5%", 0.05), ("+0%", 0.0), ("-10%", -0.1), ("+0.5 %", 0.005), ("+150%", 1.5), ("-0%", 0.0)],
)
def test_growth(text: str, growth: float, measure: Measure) -> None:
    assert quantity(text, measure) == Quantity(growth=growth)


@pytest.mark.parametrize("measure", Measure)
@pytest.mark.parametrize(
    "value",
    [
        *(0, -1, -0.5, 0.0, True, False, float("nan"), float("inf"), 2**63, 10**400),
        *(
            "",
            " ",
            "0",
            "0.0",
            "-5",
            "+5",
            "5%",
            "-100%",
            "+%",
            "5 5",
            "\u0661",
            "1e6",
            "1.",
            ".5",
        ),
        *("1__0", "_1", "5 X", "5MM", "5  M", " 5", "5\n", "+5%\n", "99999999999999999999", "NaN"),
        *([], [5], {}, {"M": 5}, b"5", None, 5j),
    ],
)
def test_what_is_no_limit(value: object, measure: Measure) -> None:
    with pytest.raises(ValueError, match="above 0"):
        quantity(value, measure)


@pytest.mark.parametrize(
    ("value", "measure"),
    [
        ("5B", Measure.COUNT),  # a billion, or bytes?
        ("5MB", Measure.COUNT),
        ("5Mi", Measure.COUNT),
        (5.5, Measure.COUNT),
        ("5k", Measure.LAYERS),
        ("5.0", Measure.LAYERS),
        ("5M", Measure.BYTES),  # 10^6 or 2^20?
        ("5Mb", Measure.BYTES),  # bits?
        ("5Gb", Measure.BYTES),
        ("5b", Measure.BYTES),
        ("5Mib", Measure.BYTES),
        ("5s", Measure.MILLISECONDS),
        ("9223372036855T", Measure.COUNT),
        ("0.0001k", Measure.COUNT),
    ],
)
def test_what_could_mean_two_things_or_nothing(value: object, measure: Measure) -> None:
    with pytest.raises(ValueError, match="above 0"):
        quantity(value, measure)


@pytest.mark.parametrize(
    ("value", "measure", "cure"),
    [
        ("5%", Measure.COUNT, '; write "+5%" for so much more than the reference'),
        ("20M", Measure.BYTES, '; write "20 MB" or "20 MiB"'),
        ("20 k", Measure.BYTES, '; write "20 kB" or "20 KiB"'),
        ("20Mb", Measure.BYTES, '; write "20 MB" or "20 MiB"'),
        ("1,8G", Measure.COUNT, "; write a point, and no commas between thousands"),
        ("0.1", Measure.COUNT, "; it comes to nothing"),
        ("99999999 T", Measure.COUNT, "; that is too much"),
        ("many", Measure.COUNT, '"+5%"'),
    ],
)
def test_cure(value: str, measure: Measure, cure: str) -> None:
    with pytest.raises(ValueError, match="above 0") as caught:
        quantity(value, measure)
    assert str(caught.value).endswith(cure)


@given(
    st.integers(0, 10**9),
    st.integers(0, 12),
    st.sampled_from([*DECIMAL.items()]),
    st.sampled_from(["", " "]),
)
def test_decimal_is_exact(digits: int, places: int, unit: tuple[str, int], space: str) -> None:
    number = Fraction(digits, 10**places)
    whole, part = divmod(digits, 10**places)
    text = f"{whole}.{part:0{places}}" if places else str(whole)
    amount = int(number * unit[1])
    if 0 < amount <= MOST:
        assert quantity(f"{text}{space}{unit[0]}", Measure.COUNT) == Quantity(amount=amount)
        byte = f"{text}{space}{unit[0]}B"
        assert quantity(byte, Measure.BYTES) == Quantity(amount=amount)


@given(st.integers(1, 2**20), st.sampled_from([*BINARY.items()]))
def test_binary_is_exact(number: int, unit: tuple[str, int]) -> None:
    found = quantity(f"{number}{unit[0]}iB", Measure.BYTES)
    assert found == Quantity(amount=number * unit[1])


@given(st.integers(-9_999_999, 99_999_999))
def test_growth_is_the_nearest_float(hundred_thousandths: int) -> None:
    percent = Fraction(hundred_thousandths, 10**5)
    sign = "-" if percent < 0 else "+"
    whole, part = divmod(abs(hundred_thousandths), 10**5)
    found = quantity(f"{sign}{whole}.{part:05}%", Measure.COUNT)
    assert found == Quantity(growth=float(percent / 100))


@given(st.text() | st.floats() | st.integers(), st.sampled_from(Measure))
def test_nothing_else_is_raised(value: object, measure: Measure) -> None:
    try:
        found = quantity(value, measure)
    except ValueError:
        return
    assert (found.amount is None) != (found.growth is None)
    assert found.amount is None or 0 < found.amount <= MOST
    assert found.growth is None or found.growth > -1


def test_keys() -> None:
    options = {field.name for field in fields(Wanted) if field.name.startswith("max_")}
    assert options == KEYS.keys()
    assert LIMITS.keys() == {*KEYS, LATENCY}
