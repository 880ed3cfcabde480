"""What tests of the family share: a small net with a recipe."""

from collections.abc import Mapping

from cnnlint.facts.facts import Facts
from cnnlint.facts.training.recipe import parse
from tests.net import Net

NET = Net(3, 32).conv(16).relu().gap().flatten().dense(10)
Values = Mapping[str, object]


def with_recipe(values: Values, net: Net = NET) -> Facts:
    """Return the facts of a net with a recipe."""
    recipe, mistakes = parse(values)
    assert not mistakes
    return Facts(net.model(), recipe)
