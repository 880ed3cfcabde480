"""Changes to the bytes of a file: flipped, cut, spliced, and lengths and tags that lie."""

from random import Random

MAX_CHANGES = 4


def broken(data: bytes, other: bytes, rng: Random) -> bytes:
    """Return the bytes with a few changes; pieces may come from another file."""
    for _ in range(rng.randint(1, MAX_CHANGES)):
        data = rng.choice(_CHANGES)(data, other, rng)
    return data


def _flip(data: bytes, _other: bytes, rng: Random) -> bytes:
    if not data:
        return data
    place = rng.randrange(len(data))
    return data[:place] + bytes([data[place] ^ 1 << rng.randrange(8)]) + data[place + 1 :]


def _cut(data: bytes, _other: bytes, rng: Random) -> bytes:
    return data[: rng.randint(0, len(data))]


def _remove(data: bytes, _other: bytes, rng: Random) -> bytes:
    begin = rng.randint(0, len(data))
    return data[:begin] + data[begin + rng.choice((1, 2, 8, 64)) :]


def _splice(data: bytes, other: bytes, rng: Random) -> bytes:
    begin = rng.randint(0, len(other))
    piece = other[begin : begin + rng.choice((1, 8, 64, 1024))]
    place = rng.randint(0, len(data))
    return data[:place] + piece + data[place + rng.choice((0, len(piece))) :]


def _relabel(data: bytes, _other: bytes, rng: Random) -> bytes:
    """Give one field another number, another wire type or another length."""
    head = _some_head(data, rng)
    if head is None:
        return data
    begin, after, stop = head
    tag, _ = _varint(data, begin)
    odd = (0, 1, 127, 128, 2**31 - 1, 2**31, 2**32, 2**63, 2**64 - 1, 2**70)
    length = rng.choice((stop - after - 1, stop - after + 1, len(data), *odd))
    match rng.randrange(4):
        case 0:
            new = _encoded((tag & ~7) | rng.randrange(8)) + data[begin + 1 : after]
        case 1:
            new = _encoded(rng.randrange(30) << 3 | tag & 7) + data[begin + 1 : after]
        case 2:
            new = _encoded(tag) + _encoded(max(length, 0))
        case _:
            new = _encoded(tag) + _encoded(stop - after)[:-1] + b"\x80\x80\x00"
    return data[:begin] + new + data[after:]


def _repeat(data: bytes, _other: bytes, rng: Random) -> bytes:
    """Write one field a second time, or nested in itself."""
    head = _some_head(data, rng)
    if head is None:
        return data
    begin, _, stop = head
    field, times = data[begin:stop], rng.choice((1, 2, 150))
    if rng.random() < 0.5:
        return data[:stop] + field * times + data[stop:]
    for _ in range(times):
        field = data[begin : begin + 1] + _encoded(len(field)) + field
    return data[:begin] + field + data[stop:]


_CHANGES = (_flip, _cut, _remove, _splice, _relabel, _relabel, _repeat)


def _some_head(data: bytes, rng: Random) -> tuple[int, int, int] | None:
    """Return where a field begins, its content begins, and it ends, somewhere down the tree."""
    begin, end, found = 0, len(data), None
    while rng.random() < 0.8:
        heads = _heads(data, begin, end)
        if not heads:
            break
        found = rng.choice(heads)
        _, begin, end = found
    return found


def _heads(data: bytes, begin: int, end: int) -> list[tuple[int, int, int]]:
    """Return the fields that hold bytes, if these bytes are a message."""
    heads = []
    while begin < end:
        tag, after = _varint(data, begin)
        length, content = _varint(data, after)
        stop = content + length if tag & 7 == 2 else content
        if tag & 7 not in (0, 2) or stop > end:
            break
        if tag & 7 == 2:
            heads.append((begin, content, stop))
        begin = stop
    return heads


def _varint(data: bytes, place: int) -> tuple[int, int]:
    value = shift = 0
    while place < len(data) and shift < 70:
        value |= (data[place] & 127) << shift
        shift, place = shift + 7, place + 1
        if data[place - 1] < 128:
            break
    return value, place


def _encoded(value: int) -> bytes:
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes([*out, value])
