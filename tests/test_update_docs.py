"""The tool that writes docs/rules and the generated parts of README.md."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from cnnlint.lint.registry import builtin_rules
from tools.update_docs import answer

ROOT = Path(__file__).parents[1]


def update(root: Path, *arguments: str) -> tuple[int, list[str]]:
    """Run the tool on a copy of the docs; return its exit code and what it says."""
    command = [sys.executable, str(ROOT / "tools" / "update_docs.py"), "--root", str(root)]
    done = subprocess.run(  # noqa: S603  (our own script)
        [*command, *arguments], capture_output=True, text=True, check=False, cwd=ROOT
    )
    assert not done.stderr
    return done.returncode, done.stdout.splitlines()


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with docs that are up to date."""
    root = tmp_path_factory.mktemp("docs")
    shutil.copy(ROOT / "README.md", root)
    assert update(root, "--check")[0] == 1
    assert not (root / "docs").exists()
    assert update(root)[0] == 0
    return root


def test_a_page_for_every_rule_and_an_index(written: Path) -> None:
    names = {file.name for file in (written / "docs" / "rules").iterdir()}
    assert names == {"README.md", *(f"{rule.code}.md" for rule in builtin_rules())}
    index = (written / "docs" / "rules" / "README.md").read_text(encoding="utf-8")
    links = re.findall(r"^\| \[(\w+)\]\((\w+)\.md\) \| ([a-z0-9-]+)", index, re.MULTILINE)
    assert links == [(rule.code, rule.code, rule.name) for rule in builtin_rules()]
    families = list(dict.fromkeys(rule.family for rule in builtin_rules()))
    assert len(re.findall("^## ", index, re.MULTILINE)) == len(families)
    assert "## Kernels and factorisation: how a layer spends its multiply-adds\n" in index


def test_readme_links_every_rule_by_family(written: Path) -> None:
    readme = (written / "README.md").read_text(encoding="utf-8")
    table = readme.partition("<!-- rules: generated -->")[2].partition("<!-- rules: end -->")[0]
    links = re.findall(r"\[(\w+)\]\((.*?)\) ([a-z0-9-]+)", table)
    assert links == [(r.code, f"docs/rules/{r.code}.md", r.name) for r in builtin_rules()]
    assert all((written / path).is_file() for _, path, _ in links)
    assert "\n| **kernels**: how a layer spends its multiply-adds | [K101](" in table
    assert "```text\nwarning[K101]: 7x7 convolution" in readme


def test_twice_is_the_same(written: Path) -> None:
    assert update(written, "--check") == (0, ["the docs are up to date"])
    assert update(written) == (0, [])


def test_stale_missing_and_orphaned_pages(written: Path, tmp_path: Path) -> None:
    root = tmp_path / "docs"
    shutil.copytree(written, root)
    pages = root / "docs" / "rules"
    (pages / "K101.md").write_text("old")
    (pages / "K107.md").unlink()
    (pages / "X999.md").write_text("of a rule that is no more")
    said = [f"docs/rules/{name}.md is stale" for name in ("K101", "K107", "X999")]
    assert update(root, "--check") == (1, said)
    assert (pages / "X999.md").exists()
    said = ["docs/rules/K101.md", "docs/rules/K107.md", "docs/rules/X999.md is gone"]
    assert update(root) == (0, said)
    assert update(root, "--check")[0] == 0


def test_a_stale_readme(written: Path, tmp_path: Path) -> None:
    root = tmp_path / "docs"
    shutil.copytree(written, root)
    readme = root / "README.md"
    text = readme.read_text(encoding="utf-8")
    readme.write_text(text.replace("large-dense-kernel · ", ""), encoding="utf-8")
    assert update(root, "--check") == (1, ["README.md is stale"])
    update(root)
    assert readme.read_text(encoding="utf-8") == text


def test_an_answer_that_fails_is_not_written() -> None:
    with pytest.raises(SystemExit, match="there is no rule"):
        answer("check", "sample_models", "--select", "X999")
