"""What a rule is: a generator of remarks whose signature is its options.

Its docstring is its manual page.
"""

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from inspect import Parameter, getdoc, signature
from typing import Annotated, Any, Protocol, get_args, get_origin, get_type_hints

from cnnlint.errors import RuleError
from cnnlint.facts.facts import Facts
from cnnlint.lint.finding import Basis, Finding, Fix, Part, Remark, Severity
from cnnlint.lint.remarks import sound

Check = Callable[..., Iterable[Remark]]
OptionValue = int | float | str | bool
_TYPES = {(bool, bool), (int, int), (float, float), (float, int), (str, str)}
"""Which type an option may have, and of which its default is."""
BROKEN = "graph"
"""The family whose errors say that the file is broken."""
_DIGITS = "0123456789"


@dataclass(frozen=True, slots=True)
class Option:
    """One keyword-only parameter of a check, as the configuration sees it."""

    name: str
    type: type
    default: OptionValue
    doc: str


class Named(Protocol):
    """What selectors can mean: a rule, or a finding of one."""

    @property
    def code(self) -> str: ...  # noqa: D102  (its name says it)
    @property
    def name(self) -> str: ...  # noqa: D102  (as above)
    @property
    def family(self) -> str: ...  # noqa: D102  (as above)


def closeness(selector: str, named: Named) -> int:
    """Return how closely a selector means a rule: 0 not at all, more the more it says.

    A prefix of codes has all of their letters: ``A`` means A301 and not AC101.
    """
    key, code = selector.lower(), named.code.lower()
    if key == "all":
        return 1
    if key == named.family.lower():
        return 2
    if key in (named.name, code):
        return 100
    begins = bool(key) and code.startswith(key)
    return 2 + len(key) if begins and key.rstrip(_DIGITS) == code.rstrip(_DIGITS) else 0


@dataclass(frozen=True)
class Rule:
    """A check with what there is to know about it."""

    code: str
    name: str
    family: str
    severity: Severity
    basis: Basis
    fix: Fix
    since: str
    proven: str | None
    """A published network that does what the rule suggests."""
    default: bool
    """Whether it is on where nobody asks for it."""
    check: Check
    marks: Part = Part.OPERATOR
    """Which part of a layer it is about."""

    @property
    def suppressible(self) -> bool:
        """Whether one may ask it to be silent: not about a file that nothing can run."""
        return not (self.family == BROKEN and self.severity is Severity.ERROR)

    @cached_property
    def doc(self) -> str:
        """The manual page: a summary line and sections headed ``## What it does`` and so on."""
        return getdoc(self.check) or ""

    @property
    def summary(self) -> str:
        """The first line of the manual."""
        return self.doc.partition("\n")[0]

    @cached_property
    def options(self) -> tuple[Option, ...]:
        """The options, in the order of the signature.

        Raises:
            RuleError: an option without a default, a type or a description, or with such that
                no configuration could give.
        """
        hints = get_type_hints(self.check, include_extras=True)
        found = []
        for parameter in signature(self.check).parameters.values():
            if parameter.kind is not Parameter.KEYWORD_ONLY:
                continue
            hint = hints.get(parameter.name)
            if parameter.default is Parameter.empty or get_origin(hint) is not Annotated:
                raise RuleError(
                    f"option {parameter.name!r} of {self.code} lacks a default or a description",
                    'declare it as: name: Annotated[int, "what it means"] = 3',
                )
            kind, doc = get_args(hint)[:2]
            if (kind, type(parameter.default)) not in _TYPES:
                cause = f"option {parameter.name!r} of {self.code} has a type that won't do"
                cure = "make it a bool, an int, a float or a str, and its default of the same type"
                raise RuleError(cause, cure)
            found.append(Option(parameter.name, kind, parameter.default, str(doc)))
        return tuple(found)

    @property
    def file(self) -> str:
        """The file that it is written in; the name of its module where that has none."""
        name = self.check.__module__
        return getattr(sys.modules.get(name), "__file__", None) or name

    def closeness(self, selector: str) -> int:
        """See :func:`closeness`."""
        return closeness(selector, self)

    def remarks(
        self, facts: Facts, options: Mapping[str, OptionValue] | None = None
    ) -> Iterator[Remark]:
        """Yield all that the check says of a model: findings, and reasons to be silent.

        Raises:
            TypeError: the check yields something else.
        """
        chosen: dict[str, Any] = dict(options or {})
        yield from map(sound, self.check(facts, **chosen))

    def run(self, facts: Facts, options: Mapping[str, OptionValue] | None = None) -> list[Finding]:
        """Return what the check finds in a model."""
        return [said for said in self.remarks(facts, options) if isinstance(said, Finding)]


@contextmanager
def guarded(rule: Rule) -> Iterator[None]:
    """Tell the faults of a rule, whatever they are, from all others.

    Raises:
        RuleError: the rule fails in it.
    """
    try:
        yield
    except MemoryError:
        raise
    except (Exception, SystemExit) as error:
        cause = (
            f"rule {rule.code} failed{_line(rule.file, error)}: {type(error).__name__}: {error}"
        )
        raise RuleError(
            cause, "this is a fault of cnnlint, unless the rule is your own"
        ) from error


def _line(file: str, error: BaseException) -> str:
    """Return in which line of a file an error arose, in words; nothing where in none."""
    trace, found = error.__traceback__, ""
    while trace:
        if trace.tb_frame.f_code.co_filename == file:
            found = f" in line {trace.tb_lineno} of {file}"
        trace = trace.tb_next
    return found


def rule(  # noqa: PLR0913  (what there is to say of a rule)
    code: str,
    *,
    severity: Severity,
    basis: Basis,
    since: str,
    fix: Fix = Fix.NONE,
    proven: str | None = None,
    default: bool = True,
    marks: Part = Part.OPERATOR,
) -> Callable[[Check], Rule]:
    """Make the decorated generator a rule, named after it; its folder is its family.

    The check yields a :class:`Finding` for what it sees, and may yield a :class:`Silence` at each
    early exit. A rule with ``default=False`` runs only where it is selected or a preset has it.
    ``marks`` is the part of the first layer that the text report underlines.
    """

    def decorate(check: Check) -> Rule:
        return Rule(
            code=code,
            name=check.__name__.replace("_", "-"),
            family=_family(check.__module__),
            severity=severity,
            basis=basis,
            fix=fix,
            since=since,
            proven=proven,
            default=default,
            check=check,
            marks=marks,
        )

    return decorate


def _family(module: str) -> str:
    """Return the folder of a rule's module: ``cnnlint.rules.kernels.large_...`` is of kernels.

    A package's own file belongs to the package; a module in no package is its own family.
    """
    package: str | None = getattr(sys.modules.get(module), "__package__", None)
    return (package or module).rpartition(".")[2]
