"""Whether a frame of FFV1 is as it was written: each of its slices ends with a checksum.

libav sees a wrong one, and puts the same stripe of the picture before it in the slice's place,
without a word: a face that stands still where it moved. (FFV1, RFC 9043, section 4.9.)
"""

from __future__ import annotations

import zlib
from typing import Final

_TRAILER: Final = 8  # the slice's length in 3 bytes, a byte of state, the checksum in 4
_MIRRORED: Final = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))
_ALL: Final = 0xFFFFFFFF


def is_whole(packet: bytes) -> bool:
    """Say whether all slices of a packet, as our writer makes them, have their checksums."""
    end = len(packet)
    while end >= _TRAILER:
        start = end - _TRAILER - int.from_bytes(packet[end - 8 : end - 5], "big")
        if start < 0 or _checksum(packet[start:end]):
            return False
        end = start
    return end == 0 and len(packet) > 0


def _checksum(data: bytes) -> int:
    """Give the CRC-32 of IEEE from 0 on, highest bit first; 0 over what ends with its own."""
    return zlib.crc32(data.translate(_MIRRORED), _ALL) ^ _ALL
