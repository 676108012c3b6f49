"""The `Range` header of HTTP, as far as a block of a file needs it. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

_ONE_RANGE = re.compile(r"bytes=([0-9]{0,19})-([0-9]{0,19})")


class Unsatisfiable(ValueError):
    """The range has no byte of the file."""


@dataclass(frozen=True, slots=True)
class ByteRange:
    """Bytes of a file, from `start` to before `stop`."""

    start: int
    stop: int


def byte_range(header: str | None, size: int) -> ByteRange | None:
    """Read a header for a file of `size` bytes; None: the whole file is meant.

    Several ranges, other units and what cannot be read count as no header at all, as HTTP has it.

    Raises:
        Unsatisfiable: it begins after the end.
    """
    match = _ONE_RANGE.fullmatch(header.strip()) if header is not None else None
    if match is None or not (match[1] or match[2]):
        return None
    if not match[1]:  # the last so many
        count = int(match[2])
        if count == 0 or size == 0:
            raise Unsatisfiable
        return ByteRange(max(0, size - count), size)
    start = int(match[1])
    last = int(match[2]) if match[2] else size - 1
    if match[2] and last < start:
        return None
    if start >= size:
        raise Unsatisfiable
    return ByteRange(start, min(last + 1, size))
