"""Several models at a time: the same report, and nothing lost or left behind."""

import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from cnnlint.cli import batch
from cnnlint.cli.batch import Checked, Job, OwnRules, check_all, paying
from cnnlint.lint.engine import Settings
from cnnlint.model.binding import Bindings
from cnnlint.report.report import ModelReport

Run = Callable[..., tuple[int, str, str]]
RULE = '''
import os, signal, sys, time
from pathlib import Path
from typing import Annotated
from cnnlint.facts.facts import Facts
from cnnlint.lint.finding import Basis, Finding, Severity
from cnnlint.lint.rule import rule

WORKER = "cnnlint.cli.worker" in sys.modules and "pytest" not in sys.modules
HEAD

@rule("XX101", severity=Severity.NOTE, basis=Basis.HEURISTIC, since="1")
def own_rule(facts: Facts, *, limit: Annotated[int, "a limit"] = 3):
    """Say how many nodes there are."""
    file = Path(facts.model.origin.path)
    BODY
    yield Finding(tuple(facts.model.nodes[:limit]), f"{len(facts.model.nodes)} nodes", "none")
'''


def rules(folder: Path, body: str = "pass", head: str = "") -> Path:
    """Write a rule of somebody's own into a folder."""
    (folder / "own").mkdir()
    (folder / "own" / "odd.py").write_text(RULE.replace("BODY", body).replace("HEAD", head))
    return folder / "own"


