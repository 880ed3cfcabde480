"""What goes to stdout, to a file, and to stderr."""

import os
import sys
from collections.abc import Iterable
from os.path import realpath
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cnnlint.errors import LoadError, UsageError
from cnnlint.report.escape import plain

if TYPE_CHECKING:
    from cnnlint.report.report import Report

MOST_INPUT = 2**31 - 1
"""Bytes that are read from stdin: what one protobuf message may have."""

KEPT = (".onnx", ".recipe.toml")
"""How files are called that no report is ever written to."""


def complain(cause: str, cure: str = "", *, level: str = "error") -> None:
    """Say on stderr, in one line, what is wrong and what to do about it."""
    click.echo(f"{level}: {plain(cause)}{'; ' if cure else ''}{plain(cure)}", err=True)


def read_standard_input() -> bytes:
    """Return what comes in on stdin, a model.

    Raises:
        LoadError: it is closed, can't be read, or doesn't end in time.
    """
    cure = "give the path of a file"
    try:
        data = sys.stdin.buffer.read(MOST_INPUT + 1)
    except (AttributeError, OSError, ValueError) as error:  # no stream at all; a closed one
        raise LoadError("unreadable", "<stdin>: can't be read", cure) from error
    if len(data) > MOST_INPUT:
        raise LoadError("too-large", f"<stdin>: more than {MOST_INPUT >> 20:,} MiB", cure)
    return data


def write(text: str, output: Path | None, inputs: Iterable[Path]) -> None:
    """Write a report to a file, whole or not at all, or to stdout.

    ``inputs`` are what must stay as it is: models, the files of their weights, a recipe.

    Raises:
        UsageError: the file is one of the inputs, a model, a recipe or a baseline, or can't be
            written.
    """
    if output is None:
        try:
            click.echo(text, nl=False, color=True)  # the renderer has decided on colour
        except BrokenPipeError:  # the reader has enough, `| head`; what was found counts
            hush()
        return
    from cnnlint.lint.baseline_file import is_baseline

    spare(output, inputs)
    if output.is_file() and is_baseline(output):
        raise UsageError(f"--output {output} would overwrite a baseline", "name another file")
    put(text, output)


def hush() -> None:
    """Write to nobody from here on: the reader has gone."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def spare(output: Path, inputs: Iterable[Path]) -> None:
    """See that a file that is to be written is no input.

    Raises:
        UsageError: it is one of the inputs, or a model or a recipe by its name.
    """
    from cnnlint.model.source import same_file

    if output.name.endswith(KEPT) or any(same_file(output, file) for file in inputs):
        cause = f"--output {output} would overwrite a model, its weights or its recipe"
        raise UsageError(cause, "name another file")


def put(text: str, output: Path, option: str = "--output") -> None:
    """Write a document to a file, whole or not at all.

    Raises:
        UsageError: it can't be written.
    """
    try:
        if output.exists() and not output.is_file():
            output.write_text(text, encoding="utf-8")  # a device or a pipe: it stays one
        else:
            _replace(Path(realpath(output)), text)
    except OSError as error:
        raise UsageError(
            f"{option} {output} can't be written: {error.strerror}", "name another file"
        ) from error


def _replace(file: Path, text: str) -> None:
    partial = file.with_name(f".{file.name}.{os.getpid()}.partial")
    try:
        partial.write_text(text, encoding="utf-8")
        partial.replace(file)
    except OSError:
        partial.unlink(missing_ok=True)
        raise


def wants_color(choice: str, output: Path | None) -> bool:
    """Decide on colour once: ``--color``, FORCE_COLOR, NO_COLOR, TERM=dumb, then the terminal."""
    if choice != "auto":
        return choice == "always"
    if output is not None:
        return False
    if os.environ.get("FORCE_COLOR", "0") != "0":
        return True
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return False
    return sys.stdout.isatty()


def tell_failures(report: "Report") -> None:
    """Say on stderr which models could not be read, and which rules failed."""
    for model in report.models:
        if model.failure:
            complain(model.failure.message, model.failure.hint)
        for text in model.internal:
            complain(
                f"{model.path}: {text}", "this is a fault of cnnlint, unless the rule is your own"
            )


def tell_remarks(report: "Report") -> None:
    """Say on stderr what a reader must know, where the document has no place for it."""
    from cnnlint.report.remarks import remarks

    for model in report.models:
        for remark in remarks(model):
            complain(f"{model.path}: {remark}", level="note")
