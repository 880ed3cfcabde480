import pytest

from cnnlint.report import numbers
from cnnlint.report.escape import plain


@pytest.mark.parametrize(
    ("macs", "text"),
    [
        (1_814_073_344, "1.81 GMACs"),
        (629_407_744, "629.4 MMACs"),
        (999_999, "999,999 MACs"),
        (0, "0 MACs"),
        (None, "? MACs"),
    ],
)
def test_macs(macs: int | None, text: str) -> None:
    assert numbers.macs(macs) == text


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (1023, "1023 B"),
        (1024, "1.0 KiB"),
        (46_738_848, "44.6 MiB"),
        (3 << 30, "3.00 GiB"),
        (5 << 40, "5120.00 GiB"),
        (None, "?"),
    ],
)
def test_size(size: int | None, text: str) -> None:
    assert numbers.size(size) == text


def test_percent() -> None:
    assert [numbers.percent(share) for share in (0.18149, 1.0, 0.0, None)] == [
        *("18.1 %", "100.0 %", "0.0 %", "")
    ]


def test_params() -> None:
    assert numbers.params(11_684_712) == "11.68 M params"
    assert numbers.params(9408) == "9,408 params"


@pytest.mark.parametrize(
    ("shape", "text"),
    [((1, 3, 8, 8), "1x3x8x8"), ((1, None), "1x?"), ((), "scalar"), (None, "?")],
)
def test_shape(shape: tuple[int, ...] | None, text: str) -> None:
    assert numbers.shape(shape) == text


@pytest.mark.parametrize(
    ("ms", "text"), [(123.456, "123.5"), (12.3456, "12.35"), (0.0123, "0.012"), (None, "")]
)
def test_milliseconds(ms: float | None, text: str) -> None:
    assert numbers.milliseconds(ms) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("layer1.0.conv1", "layer1.0.conv1"),
        ("Größe/卷积", "Größe/卷积"),
        ("\x1b[31m", r"\x1b[31m"),
        ("a\r\nb", r"a\r\nb"),
        ("\u202eabc\u200b", r"\u202eabc\u200b"),
        ("\x9b", r"\x9b"),
        ("\ud800", r"\ud800"),
    ],
)
def test_plain(text: str, shown: str) -> None:
    assert plain(text) == shown
