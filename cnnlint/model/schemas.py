"""What each standard operator takes: its inputs, outputs and attributes at each operator set.

The same is known to ``onnx.defs``, but the first question there costs 14 ms: it builds all its
schemas. So ``schemas.txt`` holds what is needed here, a line for each version of an operator:
name, first operator set, inputs, outputs, attributes; ``?`` marks what may be left out, ``*n``
what may be repeated (at least n times), ``!`` an attribute that is needed. A line that ends
early withdraws the operator. ``tools/update_schemas.py`` writes the file.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from cnnlint.model.graph import Attr, Node
from cnnlint.model.protos import shown

_FILE = Path(__file__).with_name("schemas.txt")
_NAME = re.compile(r"[\w.:]+")
_MANY = 2**31
"""More inputs than any node has."""
_SINGLE: Mapping[str, type] = {"f": float, "i": int, "s": str}
_LISTS: Mapping[str, type] = {"F": float, "I": int, "S": str}
_WORDS: Mapping[str, str] = {
    "f": "a float",
    "i": "an integer",
    "s": "a string",
    "F": "a list of floats",
    "I": "a list of integers",
    "S": "a list of strings",
    "t": "a tensor",
    "g": "a graph",
    "p": "a type",
}
_UNCHECKED = frozenset({"LayerNormalization"})
"""Operators of which onnxruntime ignores attributes that it doesn't know."""
_RUN_SINCE: Mapping[str, int] = {
    "GroupNormalization": 18,
    "LayerNormalization": 1,
    "MeanVarianceNormalization": 1,
    "ThresholdedRelu": 1,
}
"""Operators that onnxruntime 1.32 runs where onnx doesn't have them (yet), from these sets on."""
_FOUND_BESIDES = """
    Affine Crop DisentangledAttention_TRT DynamicSlice EfficientNMS_TRT GRUUnit GivenTensorFill
    ImageScaler MemcpyFromHost MemcpyToHost MultilevelCropAndResize_TRT ParametricSoftplus
    PyramidROIAlign_TRT Scale ScaledTanh SimplifiedLayerNormalization
"""
_RUN_BESIDES = frozenset(_FOUND_BESIDES.split())
"""Operators that onnxruntime 1.32 has under onnx's name though onnx doesn't."""
_DIRECTIONS = ("forward", "reverse", "bidirectional")
_CHOICES: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "BitShift": {"direction": ("LEFT", "RIGHT")},
    "CausalConvWithState": {"activation": ("none", "silu", "swish")},
    "DepthToSpace": {"mode": ("DCR", "CRD")},
    "GRU": {"direction": _DIRECTIONS},
    "Gelu": {"approximate": ("none", "tanh")},
    "GridSample": {
        "mode": ("linear", "bilinear", "nearest", "cubic", "bicubic"),
        "padding_mode": ("zeros", "border", "reflection"),
    },
    "LSTM": {"direction": _DIRECTIONS},
    "LinearAttention": {"update_rule": ("linear", "gated", "delta", "gated_delta")},
    "Pad": {"mode": ("constant", "reflect", "edge", "wrap")},
    "RNN": {"direction": _DIRECTIONS},
    "Resize": {
        "coordinate_transformation_mode": (
            "half_pixel",
            "half_pixel_symmetric",
            "pytorch_half_pixel",
            "align_corners",
            "asymmetric",
            "tf_half_pixel_for_nn",
            "tf_crop_and_resize",
        ),
        "keep_aspect_ratio_policy": ("stretch", "not_larger", "not_smaller"),
        "mode": ("nearest", "linear", "cubic"),
    },
    "RoiAlign": {
        "coordinate_transformation_mode": ("half_pixel", "output_half_pixel"),
        "mode": ("avg", "max"),
    },
    "TensorScatter": {"mode": ("linear", "circular")},
    "Upsample": {"mode": ("nearest", "linear", "bilinear", "cubic")},
}
"""The words that an attribute may be, where a runtime refuses any other."""
_ANY_CASE = frozenset({("RoiAlign", "mode")})
"""Attributes whose words onnxruntime takes in capitals too."""
_UNREAD = "tgp"
"""Attributes whose value a node doesn't carry, so that nobody sees whether they are there."""


