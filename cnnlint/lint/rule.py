"""What a rule is: a generator of findings whose signature is its options.

Its docstring is its manual page.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from inspect import Parameter, getdoc, signature
from typing import Any, get_args, get_origin, get_type_hints

from cnnlint.errors import RuleError
from cnnlint.facts.facts import Facts
from cnnlint.lint.finding import Basis, Finding, Fix, Severity

Check = Callable[..., Iterable[Finding]]
OptionValue = int | float | str | bool


@dataclass(frozen=True, slots=True)
class Option:
    """One keyword-only parameter of a check, as the configuration sees it."""

    name: str
    type: type
    default: OptionValue
    doc: str


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
    check: Check

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
            RuleError: an option without a default, a type or a description.
        """
        hints = get_type_hints(self.check, include_extras=True)
        found = []
        for parameter in signature(self.check).parameters.values():
            if parameter.kind is not Parameter.KEYWORD_ONLY:
                continue
            hint = hints.get(parameter.name)
            if parameter.default is Parameter.empty or get_origin(hint) is None:
                raise RuleError(
                    f"option {parameter.name!r} of {self.code} lacks a default or a description",
                    'declare it as: name: Annotated[int, "what it means"] = 3',
                )
            kind, doc = get_args(hint)[:2]
            found.append(Option(parameter.name, kind, parameter.default, doc))
        return tuple(found)

    def run(self, facts: Facts, options: Mapping[str, OptionValue] | None = None) -> list[Finding]:
        """Run the check on a model."""
        chosen: dict[str, Any] = dict(options or {})
        return list(self.check(facts, **chosen))


def rule(
    code: str,
    *,
    severity: Severity,
    basis: Basis,
    since: str,
    fix: Fix = Fix.NONE,
    proven: str | None = None,
) -> Callable[[Check], Rule]:
    """Make the decorated generator a rule, named after it; its folder is its family."""

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
            check=check,
        )

    return decorate


def _family(module: str) -> str:
    """Return the folder of a rule's module: ``cnnlint.rules.kernels.large_...`` is of kernels."""
    return module.rpartition(".")[0].rpartition(".")[2]
