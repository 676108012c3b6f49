"""`unisono coding import`: events of other people's files for a coder's own."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath

from recordings.annotation.agreement.pairing import pair_events
from recordings.annotation.coder_file import annotations_folder, coder_of
from recordings.annotation.formats.boris import read_boris
from recordings.annotation.formats.boris_project import Observation
from recordings.annotation.formats.coding_sheet import is_participant
from recordings.annotation.formats.corpus_forms import BASE, FormName
from recordings.annotation.formats.eaf import read_eaf
from recordings.annotation.formats.held import Form
from recordings.annotation.formats.incoming import Incoming, made
from recordings.annotation.formats.tables import CodedRow, read_table
from recordings.annotation.frame_times import FrameTimes, frame_times
from recordings.annotation.journal import Change
from recordings.annotation.model import Coding, Event, Mark, Moment, Span
from recordings.annotation.store import CodingStore
from recordings.errors import RecordingError
from recordings.export.bids.coding import read_bids
from recordings.export.coded import clip_name, coded_camera
from recordings.export.coding import form_of
from recordings.export.excerpts import ClipNames, check_within, clips_of
from recordings.read.camera import Camera
from recordings.read.session import Session, open_session


@dataclass(frozen=True, slots=True)
class Places:
    """The clips that a table may name: their frames by name, and whole by marker."""

    frames: Mapping[str, range]
    clips: ClipNames


def _events(
    session: Session, path: Path, form: Form, camera: Camera, coder: str, observation: str
) -> Incoming:
    """Read events of a session; of a file of several coders, those of `coder`.

    Rows of other participants are left out and counted.
    """
    frames = frame_times(camera)
    if form == "eaf":
        return read_eaf(path, frames, coder, _begins(session, camera))
    if form == "boris":
        return read_boris(path, frames, Observation(observation, _begins(session, camera), coder))
    if form == "bids":
        return read_bids(path, frames, session.start)
    return _from_table(session, path, form, camera, frames)


def _from_table(
    session: Session, path: Path, form: FormName, camera: Camera, frames: FrameTimes
) -> Incoming:
    table = read_table(path, form)
    participant = session.manifest.participant if session.manifest else None
    own = [
        row
        for row in table.rows
        if participant is None or not row.subject or is_participant(row.subject, participant)
    ]
    incoming = Incoming(faults=list(table.faults))
    places = _places(session, camera)
    for row in own:
        incoming.add(f"line {row.line}", partial(_event, row, frames, places))
    if len(own) < len(table.rows):
        others = len(table.rows) - len(own)
        incoming.faults.append(f"{others} rows are of other participants; left out")
    return incoming


def _places(session: Session, camera: Camera) -> Places:
    whole = clip_name(session, camera)
    names = (whole, whole.removesuffix(f"_{camera.name}"), camera.name)
    frames = dict.fromkeys(names, range(len(camera)))
    clips = clips_of(session)
    for clip in clips:
        first, last = camera.times.searchsorted([clip.start, clip.end]).tolist()
        frames[clip.name] = range(first, min(last + 1, len(camera)))  # as `export clips` has it
    return Places(frames, ClipNames(clips))


def _begins(session: Session, camera: Camera) -> dict[str, int]:
    """Return the first frame of each video that files may be about, by name: whole, or a clip."""
    return {name: frames.start for name, frames in _places(session, camera).frames.items()}


def _event(row: CodedRow, frames: FrameTimes, places: Places) -> Event:
    marks = _by_time(row, frames, places) if row.seconds else _by_frame(row, frames, places)
    fields = {
        "offset_coded": row.offset_coded,
        "kind": row.kind,
        "units": row.units,
        "emotion": row.emotion,
        "note": row.note,
    }
    return made(frames, marks, fields)


def _by_frame(row: CodedRow, frames: FrameTimes, places: Places) -> dict[Mark, Moment]:
    name = PurePosixPath(row.clip.replace("\\", "/")).name
    stem = name if name in places.frames else PurePosixPath(name).stem
    if stem not in places.frames:
        raise ValueError(f"no clip {row.clip!r} in this session")
    clip = places.frames[stem]
    begin = min(row.frames.values())
    if begin >= len(clip):  # what begins in a clip may end after it
        raise ValueError(f"{stem} has no frame {begin + BASE}; its last is {len(clip)}")
    return {mark: frames.moment(clip.start + frame) for mark, frame in row.frames.items()}


def _by_time(row: CodedRow, frames: FrameTimes, places: Places) -> dict[Mark, Moment]:
    clip = places.clips.find(row.marker, row.clip)
    check_within(clip, min(row.seconds.values()))
    return {mark: frames.nearest(clip.start + second) for mark, second in row.seconds.items()}


@dataclass(frozen=True, slots=True)
class TakenIn:
    """What became of an import: events taken, those among them that were there, faulty rows."""

    taken: int
    there: int
    faults: tuple[str, ...]
    notes: tuple[str, ...]


def take_in(
    session: Path,
    path: Path,
    form: Form | None,
    coder: str,
    camera: str = "",
    *,
    observation: str = "",
    looked: bool = False,
    annotations: Path | None = None,
) -> TakenIn:
    """Read a file's events into a coder's file, as one edit that can be taken back.

    Of a BORIS project, those of one `observation`.

    Raises:
        RecordingError: the file cannot be read, or the coder's file cannot be written.
    """
    by = coder_of(coder)
    with open_session(session) as opened:
        chosen, cameras = coded_camera(opened, camera), list(opened.cameras)
        incoming = _events(opened, path, form_of(path, form), chosen, str(by), observation)
        frames = len(chosen)
    folder = annotations_folder(session, annotations)
    with CodingStore(folder, by, session=session.resolve().name) as store:
        if not store.writable:
            raise RecordingError(f"{folder}: {coder}'s file is open in {store.held_by}")
        before = store.coding
        fresh, edited = _fresh(incoming.events, before)
        there = len(incoming.events) - len(fresh)
        changes = [Change(shelf="events", after=event) for event in fresh]
        twice = len(pair_events(fresh, before.on(chosen.name)).pairs)
        if looked and frames:
            span = Span(id=_id_of(chosen.name), camera=chosen.name, first=0, last=frames - 1)
            changes.append(Change(shelf="looked", before=before.looked.get(span.id), after=span))
        if any(change.before != change.after for change in changes):
            store.edit(changes)
        notes = list(store.notes)
    if edited:
        notes.append(f"{edited} events were edited since they were imported; they stay as they are")
    if twice:
        notes.append(
            f"{twice} of the events lie where {by} has others: an expression may be there twice; "
            "the window takes an import back by Ctrl+Z"
        )
    if not camera and len(cameras) > 1:
        notes.append(f"taken as of the camera {chosen.name}; --camera names another")
    if not looked:
        notes.append("agreement counts what was looked at; say --looked if that was all of it")
    return TakenIn(len(incoming.events), there, tuple(incoming.faults), tuple(notes))


def _fresh(incoming: Iterable[Event], before: Coding) -> tuple[list[Event], int]:
    """Return the events that a coder does not have, and how many have been edited since."""
    said = {event.said for event in before.events.values()}
    new = [event for event in incoming if event.said not in said]
    fresh = [event for event in new if event.id not in before.events]
    return fresh, len(new) - len(fresh)


def _id_of(camera: str) -> str:
    """Return the id of the span that is all of a camera's frames."""
    return "all-" + hashlib.sha256(camera.encode()).hexdigest()[:12]
