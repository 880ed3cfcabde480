"""Input number n: which kind, from which seed; the same on every machine."""

from pathlib import Path
from random import Random

import onnx

from fuzz import seeds
from fuzz.operators import operator_model
from fuzz.structure import changed
from fuzz.wire import broken

KINDS = ("bytes", "structure", "operators")
_SHARES = (3, 5, 4)


def make(seed: int, number: int, folder: Path | None = None) -> tuple[str, bytes]:
    """Return the kind and the bytes of an input; ``folder`` holds more models to start from."""
    rng = Random(f"{seed}:{number}")  # noqa: S311  (nobody has to be unable to guess it)
    (kind,) = rng.choices(KINDS, _SHARES)
    if kind == "operators":
        model = operator_model(rng)
        if rng.random() < 0.3:
            model = changed(model, operator_model(rng), rng)
        return kind, model.SerializePartialToString()
    data, other = (_seed(folder, rng) for _ in range(2))
    if kind == "bytes":
        return kind, broken(data, other, rng)
    model, donor = (onnx.ModelProto.FromString(each) for each in (data, other))
    return kind, changed(model, donor, rng).SerializePartialToString()


def _seed(folder: Path | None, rng: Random) -> bytes:
    """Return a seed: nearly always a small one, of which many are checked in a second."""
    return rng.choice(seeds.seeds(folder) if rng.random() < 0.03 else seeds.small(folder))
