"""CPU time, peak memory and error in MACs of cnnlint and of the tools that it is compared with.

usage: python benchmarks/peers.py [--corpus FOLDER] [--models FILE...] [--all] [--big]
                                  [--repeat 3] [--minutes 10] [--cache FOLDER]
                                  [--write docs/peers.md]

Every tool gets a virtual environment of its own (needs pip and a package index) and every run is
a fresh process. The corpus is a folder with ``*/table.csv``, whose ``macs`` is the reference;
missing weights are made of zeros, for all tools alike. Tables go to standard output or, with
--write, between the marks in a page; progress goes to standard error.
"""

import argparse
import copy
import csv
import datetime as dt
import json
import os
import platform
import re
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from child_process import FLOOR, Done, run
from peer_tables import Result, Results, cpu_by_model, macs_by_model, peak_by_model, summary, table
from peer_tools import CONSTRAINTS, TOOLS, Job, Tool, failure

ROOT = Path(__file__).parents[1]
SAMPLE = 20
SHOWN = (
    "resnet18.ts",
    "resnet50.ts_dyn",
    "densenet121.ts",
    "efficientnet_b0.ts",
    "shufflenet_v2_x1_0.ts",
    "swin_t.ts",
)
"""Models shown one by one: plain, open input, dense, SiLU, computed shapes, attention."""
RESNET_BLOCKS, CHAIN_LENGTH = 600, 100_000
INSTALL_S = 600.0
ENOUGH_CPU_S = 10.0
"""A run this long is not repeated: its noise is small beside what is compared."""


@dataclass(frozen=True, slots=True)
class Environment:
    """Where a tool is installed: its programs, versions, and why it is not there, if so."""

    programs: Path
    versions: dict[str, str]
    failed: str


def main() -> int:
    """Measure everything and write the tables; 1 where cnnlint could not do its work."""
    arguments = _parser().parse_args()
    page: Path | None = arguments.write
    if page and not MARKS.search(page.read_text(encoding="utf-8")):
        sys.exit(f"{page} has no marks to write between")
    text, fine = compare(arguments)
    if page:
        old = page.read_text(encoding="utf-8")
        new = MARKS.sub(lambda found: f"{found[1]}\n{text}\n{found[2]}", old)
        page.write_text(new, encoding="utf-8")
    else:
        print(text)
    return int(not fine)


def compare(arguments: argparse.Namespace) -> tuple[str, bool]:
    """Return the tables in Markdown, and whether cnnlint did its work on every model."""
    load = os.getloadavg()[0]
    rows = references(arguments.corpus)
    sample = choose(rows, arguments.models, None if arguments.all else SAMPLE)
    singles = [row for row in rows if row.path.stem in SHOWN]
    with _folder(arguments.cache) as cache, _folder(None) as work:
        environments = {tool.name: install(tool, cache) for tool in TOOLS}
        python = environments["cnnlint"].programs / "python"
        if environments["cnnlint"].failed:
            sys.exit(f"cnnlint: {environments['cnnlint'].failed}")
        jobs = prepare(python, list(dict.fromkeys([*sample, *singles])), work)
        big = make_big(python, arguments.corpus, rows, work) if arguments.big else []
        every = [*jobs.values(), *big]
        results, floor = measure(every, environments, work, arguments)
    parts = [
        machine(load),
        method(arguments, floor),
        tools_table(environments),
        f"### {len(sample)} of the {len(rows)} models of the corpus",
        summary(TOOLS, [jobs[row] for row in sample], results),
        *one_by_one([*(jobs[row] for row in singles), *big], results),
    ]
    fine = not any(results["cnnlint", job.name].failed for job in every)
    return "\n\n".join(parts), fine


MARKS = re.compile(r"(<!-- peers: generated -->).*?(<!-- peers: end -->)", re.DOTALL)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    add = parser.add_argument
    corpus = ROOT.parent / "shared" / "corpus"
    add("--corpus", type=Path, default=corpus, help="folder of table.csv files [../shared/corpus]")
    add("--models", nargs="+", default=[], metavar="FILE", help="files of the corpus, by name")
    add("--all", action="store_true", help=f"all models instead of a sample of {SAMPLE}")
    add("--big", action="store_true", help="make big models, too (600 MB)")
    add("--repeat", type=int, default=3, help="runs of each tool on each model [3]")
    add("--minutes", type=float, default=10.0, help="no second run after so many [10]")
    add("--timeout", type=float, default=120.0, help="seconds until a run is stopped [120]")
    add("--cache", type=Path, help="folder that keeps the environments [a temporary one]")
    add("--write", type=Path, metavar="PAGE", help="renew the tables in this page")
    return parser


@contextmanager
def _folder(kept: Path | None) -> Iterator[Path]:
    """Give the folder that the user names, or one that goes away."""
    if kept is not None:
        kept.mkdir(parents=True, exist_ok=True)
        yield kept.resolve()
        return
    with tempfile.TemporaryDirectory(prefix="peers-") as folder:
        yield Path(folder)


