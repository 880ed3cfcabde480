"""N601."""

from collections.abc import Iterator

from cnnlint.facts.dataflow import total
from cnnlint.facts.facts import Facts
from cnnlint.facts.structure.linear import Source, by_channel, described, has_bias
from cnnlint.facts.training.modes import normalises_by_batch
from cnnlint.lint.finding import Basis, Finding, Fix, Saving, Severity, Silence
from cnnlint.lint.rule import rule
from cnnlint.model.graph import Node

FOLDING = frozenset({"Conv", "ConvTranspose", "Gemm"})


@rule(
    "N601",
    severity=Severity.WARNING,
    basis=Basis.COMPUTED,
    fix=Fix.SAFE,
    proven="ResNet (exported for inference)",
    since="0.1",
)
def unfused_batchnorm(facts: Facts) -> Iterator[Finding | Silence]:
    """Batch normalisation for inference that the layer before could do at no cost.

    ## What it does
    Reports BatchNormalization in inference mode behind a Conv, ConvTranspose or Gemm whose result
    nothing else reads: one finding with all of them. Between the two may lie what scales or shifts
    whole channels by constants. Scale and shift can go into the weight and the bias of that layer,
    and the numbers stay the same.

    ## Why is this bad?
    At inference the normalisation is a product and a sum for each channel. As a layer of its own
    it reads and writes a whole map; in the weights it is free. Exporters mostly fold it into a
    convolution, but not all fold it into a transposed one; in files meant for training it is left
    standing.

    ## Example
    `ConvTranspose 4x4 64->32` of stride 2 without a bias, then BatchNormalization, on 16x16:
    folded, a 32x32 map of 128 KiB in float32 is written and read once less. The 32 scales and 32
    shifts become 32 biases: 32 parameters less.

    ## When to ignore it
    When training goes on from this file, or your runtime folds it as it loads the file, as many
    do behind a convolution. Left alone is normalisation behind an activation, a sum of two maps or
    a Concat, which can't be folded backwards; behind a layer whose weights other layers share,
    which would need copies of them; behind a MatMul; and in training mode (N603).

    ## References
    - Ioffe and Szegedy, Batch Normalization: Accelerating Deep Network Training by Reducing
      Internal Covariate Shift, 2015, section 3.1
    - Jacob et al., Quantization and Training of Neural Networks for Efficient
      Integer-Arithmetic-Only Inference, 2018, section 3.2 (folding)
    """
    found: list[tuple[Source, Node]] = []
    for node in facts.nodes:
        if node.op != "BatchNormalization":
            continue
        source = facts.sole_source(node.inputs[0])
        if normalises_by_batch(facts.model, node):
            yield Silence(node, "it is in training mode (N603)")
        elif source is None or source.layer.node.op not in FOLDING:
            yield Silence(node, "no Conv, ConvTranspose or Gemm alone makes what it reads")
        elif not by_channel(facts.model, facts.data, source):
            yield Silence(node, f"what lies between {source.layer.node.path} and it doesn't fold")
        elif facts.shares_weights(source.layer):
            yield Silence(node, f"other layers share the weights of {source.layer.node.path}")
        else:
            found.append((source, node))
    if found:
        yield _finding(facts, found)


def _finding(facts: Facts, found: list[tuple[Source, Node]]) -> Finding:
    layers = {source.layer.node.key: source.layer for source, _ in found}
    ops = sorted({layer.node.op for layer in layers.values()})
    biases = sum(layer.cout for layer in layers.values() if not has_bias(layer))
    params = sum(facts.params_of(node) for _, node in found) - biases
    if len(found) == 1:
        message = f"BatchNormalization behind {described(found[0][0].layer)} is not folded into it"
    else:
        message = (
            f"{len(found)} BatchNormalization behind {', '.join(ops)} are not folded into them"
        )
    return Finding(
        nodes=tuple(node for _, node in found),
        message=message,
        suggestion=(
            "fold scale and shift into the weight and bias before: the numbers stay the same, "
            f"{params:,} parameters and {len(found)} pass{'es' if len(found) > 1 else ''} over "
            "the map less"
        ),
        evidence={
            "count": len(found),
            "layers": tuple(source.layer.node.path for source, _ in found),
            "behind": tuple(ops),
        },
        saving=Saving(
            params=params,
            activation_bytes=total(facts.activation_bytes(node) for _, node in found),
        ),
    )
