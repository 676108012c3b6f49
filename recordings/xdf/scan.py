"""Finding the chunks of an XDF file in one pass, damage or not.

Nothing is decoded but headers, footers and clock offsets. No length field is believed before it
agrees with the size of the file and with what the chunk must hold, so memory follows the bytes
there are. After damage the scan goes on at the next thing that is a chunk beyond doubt.
"""

from __future__ import annotations

import math
import re
import struct
from collections.abc import Iterator
from typing import Final, NamedTuple

from recordings.disk.file_bytes import PIECE, FileBytes, Window
from recordings.stamps.clock_offsets import HUGE_S, TINY_S
from recordings.xdf.broken_header import whole_of
from recordings.xdf.chunks import BOUNDARY_UUID, Tag
from recordings.xdf.doubled import Place, is_doubled
from recordings.xdf.found import Damage, Scan, StreamChunks
from recordings.xdf.header import BadXml, StreamInfo, clean_text, parse_footer, parse_xml
from recordings.xdf.samples import samples_fit

_U32 = struct.Struct("<I")
_WIDTHS: Final = {1: struct.Struct("<BH"), 4: struct.Struct("<IH"), 8: struct.Struct("<QH")}
_COUNTS: Final = {1: struct.Struct("<B"), 4: struct.Struct("<I"), 8: struct.Struct("<Q")}
_OFFSET = struct.Struct("<dd")
_STAMP = struct.Struct("<d")
_TO_STAMP: Final = 33
"""Bytes of a chunk until behind its first stamp, at most."""
_LONGEST: Final = 27
"""Bytes by which a chunk is known after damage."""
_LOOK: Final = 4 << 10
_KNOWN: Final = frozenset(int(tag) for tag in Tag)
_WITH_STREAM: Final = frozenset(
    {Tag.STREAM_HEADER, Tag.SAMPLES, Tag.CLOCK_OFFSET, Tag.STREAM_FOOTER}
)


class _Head(NamedTuple):  # made in a third of the time of a frozen dataclass, once a chunk
    start: int  # first byte of the chunk
    tag: int
    stream_id: int | None
    content: int  # first byte after tag and stream id
    end: int
    held: bytearray  # has the content's first bytes, from `at` on, until the window is moved
    at: int


class _Bad(Exception):
    """A chunk that cannot be used; the message says why."""

    def __init__(self, reason: str, stream_id: int | None = None) -> None:
        super().__init__(reason)
        self.stream_id = stream_id


def is_garbage(time: float, value: float) -> bool:
    """Say whether a clock offset is what was in memory by chance, not a measurement."""
    return any(
        not math.isfinite(x) or 0 < abs(x) < TINY_S or abs(x) > HUGE_S for x in (time, value)
    )


def scan(file: FileBytes, *, strict: bool = False) -> Scan:
    """Find all chunks of a file after its magic. Damage is no error.

    `strict` looks at every sample, which reads the whole file: a chunk of the right size in which a
    sample has lost its stamp (a block of zeros) is damage then, as it is to every other reader, and
    so is one whose samples are in the file already.

    Raises:
        RecordingError: the file cannot be read any more.
    """
    with Window(file) as window:
        return _Scanner(file, window, strict).run(4)


