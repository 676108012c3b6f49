"""A damaged or unfinished XDF file made whole: every chunk that can be used, and true footers.

What is left out: bytes that are no chunk, clock offsets that are no numbers (LabRecorder writes
what it finds in memory when a measurement times out), and the footers there were. Headers with
characters that are none of XML are written anew.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

from recordings.disk.atomic import put_in_place, sync_folder
from recordings.disk.direct_io import sync_file
from recordings.errors import RecordingError
from recordings.xdf.chunks import MAGIC, file_header, stream_footer, stream_header
from recordings.xdf.found import Damage, Span
from recordings.xdf.reader import XdfRecording, read_xdf
from recordings.xdf.scan import is_garbage
from recordings.xdf.stream import XdfStream

_COPY: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class StreamRepaired:
    """What became of one stream. `first` and `last` are raw stamps; None where it has none."""

    id: int
    name: str
    shown: str  # what tells it from others of its name
    samples: int
    first: float | None
    last: float | None
    offsets: int
    offsets_dropped: int
    footer_was_missing: bool
    damaged_chunks: int  # that are known to have been this stream's


@dataclass(frozen=True, slots=True)
class XdfRepaired:
    """What a repair found and did."""

    source: Path
    target: Path
    bytes_kept: int
    bytes_dropped: int
    damage: tuple[Damage, ...]
    streams: tuple[StreamRepaired, ...]

    @property
    def was_whole(self) -> bool:
        """Whether there was nothing to repair."""
        return not self.bytes_dropped and not any(s.footer_was_missing for s in self.streams)


def repair_xdf(source: Path, target: Path) -> XdfRepaired:
    """Write a readable copy of `source`, which is not touched.

    Raises:
        RecordingError: `source` is no XDF file, `target` exists, or the disk fails.
    """
    part = stage_of(target)
    with read_xdf(source, strict=True) as recording:
        if target.exists():
            raise RecordingError(
                f"{target}: exists already, and no file is overwritten; name another with --out"
            )
        kept = list(_kept(recording))
        try:
            # Whole or not at all: half a copy of a repair that was ended could be read, too.
            with part.open("wb") as file:
                _write(recording, kept, file)
            put_in_place(part, target)
            sync_folder(target.parent)
        except OSError as error:
            raise RecordingError(f"{target}: cannot be written ({error.strerror})") from error
        finally:
            part.unlink(missing_ok=True)
        used = [*kept, *recording.footers]  # which are written anew, and no loss
        return _repaired(recording, source, target, sum(end - start for start, end in used))


def stage_of(target: Path) -> Path:
    """Say where a repaired copy is while it is being written."""
    return target.with_name(f"{target.name}.part")


def _write(recording: XdfRecording, kept: list[Span], file: IO[bytes]) -> None:
    pieces: list[tuple[int, int, int | None]] = [(a, b, None) for a, b in kept]
    pieces += recording.unclean_headers
    file.write(MAGIC)
    if not recording.has_file_header:
        file.write(file_header())
    for start, end, number in sorted(pieces, key=lambda piece: piece[0]):
        if number is None:
            _copy(recording, (start, end), file)
        else:
            file.write(_cleaned_header(recording, number))
    file.write(_footers(recording))
    file.flush()
    sync_file(file.fileno())


def finish_xdf(path: Path) -> XdfRepaired | None:
    """Finish a file in place that a crash has left: a torn end is cut off, footers are added.

    None where it is damaged elsewhere: then it is left alone, for `repair_xdf`.

    Raises:
        RecordingError: it is no XDF file, or the disk fails.
    """
    with read_xdf(path, strict=True) as recording:
        end = recording.size
        for damage in recording.damage:
            if damage.offset + damage.size != recording.size:
                return None
            end = damage.offset
        complete = all(s.footer is not None for s in recording.streams)
        if recording.unclean_headers or recording.garbage_offsets:
            return None
        if recording.footers and not complete:
            return None
        repaired = _repaired(recording, path, path, end - len(MAGIC))
        footers = b"" if complete else _footers(recording)
    try:
        with path.open("r+b") as file:
            file.truncate(end)
            file.seek(end)
            file.write(footers)
            file.flush()
            sync_file(file.fileno())
    except OSError as error:
        raise RecordingError(f"{path}: cannot be finished ({error.strerror})") from error
    return repaired


def _kept(recording: XdfRecording) -> Iterator[Span]:
    """Yield what is copied: all but damage, garbage and the footers."""
    out = [(d.offset, d.offset + d.size) for d in recording.damage]
    out += [*recording.footers, *recording.garbage_offsets]
    out += [(start, end) for start, end, _ in recording.unclean_headers]
    position = len(MAGIC)
    for start, end in sorted(out):
        if start > position:
            yield position, start
        position = max(position, end)
    if position < recording.size:
        yield position, recording.size


def _copy(recording: XdfRecording, span: Span, file: IO[bytes]) -> None:
    start, end = span
    for at in range(start, end, _COPY):
        file.write(recording.bytes(at, min(at + _COPY, end)))


def _cleaned_header(recording: XdfRecording, number: int) -> bytes:
    """Return the header of a stream, written anew so that every reader takes it."""
    info = next(stream.info for stream in recording.streams if stream.id == number)
    return stream_header(number, info.cleaned_xml or info.xml.decode("utf-8", "replace"))


def _footers(recording: XdfRecording) -> bytes:
    return b"".join(map(_footer, recording.streams))


def _footer(stream: XdfStream) -> bytes:
    stamps = stream.stamps
    first, last = (float(stamps[0]), float(stamps[-1])) if len(stamps) else (None, None)
    pairs = zip(stream.offset_times.tolist(), stream.offset_values.tolist(), strict=True)
    offsets = [pair for pair in pairs if not is_garbage(*pair)]
    return stream_footer(stream.id, first, last, len(stream), offsets)


def _repaired(recording: XdfRecording, source: Path, target: Path, kept: int) -> XdfRepaired:
    dropped = recording.size - len(MAGIC) - kept
    streams = tuple(
        _stream_repaired(stream, shown, recording.damage)
        for stream, shown in zip(recording.streams, recording.shown_names, strict=True)
    )
    return XdfRepaired(source, target, kept, dropped, recording.damage, streams)


def _stream_repaired(stream: XdfStream, shown: str, damage: tuple[Damage, ...]) -> StreamRepaired:
    stamps = stream.stamps
    pairs = zip(stream.offset_times.tolist(), stream.offset_values.tolist(), strict=True)
    dropped = sum(is_garbage(*pair) for pair in pairs)
    return StreamRepaired(
        id=stream.id,
        name=stream.name,
        shown=shown,
        samples=len(stream),
        first=float(stamps[0]) if len(stamps) else None,
        last=float(stamps[-1]) if len(stamps) else None,
        offsets=len(stream.offset_times) - dropped,
        offsets_dropped=dropped,
        footer_was_missing=stream.footer is None,
        damaged_chunks=sum(d.stream_id == stream.id for d in damage),
    )
