"""What a session's video files hold, told from the files and from the rows of their frames."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from recordings.arrays import F64Array
from recordings.errors import RecordingError
from recordings.manifest import Manifest, VideoEntry, VideoPart
from recordings.stream_kinds import INDEX_CHANNELS, Fate
from recordings.xdf.reader import XdfStream

_FATE = INDEX_CHANNELS.index("fate")


def belongs_to(camera: str, file: str) -> bool:
    """Say whether a file of that name is a video of a camera, or a further part of it."""
    return re.fullmatch(re.escape(camera) + r"(\+\d+)*\.(nut|mkv|raw)", file) is not None


def videos_of(folder: Path, manifest: Manifest) -> list[str]:
    """List the video files there are: a crash may have come before the manifest knew them all."""
    known = [file for video in manifest.videos for file in video.files]
    names = sorted(path.name for path in folder.iterdir() if path.is_file())
    for video in manifest.videos:
        further = re.compile(re.escape(video.name) + r"(\+\d+)+\.(nut|mkv|raw)")
        known += [name for name in names if further.fullmatch(name) and name not in known]
    return [name for name in known if name in names]


def index_rows(camera: str, streams: Iterable[XdfStream]) -> F64Array:
    """Give the rows of a camera's index streams, shape (n, channels)."""
    rows = [s.read() for s in streams if s.name == camera and s.info.is_index]
    return np.concatenate(rows) if rows else np.zeros((0, len(INDEX_CHANNELS)))


def described(folder: Path, entry: VideoEntry, files: list[str], rows: F64Array) -> VideoEntry:
    """Count what is in a camera's files and in its index stream, shape (n, channels)."""
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
            "tiling": first.tiling,
            "parts": tuple(others),
            "frames": frames,
            "captured": len(fates),
            "taken_back": taken_back,
            "untimed": max(0, frames - stored),
            "fates": counts,
        }
    )


def _part(folder: Path, name: str) -> list[VideoPart]:
    from recordings.video.writer import (  # PyAV: only where there is a video
        VideoReader,
        count_packets,
    )

    try:
        frames = count_packets(folder / name)
        with VideoReader(folder / name) as reader:
            info = reader.info
    except RecordingError:  # not even a header: nothing of it can be used
        return []
    return [VideoPart(file=name, codec=info.codec, tiling=info.tiling, frames=frames)]
