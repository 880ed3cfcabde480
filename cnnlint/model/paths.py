"""The stable name of a node, and the line of Python it comes from.

A layer path (``layer1.0.conv1``) survives a layer being inserted elsewhere and, where both
exporters of torch name modules, a change of exporter. Its sources, best first: a module-like
weight name, a slash-separated node name, the name scopes of torch's dynamo exporter, a node
name that doesn't look numbered, the operator and its ordinal.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from cnnlint.model.graph import SourceLine

SCOPES = "pkg.torch.onnx.name_scopes"
STACK = "pkg.torch.onnx.stack_trace"
TRANSPARENT = frozenset({"Identity", "DequantizeLinear", "Transpose", "Cast"})
"""Operators between a weight and its layer that leave the weight's name telling."""

LONGEST = 200
"""Characters of a path before what tells it apart; those of real files have up to 80."""

_WEIGHT = re.compile(r"([A-Za-z_][\w-]*(?:\.[\w-]+)*)\.(?:weight|kernel)(?:_quantized)?")
_NUMBERED = re.compile(r"[A-Za-z]\w*\d")
_QUOTED = re.compile(r"'([^']*)'")
_FRAME = re.compile(r'File "([^"\n<][^"\n]*)", line (\d{1,9})')  # <stdin> is no file
_TORCH = re.compile(r"packages[\\/]torch[\\/]|[\\/]torch[\\/](?:nn[\\/]|_|functional\.py)")


@dataclass(frozen=True, slots=True)
class Naming:
    """What a node offers to be named by."""

    op: str
    name: str
    weights: tuple[str, ...]
    """Names of the stored tensors that it reads, and of what brings them to it, nearest first."""
    scopes: str | None


def layer_paths(nodes: Sequence[Naming]) -> list[str]:
    """Return a unique path for each node of one graph."""
    places = [_place(node) for node in nodes]
    parents = _parents(module for module, _ in places)
    ops: dict[str, set[str]] = {}
    for module, op in places:
        if op != "Constant":
            ops.setdefault(module, set()).add(op)
    seen: Counter[str] = Counter()
    paths = []
    for module, op in places:
        alone = module and module not in parents and ops.get(module) == {op}
        path = module if alone or not op else f"{module}.{op}" if module else op
        path = path if len(path) <= LONGEST else f"{path[: LONGEST - 1]}…"
        seen[path] += 1
        paths.append(f"{path}_{seen[path] - 1}" if seen[path] > 1 else path)
    return tell_apart(paths)


def tell_apart(paths: Sequence[str]) -> list[str]:
    """Return the paths made unique: what numbering made equal, or what stands there twice."""
    taken: set[str] = set()
    out = []
    for path in paths:
        name, count = path, 1
        while name in taken:
            count += 1
            name = f"{path}~{count}"
        taken.add(name)
        out.append(name)
    return out


def source_line(metadata: Mapping[str, str]) -> SourceLine | None:
    """Return the innermost line outside torch of the stack trace that torch's exporter leaves."""
    for file, line in reversed(_FRAME.findall(metadata.get(STACK, ""))):
        if not _TORCH.search(file):
            return SourceLine(file, int(line))
    return None


def module_of(weight: str) -> str | None:
    """Return the module that a weight belongs to, None where its name doesn't tell."""
    match = _WEIGHT.fullmatch(weight)
    return match[1] if match else None


def _place(node: Naming) -> tuple[str, str]:
    """Return the module a node belongs to, and its operator; "" where the module is the node."""
    for weight in node.weights:
        if module := module_of(weight):
            return module, ""
    by_name, by_scope = _from_name(node), _from_scopes(node)
    found = (by_name or by_scope) if node.weights else (by_scope or by_name)
    if found:
        return found
    if node.name and not _NUMBERED.fullmatch(node.name):
        return node.name, ""
    return "", node.op


def _from_name(node: Naming) -> tuple[str, str] | None:
    """Read a name such as ``/layer1/layer1.0/relu/Relu``."""
    name = node.name.strip("/")
    if "/" not in node.name or not name:
        return None
    *parts, last = name.split("/")
    stem, _, number = last.rpartition("_")
    if last == node.op or (stem == node.op and number.isdecimal()):
        return ".".join(_joined(parts)), node.op
    return ".".join(_joined([*parts, last])), ""


def _from_scopes(node: Naming) -> tuple[str, str] | None:
    """Take the innermost module of a list such as ``['', 'layer1', 'layer1.0', 'add']``."""
    scopes = _QUOTED.findall(node.scopes or "")
    return (scopes[-2], node.op) if len(scopes) > 1 else None


def _joined(parts: Sequence[str]) -> list[str]:
    """Drop the prefixes that torch repeats: ``layer1/layer1.0/conv1`` is ``layer1.0.conv1``."""
    out: list[str] = []
    for part in parts:
        if out and part.startswith(out[-1] + "."):
            out[-1] = part
        else:
            out.append(part)
    return out


def _parents(modules: Iterable[str]) -> set[str]:
    """Return the modules that have modules inside them."""
    ordered = sorted(f"{module}." for module in set(modules))
    return {outer[:-1] for outer, inner in pairwise(ordered) if inner.startswith(outer)}
