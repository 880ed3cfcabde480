"""``cnnlint rules`` and ``cnnlint rule CODE``: what there is, and the manual page of one."""

from pathlib import Path

import click

from cnnlint.cli.options import rules_option


@click.command()
@rules_option
def rules(folders: tuple[Path, ...]) -> int:
    """List the rules."""
    from cnnlint.lint.registry import catalogue

    found = catalogue(folders)
    codes = max(len(rule.code) for rule in found)
    names = max(len(rule.name) for rule in found)
    for rule in found:
        start = f"{rule.code:{codes}}  {rule.name:{names}}  {rule.severity:8}"
        click.echo(f"{start} {rule.summary}".rstrip())
    return 0


@click.command()
@click.argument("code")
@rules_option
def rule(code: str, folders: tuple[Path, ...]) -> int:
    """Show the manual page of a rule, named by its code or name."""
    from cnnlint.lint.registry import catalogue, find

    found = find(code, catalogue(folders))
    click.echo(f"# {found.name} ({found.code})\n")
    proven = f" · done as suggested in {found.proven}" if found.proven else ""
    click.echo(
        f"{found.family} · {found.severity} · basis {found.basis} · since {found.since}{proven}\n"
    )
    click.echo(found.doc)
    if found.options:
        click.echo("\n## Options")
        for option in found.options:
            kind = option.type.__name__
            click.echo(f"- `{option.name}` ({kind}, default {option.default}): {option.doc}")
    return 0
