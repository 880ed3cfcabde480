"""``cnnlint rules`` and ``cnnlint rule CODE``: what there is, and the manual page of one."""

import click


@click.command()
def rules() -> int:
    """List the rules."""
    from cnnlint.lint.registry import builtin_rules

    found = builtin_rules()
    names = max(len(rule.name) for rule in found)
    for rule in found:
        click.echo(f"{rule.code}  {rule.name:{names}}  {rule.severity:8} {rule.summary}")
    return 0


@click.command()
@click.argument("code")
def rule(code: str) -> int:
    """Show the manual page of a rule, named by its code or name."""
    from cnnlint.lint.registry import find

    found = find(code)
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