def test_the_report_is_the_same(run: Run, models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Stdin:
        @property
        def buffer(self) -> io.BytesIO:
            return io.BytesIO((models / "bad.onnx").read_bytes())

    monkeypatch.setattr(sys, "stdin", Stdin())
    monkeypatch.chdir(models)
    (models / "onnx.py").write_text("1 / 0  # nothing is imported from here")
    (models / "lib").mkdir()
    (models / "lib" / "house_of_rules.py").touch()
    monkeypatch.syspath_prepend(models / "lib")
    (models / "broken.onnx").write_bytes(b"no model")
    own = rules(models, "print('it speaks' if WORKER else '', end='')", "import house_of_rules")
    options = ("--rules", own, "--config", "rules.XX101.limit=2", "-v")
    command = ("check", models / "sub", "-", models, *options, "--format", "json")
    one, several = run(*command, "--jobs", "1"), run(*command, "-j", "3")
    assert one == several
    assert one[1].count("5 nodes") == 2
    found = [Path(model["path"]).name for model in json.loads(one[1])["models"]]
    assert found == ["deep.onnx", "<stdin>", "bad.onnx", "broken.onnx", "clean.onnx"]


def test_a_process_that_dies_takes_one_model_with_it(run: Run, models: Path) -> None:
    own = rules(models, "file.stem == 'bad' and WORKER and os.kill(os.getpid(), signal.SIGKILL)")
    code, out, err = run("check", models, "--rules", own, "-j", "2", "--select", "XX")
    assert code == 2
    assert err == (
        f"error: {models}/bad.onnx: internal error: the process that checked it has died: "
        "SIGKILL; try --jobs 1, which takes less memory\n"
    )
    assert [name for name in ("clean.onnx: 1 note", "deep.onnx: 1 note") if name in out] == [
        *("clean.onnx: 1 note", "deep.onnx: 1 note")
    ]


@pytest.mark.parametrize("options", [("--input-shapes", "none:1,3,6,6"), ("--dim", "none=1")])
def test_a_mistake_of_the_command_line(run: Run, models: Path, options: tuple[str, ...]) -> None:
    one = run("check", models, *options, "-j", "1")
    assert one[0] == 2
    assert run("check", models, *options, "-j", "2") == one


def test_rules_that_only_a_process_can_not_read(run: Run, models: Path) -> None:
    own = rules(models, head="1 / (not WORKER)")
    code, out, err = run("check", models, "--rules", own, "-j", "2")
    assert (code, out) == (2, "")
    assert "odd.py can't be imported: ZeroDivisionError" in err


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_no_process_is_left(models: Path, how: signal.Signals) -> None:
    at_work = models / "at_work"
    at_work.mkdir()
    blocked = "signal.SIGINT in signal.pthread_sigmask(signal.SIG_BLOCK, [])"
    body = f"(Path({str(at_work)!r}) / f'{{os.getpid()}}-{{{blocked}}}').touch(); time.sleep(600)"
    command = [sys.executable, "-m", "cnnlint", "check", models, "-j", "2"]
    usual = signal.signal(signal.SIGINT, signal.default_int_handler)  # `pytest &` ignores it
    started = subprocess.Popen(  # noqa: S603  (our own command)
        [*map(str, command), "--rules", str(rules(models, body))],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        process_group=0,
    )
    signal.signal(signal.SIGINT, usual)
    while len(list(at_work.iterdir())) < 2:
        assert started.poll() is None
        time.sleep(0.02)
    assert all(file.name.endswith("-True") for file in at_work.iterdir())
    if how == signal.SIGINT:
        os.killpg(started.pid, how)  # as a terminal does it: everybody gets it
    else:
        started.kill()
    out, err = started.communicate(timeout=60)  # they hold its end of stderr until they end
    assert (started.returncode, out, err.strip()) == (
        130 if how == signal.SIGINT else -9,
        b"",
        b"",
    )


@pytest.mark.parametrize(
    ("seconds", "most", "processes"),
    [(4.9, 8, 0), (9.9, 8, 1), (10.0, 8, 2), (39.5, 4, 4), (39.5, 99, 7), (99, 99, 8), (99, 1, 1)],
)
def test_how_many_pay(seconds: float, most: int, processes: int) -> None:
    assert paying(seconds, most) == processes


@pytest.mark.parametrize(
    ("models", "each", "asked", "here", "processes"),
    [
        (20, 0.01, None, 20, None),
        (9, 60, None, 9, None),
        (20, 1, None, 8, 2),
        (20, 0.75, None, 20, None),
        (12, 5, None, 8, 4),
        (40, 0.3125, None, 8, 2),
        (20, 60, 1, 20, None),
        (20, 0.01, 2, 0, 2),
        (2, 0.01, 5, 0, 2),
        (1, 0.01, 5, 1, None),
    ],
)
def test_processes_are_started_where_they_pay(
    models: int,
    each: float,
    asked: int | None,
    here: int,
    processes: int | None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock, shared = [0.0], []

    def in_processes(jobs: Sequence[Job], _own: OwnRules, number: int) -> Iterator[Checked]:
        shared.append((models - len(jobs), number))
        yield from (Checked(ModelReport(str(job.target))) for job in jobs)

    def check_one(job: Job) -> Checked:
        clock[0] += each
        return Checked(ModelReport(str(job.target)))

    monkeypatch.setattr(batch, "cores", lambda: 4)
    monkeypatch.setattr(batch, "perf_counter", lambda: clock[0])
    monkeypatch.setattr(batch, "check_one", check_one)
    monkeypatch.setattr("cnnlint.cli.workers.in_processes", in_processes)
    jobs = [Job(Path(str(number)), (), Settings(), Bindings()) for number in range(models)]
    told: list[str] = []
    done = check_all(jobs, OwnRules(), asked, told.append)
    assert [checked.report.path for checked in done] == [str(job.target) for job in jobs]
    assert told == [f"{number + 1} of {models} models" for number in range(models)]
    assert shared == ([] if processes is None else [(here, processes)])


@pytest.mark.parametrize(
    ("terminal", "variable", "options", "shown"),
    [
        (True, "", (), True),
        (True, "1", (), False),
        (True, "", ("-q",), False),
        (False, "", (), False),
    ],
)
def test_progress(
    terminal: bool,
    variable: str,
    options: tuple[str, ...],
    shown: bool,
    run: Run,
    models: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PRE_COMMIT", variable)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: terminal, raising=False)
    lines = [f"{number} of 3 models" for number in (1, 2, 3)]
    told = "".join(f"\r\x1b[K{line}" for line in [*lines, ""]) if shown else ""
    assert run("check", models, *options)[2] == told
    assert run("check", models / "clean.onnx", *options)[2] == ""