def say(text: str) -> None:
    """Report progress."""
    print(text, file=sys.stderr, flush=True)


# Environments


def install(tool: Tool, cache: Path) -> Environment:
    """Make the environment of a tool, or take the one in the cache if it needs the same.

    cnnlint's own is always new: it is built from this checkout, as a wheel.
    """
    folder = cache / tool.name
    constraints, stamp = cache / "constraints.txt", folder / "installed.txt"
    constraints.write_text("\n".join(CONSTRAINTS), encoding="utf-8")
    wanted = "\n".join([sys.version, *tool.needs, *CONSTRAINTS])
    pip = [str(folder / "bin" / "python"), "-m", "pip", "--disable-pip-version-check"]
    if not tool.needs or not stamp.is_file() or stamp.read_text(encoding="utf-8") != wanted:
        say(f"installing {' '.join(tool.needs) or tool.name}")
        for command in (
            [sys.executable, "-m", "venv", "--clear", str(folder)],
            [*pip, "install", "--quiet", "-c", str(constraints), *(tool.needs or [str(ROOT)])],
        ):
            done = run(command, timeout_s=INSTALL_S)
            if done.code:
                errors = [line for line in done.err.splitlines() if line.startswith("ERROR")]
                why = errors[-1] if errors else f"exit {done.code} of {' '.join(command[:4])}"
                return Environment(folder / "bin", {}, f"not installed: {why}")
        stamp.write_text(wanted, encoding="utf-8")
    listed = json.loads(run([*pip, "list", "--format", "json"]).out)
    return Environment(folder / "bin", {_plain(p["name"]): p["version"] for p in listed}, "")


def _plain(name: str) -> str:
    """Spell the name of a package as the registry does (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


# Models


@dataclass(frozen=True, slots=True)
class Reference:
    """A line of a ``table.csv``: the model, its MACs, and the shapes of its inputs in order."""

    path: Path
    macs: int
    shapes: tuple[tuple[int, ...], ...]


def references(corpus: Path) -> list[Reference]:
    """Read the models that have a reference. Exits where there are none."""
    found = []
    for listed in sorted(corpus.glob("*/table.csv")):
        with listed.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                path = listed.parent / row["file"]
                if row["macs"] and path.is_file():
                    shapes = tuple(map(tuple, json.loads(row["input_shape"])))
                    found.append(Reference(path.resolve(), int(row["macs"]), shapes))
    if not found:
        sys.exit(f"{corpus} holds no table.csv with models: name the corpus with --corpus")
    return found


def choose(rows: list[Reference], names: Sequence[str], count: int | None) -> list[Reference]:
    """Take the rows of these file names, or ``count`` spread evenly over the list, or all.

    Exits where a name is unknown.
    """
    if unknown := set(names) - {row.path.name for row in rows}:
        sys.exit(f"not in the corpus: {', '.join(sorted(unknown))}")
    if names:
        return [row for row in rows if row.path.name in names]
    count = min(count or len(rows), len(rows))
    return [rows[i * len(rows) // count] for i in range(count)]


def prepare(python: Path, rows: list[Reference], work: Path) -> dict[Reference, Job]:
    """Copy the models, with zeros for weights, and look where their inputs are open."""
    script = Path(__file__).with_name("fill_weights.py")
    command = [str(python), str(script), str(work / "models"), *(str(r.path) for r in rows)]
    done = run(command)
    if done.code:
        sys.exit(f"can't copy the models: {done.err}")
    jobs = {}
    for row, line in zip(rows, done.out.splitlines(), strict=True):
        said = json.loads(line)
        known = {name: list(s) for name, s in zip(said["inputs"], row.shapes, strict=True)}
        is_open = any(isinstance(dim, str) for dims in said["inputs"].values() for dim in dims)
        shapes = known if is_open else {}
        name = f"{row.path.parent.name}/{row.path.stem}"
        jobs[row] = Job(name, Path(said["path"]), row.macs, shapes)
    return jobs


def make_big(python: Path, corpus: Path, rows: list[Reference], work: Path) -> list[Job]:
    """Let the corpus' script write the big models, with real weights inside."""
    vgg16 = next((row.macs for row in rows if row.path.stem == "vgg16.ts"), None)
    pixels, width, window = 32 * 32, 16, 3 * 3
    resnet = pixels * window * width * (3 + 2 * RESNET_BLOCKS * width)
    wanted: list[tuple[str, list[str], int | None]] = [
        ("VGG-16, 553 MB inline", ["vgg16"], vgg16),
        (f"{CHAIN_LENGTH:,} Relu in a row", ["chain", str(CHAIN_LENGTH)], 0),
        (f"ResNet of {RESNET_BLOCKS} blocks", ["resnet", str(RESNET_BLOCKS)], resnet),
    ]
    jobs = []
    for name, how, macs in wanted:
        say(f"making {name}")
        path = work / f"{how[0]}.onnx"
        done = run([str(python), str(corpus / "make_big.py"), *how, str(path)])
        if done.code:
            sys.exit(f"can't make {name}: {done.err}")
        jobs.append(Job(name, path, macs, {}))
    return jobs


