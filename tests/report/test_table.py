"""The table that people read, whole."""
# ruff: noqa: E501  (a table is as wide as it is)

from typing import Any

from cnnlint.facts.facts import Facts
from cnnlint.report.describe import layer_rows, summary
from cnnlint.report.report import Failure, ModelReport, Report
from cnnlint.report.table import render_table
from cnnlint.report.view import View, arranged
from tests.net import Net
from tests.report.rows import latency


def shown(net: Net, view: View | None = None, **fields: Any) -> str:
    facts = Facts(net.model())
    view = view or View()
    model = ModelReport(
        "net.onnx", summary=summary(facts, thorough=True), layers=layer_rows(facts), **fields
    )
    return render_table(Report("0", (arranged(model, view),)), view.top)


NET = (
    Net(3, 8)
    .conv(4, 3, name="stem.conv")
    .relu()
    .conv(8, 3, stride=2, groups=2, dilation=2, name="stem.down")
    .gap()
    .flatten()
    .dense(10, name="head.fc")
)


def test_layers() -> None:
    assert (
        shown(NET)
        == """\
layer               op                 kernel             in      out    MACs    FLOPs    params    activations    RF
------------------  -----------------  ------------  -------  -------  ------  -------  --------  -------------  ----
stem.conv           Conv               3x3           1x3x8x8  1x4x8x8   6,912   14,080       112        1.0 KiB   3x3
relu1               Relu                             1x4x8x8  1x4x8x8       0      256         0        1.0 KiB   3x3
stem.down           Conv               3x3 s2 d2 g2  1x4x8x8  1x8x4x4   2,304    4,736       152          512 B   7x7
globalaveragepool3  GlobalAveragePool  4x4           1x8x4x4  1x8x1x1       0      128         0           32 B
flatten4            Flatten                          1x8x1x1      1x8       0        0         0           32 B
head.fc             Gemm                                 1x8     1x10      80      170        90           40 B
total               6 layers                                            9,296   19,370       354        2.6 KiB   7x7

net.onnx: input 1x3x8x8
  1 MAC = one multiply-add; FLOPs = 2 x MACs + element-wise operations
  memory: peak activations 1.5 KiB at stem.down (2 tensors alive), weights 1.4 KiB; moves 7.2 KiB, 2.6 FLOPs/byte
  useful input size 4-7
"""
    )


def test_top() -> None:
    assert (
        shown(NET, View("macs", 2))
        == """\
layer       op        kernel             in      out    MACs    FLOPs    params    activations    RF
----------  --------  ------------  -------  -------  ------  -------  --------  -------------  ----
stem.conv   Conv      3x3           1x3x8x8  1x4x8x8   6,912   14,080       112        1.0 KiB   3x3
stem.down   Conv      3x3 s2 d2 g2  1x4x8x8  1x8x4x4   2,304    4,736       152          512 B   7x7
(4 others)                                                80      554        90        1.1 KiB
total       6 layers                                   9,296   19,370       354        2.6 KiB   7x7

net.onnx: input 1x3x8x8
  1 MAC = one multiply-add; FLOPs = 2 x MACs + element-wise operations
  memory: peak activations 1.5 KiB at stem.down (2 tensors alive), weights 1.4 KiB; moves 7.2 KiB, 2.6 FLOPs/byte
  useful input size 4-7
"""
    )


def test_modules() -> None:
    assert (
        shown(NET, View(depth=1))
        == """\
module                layers    MACs    share    FLOPs    params    activations
------------------  --------  ------  -------  -------  --------  -------------
stem                       2   9,216   99.1 %   18,816       264        1.5 KiB
relu1                      1       0    0.0 %      256         0        1.0 KiB
globalaveragepool3         1       0    0.0 %      128         0           32 B
flatten4                   1       0    0.0 %        0         0           32 B
head                       1      80    0.9 %      170        90           40 B
total                      6   9,296            19,370       354        2.6 KiB

net.onnx: input 1x3x8x8
  1 MAC = one multiply-add; FLOPs = 2 x MACs + element-wise operations
  memory: peak activations 1.5 KiB at stem.down (2 tensors alive), weights 1.4 KiB; moves 7.2 KiB, 2.6 FLOPs/byte
  useful input size 4-7
"""
    )


def test_top_modules_with_times() -> None:
    fields = {"latency": latency(2.0), "layer_times": {"(between kernels)": 0.5}}
    assert (
        shown(NET, View("macs", 1, 1), **fields)
        == """\
module               layers    MACs    share    FLOPs    params    activations     ms
-----------------  --------  ------  -------  -------  --------  -------------  -----
stem                      2   9,216   99.1 %   18,816       264        1.5 KiB
(4 others)                4      80    0.9 %      554        90        1.1 KiB
(between kernels)                                                               0.500
total                     6   9,296            19,370       354        2.6 KiB  2.000

net.onnx: input 1x3x8x8
  1 MAC = one multiply-add; FLOPs = 2 x MACs + element-wise operations
  memory: peak activations 1.5 KiB at stem.down (2 tensors alive), weights 1.4 KiB; moves 7.2 KiB, 2.6 FLOPs/byte
  useful input size 4-7
  latency: 2.000 ms median, 95 % interval 2.000 to 2.000 ms (quiet, 100 runs)
           min 2.000, IQR 0.000 ms; 500.0 items/s at batch 1
           CPUExecutionProvider on a CPU, 1 thread, float32, real weights
"""
    )


def test_lower_bound() -> None:
    net = Net(4, 8).conv(4, name="a.conv").op("Wavelet", domain="acme", name="a").relu()
    assert (
        shown(net, View(depth=1))
        == """\
module      layers     MACs    share    FLOPs    params    activations
--------  --------  -------  -------  -------  --------  -------------
a                2  >=9,216  100.0 %        ?       148              ?
relu2            1        0    0.0 %        ?         0              ?
total            3  >=9,216                 ?       148              ?

net.onnx: input 1x4x8x8
  1 MAC = one multiply-add; FLOPs = 2 x MACs + element-wise operations
  memory: peak activations ?, weights 592 B; moves ?
  useful input size 2-3
  = note: acme:Wavelet (1 node) is not counted, so all totals are lower bounds; where the shapes behind it are unknown, no rule looked: export with standard operators, or store the shapes in the file
"""
    )


def test_top_of_all_folds_nothing() -> None:
    assert "other" not in shown(NET, View("macs", 6))
    assert "(1 other) " in shown(NET, View("macs", 5))


def test_a_failure_has_no_table() -> None:
    failed = ModelReport("n", failure=Failure("empty", "empty", ""))
    assert render_table(Report("0", (failed,))) == ""
