"""A model as read, before its open dimensions are bound; it can be bound more than once."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from cnnlint.model.binding import Bindings, Bound, bind, open_sizes, with_image_size
from cnnlint.model.defect import Defect, Kind
from cnnlint.model.draft import Draft, Function, FunctionKey
from cnnlint.model.graph import Model, StaticShape, Value
from cnnlint.model.inference.call import spell
from cnnlint.model.protos import shown
from cnnlint.model.scope import Scope
from cnnlint.model.shapes import Inference
from cnnlint.model.unfold import Shared, Unfolding


@dataclass(frozen=True, slots=True)
class Blueprint:
    """What the file says, whatever the sizes."""

    shell: Model
    """The model without nodes and tensors."""
    draft: Draft
    functions: Mapping[FunctionKey, Function]

    def bind(self, bindings: Bindings) -> Model:
        """Infer every shape for given sizes of the open dimensions.

        Batches are 1 and images 224 x 224 where nothing is asked for. A size that is only assumed
        is never held against a model: it stays open where the model contradicts it.

        Raises:
            UsageError: the bindings don't fit the model.
            LoadError: its functions and bodies unfold without end.
        """
        models = []
        for bound in self._ways(bindings):
            model = self._infer(bound)
            if not model.defects:
                return model
            models.append(model)
        return min(models, key=lambda model: len(model.defects))

    def _ways(self, bindings: Bindings) -> Iterator[Bound]:
        """Yield the inputs as they may be bound, from the most that can be assumed to nothing."""
        inputs = self.draft.inputs
        asked = bind(inputs, bindings)
        usual = with_image_size(inputs, bindings) if asked.free_dims else None
        if usual:
            bound = bind(inputs, usual)
            assumed = (f"{n} = {usual.dims[n]}" for n in usual.dims if n not in bindings.dims)
            yield replace(bound, assumptions=(*bound.assumptions, *assumed))
        yield asked
        if asked.assumptions:
            yield bind(inputs, bindings, usual_batch=None)

    def _infer(self, bound: Bound) -> Model:
        given = dict(self.draft.stored)
        given |= {
            entry.name: Value(entry.name, entry.dtype, entry.bound) for entry in bound.inputs
        }
        shell = replace(
            self.shell,
            assumptions=bound.assumptions,
            free_dims=bound.free_dims,
            open_sizes=open_sizes(bound.inputs),
            rebound=partial(self._rebound, bound),
            reshaped=partial(self._reshaped, bound),
        )
        shared = Shared(self.functions, bound.symbols, shell, self._mark())
        walk = Unfolding(shared, Inference(given, shell.opsets))
        with np.errstate(all="ignore"):
            walk.run(self.draft, Scope())
        model = walk.model(bound.inputs, self.draft.outputs)
        broken = tuple(self._broken_promises(model))
        return replace(model, defects=(*model.defects, *broken)) if broken else model

    def _broken_promises(self, model: Model) -> Iterator[Defect]:
        """Yield the outputs that are declared as what they are not, whatever the open sizes."""
        promises = {entry.name: entry.declared for entry in self.draft.declared}
        for name in model.outputs:
            made, declared = model.value(name).shape, promises.get(name)
            if made is None or declared is None:
                continue
            pairs = () if model.open_sizes else zip(declared, made, strict=False)
            differ = any(isinstance(d, int) and m not in {d, None} for d, m in pairs)
            if differ or len(declared) != len(made):
                told = tuple(d if isinstance(d, int) else None for d in declared)
                text = f"output {shown(name)} is declared as {spell(told)}, it is {spell(made)}"
                node = model.producer_of.get(name)
                yield Defect(Kind.OUTPUT, text, node.key if node else None, name)

    def _rebound(self, bound: Bound, sizes: Mapping[str, int]) -> Model:
        """Return the model with other sizes for some open dimensions, the others as they are."""
        dims = {**open_sizes(bound.inputs), **sizes}
        return self._infer(bind(self.draft.inputs, Bindings(dims=dims)))

    def _reshaped(self, bound: Bound, shapes: Mapping[str, StaticShape]) -> Model:
        """Return the model with inputs of other shapes, even of axes that have a fixed size."""
        inputs = tuple(
            replace(entry, bound=shapes.get(entry.name, entry.bound)) for entry in bound.inputs
        )
        symbols = {**bound.symbols, **open_sizes(inputs)}
        return self._infer(replace(bound, inputs=inputs, symbols=symbols))

    def _mark(self) -> str:
        """Return what no tensor of the main graph begins with, for the names of unfolded ones."""
        mark = "#"
        if not (self.draft.bodies or self.draft.calls):
            return mark
        names = {name for node in self.draft.nodes for name in (*node.inputs, *node.outputs)}
        names.update(entry.name for entry in self.draft.inputs)
        while any(name.startswith(mark) for name in names):
            mark += "#"
        return mark
