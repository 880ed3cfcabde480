"""The process that checks models for another one, and what the two send each other.

Objects are pickled; a rule, which is a function, goes by its code. Who sends can do anything to
who receives, which is no matter between two processes of one run.
"""

import gc
import os
import pickle
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from typing import IO

from cnnlint.cli.batch import Job, OwnRules, check_one
from cnnlint.errors import CnnlintError
from cnnlint.lint.registry import catalogue
from cnnlint.lint.rule import Rule


@dataclass(frozen=True, slots=True)
class Setup:
    """What a worker is told before its first job."""

    own: OwnRules
    garbage: tuple[int, int, int]
    """The thresholds of the garbage collector."""


def send(value: object, stream: IO[bytes]) -> None:
    """Send an object."""
    _Sender(stream, pickle.HIGHEST_PROTOCOL).dump(value)
    stream.flush()


def receive(stream: IO[bytes], rules: Mapping[str, Rule]) -> object:
    """Return the next object, with these rules in it.

    Raises:
        EOFError: there is none.
    """
    receiver = _Receiver(stream)
    receiver.rules = rules
    return receiver.load()


class _Sender(pickle.Pickler):
    def persistent_id(self, value: object) -> str | None:
        return value.code if isinstance(value, Rule) else None


class _Receiver(pickle.Unpickler):
    rules: Mapping[str, Rule]

    def persistent_load(self, code: str) -> Rule:
        return self.rules[code]


def serve() -> None:
    """Check what comes in on stdin until that ends, and answer on stdout."""
    incoming, answers = _own_ends()
    try:
        rules = _rules(incoming)
    except CnnlintError as error:
        send(error, answers)
        return
    jobs: SimpleQueue[Job] = SimpleQueue()
    threading.Thread(target=_listen, args=(incoming, rules, jobs), daemon=True).start()
    while True:
        try:
            send(check_one(jobs.get()), answers)
        except CnnlintError as error:
            send(error, answers)


def _own_ends() -> tuple[IO[bytes], IO[bytes]]:
    """Take stdin and stdout away from rules: they read nothing, and print to stderr."""
    incoming, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    with Path(os.devnull).open("rb") as nothing:
        os.dup2(nothing.fileno(), 0)
    os.dup2(2, 1)
    return incoming, answers


def _rules(stream: IO[bytes]) -> dict[str, Rule]:
    """Return the rules that jobs may ask for, by code.

    Raises:
        CnnlintError: they can't be read, though they could be a moment ago.
    """
    setup = receive(stream, {})
    assert isinstance(setup, Setup)  # noqa: S101  (for mypy: we have sent it)
    gc.set_threshold(*setup.garbage)
    known = catalogue(setup.own.folders, installed=setup.own.installed)
    return {rule.code: rule for rule in known}


def _listen(stream: IO[bytes], rules: Mapping[str, Rule], jobs: "SimpleQueue[Job]") -> None:
    """Take in jobs; end this process, whatever it does, when nobody is left to send any."""
    try:
        while True:
            job = receive(stream, rules)
            assert isinstance(job, Job)  # noqa: S101  (as above)
            jobs.put(job)
    finally:
        os._exit(0)
