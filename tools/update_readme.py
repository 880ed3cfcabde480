"""Write the parts of README.md that the tool says itself: real output, and the table of rules.

usage: python tools/update_readme.py [--check]
"""

import re
import subprocess
import sys
from pathlib import Path

from cnnlint.lint.registry import builtin_rules

README = Path(__file__).parents[1] / "README.md"


def main() -> int:
    """Renew the generated parts, or with ``--check`` say whether they are stale."""
    old = README.read_text(encoding="utf-8")
    new = _section(old, "check", _fenced(_output("check", "sample_models/large_kernels.onnx")))
    new = _section(new, "rules", _rules())
    if "--check" in sys.argv:
        print("README.md is " + ("up to date" if new == old else "stale"))
        return int(new != old)
    README.write_text(new, encoding="utf-8")
    return 0


def _output(*arguments: str) -> str:
    command = [sys.executable, "-m", "cnnlint", *arguments]
    return subprocess.run(  # noqa: S603  (our own command)
        command, cwd=README.parent, capture_output=True, text=True, check=False
    ).stdout


def _fenced(text: str) -> str:
    return f"```text\n{text.rstrip()}\n```"


def _rules() -> str:
    rows = [
        f"| {rule.code} | {rule.name} | {rule.severity} | {rule.summary.rstrip('.')} |"
        for rule in builtin_rules()
    ]
    return "\n".join(["| code | name | severity | what it reports |", "|---|---|---|---|", *rows])


def _section(text: str, name: str, body: str) -> str:
    begin, end = f"<!-- {name}: generated -->", f"<!-- {name}: end -->"
    pattern = re.compile(f"{re.escape(begin)}.*?{re.escape(end)}", re.DOTALL)
    return pattern.sub(lambda _: f"{begin}\n{body}\n{end}", text)


if __name__ == "__main__":
    sys.exit(main())
