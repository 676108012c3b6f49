"""`unisono features`: one row a window, trial or event, with quality and what is missing beside it.

Nothing is filled in: where a sample, a beat or a face is missing, nothing is said.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from recordings.errors import RecordingError
from recordings.export.bids.files import Names, write_json
from recordings.export.coded import events_of, of_others
from recordings.features import windows
from recordings.features.bands import BANDS, band_powers, differential_entropy
from recordings.features.channels import (
    Channel,
    body_channels,
    column_label,
    eeg_columns,
    strange_unit,
    units_of,
)
from recordings.features.event_flow import MAPS, event_flow
from recordings.features.face_motion import motion_files, motion_row, used_rate_hz
from recordings.features.left_out import not_there, without_grid
from recordings.features.parquet import write_rows
from recordings.features.physiology import KINDS, process
from recordings.features.provenance import dataset, sidecar
from recordings.features.summaries import summary
from recordings.features.trace import Trace, bridged, suspect
from recordings.features.windows import Kind, Window
from recordings.layout import MOTION_NAME
from recordings.motion.table import load_motion
from recordings.read.fill import stamp_notes
from recordings.read.grid import grid_of
from recordings.read.session import Session
from recordings.read.stream import Stream
from recordings.read.to_mne import no_electrodes

_MOTION: Final = "motion"
_OF_RATES: Final = ("ECG", "PPG")
"""Of these no amplitude is told, whatever their unit."""
FLOWS: Final = {"flow28": 28, "flow256": 256}
"""Flow from onset to apex, by the side of its maps: large, and so only where it is asked for."""
SIGNALS: Final = ("EEG", *KINDS, _MOTION, *FLOWS)
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Settings:
    """Where rows come from, and of what.

    `windows`: sliding (of `length_s`, one every `step_s`; 0 = each after the other), trial, or
    event (`before_s` to `after_s` about the onset of what `events_of` coded). `signals`: of
    `SIGNALS`, none = all that are there but flow; `streams`: names, none = all. `bridge_s`: see
    `trace`.
    """

    windows: Kind = "sliding"
    length_s: float = 10.0
    step_s: float = 0.0
    before_s: float = 2.0
    after_s: float = 8.0
    signals: tuple[str, ...] = ()
    streams: tuple[str, ...] = ()
    events_of: str = "consensus"
    annotations: Path | None = None
    bridge_s: float = 0.02

    def __post_init__(self) -> None:
        if unknown := [s for s in self.signals if s not in SIGNALS]:
            raise ValueError(f"no signal {unknown[0]!r}; there are {', '.join(SIGNALS)}")
        times = (self.step_s, self.before_s, self.after_s, self.bridge_s)
        if not self.length_s > 0 or not all(0 <= time < np.inf for time in times):
            raise ValueError("length_s must be more than 0, other times at least 0")
        if self.windows != "event" and self.flows:
            raise ValueError(f"{next(iter(self.flows))} is of events: ask for windows of them")
        if self.windows == "event" and not self.before_s + self.after_s > 0:
            raise ValueError("before_s and after_s are both 0: the windows would be empty")

    @property
    def coder(self) -> str:
        """Whose events are read; "" where none are."""
        return self.events_of if self.windows == "event" else ""

    def wants(self, signal: str) -> bool:
        """Whether a signal is asked for."""
        return not self.signals or signal in self.signals

    @property
    def flows(self) -> dict[str, int]:
        """The flows that are asked for, by the side of their maps."""
        return {name: size for name, size in FLOWS.items() if name in self.signals}

    def files_beside(self, session: Path) -> list[Path]:
        """List what is read beside recording and coding: when it changes, rows do."""
        return [session / MOTION_NAME, *motion_files(session)] if self.wants(_MOTION) else []

    def keeps(self, file: str) -> bool:
        """Whether a table stays that other settings have made: of other windows."""
        return f"_desc-{self.windows}_" not in file


def export(session: Session, folder: Path, settings: Settings) -> list[str]:
    """Write the table of one session and what it was made from.

    Raises:
        RecordingError: a stream cannot be put on an even grid, the events were not coded, it is no
            session of this program, or a library is missing.
    """
    if (manifest := session.manifest) is None:
        raise RecordingError(f"{session.path}: a bare file says nothing of its participant")
    rows, notes = features(session, settings)
    if not rows and settings.windows == "event":  # a face may well stay still
        notes.append(f"{settings.coder} has coded no event: the table has no row")
    elif not rows:
        raise RecordingError(_no_rows(session, settings))
    names = Names(manifest.participant, manifest.session, manifest.task, manifest.run)
    named = manifest.model_dump(include={"participant", "session", "task", "run"})
    path = names.path(folder, f"desc-{settings.windows}_features.parquet")
    about = sidecar(manifest, asdict(settings), rows, _beside(session, settings))
    write_rows(path, [named | row for row in rows], {b"unisono": json.dumps(about).encode()})
    write_json(path.with_suffix(".json"), about)
    dataset(folder)
    return notes


def _no_rows(session: Session, settings: Settings) -> str:
    seconds = session.stop - session.start
    if not seconds > 0:
        return f"{session.path.name}: there is no sample in it"
    if settings.windows == "sliding":
        return (
            f"{session.path.name}: {seconds:.1f} s hold no window of {settings.length_s:g} s; "
            "ask for a shorter --length"
        )
    return f"{session.path.name}: no trial has onset and end; ask for --windows sliding"


def _beside(session: Session, settings: Settings) -> list[Path]:
    if not settings.coder:
        return settings.files_beside(session.path)
    from recordings.annotation.coder_file import Paths, annotations_folder, who

    paths = Paths(annotations_folder(session.path, settings.annotations), who(settings.coder))
    return [p for p in (paths.file, paths.journal) if p.exists()] + settings.files_beside(
        session.path
    )


def features(session: Session, settings: Settings) -> tuple[list[Row], list[str]]:
    """Return the rows of one session, and what a person should know.

    Raises:
        RecordingError: as `export` does.
    """
    found, notes = windows_of(session, settings)
    rows = [_named(number, window, session.start) for number, window in enumerate(found, 1)]
    streams = [session[name] for name in settings.streams] or session.signals
    notes += [note for stream in streams for note in stamp_notes(stream)]
    irregular = [] if settings.streams else session.irregular
    notes += not_there(streams, irregular, settings.signals, settings.wants)
    unfit = without_grid(streams, settings.wants, named=bool(settings.streams))
    notes += [f"{error}; left out" for error in unfit.values()]
    for channel in body_channels(streams):
        if settings.wants(channel.kind) and channel.stream not in unfit:
            notes += _add_body(rows, found, channel, settings)
    if settings.wants("EEG"):
        notes += [note for stream in streams for note in no_electrodes(stream)]
        for stream, numbers, labels in eeg_columns(streams):
            if stream not in unfit:
                _add_eeg(rows, found, _trace(stream, numbers), labels, settings)
    if settings.wants(_MOTION):
        _add_motion(rows, found, session)
    if _MOTION in settings.signals and not motion_files(session.path):
        notes.append("no motion is in this session; run unisono motion on it")
    for name, size in settings.flows.items():
        _add_flow(rows, found, session, name.capitalize(), size)
    return rows, notes


def windows_of(session: Session, settings: Settings) -> tuple[list[Window], list[str]]:
    """Return the windows that settings ask for, and which trials and events have none.

    Raises:
        RecordingError: the events were not coded.
    """
    if settings.windows == "sliding":
        step = settings.step_s or settings.length_s
        # A manifest may say that it went on for hours more: there, all windows would be empty.
        last = max((s.last for s in session.streams if len(s)), default=session.stop)
        stop = min(session.stop, last + settings.length_s)
        return windows.sliding(session.start, stop, settings.length_s, step), []
    if settings.windows == "trial":
        return windows.of_trials(session.trials())
    found: list[Window] = []
    notes: list[str] = []
    for camera in session.cameras.values():
        events, odd = events_of(session, camera, settings.coder, settings.annotations)
        found += windows.of_events(events, settings.before_s, settings.after_s)
        notes += odd
    notes += of_others(session, session.cameras, settings.coder, settings.annotations)
    return sorted(found, key=lambda window: window.zero), notes


def _named(number: int, window: Window, start: float) -> Row:
    """Return the first columns: seconds since the recording's start, and the LSL time of zero."""
    return {
        "window": number,
        "start": window.start - start,
        "stop": window.stop - start,
        "lsl_time": window.zero,
        **window.about,
    }


