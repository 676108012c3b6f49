"""Walking through a Matroska file by its element headers, without reading the pictures."""

from __future__ import annotations

from collections.abc import Iterator
from io import FileIO
from pathlib import Path
from typing import Final

from recordings.disk import direct_io
from recordings.errors import RecordingError
from recordings.video.packet import Packet

_EBML: Final = 0x1A45DFA3
_SEGMENT: Final = 0x18538067
_CLUSTER: Final = 0x1F43B675
_BLOCK_GROUP: Final = 0xA0
_BLOCKS: Final = (0xA3, 0xA1)  # SimpleBlock, and Block of a group
_INSIDE: Final = (_SEGMENT, _CLUSTER, _BLOCK_GROUP)
_HEADER_MAX: Final = 12
_BLOCK_MAX: Final = 8  # of a track's number


def blocks(path: Path) -> Iterator[Packet]:
    """Give each whole frame from the start to the end or to the first damage.

    Raises:
        RecordingError: it is no Matroska file.
    """
    try:
        file = FileIO(path)
    except OSError as error:
        raise RecordingError(f"{path}: cannot be read ({error.strerror})") from error
    with file:
        direct_io.expect_leaps(file.fileno())
        size = file.seek(0, 2)
        position = 0
        while position < size:
            try:
                file.seek(position)
                head = file.read(_HEADER_MAX + _BLOCK_MAX) or b""
                element, length, start = _element(head)
            except (IndexError, ValueError):
                break
            except OSError as error:
                raise RecordingError(f"{path}: cannot be read ({error.strerror})") from error
            if position == 0 and element != _EBML:
                break
            position += start
            if element in _INSIDE:
                continue
            position += length
            if element in _BLOCKS and position <= size:
                yield Packet(position - length + _block_header(head[start:]), position)
    if position == 0:
        raise RecordingError(f"{path}: cannot be read as video (no Matroska header)")


def _block_header(head: bytes) -> int:
    """Bytes before the frame: the track's number, 2 of time, 1 of flags."""
    return (_length(head[0], 8) if head else 0) + 3


def _element(head: bytes) -> tuple[int, int, int]:
    """Id, length of the content, and length of the header of an element."""
    id_length = _length(head[0], 4)
    size_length = _length(head[id_length], 8)
    end = id_length + size_length
    if len(head) < end:
        raise IndexError("cut")
    value = int.from_bytes(head[id_length:end], "big") & ((1 << 7 * size_length) - 1)
    return int.from_bytes(head[:id_length], "big"), value, end


def _length(first: int, most: int) -> int:
    """Bytes of a number whose leading zero bits say how many."""
    length = 9 - first.bit_length()
    if length > most:
        raise ValueError("damaged element")
    return length
