"""The upper rows of a picture as MagicYUV stores it, without the bytes of the others.

A picture is coded in slices of some rows, each for itself; the header says where each begins. The
layout is that of libavcodec/magicyuv.c: 36 bytes, where each slice begins (counted from byte 32),
one byte for the number of planes and one for each slice, then the Huffman table and the slices.
"""

from __future__ import annotations

import struct
from typing import Final, NamedTuple

HEAD_BYTES: Final = 2048
"""So much of a packet holds all that `upper` needs to see: there are at most 256 slices."""
_FIXED: Final = struct.Struct("<4sI2B2xB3x4I4x")
_GRAY: Final = 0x6B  # 8 bits
_INTERLACED: Final = 2
_HEIGHT_AT: Final = 20


class Upper(NamedTuple):
    """A packet of the upper rows alone: `head`, then bytes `start` to `stop` of the whole one."""

    head: bytes
    start: int
    stop: int


def upper(head: bytes, rows: int) -> Upper | None:
    """Return the packet of the upper `rows` of a picture, or of more where a slice goes on.

    None: that is the whole packet, or it is no gray picture of 8 bits.
    """
    if len(head) < _FIXED.size:
        return None
    magic, begun, version, kind, flags, _, height, _, each = _FIXED.unpack_from(head)
    if (magic, version, kind) != (b"MAGY", 7, _GRAY) or flags & _INTERLACED or not each:
        return None
    slices, wanted = -(-height // each), -(-rows // each)
    after = _FIXED.size + 4 * slices
    if wanted >= slices or len(head) < after + 1 + slices:
        return None
    left_out = 5 * (slices - wanted)  # bytes of the header
    starts = struct.unpack_from(f"<{slices}I", head, _FIXED.size)
    fixed = bytearray(head[: _FIXED.size])
    struct.pack_into("<I", fixed, _HEIGHT_AT, wanted * each)
    kept = struct.pack(f"<{wanted}I", *(max(0, at - left_out) for at in starts[:wanted]))
    planes = head[after : after + 1 + wanted]
    return Upper(bytes(fixed + kept + planes), after + 1 + slices, begun + starts[wanted])
