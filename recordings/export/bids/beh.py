"""What surrounds the EEG in a BIDS dataset: events, physiology, video with its frame times."""

from __future__ import annotations

import glob
import os
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
import numpy.typing as npt

from recordings.annotation.model import Event
from recordings.arrays import F64Array, spans
from recordings.errors import RecordingError, few
from recordings.export.bids.coding import ABOUT as CODED
from recordings.export.bids.coding import CODED_COLUMNS, event_row
from recordings.export.bids.files import Names, column_names, label, write_json, write_tsv_gz
from recordings.export.bids.shared_tables import write_tsv
from recordings.export.file_names import LONGEST
from recordings.read.camera import Camera
from recordings.read.fill import rate_notes, stamp_notes
from recordings.read.grid import Grid, grid_of
from recordings.read.markers import SessionMarker, named
from recordings.read.outside import outside_notes, timeless_notes
from recordings.read.session import Session
from recordings.read.stream import Stream
from recordings.read.trials import Trial, trials
from recordings.stream_kinds import EVENTS_STREAM
from recordings.units import ascii_symbol

_IF_ANY: Final = ("item", "response", "response_time", "texts", "stim_file")
_PIECE: Final = 20_000
"""Rows at a time: as text they take some hundred bytes a value."""


@dataclass(frozen=True, slots=True)
class Axis:
    """The time axis of a session's files: that of the EEG grid, or seconds since `start`."""

    grid: Grid | None
    start: float
    name: str = ""  # of the EEG

    def at(self, time: float) -> float:
        """Return an LSL time on the axis, seconds."""
        return float(self.all_at(np.array([time]))[0])

    def all_at(self, times: F64Array) -> F64Array:
        """Return LSL times, shape (n,), on the axis, seconds."""
        if self.grid is None:
            return times - self.start
        return self.grid.positions(times) / self.grid.rate_hz


def write_events(
    session: Session,
    folder: Path,
    names: Names,
    axis: Axis,
    stimuli: Path | None,
    coded: Sequence[Event] = (),
) -> list[str]:
    """Write events.tsv from all marker streams but the recorder's own, and coded expressions."""
    markers = [m for m in session.markers() if m.stream != EVENTS_STREAM]
    notes = timeless_notes(session)
    if not markers and not coded:
        return [*notes, "no markers: no events"]
    ends = {(t.onset, t.stimulus): t for t in trials(markers)}
    missing: set[str] = set()
    rows = []
    onsets = axis.all_at(np.array([marker.time for marker in markers])).tolist()
    for marker, onset in zip(markers, onsets, strict=True):
        trial = (
            ends.get((marker.time, marker.text("stimulus"))) if marker.event == "onset" else None
        )
        found = _stimulus(folder, stimuli, marker.text("stimulus"), missing)
        rows.append(_event(marker, onset, trial, axis) | ({"stim_file": found} if found else {}))
    rows += [event_row(event, axis.at) for event in coded]
    rows.sort(key=lambda row: float(str(row["onset"])))
    columns = ["onset", "duration", "trial_type", "value", "sample", "event", "trial", "step"]
    columns += ["stimulus", "stream"]
    columns += [name for name in _IF_ANY if any(name in row for row in rows)]
    columns += CODED_COLUMNS if coded else ()
    if axis.grid is None:
        columns.remove("sample")
    write_tsv(names.path(folder, "events.tsv"), columns, rows)
    about = {k: v for k, v in (CODED | _ABOUT_EVENTS).items() if k in columns}
    write_json(names.path(folder, "events.json"), about)
    notes += outside_notes(axis.name, axis.grid, markers, "in events.tsv") if axis.grid else []
    if stimuli and missing:
        notes.append(f"no file in {stimuli.name} for: {few(sorted(missing))}")
    return notes


