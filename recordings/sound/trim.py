"""A sound cut short: its first blocks in a new file; FLAC loses nothing by being encoded again."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from recordings.disk.atomic import put_in_place, sync_folder
from recordings.errors import RecordingError
from recordings.sound.reader import SoundFile
from recordings.sound.writer import SoundWriter


def trimmed(
    source: Path, target: Path, blocks: int, between: Callable[[], None] | None = None
) -> None:
    """Copy the first `blocks` blocks of a sound to a new file; on the disk when this returns.

    Args:
        source: the file, which may be of a process that died; it stays as it is.
        target: a file that is not there yet.
        blocks: ≥ 0, and no more than the whole blocks of `source`.
        between: called after each block; it may rest, or raise to stop: nothing is left then.

    Raises:
        RecordingError: it is no sound of ours, has fewer blocks, or `target` is there or cannot be
            written.
    """
    if target.exists():
        raise RecordingError(f"{target}: exists already, and no file is ever overwritten")
    part = target.with_name(f"{target.name}.part")
    part.unlink(missing_ok=True)  # of a process that was killed
    try:
        file = SoundFile(source)
        writer = SoundWriter(part, file.sample_rate_hz, file.channels, file.block)
        with closing(writer):
            for block in file.blocks(blocks):
                writer.write(block)
                if between is not None:
                    between()
        if writer.kept < blocks:
            raise RecordingError(
                f"{source}: has {writer.kept} whole blocks, {blocks} were asked for"
            )
        put_in_place(part, target)
        sync_folder(target.parent)
    finally:
        part.unlink(missing_ok=True)
