"""What a rule may yield, and what is told of anything else."""

import re
from math import inf, nan

import pytest

from cnnlint.lint.finding import Finding, Saving, Severity, Silence, Unchecked
from cnnlint.lint.remarks import sound
from tests.net import Net

CONV = Net(3, 8).conv(4).facts().convs[0]
NODE = CONV.node


def finding(**parts: object) -> Finding:
    """Return a finding with parts of any type."""
    return Finding(**({"nodes": (NODE,), "message": "m", "suggestion": "s"} | parts))  # type: ignore[arg-type]  # a table of tests


def saving(**parts: object) -> Saving:
    """Return a saving with parts of any type."""
    return Saving(**parts)  # type: ignore[arg-type]  # a table of tests


@pytest.mark.parametrize(
    "said",
    [
        finding(),
        finding(nodes=()),
        finding(nodes=[NODE, NODE], severity=Severity.ERROR, saving=Saving(-1, None, 0, 2, 0.5)),
        finding(evidence={"a": 1, "b": 0.5, "c": "x", "d": True, "e": None}),
        finding(evidence={"a": (1, 2), "b": ("x",), "c": ()}),
        Silence(NODE, "it is fine"),
        Silence(None, "there is none"),
        Unchecked(("lr",)),
    ],
)
def test_what_is_sound(said: object) -> None:
    assert sound(said) is said


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("text", "it yields 'text', which is no Finding, Silence or Unchecked"),
        (None, "it yields None, which is"),
        (finding(nodes=NODE), "nodes of a Finding can't be Node("),
        (finding(nodes=(CONV,)), "nodes of a Finding can't be (Conv("),
        (finding(message=5), "message of a Finding can't be 5"),
        (finding(suggestion=None), "suggestion of a Finding can't be None"),
        (finding(severity="warning"), "severity of a Finding can't be 'warning'"),
        (finding(fix="safe"), "fix of a Finding can't be 'safe'"),
        (finding(saving=3), "saving of a Finding can't be 3"),
        (finding(saving=saving(macs="many")), "macs of a Saving can't be 'many'"),
        (finding(saving=saving(params=inf)), "params of a Saving can't be inf"),
        (
            finding(saving=saving(activation_bytes=nan)),
            "activation_bytes of a Saving can't be nan",
        ),
        (finding(saving=saving(receptive_field=())), "receptive_field of a Saving can't be ()"),
        (finding(saving=saving(time_ms=nan)), "time_ms of a Saving can't be nan"),
        (finding(evidence=[1]), "evidence of a Finding can't be [1]"),
        (finding(evidence={1: 1}), "evidence of a Finding can't be {1: 1}"),
        (finding(evidence={"a": nan}), "evidence of a Finding can't be {'a': nan}"),
        (finding(evidence={"a": (nan,)}), "evidence of a Finding can't be {'a': (nan,)}"),
        (finding(evidence={"a": {}}), "evidence of a Finding can't be {'a': {}}"),
        (Silence(CONV, "x"), "node of a Silence can't be Conv("),  # type: ignore[arg-type]  # what is refused
        (Silence(NODE, 5), "reason of a Silence can't be 5"),  # type: ignore[arg-type]  # what is refused
        (Unchecked("lr"), "needs of a Unchecked can't be 'lr'"),  # type: ignore[arg-type]  # what is refused
        (Unchecked((1,)), "needs of a Unchecked can't be (1,)"),  # type: ignore[arg-type]  # what is refused
    ],
)
def test_what_is_not(said: object, told: str) -> None:
    with pytest.raises(TypeError, match=f"^{re.escape(told)}"):
        sound(said)