def _event(
    marker: SessionMarker, onset: float, trial: Trial | None, axis: Axis
) -> dict[str, object]:
    duration = axis.at(trial.end) - onset if trial and trial.end is not None else None
    fields = marker.marker.fields
    kind = fields.get("category") or marker.event or marker.marker.text
    more: dict[str, object] = {}
    if len(marker.marker.texts) > 1:
        more["texts"] = marker.marker.text
    if marker.event == "answer":
        more |= {"item": marker.text("item"), "response": fields.get("value")}
        more["response_time"] = fields.get("rt_s")
    elif "key" in fields:  # which ended a page
        more |= {"response": fields["key"], "response_time": fields.get("rt_s")}
    return more | {
        "onset": f"{onset:.6f}",
        "duration": f"{duration:.6f}" if duration is not None else 0 if trial is None else None,
        "trial_type": named(str(kind)),
        "value": marker.code,
        "sample": round(onset * axis.grid.rate_hz) if axis.grid is not None else None,
        "event": marker.event,
        "trial": marker.text("trial"),
        "step": marker.text("step"),
        "stimulus": marker.text("stimulus"),
        "stream": marker.stream,
    }


def _stimulus(folder: Path, stimuli: Path | None, name: str, missing: set[str]) -> str:
    """Copy the file of a stimulus; return its path below `/stimuli`, "" where there is none."""
    if stimuli is None or not name:
        return ""
    plain = Path(name).name
    exact = [
        p
        for p in (stimuli / plain, *sorted(stimuli.glob(f"{glob.escape(plain)}.*")))
        if p.is_file()
    ]
    if not exact:
        missing.add(name)
        return ""
    target = folder / "stimuli" / exact[0].name
    if not target.exists():
        target.parent.mkdir(exist_ok=True)
        shutil.copyfile(exact[0], target)
    return exact[0].name


_ABOUT_EVENTS: Final = {
    "trial_type": {"Description": "Category of the trial; without one, what happened"},
    "value": {"Description": "Trigger code; n/a where the marker has none"},
    "sample": {"Description": "Sample of the EEG file at the onset"},
    "event": {"Description": "onset, end, answer, pause, resume, skip, repeat or abort"},
    "trial": {"Description": "Number of the trial"},
    "step": {"Description": "Step of the protocol"},
    "stimulus": {"Description": "Identifier of the stimulus"},
    "stream": {"Description": "LSL stream that the marker came from"},
    "item": {"Description": "Question that was answered"},
    "response": {"Description": "Answer, or the key that ended a step; n/a where none was given"},
    "response_time": {
        "Description": "From the appearance of question or step to the answer, without pauses",
        "Units": "s",
    },
    "texts": {"Description": "All channels of the marker, joined by /"},
}


def write_physio(
    session: Session, eeg: Stream | None, folder: Path, names: Names, axis: Axis
) -> list[str]:
    """Write every other regular stream as `_physio.tsv.gz`, one recording a stream."""
    notes = []
    used: set[str] = set()
    for stream in session:
        if stream is eeg or stream.is_markers or stream.xdf.info.is_index:
            continue
        if stream.rate_hz <= 0:
            notes.append(f"{stream.shown}: no rate, and no markers: BIDS has no place; left out")
            continue
        if len(stream) < 2 or not stream.labels:
            what = f"{len(stream)} samples" if stream.labels else "has no channels"
            notes.append(f"{stream.shown}: {what}, left out")
            continue
        try:
            grid = grid_of(stream)
        except RecordingError as error:
            notes.append(f"{error}; left out")
            continue
        notes += [*stamp_notes(stream), *rate_notes(stream)]
        stream.forget()  # the grid has what is needed of its times
        recording = label(stream.shown)[:LONGEST]
        while recording.casefold() in used:  # BIDS takes names that differ in case for one
            recording += "x"
        used.add(recording.casefold())
        endless = _write_one(stream, grid, recording, folder, names, axis)
        if endless:
            notes.append(f"{stream.shown}: {endless:,} values are endless (inf): n/a in the table")
    return notes


