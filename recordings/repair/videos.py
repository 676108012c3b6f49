"""What a session's video and sound files hold, told from them and from the index streams."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import TypeVar

import numpy as np

from recordings.arrays import F64Array
from recordings.errors import RecordingError
from recordings.layout import MEDIA_SUFFIXES, SOUND_SUFFIX
from recordings.manifest import Manifest, MediaEntry, VideoEntry, VideoPart
from recordings.stream_kinds import INDEX_CHANNELS, Fate
from recordings.xdf.stream import XdfStream

Media = TypeVar("Media", bound=MediaEntry)

_FATE = INDEX_CHANNELS.index("fate")
_SUFFIX = "|".join(re.escape(suffix) for suffix in MEDIA_SUFFIXES)


def belongs_to(device: str, file: str) -> bool:
    """Say whether a file of that name is of a camera or microphone, or a further part of it."""
    return re.fullmatch(rf"{re.escape(device)}(\+\d+)*({_SUFFIX})", file) is not None


def media_of(folder: Path, manifest: Manifest) -> list[str]:
    """List the video and sound files there are: the manifest may not know them after a crash."""
    known = [file for entry in manifest.media for file in entry.files]
    names = sorted(path.name for path in folder.iterdir() if path.is_file())
    for entry in manifest.media:
        further = re.compile(rf"{re.escape(entry.name)}(\+\d+)+({_SUFFIX})")
        known += [name for name in names if further.fullmatch(name) and name not in known]
    return [name for name in known if name in names]


def index_rows(camera: str, streams: Iterable[XdfStream]) -> F64Array:
    """Give the rows of a camera's index streams, shape (n, channels)."""
    rows = [s.read() for s in streams if s.name == camera and s.info.is_index]
    return np.concatenate(rows) if rows else np.zeros((0, len(INDEX_CHANNELS)))


def described(folder: Path, entry: Media, files: list[str], rows: F64Array) -> Media:
    """Count what is in a device's files and in its index stream, shape (n, channels)."""
    parts = [part for name in files if belongs_to(entry.name, name) for part in _part(folder, name)]
    frames = sum(part.frames for part in parts)
    fates = rows[:, _FATE]
    counts = {fate: int(np.sum(fates == fate.code)) for fate in Fate}
    stored = counts[Fate.STORED]
    taken_back = max(0, stored - frames)
    counts[Fate.STORED] -= taken_back
    counts[Fate.ENCODER_ERROR] += taken_back
    first, *others = parts or [VideoPart(file=entry.file, codec="", tiling="", frames=0)]
    return entry.model_copy(
        update={
            "file": first.file,
            "codec": first.codec,
            **({"tiling": first.tiling} if isinstance(entry, VideoEntry) else {}),
            "parts": tuple(others),
            "frames": frames,
            "captured": len(fates),
            "taken_back": taken_back,
            "untimed": max(0, frames - stored),
            "fates": counts,
        }
    )


def _part(folder: Path, name: str) -> list[VideoPart]:
    try:
        return [part_of(folder / name)]
    except RecordingError:  # not even a header: nothing of it can be used
        return []


def part_of(path: Path) -> VideoPart:
    """Describe a video or sound file, by what can be read of it.

    Raises:
        RecordingError: nothing can.
    """
    frames = count_frames(path)
    if path.suffix == SOUND_SUFFIX:
        return VideoPart(file=path.name, codec="flac", tiling="", frames=frames)
    from recordings.video.reader import VideoReader

    with VideoReader(path) as reader:
        info = reader.info
    return VideoPart(file=path.name, codec=info.codec, tiling=info.tiling, frames=frames)


def count_frames(path: Path) -> int:
    """Count the whole frames of a video, or blocks of a sound.

    Raises:
        RecordingError: it is none that can be read.
    """
    # PyAV: only where there is such a file.
    if path.suffix == SOUND_SUFFIX:
        from recordings.sound.reader import count_blocks

        return count_blocks(path)
    from recordings.video.reader import count_packets

    return count_packets(path)
