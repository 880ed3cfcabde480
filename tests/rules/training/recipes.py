"""What tests of the family share: a small net with a recipe."""

from cnnlint.facts.facts import Facts
from cnnlint.facts.recipe import parse
from tests.net import Net

NET = Net(3, 32).conv(16).relu().gap().flatten().dense(10)


def with_recipe(net: Net = NET, **values: object) -> Facts:
    """Return the facts of a net with a recipe."""
    recipe, mistakes = parse(values)
    assert not mistakes
    return Facts(net.model(), recipe)
