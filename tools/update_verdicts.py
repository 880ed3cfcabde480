"""Write tests/golden/verdicts.txt: what the rules say of every model that there is.

Its diff shows what a change of a rule changes. A line is one model: the codes by severity, each
with how often it is found (x3) and, where that differs, on how many layers altogether (7).

usage: python tools/update_verdicts.py [--check] [--corpus FOLDER]

Without the corpus of real exports only the lines of our own sample models are renewed.
"""

import argparse
import sys
from collections.abc import Iterable, Iterator
from difflib import unified_diff
from pathlib import Path

from cnnlint.lint.engine import check_model
from cnnlint.lint.finding import Severity
from cnnlint.lint.registry import select
from cnnlint.model.binding import Bindings
from cnnlint.report.report import ModelReport, ReportedFinding

ROOT = Path(__file__).parents[1]
GOLDEN = ROOT / "tests" / "golden" / "verdicts.txt"
CORPUS = ROOT.parent / "shared" / "corpus"
SAMPLES = "sample_models"
FOLDERS = ("keras", "mutants", "runnable", "timm", "torchvision")
"""Those of the corpus, by name."""
LETTERS = {Severity.ERROR: "E", Severity.WARNING: "W", Severity.NOTE: "I"}
HEAD = """\
# What the rules that are on by default say of each model; tools/update_verdicts.py writes this.
# E errors, W warnings, I notes. K101x2: two findings. K107(7): one on 7 layers. -: nothing.
"""


def main() -> int:
    """Renew the table, or with ``--check`` show what would change."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing")
    parser.add_argument("--corpus", type=Path, default=CORPUS, help="the folder of real exports")
    parser.add_argument("--golden", type=Path, default=GOLDEN, help="the table")
    arguments = parser.parse_args()
    old = read(arguments.golden)
    if not arguments.corpus.is_dir():
        print(f"{arguments.corpus} is not here: only {SAMPLES} is looked at", file=sys.stderr)
    new = renewed(old, arguments.corpus)
    print("\n".join(changes(old, new)) or "no verdict changes")
    if arguments.check:
        return int(old != new)
    arguments.golden.parent.mkdir(exist_ok=True)
    text = "".join(f"{line}\n" for line in rendered(new))
    arguments.golden.write_text(HEAD + text, encoding="utf-8")
    return 0


def read(golden: Path) -> dict[str, str]:
    """Return the verdict on each model of a table; nothing if there is none yet."""
    text = golden.read_text(encoding="utf-8") if golden.exists() else ""
    lines = (line for line in text.splitlines() if not line.startswith("#"))
    return {model: verdict for model, _, verdict in (line.partition("  ") for line in lines)}


def rendered(verdicts: dict[str, str]) -> list[str]:
    """Return the lines of a table, in the order of names."""
    return [f"{model}  {verdict}" for model, verdict in sorted(verdicts.items())]


def changes(old: dict[str, str], new: dict[str, str]) -> list[str]:
    """Return the lines of a table that differ, marked with - and +."""
    lines = unified_diff(rendered(old), rendered(new), n=0, lineterm="")
    return [line for line in lines if not line.startswith(("---", "+++", "@@"))]


def renewed(old: dict[str, str], corpus: Path) -> dict[str, str]:
    """Return a table with a new verdict on what is here, and the old one on what isn't."""
    new = verdicts(ROOT / SAMPLES)
    if not corpus.is_dir():
        return new | {model: said for model, said in old.items() if not _is_sample(model)}
    for folder in FOLDERS:
        new |= verdicts(corpus / folder)
    return new


def verdicts(folder: Path) -> dict[str, str]:
    """Return the verdict on each model of a folder; the model goes by folder and file."""
    rules, _ = select((), ())
    return {
        f"{folder.name}/{file.stem}": verdict(check_model(file, rules, Bindings())[0])
        for file in sorted(folder.glob("*.onnx"))
    }


def verdict(report: ModelReport) -> str:
    """Return what is said of a model: ``W: H501 K101x2  I: K107(7)``."""
    if report.failure:
        return f"unreadable: {report.failure.code}"
    parts = [f"broken: {text}" for text in report.internal]
    for severity in Severity:
        found = [f for f in report.findings or () if f.severity is severity]
        if found:
            parts.append(f"{LETTERS[severity]}: {' '.join(_counts(found))}")
    return "  ".join(parts) or "-"


def _counts(findings: Iterable[ReportedFinding]) -> Iterator[str]:
    by_code: dict[str, list[int]] = {}
    for finding in findings:
        by_code.setdefault(finding.code, []).append(len(finding.layers))
    for code, layers in sorted(by_code.items()):
        times = f"x{len(layers)}" if len(layers) > 1 else ""
        yield f"{code}{times}" + (f"({sum(layers)})" if sum(layers) > len(layers) else "")


def _is_sample(model: str) -> bool:
    return model.startswith(f"{SAMPLES}/")


if __name__ == "__main__":
    sys.exit(main())
