"""What a layer is, in a few words, and which of them says what: ``Conv 7x7 s2 3->64``."""

from collections.abc import Iterator

from cnnlint.facts.facts import Facts
from cnnlint.facts.layers import Conv, Dense, Pool, Recurrent, sides, steps
from cnnlint.lint.finding import Part
from cnnlint.model.graph import Node


def label(facts: Facts, node: Node) -> str:
    """Return what a layer is; a stride or dilation of 1 goes without saying."""
    return " ".join(word for _, word in _words(facts, node))


def split_label(facts: Facts, node: Node, part: Part) -> tuple[str, str, str]:
    """Return a label in three: what stands before a part, the part itself, what stands behind.

    A stride that is the part is always said. Where the label has no such part, it is the
    operator.
    """
    words = list(_words(facts, node, part))
    at = next((i for i, (kind, _) in enumerate(words) if kind is part), 0)
    before, after = (" ".join(word for _, word in some) for some in (words[:at], words[at + 1 :]))
    return f"{before} " if before else "", words[at][1], f" {after}" if after else ""


def _words(facts: Facts, node: Node, marked: Part = Part.OPERATOR) -> Iterator[tuple[Part, str]]:
    yield Part.OPERATOR, node.op
    match facts.layers.get(node.key):
        case Conv() as conv:
            yield Part.KERNEL, sides(conv.kernel)
            if marked is Part.STRIDE or set(conv.stride) != {1}:
                yield Part.STRIDE, f"s{steps(conv.stride)}"
            if set(conv.dilation) != {1}:
                yield Part.DILATION, f"d{steps(conv.dilation)}"
            if conv.groups > 1:
                yield Part.GROUPS, "depthwise" if conv.depthwise else f"g{conv.groups}"
            yield Part.CHANNELS, f"{conv.cin}->{conv.cout}"
        case Dense() as dense:
            yield Part.CHANNELS, f"{dense.cin}->{dense.cout}"
        case Pool(is_global=False, kernel=kernel, stride=stride) if kernel:
            yield Part.KERNEL, sides(kernel)
            yield Part.STRIDE, f"s{steps(stride)}"
        case Recurrent() as recurrent:
            yield Part.CHANNELS, f"{recurrent.cin}->{recurrent.hidden}"
