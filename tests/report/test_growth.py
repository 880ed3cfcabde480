"""Growth in words."""

from dataclasses import replace

import pytest

from cnnlint.lint.engine import run_rules
from cnnlint.lint.registry import find
from cnnlint.report.growth import growth, in_baseline
from cnnlint.report.report import Amount, ReportedFinding
from tests.net import Net


@pytest.fixture(scope="module")
def warning() -> ReportedFinding:
    net = Net(3, 6).conv(16).relu().gap().flatten().dense(10).relu()
    (found,) = run_rules(net.facts(), [find("H503")]).findings
    return found


@pytest.mark.parametrize(
    ("then", "now", "says"),
    [
        (
            Amount(12_800_000, "macs"),
            Amount(16_700_000, "macs"),
            "in the baseline at 12.8 MMACs, now 16.7 MMACs (+30 %)",
        ),
        (
            Amount(100_000, "params"),
            Amount(105_001, "params"),
            "in the baseline at 100,000 params, now 105,001 params (+5.1 %)",
        ),
        (
            Amount(1024, "activation_bytes"),
            Amount(1126, "activation_bytes"),
            "in the baseline at 1.0 KiB of activations, now 1.1 KiB of activations (+10 %)",
        ),
        (Amount(1, "macs"), Amount(999, "macs"), "at 1 MAC, now 999 MACs (+99,800 %)"),
        (Amount(7, "macs"), None, "in the baseline at 7 MACs, now unknown"),
        (Amount(7, "macs"), Amount(5, "params"), "now 5 params: not to be compared"),
        (Amount(0, "macs"), Amount(5, "macs"), "at 0 MACs, now 5 MACs: not to be compared"),
    ],
)
def test_growth(then: Amount, now: Amount | None, says: str, warning: ReportedFinding) -> None:
    assert growth(replace(warning, cost=now, grown_from=then)).endswith(says)


def test_no_growth(warning: ReportedFinding) -> None:
    assert growth(warning) == ""
    assert in_baseline(None) == "in the baseline"
    assert in_baseline(Amount(7, "macs")) == "in the baseline at 7 MACs"
