"""Write a new rule and its test: ``python tools/new_rule.py K120 my-pattern``.

The rule that is written works and its test passes, so that you always change something green.
"""

import argparse
import re
import sys
from pathlib import Path

FAMILIES = {
    "K": ("kernels", "Kernels and factorisation: how a layer spends its multiply-adds."),
    "S": ("skips", "Depth, width and skip connections: whether gradients find a way."),
    "A": ("activations", "Activations: what stands between two layers."),
    "P": ("sampling", "Stride, pooling and upsampling: how the resolution changes."),
    "H": ("head", "Head and output: how a map becomes an answer."),
    "N": ("normalisation", "Normalisation: what folds into a layer, and what still trains."),
    "R": ("receptive", "Receptive field and resolution: what a layer can see."),
    "W": ("width", "Width: channels, memory and where the work is."),
    "G": ("graph", "Graph hygiene: what the file says twice, or in vain."),
    "Q": ("quantisation", "Quantisation: whether integers will do."),
    "T": ("training", "Training: what the file alone can't show."),
    "Z": ("proven", "Proven architectures: what is known to work."),
}

RULE = '''"""{code}."""

from collections.abc import Iterator
from typing import Annotated

from cnnlint.facts.facts import Facts
from cnnlint.lint.finding import Basis, Finding, Part, Saving, Severity
from cnnlint.lint.rule import rule


@rule("{code}", severity=Severity.NOTE, basis=Basis.HEURISTIC, since="{since}", marks=Part.KERNEL)
def {function}(
    facts: Facts,
    *,
    max_side: Annotated[int, "largest kernel side of which nothing is said"] = 7,
) -> Iterator[Finding]:
    """Say what the pattern is in one line.

    ## What it does
    Reports convolutions with a kernel side above `max_side`.

    ## Why is this bad?
    Say why, with numbers that the test below confirms.

    ## Example
    `Conv 9x9 64->64` on 32x32 costs 339,738,624 MACs.

    ## When to ignore it
    Say what the rule can't know.

    ## References
    - Author, Title, year, section
    """
    for conv in facts.convs:
        if max(conv.kernel) > max_side:
            yield Finding(
                nodes=(conv.node,),
                message=f"kernel side of {{max(conv.kernel)}}",
                suggestion="say what would be better on this layer's real channels",
                evidence={{"kernel": conv.kernel}},
                saving=Saving(macs=facts.macs_of(conv.node)),
            )
'''

TEST = """import pytest

from rules.{family}.{function} import {function}
from tests.net import Net


@pytest.mark.parametrize(
    ("net", "options", "found"),
    [
        pytest.param(Net(64, 32).conv(64, 9, name="a"), {{}}, ["a"], id="fires"),
        pytest.param(Net(64, 32).conv(64, 7), {{}}, [], id="just not"),
        pytest.param(Net(64, 32).conv(64, 9), {{"max_side": 9}}, [], id="option"),
    ],
)
def test_reports(net: Net, options: dict[str, int], found: list[str]) -> None:
    assert [f.nodes[0].path for f in {function}.run(net.facts(), options)] == found


def test_numbers() -> None:
    (finding,) = {function}.run(Net(64, 32).conv(64, 9).facts())
    assert finding.saving.macs == 339_738_624
"""


def main() -> int:
    """Write the files; refuse to overwrite any."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("code", help="letter of the family and three digits: K120")
    parser.add_argument("name", help="the pattern, not the cure: large-dense-kernel")
    parser.add_argument("--root", type=Path, default=Path(__file__).parents[1])
    arguments = parser.parse_args()
    code, function = arguments.code.upper(), arguments.name.replace("-", "_")
    if not re.fullmatch(r"[A-Z]\d{3}", code) or code[0] not in FAMILIES:
        return _refuse(f"{code} is no code: a letter of {''.join(FAMILIES)} and three digits")
    if not re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)+", function):
        return _refuse(f"{arguments.name} is no name: two or more lower-case words, with hyphens")
    family, about = FAMILIES[code[0]]
    folder = arguments.root / "rules" / family
    tests = arguments.root / "tests" / "rules" / family
    names = {"code": code, "function": function, "family": family, "since": _version()}
    files = {
        folder / f"{function}.py": RULE.format(**names),
        tests / f"test_{function}.py": TEST.format(**names),
    }
    taken = [path for path in files if path.exists()]
    everything = sorted((arguments.root / "rules").glob("*/*.py"))
    taken += [path for path in everything if path.stem == function]
    taken += [path for path in everything if f'@rule("{code}",' in _squeezed(path)]
    if taken:
        return _refuse(f"{taken[0]} is there already")
    for directory in (folder, tests):
        directory.mkdir(parents=True, exist_ok=True)
    if not (folder / "__init__.py").exists():
        (folder / "__init__.py").write_text(f'"""{about}"""\n', encoding="utf-8")
    for path, text in files.items():
        path.write_text(text, encoding="utf-8")
        print(path)
    return 0


def _squeezed(path: Path) -> str:
    return "".join(path.read_text(encoding="utf-8").split())


def _version() -> str:
    text = (Path(__file__).parents[1] / "cnnlint" / "__init__.py").read_text(encoding="utf-8")
    match = re.search(r'__version__ = "(\d+\.\d+)', text)
    return match[1] if match else "0.1"


def _refuse(why: str) -> int:
    print(f"error: {why}", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
