"""Write what the docs say of the rules and of the tool's answers, from the rules and the tool.

That is docs/rules (a page for each rule, and an index) and the generated parts of README.md.

usage: python tools/update_docs.py [--check] [--root FOLDER]
"""

import argparse
import re
import subprocess
import sys
from collections.abc import Iterable, Mapping
from importlib import import_module
from itertools import groupby
from pathlib import Path

from cnnlint.lint.registry import builtin_rules
from cnnlint.lint.rule import Rule
from cnnlint.report.manual import manual

ROOT = Path(__file__).parents[1]
PAGES = "docs/rules"
INDEX = f"{PAGES}/README.md"
HEAD = """\
# Rules

Every rule has a page, the same that `cnnlint rule CODE` shows. What the severities and bases mean:
[README](../../README.md#rules). All of this is written by `tools/update_docs.py`.
"""
COLUMNS = ("rule", "name", "severity", "basis", "fix", "what it reports")


def main() -> int:
    """Renew the docs, or with ``--check`` say which of them are stale."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing")
    parser.add_argument("--root", type=Path, default=ROOT, help="where the docs are")
    arguments = parser.parse_args()
    old = _there(arguments.root)
    new = documents(builtin_rules(), old["README.md"])
    stale = sorted(name for name in old | new if old.get(name) != new.get(name))
    if arguments.check:
        print("\n".join(f"{name} is stale" for name in stale) or "the docs are up to date")
        return int(bool(stale))
    for name in stale:
        file = arguments.root / name
        if name in new:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(new[name], encoding="utf-8")
        else:
            file.unlink()
        print(name if name in new else f"{name} is gone")
    return 0


def documents(rules: Iterable[Rule], readme: str) -> dict[str, str]:
    """Return the text of every file, by its path from the root."""
    families = {family: list(group) for family, group in groupby(rules, lambda r: r.family)}
    pages = {f"{PAGES}/{r.code}.md": manual(r) for group in families.values() for r in group}
    said = answer("check", "sample_models/large_kernels.onnx")
    readme = _section(readme, "check", f"```text\n{said.rstrip()}\n```")
    readme = _section(readme, "rules", _by_family(families))
    return {"README.md": readme, INDEX: _index(families), **pages}


def _there(root: Path) -> dict[str, str]:
    files = [root / "README.md", *(root / PAGES).glob("*.md")]
    return {file.relative_to(root).as_posix(): file.read_text(encoding="utf-8") for file in files}


def _index(families: Mapping[str, list[Rule]]) -> str:
    blocks = [HEAD]
    for family, rules in families.items():
        rows = [_row(*COLUMNS), _row(*["---"] * len(COLUMNS))]
        for rule in rules:
            link, summary = f"[{rule.code}]({rule.code}.md)", rule.summary.rstrip(".")
            on = "" if rule.default else " (off by default)"
            rows.append(_row(link, rule.name + on, rule.severity, rule.basis, rule.fix, summary))
        blocks.append(f"## {_about(family)}\n\n" + "\n".join(rows) + "\n")
    return "\n".join(blocks)


def _by_family(families: Mapping[str, list[Rule]]) -> str:
    """Return a table with one row for each family: names alone, or it would be endless."""
    rows = [_row("family", "rules"), _row("---", "---")]
    for family, rules in families.items():
        links = [f"[{rule.code}]({PAGES}/{rule.code}.md) {rule.name}" for rule in rules]
        rows.append(_row(f"**{family}**: {_about(family).partition(': ')[2]}", " · ".join(links)))
    return "\n".join(rows)


def _about(family: str) -> str:
    """Return what the folder of a family says of it: ``Kernels: how a layer spends ...``."""
    return (import_module(f"cnnlint.rules.{family}").__doc__ or family).strip().rstrip(".")


def _row(*cells: str) -> str:
    safe = (cell.replace("|", "\\|") for cell in cells)
    return f"| {' | '.join(safe)} |"


def answer(*arguments: str) -> str:
    """Return what a command of ours says; leave where it says that something is wrong."""
    command = [sys.executable, "-m", "cnnlint", *arguments, "--isolated"]
    done = subprocess.run(  # noqa: S603  (our own command)
        command, cwd=ROOT, capture_output=True, text=True, check=False
    )
    if done.stderr:
        sys.exit(f"{' '.join(arguments)}: {done.stderr}")
    return done.stdout


def _section(text: str, name: str, body: str) -> str:
    begin, end = f"<!-- {name}: generated -->", f"<!-- {name}: end -->"
    pattern = re.compile(f"{re.escape(begin)}.*?{re.escape(end)}", re.DOTALL)
    return pattern.sub(lambda _: f"{begin}\n{body}\n{end}", text)


if __name__ == "__main__":
    sys.exit(main())
