"""Numbers for people: exact where they are small, three or four digits where they are large."""

from cnnlint.model.graph import StaticShape

UNKNOWN = "?"


def count(number: int | None) -> str:
    """Return an exact number with thousands separated: ``1,814,073,344``."""
    return UNKNOWN if number is None else f"{number:,}"


def plural(number: int, noun: str) -> str:
    """Return how many of something: ``1 node``, ``2 nodes``."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def macs(number: int | None) -> str:
    """Return MACs: ``1.81 GMACs``, ``629.4 MMACs``, ``12,345 MACs``."""
    if number is None:
        return f"{UNKNOWN} MACs"
    if abs(number) >= 10**9:
        return f"{number / 10**9:.2f} GMACs"
    if abs(number) >= 10**6:
        return f"{number / 10**6:.1f} MMACs"
    return plural(number, "MAC")


def params(number: int) -> str:
    """Return parameters: ``11.68 M params``, ``9,408 params``."""
    if abs(number) >= 10**6:
        return f"{number / 10**6:.2f} M params"
    return plural(number, "param")


def size(number: int | None) -> str:
    """Return bytes in binary units: ``46.7 MiB``."""
    if number is None:
        return UNKNOWN
    amount = float(number)
    for unit in ("B", "KiB", "MiB"):
        if abs(amount) < 1024:
            return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= 1024
    return f"{amount:.2f} GiB"


def percent(share: float | None) -> str:
    """Return a share of 0 to 1: ``18.1 %``; "" where it is unknown."""
    return "" if share is None else f"{100 * share:.1f} %"


def shape(sizes: StaticShape | tuple[int | str | None, ...] | None) -> str:
    """Return a shape: ``1x64x56x56``; ``?`` where it is unknown, "scalar" for rank 0."""
    if sizes is None:
        return UNKNOWN
    return "x".join(UNKNOWN if d is None else str(d) for d in sizes) or "scalar"


def milliseconds(number: float | None) -> str:
    """Return a duration with three digits that mean something."""
    if number is None:
        return ""
    return (
        f"{number:.1f}" if number >= 100 else f"{number:.2f}" if number >= 10 else f"{number:.3f}"
    )