@dataclass(frozen=True, slots=True)
class Side:
    """The inputs or the outputs of an operator."""

    names: tuple[str, ...]
    needed: tuple[bool, ...]
    least: int
    most: int

    def fault(self, op: str, what: str, given: Sequence[str]) -> str | None:
        """Return what is wrong with the inputs or outputs that a node has, if anything is."""
        if self.least <= len(given) <= self.most and "" not in given:
            return None
        if len(given) > self.most:
            return f"{len(given)} {what}s where {op} has {self.most or 'none'}"
        for index, name in enumerate(self.names):
            if self.needed[index] and (index >= len(given) or not given[index]):
                return f"{what} {name} is missing"
        return f"{op} has too few {what}s" if len(given) < self.least else None


@dataclass(frozen=True, slots=True)
class Schema:
    """What an operator takes at one operator set."""

    inputs: Side
    outputs: Side
    kinds: Mapping[str, str]
    """The letter of each attribute's type."""
    needed: tuple[str, ...]
    """Attributes without a default."""

    def fault(self, node: Node, opset: int) -> str | None:
        """Return the first thing at a node that isn't what the operator takes, if there is one."""
        if node.attrs or self.needed:
            found = self._attribute_fault(node, opset)
            if found:
                return found
        found = self.inputs.fault(node.op, "input", node.inputs)
        return found or self.outputs.fault(node.op, "output", node.outputs)

    def _attribute_fault(self, node: Node, opset: int) -> str | None:
        kinds, attrs = self.kinds, node.attrs
        for name, value in attrs.items():
            kind = kinds.get(name)
            if kind is None:
                if not (name.startswith("__") or node.op in _UNCHECKED):  # "__": a runtime's own
                    return f"attribute {name} is unknown to {node.op} at operator set {opset}"
            elif not _is(value, kind):
                return f"attribute {name} is not {_WORDS[kind]}"
            elif kind == "s" and not _is_choice(node.op, name, str(value)):
                return f"attribute {name} is none of {', '.join(_CHOICES[node.op][name])}"
        for name in self.needed:
            if name not in attrs:
                return f"attribute {name} is missing"
        return None


class Schemas:
    """The schemas that one model's operators have; each is looked up once."""

    def __init__(self, opsets: Mapping[str, int]) -> None:
        """``opsets`` are the operator sets that the model imports."""
        self._opsets = opsets
        self._found: dict[tuple[str, str, int], Schema | str | None] = {}

    def fault(self, node: Node, opset: int) -> str | None:
        """Return in words what is wrong with a node whatever the shapes, None where nothing is.

        ``opset`` is that of the default domain. Operators of other domains than onnx's, and those
        of operator sets from the future, are not judged.
        """
        version = self._opsets.get(node.domain, 0) if node.domain else opset
        key = (node.domain, node.op, version)
        try:
            schema = self._found[key]
        except KeyError:
            schema = self._found[key] = look_up(*key) or self._absence(*key)
        return schema.fault(node, version) if isinstance(schema, Schema) else schema

    def is_unknown(self, node: Node, opset: int) -> bool:
        """Return whether a node's operator is in no operator set of onnx."""
        version = self._opsets.get(node.domain, 0) if node.domain else opset
        return is_unknown(node.domain, node.op, version)

    def _absence(self, domain: str, op: str, version: int) -> str | None:
        """Return in words why an operator is not in an operator set that may be a function's own.

        onnxruntime goes by the model's set there, so an operator that this one has is let pass.
        """
        if is_unknown(domain, op, version):
            return f"{shown(op)} is no operator of ONNX, at any operator set"
        gap = absence(domain, op, version)
        return None if gap and look_up(domain, op, self._opsets.get(domain, version)) else gap


def look_up(domain: str, op: str, opset: int) -> Schema | None:
    """Return what an operator takes at an operator set, None where that is not known."""
    if opset > newest(domain) or not _NAME.fullmatch(op):
        return None
    found = ""
    for line in _lines(op):
        since, _, rest = line.partition(" ")
        if int(since) <= opset:
            found = rest
    return _schema(found) if found else None


