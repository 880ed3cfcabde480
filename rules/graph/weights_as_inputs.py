"""G915."""

from collections.abc import Iterator

from cnnlint.facts.facts import Facts
from cnnlint.lint.finding import Basis, Finding, Fix, Severity, Silence
from cnnlint.lint.rule import rule

FREE_SINCE = 4
"""The version of the file format from which on initializers need not be inputs."""


@rule("G915", severity=Severity.WARNING, basis=Basis.MEASURED, fix=Fix.SAFE, since="0.1")
def weights_as_inputs(facts: Facts) -> Iterator[Finding | Silence]:
    """Stored weights that the graph lists among its inputs too.

    ## What it does
    Reports a file of IR version 4 or newer in which stored tensors (initializers) are inputs of
    the graph as well. Files of version 3 and older have to list them so, and are left alone.

    ## Why is this bad?
    An input may be another tensor at each run, so nothing can be computed from it beforehand:
    onnxruntime neither folds a batch normalisation into its convolution nor packs kernels for its
    fast paths. With its weights among the inputs resnet18 took 1.2 to 1.7 times as long, measured
    several times on one thread.

    ## Example
    A graph with the inputs `input`, `conv1.weight` and `conv1.bias` and stored tensors of the
    last two names: take both out of the inputs, the tensors stay.

    ## When to ignore it
    When a caller does replace weights at run time, as for adapters or learning on a device.

    ## References
    - ONNX IR specification, initializers, https://onnx.ai/onnx/repo-docs/IR.html
    """
    model = facts.model
    listed = model.replaceable
    if not listed:
        yield Silence(None, "no stored tensor is an input of the graph")
        return
    if model.ir_version < FREE_SINCE:
        yield Silence(
            None, f"IR version {model.ir_version} requires initializers to be inputs too"
        )
        return
    stored = sum(value.stored for value in model.values.values())
    readers = {n.key: n for name in listed for n in model.consumers_of.get(name, ())}
    yield Finding(
        nodes=tuple(node for node in model.nodes if node.key in readers),
        message=f"{len(listed):,} of {stored:,} stored tensors "
        f"{'is an input' if len(listed) == 1 else 'are inputs'} of the graph too",
        suggestion="take their names out of the graph's inputs; the stored tensors stay",
        evidence={"tensors": len(listed), "stored": stored, "ir_version": model.ir_version},
    )
