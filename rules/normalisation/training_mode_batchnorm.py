"""N603."""

from collections.abc import Iterator

from cnnlint.facts.facts import Facts
from cnnlint.facts.training.modes import normalises_by_batch
from cnnlint.lint.finding import Basis, Finding, Severity, Silence
from cnnlint.lint.rule import rule


@rule(
    "N603",
    severity=Severity.ERROR,
    basis=Basis.COMPUTED,
    since="0.1",
)
def training_mode_batchnorm(facts: Facts) -> Iterator[Finding | Silence]:
    """BatchNormalization left in training mode.

    ## What it does
    Reports BatchNormalization that normalises by the mean and variance of the batch that comes
    in: `training_mode=1` since operator set 14, more than one output from 7 to 13, no `is_test=1`
    up to 6. One finding for the model, with all its places.

    ## Why is this bad?
    What the network says of one image depends on the others in its batch, and the statistics
    that training collected are not used. A batch of one image on a 1x1 grid has no variance:
    every channel becomes its shift, whatever the image. Such a layer can't be folded into a
    convolution either.

    ## Example
    `torch.onnx.export(model, ..., training=TrainingMode.TRAINING)` gives resnet18 20
    BatchNormalization of three outputs each; an export after `model.eval()` gives none, since
    they are folded into the convolutions.

    ## When to ignore it
    When the file is there to be trained further, or each batch is meant to be normalised by
    itself. BatchNormalization that only computes a weight from constants (weight standardisation)
    is left alone.

    ## References
    - Ioffe and Szegedy, Batch Normalization: Accelerating Deep Network Training by Reducing
      Internal Covariate Shift, 2015, section 3.1
    - ONNX operators, BatchNormalization, versions 6, 7, 9 and 14
    """
    found = []
    for node in facts.nodes:
        if node.op != "BatchNormalization":
            continue
        if normalises_by_batch(facts.model, node):
            found.append(node)
        else:
            yield Silence(node, "it normalises by the statistics that training collected")
    if found:
        count = len(found)
        yield Finding(
            nodes=tuple(found),
            message=(
                "BatchNormalization in training mode: it normalises by its batch"
                if count == 1
                else f"{count} BatchNormalization in training mode: they normalise by their batch"
            ),
            suggestion="export the model in inference mode: model.eval()",
            evidence={"count": count},
        )
