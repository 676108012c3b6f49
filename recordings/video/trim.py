"""A video cut short: its first packets in a new file, as they are and not encoded again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import Any, Final

import av

from recordings.disk.atomic import put_in_place, sync_folder
from recordings.disk.direct_io import sync_file
from recordings.disk.regular import open_file
from recordings.errors import DiskFull, RecordingError, is_full
from recordings.video.container import open_container
from recordings.video.encoding import MUXER_OPTIONS
from recordings.video.matroska import blocks
from recordings.video.nut import NutFile
from recordings.video.raw_video import HEADER_BYTES, RawReader

_BLOCK: Final = 1 << 20


def trimmed(
    source: Path, target: Path, frames: int, between: Callable[[], None] | None = None
) -> None:
    """Copy the first `frames` frames of a video to a new file; on the disk when this returns.

    A NUT or raw file becomes the beginning of itself, byte for byte, as a crash would have left it;
    Matroska, which counts its bytes in its elements, is put together anew from the same packets.

    Args:
        source: the file, which may be of a process that died; it stays as it is.
        target: a file that is not there yet, of the same suffix.
        frames: ≥ 0, and no more than the whole frames of `source`.
        between: called after each piece; it may rest, or raise to stop: nothing is left then.

    Raises:
        RecordingError: it is no video of ours, has fewer frames, or `target` is there or cannot be
            written.
        DiskFull: for lack of space.
    """
    if target.exists():
        raise RecordingError(f"{target}: exists already, and no file is ever overwritten")
    part = target.with_name(target.name + ".part")
    try:
        if source.suffix == ".mkv":
            _remux(source, part, frames, between)
        else:
            _copy(source, part, _end_of(source, frames), between)
        with part.open("rb+") as file:
            sync_file(file.fileno())
        put_in_place(part, target)
        sync_folder(target.parent)
    except (OSError, av.FFmpegError) as error:
        kind = DiskFull if isinstance(error, OSError) and is_full(error) else RecordingError
        raise kind(f"{target}: cannot be copied from {source} ({error.strerror})") from error
    finally:
        part.unlink(missing_ok=True)


def _end_of(source: Path, frames: int) -> int:
    """Find the byte after the last of the frames, in a file whose beginning is a file."""
    if source.suffix == ".raw":
        with closing(RawReader(source)) as raw:
            _see_enough(source, len(raw), frames)
            return HEADER_BYTES + frames * raw.info.frame_bytes
    with closing(NutFile(source)) as nut:
        if not frames:
            return nut.head_bytes()
        ends = [packet.stop for packet in islice(nut.packets(), frames)]
    _see_enough(source, len(ends), frames)
    return ends[-1]


def _see_enough(source: Path, there: int, frames: int) -> None:
    if there < frames:
        raise RecordingError(f"{source}: has {there} whole frames, {frames} were asked for")


def _copy(source: Path, part: Path, size: int, between: Callable[[], None] | None) -> None:
    with open_file(source) as old, part.open("xb") as new:
        while size:
            block = old.read(min(size, _BLOCK))
            if not block:
                raise RecordingError(f"{source}: ends {size} bytes too early; was it changed?")
            new.write(block)
            size -= len(block)
            if between is not None:
                between()


def _remux(source: Path, part: Path, frames: int, between: Callable[[], None] | None) -> None:
    _see_enough(source, sum(1 for _ in islice(blocks(source), frames)), frames)
    options = MUXER_OPTIONS["matroska"]
    with (
        open_container(source) as old,
        av.open(str(part), "w", format="matroska", container_options=options) as new,
    ):
        new.metadata.update(old.metadata)
        stream = new.add_stream_from_template(old.streams.video[0])
        new.start_encoding()
        for packet in islice(_whole(old), frames):
            packet.stream = stream
            new.mux(packet)
            if between is not None:
                between()


def _whole(container: Any) -> Iterator[Any]:
    return (p for p in container.demux(container.streams.video[0]) if p.size)
