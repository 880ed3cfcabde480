"""What the benchmark reads in the output of the tools; the texts are theirs, abridged."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from child_process import Done
from peer_tools import (
    TOOLS,
    Job,
    failure,
    macs_of_cnnlint,
    macs_of_onnx_opcounter,
    macs_of_onnx_tool,
    macs_of_onnxsim,
)

TOOL_BY_NAME = {tool.name: tool for tool in TOOLS}
FINE = Done(cpu_s=1.0, peak_mib=50.0, code=0, out="", err="", timed_out=False)
ONNX_TOOL_SAYS = """\
Name                 Type   Forward_MACs    FPercent
/fc/Gemm             Gemm   513,000         0.03%
Total                _      1,821,452,264   100%       69,727,552  100%  _  _
"""
OPCOUNTER_CRASH = """\
Traceback (most recent call last):
  File "bin/onnx_opcounter", line 8, in <module>
    sys.exit(main())
             ^^^^^^
  File "onnx_opcounter/cli.py", line 19, in main
    print('Number of MACs in the model: {}'.format(macs), "log10:", math.log10(macs))
                                                                    ^^^^^^^^^^^^^^^^
ValueError: math domain error
"""


@pytest.mark.parametrize(
    ("read", "out", "macs"),
    [
        (
            macs_of_onnx_tool,
            ONNX_TOOL_SAYS,
            1_821_452_264,
        ),
        (
            macs_of_onnx_tool,
            "Total                _      _     _    _    1,821,452,264  100%  69,727,552  100%\n",
            1_821_452_264,
        ),
        (macs_of_onnx_tool, "ValueError: The input tensor input's shape is not valid\n", None),
        (
            macs_of_onnx_opcounter,
            "Number of MACs in the model: 1817335808 log10: 9.25943518382229\n",
            1_817_335_808,
        ),
        (
            macs_of_onnx_opcounter,
            "Number of MACs in the model: 253831670.0 log10: 8.404545807073784\n",
            253_831_670,
        ),
        (macs_of_onnx_opcounter, "Number of parameters in the model: 76576.0\n", None),
        (macs_of_onnxsim, "macs 1814073344\n", 1_814_073_344),
        (macs_of_onnxsim, "macs 9762816*batch\n", None),
        (macs_of_cnnlint, '{"models": [{"summary": {"macs": 1814073344}}]}', 1_814_073_344),
        (macs_of_cnnlint, '{"models": [{"summary": {"macs": null}}]}', None),
        (macs_of_cnnlint, '{"models": [{"status": "error"}]}', None),
        (macs_of_cnnlint, "", None),
    ],
)
def test_macs_are_read(read: Callable[[str], int | None], out: str, macs: int | None) -> None:
    assert read(out) == macs


@pytest.mark.parametrize(
    ("name", "done", "why"),
    [
        ("onnxsim", FINE, ""),
        ("onnxsim", replace(FINE, code=1), "exit 1"),
        ("cnnlint", replace(FINE, code=1), ""),
        ("cnnlint", replace(FINE, code=2), "exit 2"),
        ("onnx-doctor", replace(FINE, code=1, err=OPCOUNTER_CRASH), "ValueError, exit 1"),
        (
            "onnxsim",
            replace(FINE, err="Traceback (most recent call last):\n  File\nonnx.E.ModelError: x"),
            "ModelError, exit 0",
        ),
        ("onnxsim", replace(FINE, code=-11), "killed by SIGSEGV"),
        ("onnxsim", replace(FINE, code=-9, timed_out=True), "stopped after 120 s"),
    ],
)
def test_failure_is_named(name: str, done: Done, why: str) -> None:
    assert failure(TOOL_BY_NAME[name], done, 120.0) == why


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("cnnlint", "--input-shapes=x:1,3,8,8"),
        ("onnxsim", '{"x": [1, 3, 8, 8]}'),
        ("onnx-tool", "x:f32:1x3x8x8"),
        ("polygraphy", "x:[1,3,8,8]"),
    ],
)
def test_open_inputs_are_given_in_the_words_of_the_tool(name: str, shown: str) -> None:
    job = Job("net", Path("net.onnx"), None, {"x": [1, 3, 8, 8]})
    assert TOOL_BY_NAME[name].command(Path("bin"), job)[-1] == shown
    fixed = TOOL_BY_NAME[name].command(Path("bin"), replace(job, shapes={}))
    assert shown not in fixed


def test_only_cnnlint_comes_from_the_checkout() -> None:
    assert [tool.name for tool in TOOLS if not tool.needs] == ["cnnlint"]
    for tool in TOOLS[1:]:
        assert tool.needs[0].startswith(f"{tool.name}=="), json.dumps(tool.needs)
