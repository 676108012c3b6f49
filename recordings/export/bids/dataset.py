"""`unisono export bids`: sessions as a BIDS 1.11 dataset; EEG through mne-bids.

Onsets and start times are on the time axis of the EEG file, where sample k is at k / its nominal
rate: the sample that was taken when an event came says when the event was. Without an EEG stream
they are seconds since the recording began.

Not in BIDS 1.11, so named after the proposal BEP047 and listed in `.bidsignore`: video, and the
time of each frame.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Final, Literal

from recordings import layout
from recordings.annotation.formats.held import not_held
from recordings.annotation.model import Event
from recordings.errors import RecordingError
from recordings.export.bids import beh
from recordings.export.bids.eeg import Place, write_eeg
from recordings.export.bids.files import BIDS_VERSION, Names, write_json
from recordings.export.bids.shared_tables import NOTHING, read_tsv, write_tsv
from recordings.export.coded import events_of, of_others
from recordings.read.grid import grid_of
from recordings.read.session import Session
from recordings.read.stream import Stream

IGNORED: Final = (".unisono/", "**/*_video.*", "**/*_videoframes.*", "**/*_image.*")


@dataclass(frozen=True, slots=True)
class Settings:
    """How a dataset is made.

    `video`: `original` files (hard links where the disk can), playable `mp4`, or `none`.
    `days_back` shifts all dates. `stimuli` is a folder with the stimulus files that markers name.
    """

    name: str = "Unisono recordings"
    format: Literal["BrainVision", "EDF"] = "BrainVision"
    video: Literal["original", "mp4", "none"] = "original"
    days_back: int = 0
    stimuli: Path | None = None
    coder: str = ""  # add this coder's expressions, or the consensus, to the events
    annotations: Path | None = None


def export(session: Session, folder: Path, settings: Settings) -> list[str]:
    """Write one session as a dataset of its own into `folder`; see `recordings.export.tasks`.

    Raises:
        RecordingError: it has no manifest, or mne-bids is missing.
    """
    manifest = session.manifest
    if manifest is None:
        raise RecordingError(
            f"{session.path}: a bare XDF file does not say whose it is; put it into a session with "
            "unisono import"
        )
    names = Names(manifest.participant, manifest.session, manifest.task, manifest.run)
    notes: list[str] = []
    eeg = session.eeg
    names = names.of_type("eeg" if eeg else "beh")
    axis = beh.Axis(None, session.start)
    if eeg is not None:
        grid = grid_of(eeg)
        axis = beh.Axis(grid, session.start, eeg.name)
        place = Place(folder, names, settings.format, settings.days_back)
        notes += write_eeg(session, eeg, grid, place)
    notes += _other_eeg(session, eeg)
    coded, odd = _coded(session, settings)
    notes += odd
    notes += beh.write_events(session, folder, names, axis, settings.stimuli, coded)
    notes += beh.write_physio(session, eeg, folder, names, axis)
    dated = not settings.days_back
    notes += beh.write_video(session, folder, names, axis, settings.video, dated=dated)
    notes += _write_ratings(session, folder, names)
    _write_shared(session, folder, names, settings)
    return notes


def _coded(session: Session, settings: Settings) -> tuple[list[Event], list[str]]:
    """Return a coder's expressions on all cameras."""
    events: list[Event] = []
    notes: list[str] = []
    for camera in session.cameras.values() if settings.coder else ():
        found, odd = events_of(session, camera, settings.coder, settings.annotations)
        events += found
        notes += odd
    if settings.coder:
        notes += of_others(session, session.cameras, settings.coder, settings.annotations)
    return events, notes + not_held("bids", events)


def _other_eeg(session: Session, eeg: Stream | None) -> list[str]:
    """Say which EEG streams are not the EEG of the dataset: a file of BIDS has one time axis."""
    others = [s for s in session if s.type.upper() == "EEG" and s is not eeg and len(s)]
    return [f"{s.shown}: {_not_the_eeg(s, eeg)}" for s in others if s.rate_hz or s.is_text]


