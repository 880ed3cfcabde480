import pytest

from cnnlint.facts.facts import Facts
from cnnlint.lint.finding import Severity
from cnnlint.model.loader import load
from rules.graph.unreadable_name import unreadable_name
from tests.net import Net

DATA = Net(3, 8).conv(4, name="stem").relu().conv(4, name="head").proto().SerializeToString()


@pytest.mark.parametrize(
    ("name", "odd", "more"),
    [
        (b"input", b"\xff\xfeput", ", nor are 1 more"),
        (b"head.weight", b"head.\xc3(ight", ", nor are 1 more"),
        (b"stem_out", b"stem\xff\xff\xff\xff", ", nor are 1 more"),
        (b"head.bias", b"he\xe1d.bias", ", nor are 1 more"),
    ],
)
def test_reports_once(name: bytes, odd: bytes, more: str) -> None:
    (finding,) = unreadable_name.run(Facts(load(DATA.replace(name, odd))))
    shown = odd.decode("utf-8", "backslashreplace")
    assert finding.message == f"the name {shown} is not UTF-8 text{more}"
    assert finding.nodes == ()
    assert unreadable_name.severity is Severity.ERROR


@pytest.mark.parametrize("name", ["größe_o1"[:8], "st\\xff_o", "stem\x1b[m"])
def test_silent(name: str) -> None:
    data = DATA.replace(b"stem_out", name.encode()[:8].ljust(8, b"_"))
    assert not unreadable_name.run(Facts(load(data)))