# Measuring


def measure(
    jobs: list[Job],
    environments: dict[str, Environment],
    folder: Path,
    limits: argparse.Namespace,
) -> tuple[Results, Result]:
    """Run every tool on every model, and the imports alone once in each round of a model.

    Every model has one round; further ones, as long as ``limits`` allows, come after all
    models, so that a moment in which the machine is busy hits each model once at most.
    ``folder`` is where the processes run, since some leave files behind. The second thing
    returned is the imports alone.
    """
    results = {
        (tool.name, job.name): Result(
            failed="not installed" if environments[tool.name].failed else ""
        )
        for tool in TOOLS
        for job in jobs
    }
    floor = Result()
    one_round(jobs[0], environments, folder, limits.timeout, copy.deepcopy(results))  # warms up
    begin = time.monotonic()
    for number in range(limits.repeat):
        for done, job in enumerate(jobs):
            minutes = (time.monotonic() - begin) / 60
            if number and minutes > limits.minutes:
                say(f"no more rounds after {minutes:.0f} minutes")
                return results, floor
            say(f"round {number + 1}, model {done + 1} of {len(jobs)}: {job.name}")
            bare = one_round(job, environments, folder, limits.timeout, results)
            floor.add(bare, bare.cpu_s)
    return results, floor


def one_round(
    job: Job,
    environments: dict[str, Environment],
    folder: Path,
    timeout_s: float,
    results: Results,
) -> Done:
    """Run the imports alone, which are returned, and each tool that can still say something."""
    bare = run([str(environments["cnnlint"].programs / "python"), "-c", FLOOR])
    for tool in TOOLS:
        result = results[tool.name, job.name]
        if result.failed or sum(result.cpu_s) > ENOUGH_CPU_S:
            continue
        done = run(tool.command(environments[tool.name].programs, job), folder, timeout_s)
        result.add(done, bare.cpu_s)
        result.failed = failure(tool, done, timeout_s)
        result.macs = tool.macs(done.out) if tool.macs else None
    return bare


# What was measured where


def machine(load: float) -> str:
    """Describe the machine and the day."""
    cpus = Path("/proc/cpuinfo")
    listed = cpus.read_text(encoding="utf-8") if cpus.is_file() else ""
    names = re.findall(r"^model name\s*: (.+)$", listed, re.MULTILINE)
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return (
        f"{dt.datetime.now(dt.UTC):%Y-%m-%d}, {names[0] if names else platform.machine()}, "
        f"{os.cpu_count()} processors, {memory:.0f} GiB, {platform.system()} "
        f"{platform.release()}, Python {platform.python_version()}; "
        f"load {load:.1f} before the run."
    )


def method(arguments: argparse.Namespace, floor: Result) -> str:
    """Name the command that was given and the yardstick."""
    flags = [f"--{name}" for name in ("all", "big") if getattr(arguments, name)]
    models = ["--models", *arguments.models] if arguments.models else []
    command = " ".join(["python benchmarks/peers.py", *models, *flags])
    return (
        f"`{command} --repeat {arguments.repeat}`: each run is a fresh process, repeated unless "
        f"it took {ENOUGH_CPU_S:.0f} CPU seconds or the whole took {arguments.minutes:.0f} "
        f"minutes. CPU time is the median, memory the most. The imports alone (`{FLOOR}`): "
        f"{median(floor.cpu_s):.2f} CPU seconds ({min(floor.cpu_s):.2f} to "
        f"{max(floor.cpu_s):.2f}), {max(floor.peaks_mib):.0f} MiB."
    )


def one_by_one(jobs: list[Job], results: Results) -> list[str]:
    """Show these models line by line, with headings."""
    return [
        "### MACs, against the reference",
        macs_by_model(TOOLS, jobs, results),
        "### CPU seconds, and how many times the imports alone",
        cpu_by_model(TOOLS, jobs, results),
        "### Peak memory in MiB",
        peak_by_model(TOOLS, jobs, results),
    ]


def tools_table(environments: dict[str, Environment]) -> str:
    """List the tools with the versions in use and the call that is measured."""
    rows = []
    for tool in TOOLS:
        where = environments[tool.name]
        names = [tool.name, "onnx", "onnxruntime", "numpy"]
        versions = [f"{n} {where.versions[n]}" for n in names if n in where.versions]
        rows.append([tool.name, where.failed or ", ".join(versions), f"`{tool.shown}`"])
    return table(["tool", "versions", "call"], rows, left=3)


if __name__ == "__main__":
    sys.exit(main())
