"""The configuration that holds, as TOML, with who says each of its values."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path

from cnnlint.config.exclude import USUAL
from cnnlint.config.files import shown
from cnnlint.config.folding import Effective, means
from cnnlint.config.keys import SCALARS
from cnnlint.config.selection import BY_DEFAULT, Choice
from cnnlint.config.written import toml, visible
from cnnlint.lint.limit import Limit
from cnnlint.lint.patterns import Patterns
from cnnlint.lint.rule import Rule
from cnnlint.lint.suppress import Suppression

WIDTH = 8
"""Values of a list in a line."""


def render(effective: Effective, rules: Sequence[Rule], model: Path | None, today: date) -> str:
    """Return what holds for a model, or for all of a folder.

    Args:
        effective: what the layers say together.
        rules: those that there are.
        model: None for a folder; then suppressions and budgets of all its models are shown.
        today: the day on which suppressions have expired or haven't.
    """
    choices = effective.choices(rules, model)
    on = [rule for rule in rules if choices[rule.code].on]
    parts = (
        _files(effective),
        _selection(on, rules),
        _scalars(effective),
        _table("severity", effective.given.severity, effective.given.places),
        *_options(effective, on, rules),
        _ignores(effective),
        _table("dim", effective.given.dim, effective.given.places),
        *(
            _suppression(s, today)
            for s in effective.given.suppress
            if model is None or means(s.files, model)
        ),
        *_limits(effective.given.budget, model),
        _reasons(choices),
        _preset(effective, on),
    )
    return "\n".join("".join(f"{line}\n" for line in part) for part in map(list, parts) if part)


def _files(effective: Effective) -> Iterator[str]:
    """Yield which files were read, in the order in which they win."""
    layers = [layer for layer in effective.layers if layer.file]
    if not layers:
        yield "# no file of configuration"
    for layer in reversed(layers):
        extended = ", ".join(layer.given.extend)
        yield _comment(f"{layer.name}{f' extends {extended}' if extended else ''}")


def _selection(on: Sequence[Rule], rules: Sequence[Rule]) -> Iterator[str]:
    place = f"{len(on)} of {len(rules)} rules are on: by default, or as said below"
    yield from _list("select", [rule.code for rule in on], place)


def _scalars(effective: Effective) -> Iterator[str]:
    given = effective.given
    for key in SCALARS:
        value: object = getattr(given, key.field)
        place = given.places.get(key.name, "default")
        if key.name == "exclude":
            yield from _exclude(effective)
        elif key.name == "max-per-rule" and value is None:
            yield f"# {key.name} is not set: {key.example} in text, all in concise"
        elif value is None and not key.default:
            yield f"# {key.name} is not set"
        else:
            value = shown(value) if isinstance(value, Path) else value
            yield _line(key.name, key.example if value is None else value, place)


def _list(key: str, values: Sequence[str], place: str) -> Iterator[str]:
    """Yield a list, so many values in a line."""
    if len(values) <= WIDTH:
        yield _line(key, values, place)
        return
    yield _comment(place, f"{key} = [  # ")
    for start in range(0, len(values), WIDTH):
        yield f"    {', '.join(map(toml, values[start : start + WIDTH]))},"
    yield "]"


def _exclude(effective: Effective) -> Iterator[str]:
    """Yield what is left out; each of several layers has a line of its own."""
    said = {
        Patterns(layer.folder, globs): layer.given.places.get("exclude", layer.name)
        for layer in effective.layers
        if (globs := layer.given.exclude) is not None
    }
    places = {each: _of_folder(said[each], each) for each in effective.exclude}
    if len(places) > 1:
        yield "exclude = ["
        for each, place in places.items():
            yield _comment(place, f"    {''.join(f'{toml(glob)}, ' for glob in each.globs)} # ")
        yield "]"
    for each, place in places.items() if len(places) == 1 else ():
        yield from _list("exclude", each.globs, place)
    if not places:
        yield from _list("exclude", USUAL, "default")


def _table(name: str, values: Mapping[str, object], places: Mapping[str, str]) -> Iterator[str]:
    if values:
        yield f"[{name}]"
    for key, value in values.items():
        yield _line(toml(key), value, places.get(f"{name}.{key}", "default"))


def _options(
    effective: Effective, on: Sequence[Rule], rules: Sequence[Rule]
) -> Iterator[Iterator[str]]:
    """Yield a table for each rule with options that is on, or that somebody sets options of."""
    running = {rule.code for rule in on if rule.options} | effective.options.keys()
    return (_options_of(effective, rule) for rule in rules if rule.code in running)


def _options_of(effective: Effective, rule: Rule) -> Iterator[str]:
    said = effective.options.get(rule.code, {})
    target = f"target {effective.given.target}"
    yield f"[rules.{rule.code}]  # {rule.name}"
    for option in rule.options:
        usual = target if option.name in said else "default"
        place = effective.given.places.get(f"rules.{rule.code}.{option.name}", usual)
        yield _line(option.name, said.get(option.name, option.default), place)


def _ignores(effective: Effective) -> Iterator[str]:
    if effective.ignored:
        yield "[per-file-ignores]"
    for each in effective.ignored:
        yield _line(toml(each.glob), each.selectors, _of_folder(each.place, each.files))


def _suppression(suppression: Suppression, today: date) -> Iterator[str]:
    expired = "" if suppression.holds(today) else ", expired"
    yield _comment(suppression.place + expired, "[[suppress]]  # ")
    yield f"rule = {toml(suppression.rule)}"
    if suppression.layer is not None:
        yield f"layer = {toml(suppression.layer)}"
    yield from _files_of(suppression.files)
    yield f"reason = {toml(suppression.reason)}"
    if suppression.expires is not None:
        yield f"expires = {suppression.expires}"


def _limits(limits: Sequence[Limit], model: Path | None) -> Iterator[Iterator[str]]:
    """Yield a table for each limit; those of one model say which other one wins over them."""
    concerned = [each for each in limits if model is None or means(each.files, model)]
    winners = {each.key: each for each in concerned if model is not None}
    return (_limit(each, winners.get(each.key, each)) for each in concerned)


def _limit(limit: Limit, winner: Limit) -> Iterator[str]:
    overruled = "" if winner is limit else f", overruled by {winner.place}"
    yield _comment(limit.place + overruled, "[[budget]]  # ")
    yield from _files_of(limit.files)
    if limit.growth is not None:
        if limit.reference is not None:
            yield f"reference = {toml(shown(limit.reference))}"
        yield f"{limit.key} = {toml(f'{limit.growth * 100:+.12g}%')}"
    elif limit.amount is not None:
        whole = float(limit.amount).is_integer()
        yield f"{limit.key} = {int(limit.amount) if whole else limit.amount}"


def _files_of(files: Patterns | None) -> Iterator[str]:
    if files is not None:
        yield _line("files", files.globs, _of_folder("", files))


def _of_folder(place: str, files: Patterns) -> str:
    """Return a place, with the folder that patterns are relative to."""
    return f"{place}{', ' if place else ''}in {shown(files.root)}"


def _reasons(choices: Mapping[str, Choice]) -> Iterator[str]:
    """Yield who says that rules are on or off, but of those that are on by default."""
    reasons: dict[str, list[str]] = {}
    for code, choice in choices.items():
        if not (choice.on and choice.why == BY_DEFAULT):
            reason = f"{'on' if choice.on else 'off'}: {choice.why}"
            reasons.setdefault(reason, []).append(code)
    for reason, codes in sorted(reasons.items()):
        yield _comment(reason)
        for start in range(0, len(codes), WIDTH):
            yield f"#     {' '.join(codes[start : start + WIDTH])}"


def _preset(effective: Effective, on: Sequence[Rule]) -> Iterator[str]:
    """Yield what the preset says of the rules that are on, where nobody says otherwise."""
    preset, name = effective.preset, effective.given.preset or "default"
    if preset.least.rank:
        yield f"# every finding is at least of severity {preset.least}: preset {name}"
    for rule in on:
        if (least := preset.louder.get(rule.code)) and rule.code not in effective.severities:
            yield f"# {rule.code} is at least of severity {least}: preset {name}"
    for family in preset.required:
        if any(rule.family == family for rule in on):
            yield f"# what rules of {family} can't check is a warning: preset {name}"


def _line(key: str, value: object, place: str) -> str:
    return _comment(place, f"{key} = {toml(value)}  # ")


def _comment(text: str, start: str = "# ") -> str:
    return start + visible(text)