def _not_the_eeg(stream: Stream, eeg: Stream | None) -> str:
    if stream.is_text:
        return "holds text, not signals; its samples are taken as markers"
    if eeg is not None:
        return f"the EEG is {eeg.shown}; this stream is physiology"
    return "no channel has the unit of an electrode; this stream is physiology"


def _write_ratings(session: Session, folder: Path, names: Names) -> list[str]:
    """Write the participant's answers as a phenotype table, which has one row a participant."""
    source = session.path / layout.RATINGS_NAME
    if not source.is_file():
        return []
    columns, rows = read_tsv(source)
    answers = {"participant_id": names.subject, "session_id": names.session_label}
    table: dict[str, Any] = {}
    meant: dict[str, str] = {}
    for number, row in enumerate(rows, 1):
        item = _as_column(row.get("item", "")) or "answer"
        # By stimulus: the trial of that number is about another one in another order.
        about = _as_column(row.get("stimulus", "")) or f"trial{row.get('trial') or number}"
        column = f"{about}_{item}"
        if row.get("attempt", "1") not in ("1", NOTHING):
            column += f"_attempt{row['attempt']}"
        while column in table:
            column += "_again"
        table[column] = row.get("value")
        meant[column] = f"Answer to {row.get('item') or 'a question'} about {about}"
    name = f"ratings_{names.session_label}_task-{names.task}_run-{names.run:02d}"
    path = folder / "phenotype" / f"{re.sub('[^A-Za-z0-9]', '', name)}.tsv"
    write_tsv(path, [*answers, *table], [answers | table])
    described: dict[str, Any] = {name: {"Description": said} for name, said in meant.items()}
    described["session_id"] = {"Description": "Session in which the answers were given"}
    where = f"session {names.session}, task {names.task}, run {names.run:02d}"
    described["MeasurementToolMetadata"] = {"Description": f"Ratings during {where}"}
    write_json(path.with_suffix(".json"), described)
    return [] if columns else ["ratings.tsv is empty"]


def _as_column(text: str) -> str:
    return re.sub("[^A-Za-z0-9]+", "_", "" if text == NOTHING else text).strip("_")


def _write_shared(session: Session, folder: Path, names: Names, settings: Settings) -> None:
    """Write what the whole dataset shares; the tables are merged on publishing."""
    write_json(
        folder / "dataset_description.json",
        {
            "Name": settings.name,
            "BIDSVersion": BIDS_VERSION,
            "DatasetType": "raw",
            "GeneratedBy": [{"Name": "Unisono", "Description": "unisono export bids"}],
        },
    )
    (folder / "README.md").unlink(missing_ok=True)
    (folder / "README").write_text(
        f"{settings.name}\n\nRecorded with Unisono through LabStreamingLayer. Onsets are on the "
        "time axis of the EEG file.\nWrite here what the study was about.\n",
        encoding="utf-8",
    )
    (folder / ".bidsignore").write_text("\n".join(IGNORED) + "\n", encoding="utf-8")
    write_tsv(folder / "participants.tsv", ["participant_id"], [{"participant_id": names.subject}])
    write_json(folder / "participants.json", {"participant_id": {"Description": "Pseudonym"}})
    for stale in (*folder.glob("participants.tsv.*"), *folder.rglob("*.lock")):
        stale.unlink()
    start = session.utc(session.start)
    acquired = (
        (start - timedelta(days=settings.days_back)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        if start
        else NOTHING
    )
    parent = folder / names.subject / names.session_label
    suffixes = ("_eeg.vhdr", "_eeg.edf", "_physio.tsv.gz", "_beh.tsv")
    files = [
        p.relative_to(parent).as_posix()
        for p in sorted(parent.rglob("*"))
        if p.is_file() and p.name.endswith(suffixes)
    ]
    scans = parent / f"{names.subject}_{names.session_label}_scans.tsv"
    scans.with_suffix(".json").unlink(missing_ok=True)
    write_tsv(
        scans, ["filename", "acq_time"], [{"filename": f, "acq_time": acquired} for f in files]
    )
