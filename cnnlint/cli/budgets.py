"""Options that say what a model may cost."""

import click

BUDGETS = (
    click.option(
        "--max-params", metavar="COUNT", help="Parameters that a model may have: 5M, or +5%."
    ),
    click.option("--max-macs", metavar="COUNT", help="MACs that a run may take: 1.8G."),
    click.option(
        "--max-weight-bytes", metavar="SIZE", help="Bytes that the parameters may take: 20MiB."
    ),
    click.option(
        "--max-peak-memory", metavar="SIZE", help="Bytes that activations may take at once."
    ),
    click.option(
        "--max-file-size",
        metavar="SIZE",
        help="Bytes that the file and its data files may have.",
    ),
    click.option(
        "--max-plain-run",
        metavar="COUNT",
        help="Layers that may stand in series without a way around them.",
    ),
)
"""What a model may cost; "+5%" is relative to the baseline. They are called like their keys."""
