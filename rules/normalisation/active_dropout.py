"""N604."""

from collections.abc import Iterator

from cnnlint.facts.facts import Facts
from cnnlint.facts.training.modes import Dropping, dropping
from cnnlint.lint.finding import Basis, Finding, Fix, Severity, Silence
from cnnlint.lint.rule import rule

REASONS = {
    Dropping.NO: "it is not in training mode",
    Dropping.NOTHING: "its ratio is 0",
    Dropping.ASKED: "an input of the model decides whether it drops",
}


@rule(
    "N604",
    severity=Severity.ERROR,
    basis=Basis.COMPUTED,
    fix=Fix.SAFE,
    since="0.1",
)
def active_dropout(facts: Facts) -> Iterator[Finding | Silence]:
    """Dropout that drops numbers at inference.

    ## What it does
    Reports Dropout in training mode: its third input is true (operator set 12 and later), or it
    has no `is_test=1` (6 and before); from 7 to 11 it never drops. One finding for the model, with
    all its places.

    ## Why is this bad?
    It sets numbers to zero at random, so the same image gets another answer at each run. In
    training Dropout scales what it keeps by 1 / (1 - ratio), so that at inference nothing is left
    to do: without it the network computes what it was trained for.

    ## Example
    VGG-16 exported in training mode has 2 Dropout of ratio 0.5; exported after `model.eval()` it
    has none.

    ## When to ignore it
    When the file is there to be trained further, or the spread of many runs is the point (Monte
    Carlo dropout). Left alone are a ratio of 0 and a Dropout that an input of the model switches.

    ## References
    - Srivastava et al., Dropout: A Simple Way to Prevent Neural Networks from Overfitting, 2014
    - ONNX operators, Dropout, versions 6, 7 and 12
    """
    found = []
    for node in facts.nodes:
        if node.op != "Dropout":
            continue
        verdict = dropping(facts.model, node)
        if verdict is Dropping.YES:
            found.append(node)
        else:
            yield Silence(node, REASONS[verdict])
    if found:
        count = len(found)
        yield Finding(
            nodes=tuple(found),
            message=(
                "Dropout in training mode: it drops numbers at each run"
                if count == 1
                else f"{count} Dropout in training mode: they drop numbers at each run"
            ),
            suggestion=(
                "take it out, or export the model in inference mode: model.eval()"
                if count == 1
                else "take them out, or export the model in inference mode: model.eval()"
            ),
            evidence={"count": count},
        )
