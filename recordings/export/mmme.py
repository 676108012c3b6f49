"""`unisono export mmme`: a session in the layout of the MMME corpus, ready for annotators.

    <participant>/<session>/frames/<marker>/2026-11-20-10-00-03-512-17-101.png
    <participant>/<session>/eeg.csv, physio.csv      samples, with a column `Trigger`
    <participant>/<session>/markers.csv
    <participant>/<session>/coding_file.csv          a row a clip; what annotators fill in is empty

A frame is called after the UTC time of its exposure, a counter that runs from 1 to 1000 and again,
and the marker that was on. `<marker>` is the clip's code; a clip shown again is `<marker>-2`.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import numpy as np

from recordings.annotation.formats.held import not_held
from recordings.annotation.model import Event
from recordings.arrays import F64Array, I64Array
from recordings.errors import RecordingError
from recordings.export.clips import choose_camera, picture_of, write_image
from recordings.export.coded import events_of, of_others
from recordings.export.edf.export import left_out
from recordings.export.excerpts import Piece, clips_of, folders_of
from recordings.export.file_names import file_stems
from recordings.export.mmme_sheet import CODING_COLUMNS, in_no_clip, sheet_rows, stamp
from recordings.export.outside import markers_outside
from recordings.read.fill import NO_TIME, stamp_notes
from recordings.read.outside import timeless_notes
from recordings.read.session import Session
from recordings.read.stream import Stream
from recordings.stream_kinds import EVENTS_STREAM

COUNTER: Final = 1000
_NEAR_S: Final = 0.1
_NEAR: Final = 1.5  # periods: so soon after a marker its sample comes; what is later, after a gap


@dataclass(frozen=True, slots=True)
class Settings:
    """`camera`: the first without a name."""

    camera: str = ""
    image: Literal["png", "tif"] = "png"
    coder: str = ""  # fill the sheet with this coder's events, or the consensus
    annotations: Path | None = None


def export(session: Session, folder: Path, settings: Settings) -> list[str]:
    """Write one session; see `recordings.export.tasks`.

    Raises:
        RecordingError: it has no manifest or no camera.
    """
    manifest = session.manifest
    if manifest is None:
        raise RecordingError(f"{session.path}: a bare XDF file has no participant and no video")
    out = folder / manifest.participant / session.path.name
    out.mkdir(parents=True)
    clips = clips_of(session)
    notes = [] if clips else ["no clip: no onset has an end"]
    names = folders_of(clips)
    for clip, name in zip(clips, names, strict=True):
        notes += _write_frames(session, clip, out / "frames" / name, settings)
    signals = [s for s in session.signals if s.tells_time]
    notes += left_out(session)
    notes += [f"{s.shown}: {NO_TIME}; left out" for s in session.signals if not s.tells_time]
    stems = file_stems((s.shown for s in signals), taken=("markers", "coding_file"))
    for stream, stem in zip(signals, stems, strict=True):
        notes += _write_signal(session, stream, out / f"{stem}.csv")
        notes += stamp_notes(stream)
        stream.forget()
    notes += [*timeless_notes(session), *markers_outside(session, "in markers.csv")]
    _write_markers(session, out / "markers.csv")
    coded, odd = _coded(session, settings)
    with (out / "coding_file.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(CODING_COLUMNS)
        writer.writerows(sheet_rows(session, clips, (f"frames/{n}" for n in names), coded))
    return notes + odd + in_no_clip(clips, coded)


def _write_frames(session: Session, clip: Piece, folder: Path, settings: Settings) -> list[str]:
    camera = choose_camera(session, settings.camera)
    first, last = (int(n) for n in np.searchsorted(camera.times, [clip.start, clip.end]))
    folder.mkdir(parents=True)
    for k in range(first, last):
        marker = clip.code or 0
        name = f"{stamp(session, float(camera.times[k]))}-{k % COUNTER + 1}-{marker}"
        write_image(folder / f"{name}.{settings.image}", picture_of(camera, k))
    return [] if first < last else [f"{clip.name}: no frame of {camera.name} between its times"]


def triggers(session: Session, times: F64Array, near_s: float) -> tuple[I64Array, int]:
    """Return for each sample the code of the marker that came with it, 0 = none.

    That is the first sample after the marker, at most `near_s` later. And how many markers are not
    among them: those outside and in a gap, and of several codes with one sample all but the last.
    """
    out = np.zeros(len(times), np.int64)
    coded = [m for m in session.markers() if m.code is not None and m.stream != EVENTS_STREAM]
    codes, moments = np.array([m.code for m in coded], np.int64), np.array([m.time for m in coded])
    at = np.searchsorted(times, moments)
    near = np.append(times, np.inf)[at] - moments <= near_s
    at, kept = at[near], codes[near]
    out[at] = kept
    return out, len(coded) - int(np.sum(out[at] == kept))


def _write_signal(session: Session, stream: Stream, path: Path) -> list[str]:
    times = stream.times(stamps="dejittered")
    values = stream.xdf.read()
    near_s = max(_NEAR_S, _NEAR / stream.rate_hz)
    code, lost = triggers(session, times, near_s)
    column = "Trigger" if "Trigger" not in stream.labels else "Marker"
    text = "{:.9g}".format if values.dtype == np.float32 else repr
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["Time", *stream.labels, column])
        for start in range(0, len(times), 100_000):
            part = slice(start, start + 100_000)
            for t, row, c in zip(
                (times[part] - session.start).tolist(), values[part].tolist(), code[part].tolist(),
                strict=True,
            ):  # fmt: skip
                writer.writerow([f"{t:.6f}", *map(text, row), c])
    if not lost:
        return []
    return [
        f"{stream.shown}: {lost} markers with a code are not in its column {column}: no sample "
        f"follows within {near_s:.2g} s, or another came with the same one; markers.csv has all"
    ]


def _write_markers(session: Session, path: Path) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["Time", "Clock", "Marker", "Event", "Stimulus", "Trial", "Stream"])
        for m in session.markers():
            if m.stream != EVENTS_STREAM:
                fields = (m.code, m.event, m.text("stimulus"), m.text("trial"), m.stream)
                clock = stamp(session, m.time)
                writer.writerow([f"{m.time - session.start:.6f}", clock, *fields])


def _coded(session: Session, settings: Settings) -> tuple[list[Event], list[str]]:
    """Return the events of the coder whose events fill the sheet, if any."""
    if not settings.coder:
        return [], []
    camera = choose_camera(session, settings.camera)
    events, notes = events_of(session, camera, settings.coder, settings.annotations)
    notes += of_others(session, [camera.name], settings.coder, settings.annotations)
    return events, notes + not_held("mmme", events)
