"""The tools that ``peers.py`` compares: what to install, how to call, what their output says."""

import json
import re
import signal
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from child_process import Done

CONSTRAINTS = (
    "click==8.5.1",
    "networkx==3.6.1",
    "numpy==2.4.6",
    "onnx==1.23.2",
    "onnxruntime==1.32.0",
    "protobuf==7.36.2",
    "tabulate==0.10.0",
)
"""One version of what the tools share, so that they differ by their own work only."""


@dataclass(frozen=True, slots=True)
class Job:
    """A model to measure.

    Attributes:
        name: What the tables call it.
        path: The file.
        macs: The reference, None where there is none.
        shapes: Shapes of the inputs by name; empty where the file itself fixes them.
    """

    name: str
    path: Path
    macs: int | None
    shapes: dict[str, list[int]]


@dataclass(frozen=True, slots=True)
class Tool:
    """A way to call a tool.

    Attributes:
        name: The package, as the registry calls it.
        needs: Pinned requirements, the tool first; empty for cnnlint from the checkout.
        command: The command line, from the folder of the environment's programs and the job.
        shown: That command for the reader.
        macs: Reads the number of MACs in the standard output; None where the tool counts none.
        ends: Exit statuses of a run that did its work; 1 where findings give a 1.
    """

    name: str
    needs: tuple[str, ...]
    command: Callable[[Path, Job], list[str]]
    shown: str
    macs: Callable[[str], int | None] | None
    ends: frozenset[int] = frozenset({0})


SIMPLIFY = """\
import json, sys
from onnxsim import simplify
from onnxsim.model_info import ModelInfo
shapes = json.loads(sys.argv[2]) or None
model, _ = simplify(sys.argv[1], overwrite_input_shapes=shapes)
print("macs", ModelInfo(model).macs)
"""
"""The command line of onnxsim rounds its MACs to two digits; this is the call under it."""


def macs_of_cnnlint(out: str) -> int | None:
    """Read the total of a ``cnnlint-report/1``."""
    try:
        macs = json.loads(out)["models"][0]["summary"]["macs"]
    except (ValueError, LookupError):
        return None
    return macs if isinstance(macs, int) else None


def macs_of_onnxsim(out: str) -> int | None:
    """Read the last line of ``SIMPLIFY``, which is a formula where a dimension is open."""
    found = re.findall(r"^macs (\d+)$", out, re.MULTILINE)
    return int(found[-1]) if found else None


def macs_of_onnx_tool(out: str) -> int | None:
    """Read the first column of numbers in the last line of the table."""
    found = re.findall(r"^Total +(?:_ +)+([\d,]+) ", out, re.MULTILINE)
    return int(found[-1].replace(",", "")) if found else None


def macs_of_onnx_opcounter(out: str) -> int | None:
    """Read the line that gives the MACs, a float where a shape was unknown."""
    found = re.findall(r"^Number of MACs in the model: ([\d.e+]+) ", out, re.MULTILINE)
    return int(float(found[-1])) if found else None


def _cnnlint(programs: Path, job: Job) -> list[str]:
    shapes = [f"--input-shapes={n}:{','.join(map(str, s))}" for n, s in job.shapes.items()]
    command = [str(programs / "cnnlint"), "check", str(job.path), "--isolated"]
    return [*command, "--format=json", *shapes]


def _onnxsim(programs: Path, job: Job) -> list[str]:
    return [str(programs / "python"), "-c", SIMPLIFY, str(job.path), json.dumps(job.shapes)]


def _onnx_tool(programs: Path, job: Job) -> list[str]:
    shapes = [f"{name}:f32:{'x'.join(map(str, dims))}" for name, dims in job.shapes.items()]
    command = [str(programs / "python"), "-m", "onnx_tool", "-i", str(job.path)]
    return [*command, *(["-d", *shapes] if shapes else [])]


def _onnx_opcounter(programs: Path, job: Job) -> list[str]:
    return [str(programs / "onnx_opcounter"), "--calculate-macs", str(job.path)]


def _onnx_doctor(programs: Path, job: Job) -> list[str]:
    return [str(programs / "onnx-doctor"), "check", str(job.path)]


def _polygraphy(programs: Path, job: Job) -> list[str]:
    shapes = [f"{name}:{dims}".replace(" ", "") for name, dims in job.shapes.items()]
    command = [str(programs / "polygraphy"), "check", "lint", str(job.path)]
    return [*command, *(["--input-shapes", *shapes] if shapes else [])]


TOOLS = (
    Tool(
        name="cnnlint",
        needs=(),
        command=_cnnlint,
        shown="cnnlint check MODEL --format json",
        macs=macs_of_cnnlint,
        ends=frozenset({0, 1}),
    ),
    Tool(
        name="onnxsim",
        needs=("onnxsim==0.8.1",),
        command=_onnxsim,
        shown="ModelInfo(simplify(MODEL)[0]).macs",
        macs=macs_of_onnxsim,
    ),
    Tool(
        name="onnx-tool",
        needs=("onnx-tool==1.0.1",),
        command=_onnx_tool,
        shown="python -m onnx_tool -i MODEL",
        macs=macs_of_onnx_tool,
    ),
    Tool(
        name="onnx-opcounter",
        needs=("onnx-opcounter==0.0.4", "onnxruntime"),  # imports it without asking for it
        command=_onnx_opcounter,
        shown="onnx_opcounter --calculate-macs MODEL",
        macs=macs_of_onnx_opcounter,
    ),
    Tool(
        name="onnx-doctor",
        needs=("onnx-doctor==0.2.0",),
        command=_onnx_doctor,
        shown="onnx-doctor check MODEL",
        macs=None,
        ends=frozenset({0, 1}),
    ),
    Tool(
        name="polygraphy",
        needs=("polygraphy==0.53.6", "onnx", "onnxruntime", "onnx-graphsurgeon==0.6.1"),
        command=_polygraphy,
        shown="polygraphy check lint MODEL",
        macs=None,
        ends=frozenset({0, 1}),
    ),
)


def failure(tool: Tool, done: Done, timeout_s: float) -> str:
    """Say in a few words why a run did not do its work; empty where it did."""
    if done.timed_out:
        return f"stopped after {timeout_s:.0f} s"
    if done.code < 0:
        return f"killed by {signal.Signals(-done.code).name}"
    exceptions = re.findall(
        r"^Traceback \(most recent call last\):\n(?:[ \t].*\n|\n)*([\w.]+)",
        done.err + done.out,
        re.MULTILINE,
    )
    if exceptions:
        return f"{exceptions[-1].rpartition('.')[2]}, exit {done.code}"
    return "" if done.code in tool.ends else f"exit {done.code}"
