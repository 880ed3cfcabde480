"""Which onnxruntime is here; it is an extra, so that the right build can be chosen."""

from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from types import ModuleType

from cnnlint.errors import ProfileError

CPU = "CPUExecutionProvider"

DISTRIBUTIONS = (
    "onnxruntime",
    "onnxruntime-gpu",
    "onnxruntime-openvino",
    "onnxruntime-directml",
    "onnxruntime-qnn",
    "onnxruntime-rocm",
    "onnxruntime-migraphx",
    "onnxruntime-training",
    "onnxruntime-windowsml",
    "ort-nightly",
    "ort-nightly-gpu",
)
"""Packages that all install the module ``onnxruntime``, over each other."""


INSTALL = "pip install 'cnnlint[cpu]' (or [gpu], [openvino]), or use --static"


def require_runtime() -> ModuleType:
    """Import onnxruntime.

    Raises:
        ProfileError: it is not installed, or not in a state in which it can be used.
    """
    try:
        runtime = import_module("onnxruntime")
    except ImportError as error:
        if isinstance(error, ModuleNotFoundError) and error.name == "onnxruntime":
            raise ProfileError("onnxruntime is not installed", INSTALL) from error
        raise ProfileError(f"onnxruntime can't be imported: {error}", INSTALL) from error
    if not hasattr(runtime, "InferenceSession"):  # what uninstalling one of two leaves behind
        raise ProfileError(
            "onnxruntime is installed only in part", "pip uninstall it, then install it again"
        )
    return runtime


def distributions() -> dict[str, str]:
    """Return the installed packages that provide onnxruntime, with their versions.

    More than one is a broken environment: the last one installed has overwritten the others.
    """
    found = {}
    for name in DISTRIBUTIONS:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
