"""A coder's events, or the consensus, for exports: with the times that their frames have now."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from pathlib import Path

from recordings.annotation.agreement.coded_study import coding_of, undecided_in
from recordings.annotation.coder_file import CONSENSUS
from recordings.annotation.formats.tables import CodedRow
from recordings.annotation.frame_times import frame_times, placed
from recordings.annotation.model import Coding, Event
from recordings.annotation.plan import coded_cameras
from recordings.errors import RecordingError
from recordings.export.records import session_name
from recordings.read.camera import Camera
from recordings.read.session import Session, camera_of


def coded_camera(session: Session, name: str) -> Camera:
    """Return the camera of that name, else the first that is coded: see `coded_cameras`.

    Raises:
        RecordingError: there is none.
    """
    wanted = name or next(iter(coded_cameras(session.path, tuple(session.cameras))), "")
    if not wanted:
        raise RecordingError(f"{session.path}: no camera in this session")
    return camera_of(session, wanted)


def events_of(
    session: Session, camera: Camera, coder: str, elsewhere: Path | None = None
) -> tuple[list[Event], list[str]]:
    """Return a coder's events of a camera, and where frames and coded times disagree.

    Raises:
        RecordingError: this coder has not coded the session, or the file is damaged.
    """
    frames = frame_times(camera)
    coding = coding_of(session.path, coder, elsewhere)
    events: list[Event] = []
    notes = _unsettled(coding, session, camera.name, elsewhere) if coder == CONSENSUS else []
    for event in coding.on(camera.name):
        now, odd = placed(event, frames)
        outside = [m.frame for m in event.marks.values() if m.frame >= len(frames)]
        notes += [f"{coder}, event {event.id}: {text}" for text in odd]
        if outside or not event.marks:
            notes.append(f"{coder}, event {event.id}: has no frame here; left out")
        elif now.disorder:  # other programs have no such event, or turn it round
            frames_of = ", ".join(f"{name} {moment.frame}" for name, moment in now.marks.items())
            notes.append(f"{coder}, event {event.id}: {now.disorder[0]} ({frames_of}); left out")
        else:
            events.append(now)
    return events, notes


def _unsettled(
    consensus: Coding, session: Session, camera: str, elsewhere: Path | None
) -> list[str]:
    try:
        count = len(undecided_in(consensus, session.path, camera, elsewhere))
    except RecordingError as error:
        return [f"{CONSENSUS}: whether all is decided is not known: {error}"]
    told = f"{CONSENSUS}: {count} events of its coders are undecided on {camera}, or changed since"
    return [f"{told}; open it with --arbitrate"] if count else []


def of_others(
    session: Session, cameras: Collection[str], coder: str, elsewhere: Path | None = None
) -> list[str]:
    """Say how many events a coder has on cameras that are not among those that are exported.

    Raises:
        RecordingError: as `events_of`.
    """
    coding = coding_of(session.path, coder, elsewhere)
    counts = Counter(e.camera for e in coding.events.values() if e.camera not in cameras)
    return [
        f"{coder}, {count} events: are of the camera {name}"
        f"{'' if name in session.cameras else ', which has no index'}; left out"
        for name, count in sorted(counts.items())
    ]


def rows_of(session: Session, camera: Camera, events: Iterable[Event]) -> list[CodedRow]:
    """Return events as rows of a corpus' table of frames."""
    return [
        CodedRow(
            line=number,
            subject=session.manifest.participant if session.manifest else "",
            clip=clip_name(session, camera),
            frames={name: moment.frame for name, moment in event.marks.items()},
            offset_coded=event.offset is not None,
            kind=event.kind,
            units=event.units,
            emotion=event.emotion,
            note=event.note,
        )
        for number, event in enumerate(events, 1)
    ]


def clip_name(session: Session, camera: Camera) -> str:
    """Return what a table calls the whole video of a camera."""
    return f"{session_name(session.path)}_{camera.name}"
