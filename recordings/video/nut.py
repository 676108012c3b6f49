"""Walking through a NUT file without reading the pictures: where each frame lies, which is torn.

libav hands out a last frame that was cut by a crash as if it were whole (its NUT demuxer sets no
corrupt flag), so the sizes in the frame headers have to be read here. The format is described in
https://git.ffmpeg.org/gitweb/nut.git/blob_plain/HEAD:/docs/nut.txt
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from io import FileIO
from pathlib import Path
from typing import Final

from recordings.disk import direct_io
from recordings.errors import RecordingError
from recordings.video.packet import Packet

_ID: Final = b"nut/multimedia container\0"
_MAIN: Final = bytes.fromhex("4e4d7a561f5f04ad")
_SYNCPOINT: Final = bytes.fromhex("4e4be4adeeca4569")
_INDEX: Final = bytes.fromhex("4e58dd672f23e64e")
_HEADER_MAX: Final = 96  # of a frame: some variable-length numbers
_WINDOW: Final = 4 << 20

_CODED_PTS, _STREAM_ID, _SIZE_MSB, _CHECKSUM = 8, 16, 32, 64
_RESERVED, _HEADER_IDX, _MATCH_TIME, _CODED, _INVALID = 128, 1024, 2048, 4096, 8192


class _Cursor:
    """Reads NUT's numbers from bytes."""

    def __init__(self, data: bytes, position: int = 0) -> None:
        self.data, self.position = data, position

    def number(self) -> int:
        """A number of 7 bits a byte, the highest bit saying that more follow."""
        value = 0
        while True:
            byte = self.data[self.position]
            self.position += 1
            value = value << 7 | byte & 0x7F
            if byte < 0x80:
                return value


@dataclass(frozen=True, slots=True)
class _FrameCode:
    """What the first byte of a frame implies."""

    flags: int
    size_mul: int
    size_lsb: int
    reserved: int
    header: int


@dataclass(frozen=True, slots=True)
class _Main:
    """The main header: what frame codes mean, and the beginnings that frames leave out."""

    codes: tuple[_FrameCode | None, ...]
    elided: tuple[bytes, ...]


class NutFile:
    """The structure of a NUT file.

    Raises:
        RecordingError: it is not one, or ends within its main header.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._file = FileIO(path)
        except OSError as error:
            raise RecordingError(f"{path}: cannot be read ({error.strerror})") from error
        direct_io.expect_leaps(self._file.fileno())
        self._size = self._file.seek(0, 2)
        start = len(_ID)
        head = self._at(0, 64 << 10)
        try:
            if not head.startswith(_ID + _MAIN):
                raise ValueError("no NUT header")
            self._main = _main_header(_Cursor(head, self._body(start)[0]), self._body(start)[1])
        except (ValueError, IndexError) as error:
            self._file.close()
            raise RecordingError(f"{path}: cannot be read as NUT ({error})") from error

    def packets(self) -> Iterator[Packet]:
        """Give each whole frame from the start to the end or to the first damage."""
        for packet in self._frames(len(_ID)):
            if packet.stop <= self._size:
                yield packet

    def head_bytes(self) -> int:
        """Where the headers end and the frames begin; the end of a file without any."""
        position = len(_ID)
        while position < self._size:
            head = self._at(position, 8)
            if head[:1] != b"N" or head == _SYNCPOINT:
                break
            position = self._body(position)[1]
        return position

    def torn(self) -> bool:
        """Whether the last frame has lost its end."""
        last = len(_ID)
        for end in range(self._size, 0, -_WINDOW):
            start = max(0, end - _WINDOW)
            found = self._at(start, end - start + len(_SYNCPOINT)).rfind(_SYNCPOINT)
            if found >= 0:
                last = start + found
                break
        return any(packet.start < self._size < packet.stop for packet in self._frames(last))

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _at(self, position: int, count: int) -> bytes:
        try:
            self._file.seek(position)
            return self._file.read(count) or b""
        except OSError as error:
            raise RecordingError(f"{self._path}: cannot be read ({error.strerror})") from error

    def _body(self, position: int) -> tuple[int, int]:
        """Where the content of the packet with a startcode at `position` begins and ends."""
        cursor = _Cursor(self._at(position, 32), 8)
        size = cursor.number()
        start = position + cursor.position + (4 if size > 4096 else 0)
        return start, start + size

    def _frames(self, position: int) -> Iterator[Packet]:
        """Where the data of each frame begins and should end."""
        try:
            while position < self._size:
                head = self._at(position, _HEADER_MAX)
                if head[0] == ord("N"):
                    if head.startswith(_INDEX):
                        return
                    position = self._body(position)[1]
                else:
                    length, size, elided = _frame_header(head, self._main)
                    yield Packet(position + length, position + length + size, elided)
                    position += length + size
        except (IndexError, ValueError):  # the header is cut, or damaged
            return


def _frame_header(head: bytes, main: _Main) -> tuple[int, int, bytes]:
    """Bytes of a frame's header and of its data, and the beginning that it leaves out."""
    code = main.codes[head[0]]
    if code is None:
        raise ValueError("invalid frame code")
    cursor = _Cursor(head, 1)
    flags, header, reserved = code.flags, code.header, code.reserved
    if flags & _CODED:
        flags ^= cursor.number()
    if flags & _STREAM_ID:
        cursor.number()
    if flags & _CODED_PTS:
        cursor.number()
    size = code.size_lsb
    if flags & _SIZE_MSB:
        size += code.size_mul * cursor.number()
    if flags & _MATCH_TIME:
        cursor.number()
    if flags & _HEADER_IDX:
        header = cursor.number()
    if flags & _RESERVED:
        reserved = cursor.number()
    for _ in range(reserved):
        cursor.number()
    if flags & _CHECKSUM:
        cursor.position += 4
    elided = main.elided[header] if size <= 4096 else b""
    return cursor.position, size - len(elided), elided


def _main_header(cursor: _Cursor, end: int) -> _Main:
    if cursor.number() > 3:  # version
        cursor.number()
    cursor.number()  # streams
    cursor.number()  # the largest distance of syncpoints
    for _ in range(cursor.number()):
        cursor.number()
        cursor.number()
    codes: list[_FrameCode | None] = []
    mul, header = 1, 0
    while len(codes) < 256:
        flags, count = cursor.number(), cursor.number()
        # time delta, size factor, stream, size, reserved, how many codes, match time, header
        fields = [cursor.number() for _ in range(count)][:8]
        mul = fields[1] if count > 1 else mul
        size = fields[3] if count > 3 else 0
        reserved = fields[4] if count > 4 else 0
        repeat = fields[5] if count > 5 else mul - size
        header = fields[7] if count > 7 else header
        if repeat < 1:
            raise ValueError("damaged main header")
        for j in range(repeat):
            if len(codes) == ord("N"):
                codes.append(None)
            valid = not flags & _INVALID
            codes.append(_FrameCode(flags, mul, size + j, reserved, header) if valid else None)
    elided = [b""]
    if end > cursor.position + 4:
        for _ in range(cursor.number()):
            size = cursor.number()
            elided.append(cursor.data[cursor.position : cursor.position + size])
            cursor.position += size
    return _Main(tuple(codes), tuple(elided))
