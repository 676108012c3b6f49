"""`unisono import`: a bare XDF file of any recorder as a session, so that it can be exported."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from recordings import layout
from recordings.errors import RecordingError, few
from recordings.manifest import IMPORTED, MANIFEST_NAME, Manifest, State
from recordings.manifest_entries import ClockPair, Event, FileEntry, StreamEntry
from recordings.repair.session import entry_of
from recordings.xdf.reader import XdfRecording, read_xdf
from recordings.xdf.recorded_span import recorded_span
from recordings.xdf.stream import XdfStream


@dataclass(frozen=True, slots=True)
class Labels:
    """Whose recording it is; `run` None is the next one."""

    study: str
    participant: str
    session: str
    task: str
    run: int | None = None


@dataclass(frozen=True, slots=True)
class Imported:
    """What was made of a file, and what a person should know of it."""

    folder: Path
    streams: int
    notes: tuple[str, ...] = ()


def import_xdf(source: Path, data_dir: Path, labels: Labels, software: dict[str, str]) -> Imported:
    """Make a session of a bare XDF file: a copy of it, and a manifest; the file is not touched.

    The recording is as long as its signals. When it was made on the clock of the world, the file's
    header tells to about a second: the recorder opened the file then. Without, the session has no
    UTC. `software` names the versions that made the session.

    Raises:
        RecordingError: it is no XDF file or in a session already, a label is not allowed, the run
            exists, or the disk fails.
    """
    inside = source.name == layout.XDF_NAME and (source.parent / MANIFEST_NAME).exists()
    if source.is_dir() or inside:
        raise RecordingError(f"{source}: is a session, or part of one; name a bare XDF file")
    if not source.exists():
        raise RecordingError(f"{source}: there is no such file")
    where = labels.study, labels.participant, labels.session, labels.task
    layout.session_folder(data_dir, *where, labels.run or 1)
    with read_xdf(source, strict=True) as recording:
        start, stop = recorded_span(recording.streams) or (None, None)
        streams = tuple(_entry(stream) for stream in recording.streams)
        opened, size = recording.opened, recording.size
        notes = _notes(source, recording)
        folder, run = layout.new_session_folder(data_dir, *where, labels.run)
    try:
        shutil.copyfile(source, folder / layout.XDF_NAME)
        entry = FileEntry.of(folder / layout.XDF_NAME)
    except OSError as error:
        shutil.rmtree(folder, ignore_errors=True)
        raise RecordingError(f"{folder}: cannot be written ({error.strerror})") from error
    if entry.bytes is not None and entry.bytes < size:
        shutil.rmtree(folder, ignore_errors=True)
        raise RecordingError(
            f"{source}: was cut off while it was copied: {entry.bytes:,} of {size:,} bytes came; "
            "copy it again from where it was recorded"
        )
    text = f"imported from {source.name}"
    event = Event(time=start or 0.0, source="import", level="info", code=IMPORTED, text=text)
    Manifest(
        state=State.COMPLETE,
        study=labels.study,
        participant=labels.participant,
        session=labels.session,
        task=labels.task,
        run=run,
        software=software,
        host={},
        clock=() if opened is None or start is None else (ClockPair.of(opened, start),),
        lsl_start=start,
        lsl_stop=stop,
        streams=streams,
        files=(entry,),
        events=(event,),
    ).save(folder)
    return Imported(folder, len(streams), notes)


def _entry(stream: XdfStream) -> StreamEntry:
    stamps = stream.stamps
    return entry_of(stream).model_copy(
        update={
            "samples": len(stream),
            "first_stamp": float(stamps[0]) if len(stamps) else None,
            "last_stamp": float(stamps[-1]) if len(stamps) else None,
            "offsets": len(stream.offset_times),
        }
    )


def _notes(source: Path, recording: XdfRecording) -> tuple[str, ...]:
    notes = []
    if recording.damage or recording.unclean_headers:
        notes.append(
            f"{source.name}: is damaged, or has headers that others cannot read; run unisono "
            "repair on it first, and import the copy"
        )
    elif recording.opened is None:
        notes.append(
            f"{source.name}: its header says not when it was made, or not in which time zone: the "
            "session has no date"
        )
    if media := [stream.name for stream in recording.streams if stream.info.is_index]:
        notes.append(f"{few(media)}: frames and sounds themselves are in other files, not taken in")
    return tuple(notes)
