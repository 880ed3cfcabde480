"""Where the layers of a model stand, and what they see of the input."""

from collections.abc import Mapping
from functools import cached_property

from cnnlint.facts.activations.bounds import Bounds, bounds_of_tensors
from cnnlint.facts.datapath import DataPath
from cnnlint.facts.layers import Conv, Pool
from cnnlint.facts.reach.receptive import (
    Reach,
    model_receptive_field,
    receptive_fields,
    useful_input,
)
from cnnlint.facts.remedies.splits import Split, splits
from cnnlint.facts.sampling.coverage import read_whole, share_read
from cnnlint.facts.sampling.strided import strided_pointwise
from cnnlint.facts.structure.duplicates import Duplicate, duplicates
from cnnlint.facts.structure.ends import Head, Heads, find_heads
from cnnlint.facts.structure.entry import Entry, find_entry
from cnnlint.facts.structure.pointwise import Pointwise, pointwise_runs
from cnnlint.facts.structure.series import following
from cnnlint.facts.structure.topology import Topology, analyse
from cnnlint.model.graph import Key, Node, StaticShape


class Network(DataPath):
    """The layers of a model as a whole: how they are put together, and what each one sees."""

    @cached_property
    def receptive(self) -> Mapping[str, Reach]:
        """Receptive field of every tensor that has one."""
        return receptive_fields(self.model, self.data, self.layers, self.activations.gate_edges)

    @cached_property
    def receptive_field(self) -> StaticShape | None:
        """The largest receptive field of any map, per spatial axis; None without such an axis."""
        return model_receptive_field(self.model, self.receptive, self.activations.gate_edges)

    @cached_property
    def useful_input(self) -> tuple[int, int] | None:
        """Least and largest side of a square input that the network makes full use of.

        None where a layer contradicts itself: then the network takes no input at all.
        """
        if any(defect.node for defect in self.model.obstacles):
            return None
        convs = [conv for conv in self.convs if conv.node.key in self.topology.trunk]
        return useful_input(self.receptive_field, convs, self.receptive)

    @cached_property
    def bounds(self) -> Mapping[str, Bounds]:
        """Between which numbers each tensor lies, whatever the input; unbounded ones left out."""
        return bounds_of_tensors(self.model, self.data, self.activations)

    @cached_property
    def topology(self) -> Topology:
        """Depth, plain runs and bypasses."""
        return analyse(self.model, self.data, self.weighted, self.activations.gate_edges)

    @cached_property
    def following(self) -> Mapping[Key, Key]:
        """The layer in immediate series after a layer, pooling counted as one; see series.py."""
        return following(self.model, self.data, self.layers, self.activations.gate_edges)

    @cached_property
    def splits(self) -> tuple[Split, ...]:
        """The n x n convolutions that are split into 1 x n and n x 1 in series."""
        return tuple(splits(self.layers, self.following))

    @cached_property
    def pointwise_runs(self) -> tuple[tuple[Pointwise, ...], ...]:
        """Runs of two and more pointwise layers in series that see the same all along."""
        return tuple(pointwise_runs(self.layers, self.following, self.receptive))

    @cached_property
    def partly_read(self) -> Mapping[Key, float]:
        """The share of its input that a window reads, of those that step over positions."""
        windows = ((k, w) for k, w in self.layers.items() if isinstance(w, Conv | Pool))
        shares = ((key, share_read(window)) for key, window in windows)
        return {key: share for key, share in shares if share < 1}

    @cached_property
    def whole_maps(self) -> frozenset[str]:
        """Tensors of which some node reads every number, borders aside, and the outputs."""
        return read_whole(self.model, self.nodes, self.partly_read.keys())

    @cached_property
    def strided_pointwise(self) -> Mapping[Key, Node | None]:
        """Pointwise convolutions with a stride, and the join at which one ends as a shortcut."""
        return strided_pointwise(self.model, self.data, self.weighted, self.trunk_input)

    @cached_property
    def duplicates(self) -> tuple[Duplicate, ...]:
        """Nodes that do what an earlier one has done, in execution order."""
        return duplicates(self.model)

    @cached_property
    def heads(self) -> Heads:
        """Where the maps end: at global pooling, or at a dense layer that reads them flat."""
        gate_edges = self.activations.gate_edges
        return find_heads(self.model, self.data, self.layers, self.receptive, gate_edges)

    def input_sides(self, head: Head) -> StaticShape | None:
        """Return the sizes of the input along the axes of a head's map, None where one is not."""
        sides = tuple(side for a in head.axes if (side := self.input_side(a.origin)))
        return sides if len(sides) == len(head.axes) else None

    @cached_property
    def entry(self) -> Entry | None:
        """The first convolution and the pool behind it, None where there isn't one first."""
        return find_entry(self.model, self.layers, self.stems, self.receptive, self.activations)