def _write_one(
    stream: Stream, grid: Grid, recording: str, folder: Path, names: Names, axis: Axis
) -> int:
    """Write a stream; return how many of its values are endless, which a table cannot say."""
    first, last = axis.at(grid.first), axis.at(grid.last)
    columns = column_names(stream.labels)
    about: dict[str, object] = {
        # The rate on the time axis of the EEG file: counted from the start, nothing drifts apart.
        "SamplingFrequency": round((len(grid) - 1) / (last - first), 6)
        if last > first
        else stream.rate_hz,
        "StartTime": round(first, 6),
        "Columns": columns,
        "Manufacturer": stream.xdf.info.text("desc/acquisition/manufacturer") or "n/a",
    }
    for column, channel in zip(columns, stream.xdf.info.channels, strict=True):
        about[column] = {
            "Description": " ".join(p for p in (channel.label, channel.kind) if p),
            # BIDS calls degrees Celsius oC.
            "Units": ascii_symbol(channel.unit).replace("degC", "oC") or "arbitrary",
        }
    write_json(names.path(folder, "physio.json", recording), about)
    count = 0

    def pieces() -> Iterator[tuple[npt.NDArray[Any], npt.NDArray[np.bool_]]]:
        nonlocal count
        for rows, missing in grid.pieces(stream.xdf.read, _PIECE):
            if rows.dtype.kind == "f" and (endless := np.isinf(rows)).any():
                rows[endless] = np.nan
                count += int(endless.sum())
            yield rows, missing

    write_tsv_gz(names.path(folder, "physio.tsv.gz", recording), pieces())
    return count


def write_video(
    session: Session,
    folder: Path,
    names: Names,
    axis: Axis,
    what: Literal["original", "mp4", "none"],
    *,
    dated: bool,
) -> list[str]:
    """Write each camera's video after BEP047, and when each frame was exposed.

    `dated`: the files may have the date of the recording, as links to them do.
    """
    if what == "none":
        return []
    names = names.of_type("beh")
    notes = []
    for camera in session.cameras.values():
        path = names.path(folder, "videoframes.tsv.gz", camera.name)
        write_tsv_gz(path, ((rows, None) for rows in _frame_rows(camera, axis)), "%.10g")
        write_json(
            names.path(folder, "videoframes.json", camera.name),
            {"Columns": ["frame", "timestamp", "device_frame", "trigger_code"]},
        )
        entry = camera.entry
        write_json(
            names.path(folder, "video.json", camera.name),
            {
                "FrameRate": entry.rate_hz,
                "Width": entry.width,
                "Height": entry.height,
                "PixelFormat": entry.pixel_format,
                "Tiling": entry.tiling if what == "original" else "none",
                "Frames": len(camera),
            },
        )
        try:
            if what == "mp4":
                from recordings.export.video import write_mp4

                write_mp4(camera, names.path(folder, "video.mp4", camera.name))
                continue
            for number, file in enumerate(entry.files, 1):
                name = camera.name if number == 1 else f"{camera.name}part{number}"
                source = session.path / file
                (_link if dated else shutil.copyfile)(
                    source, names.path(folder, f"video{source.suffix}", name)
                )
        except (OSError, RecordingError) as error:
            notes.append(f"{camera.name}: its video is left out ({error})")
    return notes


def _frame_rows(camera: Camera, axis: Axis) -> Iterator[F64Array]:
    """Yield number, time, the camera's own number and trigger code of frames, some at a time."""
    codes = camera.column("trigger_code")
    for part in spans(len(camera), _PIECE):
        numbers = np.arange(part.start, part.stop)
        times = axis.all_at(camera.times[part])
        yield np.column_stack([numbers, times, camera.device_frames[part], codes[part]])


def _link(source: Path, target: Path) -> None:
    """Make a hard link, or a copy where the disk has none: a video is large."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)
