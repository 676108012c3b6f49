"""How the manifest describes the videos and sounds of a recording, as they are begun and closed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from acquire.processes.messages import VideoSummary
from acquire.take.xdf_recorder import RecordedStream, XdfRecorder
from devices.base import MediaSpec, SoundSpec
from recordings.manifest_entries import SoundEntry, StreamEntry, VideoEntry, VideoPart
from recordings.stream_kinds import LOST_FATES, Fate

Media = VideoEntry | SoundEntry


def begun_entry(spec: MediaSpec, file: str, lsl_start: float) -> Media:
    """Describe a video or sound that is being begun in `file`."""
    if isinstance(spec, SoundSpec):
        return SoundEntry(
            name=spec.name,
            file=file,
            codec="",
            rate_hz=spec.rate_hz,
            sample_rate_hz=spec.sample_rate_hz,
            channels=spec.channel_count,
            block=spec.block,
            lsl_start=lsl_start,
        )
    return VideoEntry(
        name=spec.name,
        file=file,
        codec="",
        width=spec.width,
        height=spec.height,
        pixel_format=spec.pixel_format,
        tiling="",
        rate_hz=spec.rate_hz,
        lsl_start=lsl_start,
    )


def stream_entries(
    streams: Iterable[RecordedStream], summaries: Iterable[VideoSummary]
) -> tuple[StreamEntry, ...]:
    """Describe streams; of a camera, the frames that should be stored and are not are lost.

    Each has a row, but for those of the time for which its process was gone; what a file lost that
    its rows call stored, the first rows of its camera have.
    """
    taken_back: Counter[str] = Counter()
    for summary in summaries:
        taken_back[summary.stream] += summary.taken_back
    entries = []
    for stream in streams:
        entry = stream.entry()
        if stream.is_index:
            lost = stream.rowless + sum(stream.fates.get(fate, 0) for fate in LOST_FATES)
            lost += taken_back.pop(stream.found.key.name, 0)
            entry = entry.model_copy(update={"lost": lost})
        entries.append(entry)
    return tuple(entries)


def final_entries(
    entries: Iterable[Media],
    summaries: Iterable[VideoSummary],
    xdf: XdfRecorder,
    lsl_stop: float,
) -> tuple[Media, ...]:
    """Describe the files for the manifest, now that they are closed; `entries` as they began."""
    files: dict[str, list[VideoSummary]] = {}
    for summary in summaries:
        files.setdefault(summary.stream, []).append(summary)
    return tuple(
        _completed(entry, files[entry.name], xdf, lsl_stop) if entry.name in files else entry
        for entry in entries
    )


def _completed(entry: Media, files: list[VideoSummary], xdf: XdfRecorder, lsl_stop: float) -> Media:
    rows = [s for s in xdf.streams.values() if s.found.key.name == entry.name and s.is_index]
    fates = {fate: sum(s.fates.get(fate, 0) for s in rows) for fate in Fate}
    captured = sum(fates.values())
    taken_back = sum(file.taken_back for file in files)
    fates[Fate.STORED] -= taken_back
    fates[Fate.ENCODER_ERROR] += taken_back
    frames = sum(file.frames for file in files)
    # Rows that a process had not sent, or nobody had pulled, died with it; its file is whole.
    untimed = max(0, frames - fates[Fate.STORED]) if any(f.is_left for f in files) else 0
    # One without a frame that is nowhere was never made; a gone one has what it had.
    first, *others = [f for f in files if f.frames or f.path.exists()] or files[:1]
    return entry.model_copy(
        update={
            "untimed": untimed,
            "file": first.path.name,
            "codec": first.codec,
            **({"tiling": first.tiling} if isinstance(entry, VideoEntry) else {}),
            "lsl_stop": lsl_stop,
            "captured": captured,
            "frames": frames,
            "parts": tuple(
                VideoPart(file=f.path.name, codec=f.codec, tiling=f.tiling, frames=f.frames)
                for f in others
            ),
            "taken_back": taken_back,
            "late_p99_ms": first.late_p99_ms,
            "fates": fates,
        }
    )
