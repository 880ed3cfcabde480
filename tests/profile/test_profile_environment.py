"""What is said of the machine and the software, and what when onnxruntime is not there."""

import builtins
import json
import os
import platform
import subprocess
import sys
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError
from pathlib import Path
from types import ModuleType

import pytest

from cnnlint.errors import ProfileError
from cnnlint.profile import devices, environment
from cnnlint.profile.devices import distributions, require_runtime
from cnnlint.profile.environment import conflict, cpu_name, cpuinfo, describe, virtualised


def test_onnxruntime_is_found() -> None:
    assert require_runtime().__name__ == "onnxruntime"
    assert any(name.startswith("onnxruntime") for name in distributions())


def refused(monkeypatch: pytest.MonkeyPatch, result: ModuleType | Exception) -> ProfileError:
    def load(_: str) -> ModuleType:
        if isinstance(result, Exception):
            raise result
        return result

    monkeypatch.setattr(devices, "import_module", load)
    with pytest.raises(ProfileError) as caught:
        require_runtime()
    return caught.value


def test_without_onnxruntime_the_install_line_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    error = refused(monkeypatch, ModuleNotFoundError("no", name="onnxruntime"))
    assert error.cause == "onnxruntime is not installed"
    assert "pip install 'cnnlint[cpu]'" in error.cure
    assert "--static" in error.cure
    assert error.exit_code == 2


@pytest.mark.parametrize(
    "reason",
    [
        ModuleNotFoundError("no flatbuffers", name="flatbuffers"),
        ImportError("no flatbuffers"),
        ImportError("no flatbuffers", name="onnxruntime"),
    ],
)
def test_an_onnxruntime_that_cannot_be_imported(
    monkeypatch: pytest.MonkeyPatch, reason: ImportError
) -> None:
    assert refused(monkeypatch, reason).cause == "onnxruntime can't be imported: no flatbuffers"


def test_what_an_uninstalled_onnxruntime_leaves_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    error = refused(monkeypatch, ModuleType("onnxruntime"))
    assert error.cause == "onnxruntime is installed only in part"


def installed(monkeypatch: pytest.MonkeyPatch, found: Mapping[str, str]) -> None:
    def version(name: str) -> str:
        if name not in found:
            raise PackageNotFoundError(name)
        return found[name]

    monkeypatch.setattr(devices, "version", version)


def test_two_runtimes_in_one_environment_are_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    found = {"onnxruntime": "1.32.0", "onnxruntime-gpu": "1.31.0"}
    installed(monkeypatch, found)
    assert distributions() == found
    said = conflict(found)
    assert said is not None
    assert said.startswith("onnxruntime and onnxruntime-gpu are installed over each other")
    assert describe(require_runtime(), 1, 0)["conflict"] == said


@pytest.mark.parametrize("found", [{}, {"onnxruntime-gpu": "1.31.0"}])
def test_one_runtime_is_no_conflict(found: dict[str, str]) -> None:
    assert conflict(found) is None


def test_the_environment_is_plain_json_and_complete() -> None:
    said = describe(require_runtime(), 3, 7)
    assert json.loads(json.dumps(said)) == said
    assert said["onnxruntime"] == require_runtime().__version__
    assert said["seed"] == 7
    assert said["cores"] == os.cpu_count()
    assert said["python"] == ".".join(map(str, sys.version_info[:3]))
    options = said["session_options"]
    assert isinstance(options, dict)
    assert options["intra_op_num_threads"] == 3
    assert options["session.intra_op.allow_spinning"] == "0"
    for key in ("os", "cpu", "clock", "distributions"):
        assert said[key]


CPUINFO = """processor\t: 0
model name\t: Fast: 3000
flags\t\t: fpu hypervisor sse

processor\t: 1
model name\t: Other
"""


def test_cpuinfo_is_that_of_the_first_cpu(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "cpuinfo"
    file.write_text(CPUINFO)
    monkeypatch.setattr(environment, "Path", lambda _: file)
    info = cpuinfo()
    assert info == {"processor": "0", "model name": "Fast: 3000", "flags": "fpu hypervisor sse"}
    file.unlink()
    assert cpuinfo() == {}


@pytest.mark.parametrize(
    ("flags", "answer"), [("fpu hypervisor sse", True), ("fpu hypervisors", False)]
)
def test_virtualised(flags: str, *, answer: bool) -> None:
    assert virtualised({"flags": flags}) is answer
    assert virtualised({}) is None


def test_the_name_of_the_cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    assert cpu_name({"model name": "Fast 3000"}) == "Fast 3000"
    monkeypatch.setattr(platform, "processor", lambda: "arm")
    assert cpu_name({}) == "arm"
    monkeypatch.setattr(platform, "processor", lambda: "")
    monkeypatch.setattr(platform, "machine", lambda: "aarch64")
    assert cpu_name({}) == "aarch64"
    monkeypatch.setattr(platform, "machine", lambda: "")
    assert cpu_name({}) == "unknown CPU"


def test_what_this_system_cannot_tell_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    monkeypatch.delattr(os, "getloadavg", raising=False)
    assert environment.affinity() is None
    assert environment.load_average() is None


def test_a_load_that_cannot_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise OSError

    monkeypatch.setattr(os, "getloadavg", fail, raising=False)
    assert environment.load_average() is None


def test_affinity_is_sorted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {3, 1, 2}, raising=False)
    assert environment.affinity() == [1, 2, 3]


def test_importing_the_room_imports_nothing_heavy() -> None:
    script = (
        "import sys, cnnlint.profile.run; "
        "print({'onnx', 'onnxruntime', 'numpy', 'networkx'} & set(sys.modules))"
    )
    done = subprocess.run(  # noqa: S603  (this interpreter)
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == repr(builtins.set())