class _Scanner:
    def __init__(self, file: FileBytes, window: Window, strict: bool) -> None:
        self._file, self._window = file, window
        self._strict = strict
        self._size = file.size
        self._found = Scan()
        self._after_damage = False  # and no new samples since

    def run(self, position: int) -> Scan:
        while position < self._size:
            try:
                head = self._head(position)
                self._take(head)
                position = head.end
            except _Bad as bad:
                after = self._resume(position)
                self._found.damage.append(
                    Damage(position, after - position, str(bad), bad.stream_id)
                )
                self._after_damage = True
                position = after
        return self._found

    def _head(self, position: int) -> _Head:
        """Read length, tag and stream id; refuse what cannot be a chunk."""
        held, at = self._window.hold(position, position + _TO_STAMP)
        width = held[at]
        if width not in _WIDTHS:
            raise _Bad(f"{width} is no width of a chunk length")
        first = position + 1 + width
        if first + 2 > self._size:
            raise _Bad("cut off inside a chunk's head")
        length, tag = _WIDTHS[width].unpack_from(held, at + 1)
        end = first + length
        if length < 2 or end > self._size:
            raise _Bad(
                f"a chunk of {length} bytes where {self._size - first} are left: "
                "cut off, or its length is wrong"
            )
        if tag not in _WITH_STREAM:
            return _Head(position, tag, None, first + 2, end, held, at + 3 + width)
        if length < 6:
            raise _Bad(f"a chunk of {length} bytes has no room for its stream id")
        stream_id = _U32.unpack_from(held, at + 3 + width)[0]
        return _Head(position, tag, stream_id, first + 6, end, held, at + 7 + width)

    def _content(self, head: _Head) -> bytes:
        held, at = self._window.hold(head.content, head.end)
        return bytes(held[at : at + head.end - head.content])

    def _take(self, head: _Head) -> None:
        if head.tag == Tag.SAMPLES:
            self._take_samples(head)
        elif head.tag == Tag.CLOCK_OFFSET:
            self._take_offset(head)
        elif head.tag == Tag.BOUNDARY:
            if head.end - head.content != len(BOUNDARY_UUID) or (
                self._content(head) != BOUNDARY_UUID
            ):
                raise _Bad("a boundary without its signature")
            self._found.boundaries += 1
        elif head.tag == Tag.STREAM_HEADER:
            self._take_header(head)
        elif head.tag == Tag.STREAM_FOOTER:
            self._take_footer(head)
        elif head.tag == Tag.FILE_HEADER:
            self._take_file_header(head)
        else:
            raise _Bad(f"a chunk of tag {head.tag} that is none of XDF 1.0")

    def _stream(self, head: _Head) -> StreamChunks:
        stream = self._found.streams.get(head.stream_id or 0)
        if stream is None:
            raise _Bad("a chunk of a stream without a header", head.stream_id)
        return stream

    def _take_samples(self, head: _Head) -> None:
        stream = self._stream(head)
        held, at = head.held, head.at
        width = held[at] if head.content < head.end else 0
        start = head.content + 1 + width
        if width not in _COUNTS or start > head.end:
            raise _Bad("no number of samples", stream.id)
        count: int = _COUNTS[width].unpack_from(held, at + 1)[0]
        at += 1 + width
        stamp = _STAMP.unpack_from(held, at + 1)[0] if held[at] else 0.0
        if not samples_fit(self._window, start, head.end, count, stream.info, strict=self._strict):
            raise _Bad(f"{head.end - start} bytes do not hold {count} samples", stream.id)
        place = Place(start, head.end - start, count, stamp)
        if self._strict and is_doubled(self._file, stream, place, self._after_damage):
            reason = "samples that are in the file already"
            whole = Damage(head.start, head.end - head.start, reason, stream.id)
            self._found.damage.append(whole)
            self._after_damage = True
        elif count:
            self._after_damage = False
            stream.starts.append(start)
            stream.sizes.append(head.end - start)
            stream.counts.append(count)
            stream.firsts.append(stamp)

    def _take_offset(self, head: _Head) -> None:
        stream = self._stream(head)
        if head.end - head.content != _OFFSET.size:
            raise _Bad("a clock offset of the wrong size", stream.id)
        time, value = _OFFSET.unpack_from(*self._window.hold(head.content, head.end))
        if is_garbage(time, value):
            self._found.offsets.append((head.start, head.end))
        stream.offset_times.append(time)
        stream.offset_values.append(value)

    def _take_file_header(self, head: _Head) -> None:
        xml = self._content(head)
        try:
            header = parse_xml(xml)
        except BadXml as error:
            raise _Bad(f"file header: {error}") from error
        if self._strict and clean_text(xml).encode() != xml:
            raise _Bad("file header: characters that are none of XML")
        self._found.has_file_header = True
        self._found.opened = (header.findtext("datetime") or "").strip()

    def _take_header(self, head: _Head) -> None:
        assert head.stream_id is not None
        if head.stream_id in self._found.streams:
            raise _Bad("a second header for one stream", head.stream_id)
        xml = self._content(head)
        try:
            info = StreamInfo(xml)
        except BadXml as error:
            raise self._broken(head, xml, f"stream header: {error}") from error
        self._found.streams[head.stream_id] = StreamChunks(head.stream_id, info)
        if self._strict and info.cleaned_xml is not None:
            self._found.headers.append((head.start, head.end, head.stream_id))

    def _broken(self, head: _Head, xml: bytes, trouble: str) -> _Bad:
        """Use what is whole of a header; it is damage all the same: its length may be wrong."""
        assert head.stream_id is not None
        try:
            info = whole_of(xml)
        except BadXml:
            return _Bad(trouble, head.stream_id)
        self._found.streams[head.stream_id] = StreamChunks(head.stream_id, info)
        if self._strict:
            self._found.headers.append((head.start, head.start, head.stream_id))
        return _Bad(f"{trouble}; what is whole of it is used", head.stream_id)

    def _take_footer(self, head: _Head) -> None:
        stream = self._stream(head)
        try:
            stream.footer = parse_footer(self._content(head))
        except BadXml as error:
            raise _Bad(f"stream footer: {error}", stream.id) from error
        self._found.footers.append((head.start, head.end))

    def _plausible(self, position: int) -> bool:
        """Whether the file ends at `position` or a chunk of a known kind starts there."""
        if position == self._size:
            return True
        try:
            return self._head(position).tag in _KNOWN
        except _Bad:
            return False

    def _resume(self, position: int) -> int:
        """Return where to go on after damage at `position`: a chunk start, or the end."""
        try:
            end = self._head(position).end
        except _Bad:
            end = self._size
        if not self._plausible(end):
            end = self._size
        # The length may be what is wrong, even where it leads to a chunk: look before it first.
        return next(self._candidates(position + 1, end), end)

    def _candidates(self, position: int, stop: int) -> Iterator[int]:
        ids = b"|".join(re.escape(_U32.pack(number)) for number in self._found.streams)
        known = rb"|[\x03\x04\x06]\x00(?:" + ids + rb")" if ids else b""
        chunk = re.compile(
            rb"(?:\x01.|\x04.{4}|\x08.{8})(?:"
            rb"\x05\x00" + re.escape(BOUNDARY_UUID) + rb"|\x02\x00.{4}<" + known + rb")",
            re.DOTALL,
        )
        look = _LOOK
        while position < stop:
            end = min(position + look, stop)
            held, at = self._file.read(position, end), 0
            # What begins so near to the end of a look is seen whole in the next.
            seen = stop if end == stop else end - _LONGEST
            while (match := chunk.search(held, at)) and position + match.start() < seen:
                start = position + match.start()
                try:
                    if self._plausible(self._head(start).end):
                        yield start
                except _Bad:
                    pass
                at = match.start() + 1
            position, look = seen, min(2 * look, PIECE)
