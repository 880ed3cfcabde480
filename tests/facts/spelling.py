"""Pieces of activations that are spelled out operator by operator."""

from itertools import pairwise


def chain(name: str, length: int) -> str:
    """Return lines that pass a tensor on unchanged, as name1, name2 ..."""
    names = [name, *(f"{name}{i}" for i in range(1, length + 1))]
    return "".join(f"{b} = Identity({a})\n" for a, b in pairwise(names))


def by_tanh(power: str) -> str:
    """Return GELU's approximation around a power of c that the line makes as k."""
    return f"""
        {power}
        l = Mul(k, 0.044715)
        i = Add(c, l)
        j = Mul(i, 0.79788)
        t = Tanh(j)
        b = Add(t, 1)
        m = Mul(c, b)
        y = Mul(m, 0.5)
    """
