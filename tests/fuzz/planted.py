"""Faults planted on purpose; a worker process imports them by name."""

import os
import signal
import time
from pathlib import Path

import onnx
from google.protobuf.message import DecodeError

from fuzz.target import MEMORY, Fault, examine


def fine(_data: bytes, _folder: Path) -> Fault | None:
    return None


def odd_relu(data: bytes, _folder: Path) -> Fault | None:
    """Fail where there is a Relu in what parses."""
    try:
        ops = {node.op_type for node in onnx.ModelProto.FromString(data).graph.node}
    except DecodeError:
        return None
    return Fault("Odd at relu.py:1", "a Relu") if "Relu" in ops else None


def hangs(data: bytes, folder: Path) -> Fault | None:
    """Use the processor without end."""

    def spin(_file: Path) -> None:
        while True:
            pass

    return examine(data, folder, spin) if data == b"bad" else None


def sleeps(data: bytes, _folder: Path) -> Fault | None:
    """Wait for something that never comes."""
    if data == b"bad":
        time.sleep(60)
    return None


def dies(data: bytes, _folder: Path) -> Fault | None:
    """Crash as native code does."""
    if data == b"bad":
        os.kill(os.getpid(), signal.SIGKILL)
    return None


def devours(data: bytes, folder: Path) -> Fault | None:
    """Ask for more memory than there may be."""

    def allocate(_file: Path) -> None:
        bytes(MEMORY)

    return examine(data, folder, allocate) if data == b"bad" else None
