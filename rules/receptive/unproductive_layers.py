"""R701."""

from collections.abc import Iterator
from typing import Annotated

from cnnlint.facts.dataflow import total
from cnnlint.facts.facts import Facts
from cnnlint.facts.layers import Conv, sides
from cnnlint.facts.weights.folded import folded_skips
from cnnlint.lint.finding import Basis, Finding, Fix, Part, Saving, Severity, Silence
from cnnlint.lint.rule import rule


@rule(
    "R701",
    severity=Severity.WARNING,
    basis=Basis.PUBLISHED,
    fix=Fix.UNSAFE,
    proven="ResNet",
    since="0.1",
    marks=Part.KERNEL,
)
def unproductive_layers(
    facts: Facts,
    *,
    min_mac_share: Annotated[
        float, "share of the model's MACs from which on it is a warning, else a note"
    ] = 0.25,
    min_note_share: Annotated[float, "share of which nothing is said below"] = 0.02,
    identity_ratio: Annotated[float, "identity score from which on a kernel holds a skip"] = 1.5,
) -> Iterator[Finding | Silence]:
    """Convolutions that see nothing new: each position of their input knows the whole image.

    ## What it does
    Reports convolutions with a window whose input, even along the shortest path, has a receptive
    field as large as the image on every axis of the window, and those dilated by so much that
    only one tap of the kernel can lie on the map they read. A warning from `min_mac_share` of the
    model's MACs on, a note below, nothing below `min_note_share`. Skip connections count: what
    goes round a layer keeps the receptive field small, so most networks with them have no such
    layer.

    ## Why is this bad?
    Richter et al. find that receptive fields tell, before any training, which layers of a
    classifier will not contribute to its accuracy: those whose input sees the whole image. What
    they cost remains.

    ## Example
    VGG-16 in front of global average pooling is made for 224 pixels. On 32x32 the field has 32
    pixels in front of the seventh convolution: 7 of 13 layers, 51 % of the MACs, see nothing
    new.

    ## When to ignore it
    When the model runs on larger inputs than it was exported with. Layers with a share below
    25 % of the MACs occur in proven networks (Inception-v4). Networks with an output that is a
    map are left alone, since their layers have places to tell apart; so are gates, and networks
    whose kernels hold folded skip connections: in half of the kernels that keep channels and
    grid the taps of the identity are `identity_ratio` times the others, or the recipe says
    `reparameterized = true`. Where such weights can't be read, and the network downsamples by
    convolutions only, as RepVGG does, it is a note. The limits are house values.

    ## References
    - Richter et al., Should You Go Deeper? Optimizing Convolutional Neural Network Architectures
      without Training by Receptive Field Analysis, 2021
    - Richter et al., (Input) Size Matters for CNN Classifiers, 2021
    """
    if not facts.heads.everywhere:
        yield Silence(None, "not every output comes from a map that is pooled or flattened")
        return
    convs = [
        conv
        for conv in facts.convs
        if conv.node.key in facts.topology.trunk and not conv.pointwise and not _covers(conv)
    ]
    idle = [conv for conv in convs if _sees_all(facts, conv) or _single_tap(conv)]
    macs = total(facts.macs_of(conv.node) for conv in idle)
    share = facts.share(macs)
    found = {conv.node.key for conv in idle}
    yield from (Silence(c.node, _view(facts, c)) for c in convs if c.node.key not in found)
    if not idle:
        return
    if share is not None and share < min_note_share:
        yield Silence(None, f"{share:.1%} of the MACs see nothing new")
    elif (folded := _folded(facts, identity_ratio)) == "yes":
        reason = "kernels hold folded skip connections, which keep the receptive field small"
        yield Silence(None, reason)
    else:
        heavy = share is not None and share >= min_mac_share and folded == "no"
        severity = Severity.WARNING if heavy else Severity.NOTE
        yield _finding(facts, idle, len(convs), folded, severity)


def _folded(facts: Facts, ratio: float) -> str:
    """Return "yes", "no" or "unreadable": whether kernels hold skip connections.

    No published network of that kind has a pool before its head.
    """
    run = [facts.weighted[key] for key in facts.topology.plain_run]
    found = folded_skips(facts.model, run, ratio, told=facts.recipe.reparameterized)
    pools = any(not pool.is_global for pool in facts.pools)
    return "no" if found == "unreadable" and pools else found


def _covers(conv: Conv) -> bool:
    """Return whether a convolution is a dense layer on its whole map."""
    return conv.in_grid == conv.kernel and not any(map(sum, conv.pads))


def _sees_all(facts: Facts, conv: Conv) -> bool:
    """Return whether the input of a convolution sees the whole image along the kernel's axes."""
    reach = facts.receptive.get(conv.node.inputs[0])
    axes = [axis for axis in reach.axes if axis] if reach else []
    if len(axes) != len(conv.kernel):
        return False
    wide = [axis for axis, kernel in zip(axes, conv.kernel, strict=True) if kernel > 1]
    sizes = [facts.input_side(axis.origin) for axis in wide]
    return all(size and axis.smallest >= size for axis, size in zip(wide, sizes, strict=True))


def _view(facts: Facts, conv: Conv) -> str:
    """Return why a convolution may well see something new."""
    reach = facts.receptive.get(conv.node.inputs[0])
    if reach is None or not reach.jump:
        return "what its input sees has no bounds, or can't be followed"
    size = facts.input_sides(facts.heads.found[0])
    image = sides(size) if size else "an unknown number of"
    return f"its input sees {sides(reach.smallest)} of {image} pixels along the shortest path"


def _single_tap(conv: Conv) -> bool:
    """Return whether dilation moves the taps so far apart that only one can be on the map."""
    axes = zip(conv.in_grid or (), conv.kernel, conv.dilation, strict=False)
    spread = [rate > 1 and size <= rate for size, kernel, rate in axes if kernel > 1]
    return bool(spread) and all(spread)


def _finding(
    facts: Facts, idle: list[Conv], layers: int, folded: str, severity: Severity
) -> Finding:
    macs = total(facts.macs_of(conv.node) for conv in idle)
    share = facts.share(macs)
    weights = sum(facts.params_of(conv.node) for conv in idle)
    size = facts.input_sides(facts.heads.found[0])
    useful = facts.useful_input
    larger = f", or an input of {useful[0]} pixels and more a side" if useful else ""
    unsure = " (weights are needed to tell whether kernels hold skip connections, as in RepVGG)"
    return Finding(
        nodes=tuple(conv.node for conv in idle),
        message=(
            f"{len(idle)} of {layers} convolutions with a window "
            f"{'sees' if len(idle) == 1 else 'see'} nothing new of the "
            f"{sides(size) + ' ' if size else ''}input"
            f"{'' if share is None else f' ({share:.0%} of the MACs)'}"
            f"{unsure if folded == 'unreadable' else ''}"
        ),
        suggestion=(
            "fewer layers: without these "
            f"{'' if macs is None else f'{macs:,} MACs and '}{weights:,} weights less{larger}; "
            "needs retraining"
        ),
        evidence={
            "layers": len(idle),
            "of": layers,
            "input": size,
            "mac_share": None if share is None else round(share, 4),
            "least_useful_input": useful[0] if useful else None,
            "folded_skips": folded,
        },
        saving=Saving(macs=macs, params=weights, receptive_field=None),
        severity=severity,
    )
