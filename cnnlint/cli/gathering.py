"""Several options of a command as one argument of its function."""

from collections.abc import Callable
from dataclasses import fields
from functools import wraps
from typing import Any, TypeVar

F = TypeVar("F", bound=Callable[..., Any])
Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]


def gathered(name: str, kind: type, *options: Decorator) -> Callable[[F], F]:
    """Add options to a command, whose function gets them as one dataclass ``kind``.

    Args:
        name: the keyword argument that the function takes it by.
        kind: a dataclass whose fields are called like the parameters of the options.
        options: what ``click.option`` returns, in the order in which ``--help`` shows them.
    """
    own = [each.name for each in fields(kind)]

    def decorate(command: Any) -> Any:  # noqa: ANN401  (click's own typing has none for this)
        @wraps(command)
        def gathering(**given: Any) -> Any:  # noqa: ANN401  (as above)
            value = kind(**{key: given.pop(key) for key in own})
            return command(**given, **{name: value})

        function: Callable[..., Any] = gathering
        for option in reversed(options):
            function = option(function)
        return function

    return decorate
