"""A session of which a cut cable has lost a part, and the nodes' own copies that have all of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from recordings import layout
from recordings.arrays import BoolArray
from recordings.manifest import Manifest
from recordings.manifest_entries import FileEntry, Gap, StreamEntry
from recordings.stream_kinds import Fate
from recordings.xdf import chunks
from recordings.xdf.reader import read_xdf
from recordings.xdf.stream import XdfStream
from tests.recordings.xdf_samples import write

CHUNK = 250


def cut_cable(
    folder: Path,
    names: Sequence[str],
    start_s: float,
    stop_s: float,
    hole_s: tuple[float, float] = (0.0, 0.0),
) -> None:
    """Take the samples and clock offsets of streams away, and put own copies of them in.

    Args:
        folder: of a session that is whole.
        names: of the streams whose computer was cut off.
        start_s, stop_s: when, in seconds from the recording's start.
        hole_s: when the copies have nothing either.
    """
    manifest = Manifest.load(folder)
    assert manifest.lsl_start is not None
    since, until = manifest.lsl_start + start_s, manifest.lsl_start + stop_s
    path = folder / layout.XDF_NAME
    parts: list[bytes] = []
    entries = {entry.id: entry for entry in manifest.streams}
    videos = {video.name: video for video in manifest.videos}
    with read_xdf(path) as recording:
        for stream in recording.streams:
            mean = float(np.mean(stream.offset_values)) if len(stream.offset_values) else 0.0
            local = stream.stamps + mean
            is_cut = stream.name in names
            came = ~((local > since) & (local < until)) | (not is_cut)
            times = stream.offset_times + mean
            measured = ~((times > since) & (times < until)) | (not is_cut)
            parts += _parts(stream, came, measured)
            if is_cut:
                entries[stream.id] = _entry(entries[stream.id], stream, came)
                begin, end = (manifest.lsl_start + s for s in hole_s)
                kept = ~((local > begin) & (local < end))
                nothing = np.zeros(len(times), np.bool_)
                copy = [*_parts(stream, kept, nothing)]
                write(folder / layout.copy_name(stream.name), copy)
            if stream.name in videos and is_cut:
                fates = stream.data[came][:, 5]
                counted = {fate: int(np.sum(fates == fate.code)) for fate in Fate}
                update = {"captured": int(came.sum()), "fates": counted}
                videos[stream.name] = videos[stream.name].model_copy(update=update)
    write(path, parts)
    files = {entry.path: entry for entry in manifest.files}
    for name in (layout.XDF_NAME, *(layout.copy_name(name) for name in names)):
        files[name] = FileEntry(path=name, bytes=(folder / name).stat().st_size)
    changed = {
        "streams": tuple(entries.values()),
        "videos": tuple(videos.values()),
        "files": tuple(files.values()),
    }
    manifest.model_copy(update=changed).save(folder)


def _parts(stream: XdfStream, keep: BoolArray, measured: BoolArray) -> Iterator[bytes]:
    yield chunks.stream_header(stream.id, stream.info.xml.decode())
    kept = np.flatnonzero(keep)
    for at in range(0, len(kept), CHUNK):
        part = kept[at : at + CHUNK]
        if stream.is_text:
            rows = [stream.strings[k] for k in part.tolist()]
            yield chunks.string_samples(stream.id, stream.stamps[part], rows)
        else:
            yield chunks.samples(stream.id, stream.stamps[part], stream.data[part])
    pairs = np.c_[stream.offset_times, stream.offset_values][measured].tolist()
    for time, value in pairs:
        yield chunks.clock_offset(stream.id, time, value)
    ends = stream.stamps[keep]
    first, last = (float(ends[0]), float(ends[-1])) if len(ends) else (None, None)
    yield chunks.stream_footer(stream.id, first, last, len(ends), [(t, v) for t, v in pairs])


def _entry(entry: StreamEntry, stream: XdfStream, came: BoolArray) -> StreamEntry:
    """Describe what came, as a recorder that saw the gap when the cable was back."""
    lost = int(np.sum(~came))
    stamps = stream.stamps[came]
    at = int(np.flatnonzero(~came)[0])
    gap = Gap(start=float(stamps[at - 1]), end=float(stamps[at]), lost=lost)
    is_index = stream.info.is_index
    return entry.model_copy(
        update={
            "samples": len(stamps),
            "lost": entry.lost if is_index else entry.lost + lost,
            "gaps": entry.gaps if is_index else (*entry.gaps, gap),
        }
    )
