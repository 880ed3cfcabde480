from fractions import Fraction

from cnnlint.facts.remedies.finer import finer_stem, more_macs_without_end
from tests.net import Net


def net(*, finer: bool) -> Net:
    """Build a network on 48x48 with or without downsampling at its start."""
    start = Net(3, 48, batch=2)
    start = start.conv(8) if finer else start.conv(8, 5, stride=2).relu().pool()
    return start.conv(8).conv(16, stride=2).conv(16).mark("x").gap().conv(4, 1).gap()


def test_finer_stem() -> None:
    before, after = net(finer=False).facts(), net(finer=True).facts()
    assert before.entry is not None
    stem = finer_stem(before.entry, before.paced)
    assert stem is not None
    assert (stem.kernel, stem.weights) == ((3, 3), 9 * 3 * 8)
    assert before.macs is not None
    assert before.macs + stem.more_macs == after.macs


def test_costs_that_grow_with_maps() -> None:
    start = Net(3, 16).conv(4).relu().pool()
    assert start.conv(4).gap().conv(9, 1).facts().rescalable
    assert start.conv(4).gap().flatten().dense(9).facts().rescalable
    assert not start.pool(8, 8).conv(9, 3).facts().rescalable
    attention = start.mark("x").op("Transpose", perm=[0, 1, 3, 2])
    assert not attention.op("MatMul", start.last).facts().rescalable
    assert not start.op("Wavelet", domain="acme").conv(4, 1).facts().rescalable


def test_layers_over_tokens_grow_too() -> None:
    net = Net(3, 16).conv(4, 4, stride=4, pad=0).op("Transpose", perm=[0, 2, 3, 1])
    facts = net.shaped("w", 4, 8).op("MatMul", "w").facts()
    assert [(paced.macs, tuple(map(int, paced.jump))) for paced in facts.paced] == [
        (4 * 4 * 4 * 48, (4, 4)),
        (4 * 4 * 4 * 8, (4, 4)),
    ]


def test_finer_stem_of_unknown_size() -> None:
    facts = Net(3, 32).op("Wavelet", domain="acme").conv(8, 3).facts()
    assert facts.entry is None


def test_fewer_steps_at_the_end() -> None:
    def built(stride: int) -> Net:
        start = Net(3, 48).conv(8, stride=2)
        return start.conv(8, stride=stride).conv(16).conv(16, stride=stride).gap().conv(4, 1)

    before, after = built(2).facts(), built(1).facts()
    assert before.macs is not None
    more = more_macs_without_end(before.paced, (Fraction(2), Fraction(2)))
    assert before.macs + more == after.macs
