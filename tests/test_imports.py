"""What the light commands must not pay for."""

import subprocess
import sys

import pytest

HEAVY = {"onnx", "networkx", "onnxruntime", "numpy", "tabulate", "google.protobuf"}


def imported_by(*arguments: str) -> set[str]:
    """Return the top-level modules that a command line has imported when it ends."""
    script = (
        "import atexit, sys\n"
        "atexit.register(lambda: sys.stderr.write('\\n' + ' '.join(sys.modules)))\n"
        "from cnnlint.cli.main import main\n"
        f"sys.argv = ['cnnlint', *{arguments!r}]\n"
        "main()\n"
    )
    done = subprocess.run(  # noqa: S603  (our own script)
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return set(done.stderr.splitlines()[-1].split())


@pytest.mark.parametrize(
    "arguments",
    [
        *(("--help",), ("--version",), ("check", "--help"), ("config", "--help")),
        *(("rules",), ("rule", "K101"), ("config", "schema")),
    ],
)
def test_light_commands_import_nothing_heavy(arguments: tuple[str, ...]) -> None:
    assert not imported_by(*arguments) & HEAVY


@pytest.mark.parametrize("command", ["", "check", "profile", "why"])
def test_help_imports_no_rule_and_no_fact(command: str) -> None:
    assert not imported_by(*command.split(), "--help") & {
        "cnnlint.lint.rule",
        "cnnlint.facts.facts",
    }


def test_check_imports_no_other_command_and_nothing_that_nobody_asked_for() -> None:
    modules = imported_by("check", "--isolated", "sample_models/clean_resnet.onnx")
    commands = {"baseline", "config", "profile", "rules", "why"}
    assert not modules & {f"cnnlint.cli.{name}" for name in commands}
    assert not modules & {"cnnlint.report.statistics", "cnnlint.report.json"}
    gate = {"cnnlint.lint.baseline", "cnnlint.lint.budget", "cnnlint.lint.useless"}
    assert not modules & {*gate, "cnnlint.config.kinds"}


def test_check_never_imports_onnxruntime() -> None:
    modules = imported_by("check", "sample_models/clean_resnet.onnx")
    assert "onnx" in modules
    assert not modules & {"onnxruntime", "tabulate", "networkx", "tomllib"}


def test_importing_the_package_imports_nothing_else() -> None:
    script = "import cnnlint, sys; print(*(name for name in sys.modules if 'cnnlint' in name))"
    done = subprocess.run(  # noqa: S603  (our own script)
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout == "cnnlint\n"
