"""The ``cnnlint`` command: where arguments come in and the exit code goes out."""

import gc
import os
import sys
from difflib import get_close_matches
from importlib import import_module
from pathlib import Path
from typing import NoReturn

import click

from cnnlint import __version__
from cnnlint.cli.streams import complain, hush
from cnnlint.errors import CnnlintError

INTERRUPTED = 130
GARBAGE = 100_000
"""How many objects to make before looking for cycles: those of a model live to the end."""


COMMANDS = {
    "baseline": "baseline",
    "check": "check",
    "config": "config",
    "profile": "profile",
    "rule": "rules",
    "rules": "rules",
    "why": "why",
}
"""The module of each command, in which the command is called as it is here."""


class CheckByDefault(click.Group):
    """A group in which ``cnnlint model.onnx`` means ``cnnlint check model.onnx``.

    A command is imported when it is asked for, or its help.
    """

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  (click calls it so)
        """Return the names of all commands."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002  (as above)
        """Return a command; None where there is none of that name."""
        if cmd_name not in COMMANDS:
            return None
        command = getattr(import_module(f"cnnlint.cli.{COMMANDS[cmd_name]}"), cmd_name)
        assert isinstance(command, click.Command)  # noqa: S101  (for mypy)
        return command

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put ``check`` in front of arguments that name no command."""
        own = {name for parameter in self.get_params(ctx) for name in parameter.opts}
        if args and args[0] not in COMMANDS and args[0] not in own:
            near = get_close_matches(args[0], list(COMMANDS), 1)
            if near and not Path(args[0]).exists():
                raise click.UsageError(f"no command {args[0]!r}; did you mean {near[0]!r}?")
            args = ["check", *args]
        return super().parse_args(ctx, args)


@click.group(
    cls=CheckByDefault,
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="`cnnlint MODEL.onnx` is short for `cnnlint check MODEL.onnx`.",
)
@click.version_option(__version__, "-V", "--version", message="cnnlint %(version)s")
def cli() -> None:
    """Lint and profile convolutional networks exported to ONNX."""


def main() -> NoReturn:
    """Run the command line and exit: 0 clean, 1 findings, 2 misuse or a fault, 130 interrupted."""
    gc.set_threshold(GARBAGE)
    try:
        code = cli.main(prog_name="cnnlint", standalone_mode=False)
        sys.stdout.flush()
    except click.ClickException as error:
        error.show()
        code = 2
    except CnnlintError as error:
        for cause, cure in error.told:
            complain(cause, cure)
        code = error.exit_code
    except (click.Abort, KeyboardInterrupt):
        code = INTERRUPTED
    except BrokenPipeError:
        hush()
        code = 0
    except OSError as error:
        complain(f"output can't be written: {error.strerror or error}", "free some space")
        code = 2
    except MemoryError:
        complain("there is not enough memory", "give fewer models at a time, or free some")
        code = 2
    except Exception as error:
        if os.environ.get("CNNLINT_DEBUG"):
            raise
        complain(
            f"internal error: {type(error).__name__}: {error}",
            "this is a fault of cnnlint; CNNLINT_DEBUG=1 shows where",
        )
        code = 2
    sys.exit(code)
