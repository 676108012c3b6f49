"""What a session's video and sound files hold, told from them and from the index streams."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import TypeVar

import numpy as np

from recordings.arrays import F64Array
from recordings.errors import RecordingError
from recordings.frame_files import files_of, is_in_file, runs_of, said_stored
from recordings.layout import MEDIA_SUFFIXES, SOUND_SUFFIX
from recordings.manifest import Manifest
from recordings.manifest_entries import MediaEntry, VideoEntry, VideoPart
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
    names = sorted((path.name for path in folder.iterdir() if path.is_file()), key=_order)
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
    index = said_stored(rows)
    parts = _parts(folder, entry, files, int(runs_of(index)[-1]) + 1 if len(index) else 0)
    counted = [part.frames for part in parts]
    frames = sum(counted)
    fates = rows[:, _FATE]
    counts = {fate: int(np.sum(fates == fate.code)) for fate in Fate}
    taken_back = int(np.sum(~is_in_file(index, files_of(index, counted), counted)))
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
            "untimed": max(0, frames - counts[Fate.STORED]),
            "fates": counts,
        }
    )


def _parts(folder: Path, entry: MediaEntry, files: Iterable[str], runs: int) -> list[VideoPart]:
    """Describe a device's files in their order.

    One that is gone, or has not even a header, has no frame; it is in the list only where there are
    rows of it: the frames of the next file would else be taken for its.
    """
    names = {*entry.files, *(name for name in files if belongs_to(entry.name, name))}
    numbers = {_order(name) for name in names}
    highest = max(number[0] for number in (*numbers, (1,)) if number)
    between = range(2, min(highest, runs + len(names)))  # a name may have any number
    names |= {f"{entry.name}+{n}{Path(entry.file).suffix}" for n in between if (n,) not in numbers}
    found: dict[str, VideoPart] = {}
    gone: list[str] = []
    for name in sorted(names, key=_order):
        try:
            found[name] = part_of(folder / name)
        except RecordingError:
            gone.append(name)
    if runs > len(found):
        found |= {name: VideoPart(file=name, codec="", tiling="", frames=0) for name in gone}
    return [found[name] for name in sorted(found, key=_order)]


def _order(name: str) -> tuple[int, ...]:
    """Sort by the number of the part: face.nut, face+2.nut, face+10.nut."""
    return tuple(int(number) for number in re.findall(r"\+(\d+)", name))


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
