"""N605."""

from collections.abc import Iterator

from cnnlint.facts.facts import Facts
from cnnlint.facts.layers import Conv, Dense
from cnnlint.facts.structure.linear import by_channel, described, has_bias
from cnnlint.lint.finding import Basis, Finding, Saving, Severity, Silence
from cnnlint.lint.rule import rule


@rule(
    "N605",
    severity=Severity.NOTE,
    basis=Basis.COMPUTED,
    proven="ResNet",
    since="0.1",
)
def bias_before_batchnorm(facts: Facts) -> Iterator[Finding | Silence]:
    """Layers with a bias that the batch normalisation behind them takes away again.

    ## What it does
    Reports Conv, ConvTranspose and Gemm with a bias whose result goes into BatchNormalization and
    nowhere else: one finding with all of them. Most files exported for inference don't show it,
    since the normalisation is folded into the layer.

    ## Why is this bad?
    The normalisation subtracts the mean of each channel, and the bias is part of that mean: in
    training the result doesn't depend on it, its gradient is zero, and the shift of the
    normalisation does its work. It costs one parameter for each output channel, and the
    optimizer's state for it.

    ## Example
    `Conv 3x3 64->128` with a bias and BatchNormalization behind it has 73,856 parameters, 128 too
    many. In PyTorch: `bias=False`. To change a trained file, subtract the bias from the running
    mean of the normalisation, and drop it.

    ## When to ignore it
    When changing it is more work than a few numbers are worth: the bias does no harm, and where
    the normalisation is folded for inference it vanishes too.

    ## References
    - Ioffe and Szegedy, Batch Normalization: Accelerating Deep Network Training by Reducing
      Internal Covariate Shift, 2015, section 3.2
    """
    found: list[Conv | Dense] = []
    for node in facts.nodes:
        if node.op != "BatchNormalization":
            continue
        source = facts.sole_source(node.inputs[0])
        if source is None or not by_channel(facts.model, facts.data, source):
            yield Silence(node, "no layer alone makes what it reads")
        elif not has_bias(source.layer):
            yield Silence(source.layer.node, "it has no bias")
        else:
            found.append(source.layer)
    if not found:
        return
    params = sum(layer.cout for layer in found)
    one = f"{described(found[0])} has a bias that the BatchNormalization behind it takes away"
    many = f"{len(found)} layers have a bias that the BatchNormalization behind them takes away"
    yield Finding(
        nodes=tuple(layer.node for layer in found),
        message=one if len(found) == 1 else many,
        suggestion=(
            f"drop the bias and subtract it from the running mean: {params:,} "
            "parameters less; the numbers stay the same"
        ),
        evidence={"count": len(found), "biases": params},
        saving=Saving(params=params),
    )