def absence(domain: str, op: str, opset: int) -> str | None:
    """Return in words why an operator of onnx is not in an operator set, None where it is.

    None too where nobody can tell: foreign operators and domains, a set that is not imported or
    newer than known. An operator that onnxruntime runs all the same is not held against a file.
    """
    if not 0 < opset <= newest(domain) or not _NAME.fullmatch(op):
        return None
    if opset >= _RUN_SINCE.get(op, opset + 1):
        return None
    versions = [line.partition(" ") for line in _lines(op)]
    past = [(since, rest) for since, _, rest in versions if int(since) <= opset]
    if past and not past[-1][1]:
        return f"{op} was withdrawn at operator set {past[-1][0]}, the file imports {opset}"
    if versions and not past:
        return f"{op} exists since operator set {versions[0][0]}, the file imports {opset}"
    return None


def is_unknown(domain: str, op: str, opset: int) -> bool:
    """Return whether an operator in a domain of onnx is in none of its operator sets.

    Not where nobody can tell: foreign domains, a set that is not imported or newer than known.
    """
    if not 0 < opset <= newest(domain) or op in _RUN_BESIDES:
        return False
    return not (_NAME.fullmatch(op) and _lines(op))


@cache
def newest(domain: str) -> int:
    """Return the newest operator set of a domain that is known here, 0 for a foreign domain."""
    found = _lines(f"# {domain or '-'}")
    return int(found[0]) if found else 0


def newer(opsets: Mapping[str, int]) -> tuple[str, ...]:
    """Return those of the imported operator sets that are newer than known, in words."""
    known = ((domain, version, newest(domain)) for domain, version in opsets.items())
    return tuple(
        f"operator set {version}{f' of {domain}' if domain else ''} is newer than {latest}"
        for domain, version, latest in known
        if 0 < latest < version
    )


def _lines(head: str) -> list[str]:
    """Return what stands behind ``head`` in the lines that begin with it; they follow each other.

    Searching the text takes less time than cutting it up would.
    """
    text, mark, lines = _text(), f"\n{head} ", []
    start = text.find(mark)
    while start >= 0 and text.startswith(mark, start):
        end = text.index("\n", start + 1)
        lines.append(text[start + len(mark) : end])
        start = end
    return lines


@cache
def _text() -> str:
    return "\n" + _FILE.read_text(encoding="ascii")


@cache
def _schema(line: str) -> Schema:
    inputs, outputs, attributes = line.split(" ")
    pairs = [entry.split(":") for entry in attributes.split(",")] if attributes != "-" else []
    kinds = {name: kind[0] for name, kind in pairs}
    needed = (name for name, kind in pairs if kind[-1] == "!" and kind[0] not in _UNREAD)
    return Schema(_side(inputs), _side(outputs), kinds, tuple(needed))


def _side(text: str) -> Side:
    least = most = 0
    names, needed = [], []
    for entry in text.split(",") if text != "-" else ():
        name, star, repeats = entry.partition("*")
        needed.append(not star and not name.endswith("?"))
        names.append(name.removesuffix("?"))
        least = len(names) if needed[-1] else most + int(repeats) if star else least
        most = _MANY if star else len(names)
    return Side(tuple(names), tuple(needed), least, most)


def _is_choice(op: str, attribute: str, word: str) -> bool:
    """Return whether an attribute may be a word; where none are listed it may be any."""
    words = _CHOICES.get(op, {}).get(attribute)
    return not words or (word.lower() if (op, attribute) in _ANY_CASE else word) in words


def _is(value: Attr, kind: str) -> bool:
    """Return whether an attribute's value is of a type; an empty list is one of each."""
    single = _SINGLE.get(kind)
    if single is not None:
        return isinstance(value, single)
    element = _LISTS.get(kind)
    if element is None:
        return kind == "t" and not isinstance(value, tuple)  # of a tensor its only number is read
    return isinstance(value, tuple) and (not value or isinstance(value[0], element))