def _add_body(
    rows: list[Row], found: list[Window], channel: Channel, settings: Settings
) -> list[str]:
    trace = _trace(channel.stream, [channel.number])
    whole = trace.read(trace.whole())[:, 0]
    processed = process(
        channel.kind, whole, trace.rate_hz, settings.bridge_s, trace.measured_rate_hz
    )
    event = settings.windows == "event"
    for row, window in zip(rows, found, strict=True):
        place = trace.place(window)
        columns = summary(processed, place, trace.times(place) - window.zero, event=event)
        row |= {f"{name}{channel.suffix}": value for name, value in columns.items()}
    notes = list(processed.notes)
    if (unit := strange_unit(channel)) and channel.kind not in _OF_RATES:
        notes.append(f"unit {unit!r} is none of {channel.kind}: values are as they are in the file")
    return [f"{channel.stream.shown}, {channel.label}: {note}" for note in notes]


def _trace(stream: Stream, channels: list[int]) -> Trace:
    scales = [scale for scale, _ in units_of(stream)]
    return Trace(stream, grid_of(stream, filled=False), channels, scales)


def _add_eeg(
    rows: list[Row], found: list[Window], trace: Trace, labels: list[str], settings: Settings
) -> None:
    for row, window in zip(rows, found, strict=True):
        values = trace.read(trace.place(window))
        missing, rate_hz = np.isnan(values), trace.measured_rate_hz
        crossed = bridged(values, round(settings.bridge_s * rate_hz))
        powers = band_powers(crossed, rate_hz)
        entropies = differential_entropy(powers)
        for n, label in enumerate(labels):
            for band, power, entropy in zip(BANDS, powers[n], entropies[n], strict=True):
                row[f"EEG_{band}_{label}"] = float(power)
                row[f"EEG_{band}_DE_{label}"] = float(entropy)
            there = values[~missing[:, n], n]
            sound = 1.0 - suspect(there, rate_hz).mean() if len(there) else np.nan
            row[f"EEG_Quality_{label}"] = float(sound)
            row[f"EEG_Missing_{label}"] = float(missing[:, n].mean()) if len(missing) else 1.0


def _add_motion(rows: list[Row], found: list[Window], session: Session) -> None:
    files = motion_files(session.path)
    # Of all cameras, also of those whose motion was not measured: columns mean the same everywhere.
    videos = session.manifest.videos if session.manifest is not None else ()
    first = min((*(video.name for video in videos), *(path.stem for path in files)), default="")
    for path in files:
        motion = load_motion(path)
        rate_hz = used_rate_hz(motion.times)
        suffix = f"_{column_label(path.stem)}" if path.stem != first else ""
        for row, window in zip(rows, found, strict=True):
            columns = motion_row(motion, rate_hz, window)
            row |= {f"{name}{suffix}": value for name, value in columns.items()}


def _add_flow(rows: list[Row], found: list[Window], session: Session, name: str, size: int) -> None:
    """Add maps as lists of float32, row by row; null where the flow of an event is not known."""
    for row, window in zip(rows, found, strict=True):
        flow = event_flow(session.cameras[window.about["camera"]], window.about, size)
        for number, map_ in enumerate(MAPS):
            values = flow[number].astype(np.float32).ravel() if flow is not None else None
            row[f"{name}_{map_}"] = values
        row[f"{name}_Missing"] = float(flow is None)
