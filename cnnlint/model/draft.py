"""Graphs as the file writes them: no size bound, no function called, no body entered."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from cnnlint.model.graph import Attr, Input, Node, Value

FunctionKey: TypeAlias = tuple[str, str, str]
"""What a function is called by: domain, name, overload."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A graph, a body of an If, Loop or Scan, or what a function does."""

    inputs: tuple[Input, ...]
    """What is fed in; stored tensors, which old files list too, are left out."""
    outputs: tuple[str, ...]
    nodes: tuple[Node, ...]
    """In an order in which they can run."""
    stored: Mapping[str, Value]
    """Stored tensors and the outputs of Constant nodes."""
    declared: tuple[Input, ...] = ()
    """What the file says of other tensors."""
    captures: tuple[str, ...] = ()
    """Tensors of the graphs around it that it reads."""
    bodies: "Mapping[int, Mapping[str, Draft]]" = field(default_factory=dict)
    """Graphs inside its nodes, by the index of the node and the name of the attribute."""
    calls: Mapping[int, FunctionKey] = field(default_factory=dict)
    """Which of its nodes call a function of the file."""
    references: Mapping[int, Mapping[str, str]] = field(default_factory=dict)
    """Attributes that stand for one of the function's own, by the index of the node."""


@dataclass(frozen=True, slots=True)
class Function:
    """An operator that the file itself defines."""

    draft: Draft
    defaults: Mapping[str, Attr]
    """Attributes that a call may leave out."""
    opsets: Mapping[str, int]
