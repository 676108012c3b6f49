"""Reading XDF files, ours and everyone's: lazily, and as far as they are whole.

`read_xdf` scans the file once; what is in its streams is decoded when it is asked for.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Self

from recordings.disk.file_bytes import FileBytes
from recordings.errors import RecordingError, why
from recordings.names import shown_names
from recordings.xdf.chunks import MAGIC
from recordings.xdf.found import Damage, Span
from recordings.xdf.scan import scan
from recordings.xdf.stream import XdfStream

_OTHERS: Final = {
    b"0   ": "an EDF file",
    b"\xffBIO": "a BDF file",
    b"Brai": "a part of a BrainVision recording",
}
"""What begins otherwise, in four bytes, and can be replayed."""


class XdfRecording:
    """An open XDF file. Close it, or use it in a `with`; arrays that were read stay valid."""

    def __init__(self, path: Path, *, strict: bool = False) -> None:
        self.path = path
        self._file = self._open()
        found = scan(self._file, strict=strict)
        if found.damage and not strict:  # where heads are damaged, so is what lies between them
            found = scan(self._file, strict=True)
        self.damage: tuple[Damage, ...] = tuple(found.damage)
        self.boundaries = found.boundaries
        self.size = self._file.size
        self.has_file_header = found.has_file_header
        self.opened = _utc(found.opened)
        """When the recorder opened the file, by the header; None where it tells no time zone."""
        self.footers: tuple[Span, ...] = tuple(found.footers)
        self.unclean_headers = tuple(found.headers)  # (first byte, end, stream), of a strict scan
        self.garbage_offsets: tuple[Span, ...] = tuple(found.offsets)
        self.streams: tuple[XdfStream, ...] = tuple(
            XdfStream(self._file, chunks) for chunks in found.streams.values()
        )
        self.copies: tuple[XdfRecording, ...] = ()
        """Own copies of nodes that are merged into the streams; closed with it."""
        self.stored: tuple[XdfRecording, ...] = ()
        """Files beside it whose streams were added; closed with it."""

    def _open(self) -> FileBytes:
        try:
            file = FileBytes(self.path)
        except OSError as error:
            raise RecordingError(f"{self.path}: cannot be read ({why(error)})") from error
        magic = file.read(0, min(len(MAGIC), file.size))
        if magic != MAGIC:
            raise RecordingError(f"{self.path}: {_instead(magic)}")
        return file

    @property
    def damage_text(self) -> str:
        """What of the file cannot be read; "" where all of it can."""
        if not self.damage:
            return ""
        size, first = sum(part.size for part in self.damage), self.damage[0]
        return (
            f"{size:,} bytes in {len(self.damage)} places cannot be read; the first at byte "
            f"{first.offset:,}: {first.reason}"
        )

    @property
    def shown_names(self) -> list[str]:
        """What the streams are called before people, in their order; see `names.shown_names`."""
        return shown_names((s.name, s.info.type, s.id) for s in self.streams)

    def bytes(self, start: int, end: int) -> bytes:
        """Return bytes of the file as they are.

        Raises:
            RecordingError: they cannot be read any more.
        """
        return self._file.read(start, end)

    def stream(self, name: str) -> XdfStream:
        """Return the first stream of that name.

        Raises:
            RecordingError: there is none; the message lists those there are.
        """
        for stream in self.streams:
            if stream.name == name:
                return stream
        known = ", ".join(s.name for s in self.streams) or "none"
        raise RecordingError(f"{self.path}: no stream {name!r}; there are: {known}")

    def close(self) -> None:
        """Let go of the file; what was not read before cannot be read any more."""
        for copy in (*self.copies, *self.stored):
            copy.close()
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


def read_xdf(path: Path, *, strict: bool = False) -> XdfRecording:
    """Open an XDF file and find what is in it.

    Damage is no error: what could be read is there, and `damage` lists what could not. `strict`
    reads the whole file to find the damage that the heads of the chunks do not show, as is done
    where they show some.

    Raises:
        RecordingError: the file cannot be read, or is no XDF file.
    """
    return XdfRecording(path, strict=strict)


def _utc(text: str) -> datetime | None:
    """Return a time of ISO 8601 as UTC; None where it is none, or of no time zone."""
    try:
        time = datetime.fromisoformat(text)
        return time.astimezone(UTC) if time.tzinfo else None
    except (ValueError, OverflowError):
        return None


def _instead(magic: bytes) -> str:
    """Say what a file is that does not begin as XDF does."""
    if magic[:2] == b"\x1f\x8b":
        return "is packed: unpack it with gunzip"
    if magic in (b"vers", b"/ann"):  # "version https://git-lfs…", "/annex/objects/…"
        return "seems a pointer to the recording: fetch it with git lfs pull or datalad get"
    if magic in _OTHERS:
        return (
            f"is {_OTHERS[magic]}, not an XDF file; unisono replay plays it as live streams, which "
            "unisono record takes"
        )
    return f"starts with {magic!r}: not an XDF file" if magic else "is empty: not an XDF file"
