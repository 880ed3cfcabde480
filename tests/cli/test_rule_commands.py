from collections.abc import Callable
from pathlib import Path

import pytest

from cnnlint import __version__
from cnnlint.cli.main import main
from cnnlint.lint.registry import builtin_rules

Run = Callable[..., tuple[int, str, str]]


def test_rules_lists_every_rule(run: Run) -> None:
    code, out, err = run("rules")
    assert (code, err) == (0, "")
    assert [line.split()[0] for line in out.splitlines()] == [r.code for r in builtin_rules()]


@pytest.mark.parametrize("key", ["K101", "k101", "large-dense-kernel"])
def test_rule_shows_the_manual_page(run: Run, key: str) -> None:
    code, out, _ = run("rule", key)
    assert code == 0
    assert out.startswith("# large-dense-kernel (K101)\n")
    assert "## What it does" in out
    assert "\n| `min_kernel`    | int   | 5       | " in out


def test_unknown_rule(run: Run) -> None:
    code, out, err = run("rule", "K101a")
    assert (code, out) == (2, "")
    assert "did you mean K101?" in err


def test_version_and_help(run: Run) -> None:
    assert run("--version") == (0, f"cnnlint {__version__}\n", "")
    code, out, _ = run("--help")
    assert code == 0
    for command in ("check", "profile", "rule", "rules", "why"):
        assert f"\n  {command} " in out
    assert "..." not in out.partition("Commands:")[2]  # no summary is cut off


def test_no_arguments_show_help(run: Run) -> None:
    code, out, err = run()
    assert "Usage: cnnlint" in out + err
    assert code == 2


def test_unknown_option_is_misuse(run: Run, tmp_path: Path) -> None:
    code, _, err = run("check", tmp_path, "--nonsense")
    assert code == 2
    assert "No such option" in err


def test_interrupt_exits_130(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(**_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("cnnlint.cli.rules.rules.callback", interrupt)
    assert run("rules")[0] == 130


def test_fault_of_our_own_is_one_line(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(**_: object) -> None:
        raise RuntimeError("boom")

    monkeypatch.setattr("cnnlint.cli.rules.rules.callback", fail)
    monkeypatch.delenv("CNNLINT_DEBUG", raising=False)
    code, _, err = run("rules")
    assert code == 2
    assert "internal error: RuntimeError: boom" in err
    assert "Traceback" not in err
    monkeypatch.setenv("CNNLINT_DEBUG", "1")
    monkeypatch.setattr("sys.argv", ["cnnlint", "rules"])
    with pytest.raises(RuntimeError, match="boom"):
        main()
