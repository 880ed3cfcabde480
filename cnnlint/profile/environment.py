"""Where and with what a measurement was taken, so that it can be read later."""

import os
import platform
from collections.abc import Mapping
from pathlib import Path
from time import get_clock_info
from types import ModuleType

from cnnlint.profile.devices import distributions
from cnnlint.profile.session import SETTINGS


def describe(runtime: ModuleType, threads: int, seed: int) -> dict[str, object]:
    """Return software, machine and settings; JSON types, None for what can't be told here."""
    clock = get_clock_info("perf_counter")
    packages = distributions()
    return {
        "onnxruntime": runtime.__version__,
        "distributions": packages,
        "conflict": conflict(packages),
        "provider_options": {},
        "session_options": {
            "graph_optimization_level": "all",
            "intra_op_num_threads": threads,
            "inter_op_num_threads": 1,
            **SETTINGS,
        },
        "python": platform.python_version(),
        "os": platform.platform(),
        "cpu": cpu_name(cpuinfo()),
        "cores": os.cpu_count(),
        "affinity": affinity(),
        "load_average": load_average(),
        "virtualised": virtualised(cpuinfo()),
        "seed": seed,
        "clock": {"name": clock.implementation, "resolution_s": clock.resolution},
    }


def conflict(packages: Mapping[str, str]) -> str | None:
    """Return what is wrong with an environment that holds several onnxruntimes, else None."""
    if len(packages) < 2:
        return None
    names = " and ".join(packages)
    return f"{names} are installed over each other: uninstall all of them, then install one"


def cpuinfo() -> Mapping[str, str]:
    """Return what Linux says of the first CPU; empty elsewhere."""
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return {}
    first = text.strip().split("\n\n")[0]
    pairs = (line.partition(":") for line in first.splitlines())
    return {key.strip(): value.strip() for key, _, value in pairs}


def cpu_name(info: Mapping[str, str]) -> str:
    """Return the model name of the CPU, or as much as can be told."""
    name = info.get("model name") or platform.processor() or platform.machine()
    return name or "unknown CPU"


def virtualised(info: Mapping[str, str]) -> bool | None:
    """Tell whether a hypervisor runs this machine; None where it can't be told."""
    return "hypervisor" in info["flags"].split() if "flags" in info else None


def affinity() -> list[int] | None:
    """Return the CPUs that this process may use."""
    if not hasattr(os, "sched_getaffinity"):
        return None
    return sorted(os.sched_getaffinity(0))


def load_average() -> list[float] | None:
    """Return the mean number of runnable processes over 1, 5 and 15 minutes."""
    try:
        return [round(load, 2) for load in os.getloadavg()]
    except (AttributeError, OSError):
        return None
