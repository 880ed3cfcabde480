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
    from cnnlint.report.manual import manual

    click.echo(manual(find(code, catalogue(folders))), nl=False)
    return 0
