"""What is pending on nodes, brought into the sessions that it belongs to.

A session gets only what its own run has recorded, under names that videos and own copies have: a
node cannot write over anything else, whatever it says.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from acquire.errors import AcquireError
from acquire.lsl.clock import local_clock
from acquire.node.transfer.sources import Source
from acquire.node.transfer.transfer import TransferError, fetch
from acquire.node.wire.models import NodeFile, Receipt, Recording
from recordings import layout
from recordings.arrays import F64Array
from recordings.disk.hashing import sha256_of
from recordings.errors import RecordingError
from recordings.manifest import Manifest
from recordings.manifest_entries import Event, FileEntry, LostFile, PendingFile
from recordings.read.opening import open_recording
from recordings.repair.videos import Media, belongs_to, described
from recordings.stream_kinds import INDEX_CHANNELS

Change = Callable[[Path, Callable[[Manifest], Manifest]], None]
"""Changes the manifest in a session's folder, while nobody else does."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the files of one session are."""

    session: Path
    file: str
    done: int  # bytes of all files of the session on this node, and how many there are
    total: int


@dataclass(frozen=True, slots=True)
class Job:
    """One recording of a node whose files are wanted here."""

    recording: Recording
    folder: Path


def change_manifest(folder: Path, change: Callable[[Manifest], Manifest]) -> None:
    """Change a manifest that nobody else changes now."""
    change(Manifest.load(folder)).save(folder)


def jobs(source: Source, data_dir: Path, only: Path | None = None) -> Iterator[Job]:
    """Find the recordings of a node that belong to sessions here and are not all here.

    One that is still recorded, or not hashed yet, or whose session is not closed, is left out: it
    comes later.
    """
    for recording in source.recordings():
        try:
            folder = _folder_for(recording, data_dir, only)
            if folder is None or not recording.files:
                continue
            manifest = Manifest.load(folder)
        except RecordingError:
            continue
        if manifest.node_run != recording.run_id or not manifest.is_closed:
            continue
        yield Job(recording, folder)


def _folder_for(recording: Recording, data_dir: Path, only: Path | None) -> Path | None:
    """Find the session of a recording; one that was named is known by its manifest alone."""
    if only is None:
        return layout.find_session(data_dir, recording.session)
    return only if recorded_as(Manifest.load(only)) == recording.session else None


def recorded_as(manifest: Manifest) -> str:
    """Give the name that a session was recorded under: it may have been moved or renamed since."""
    m = manifest
    folder = layout.session_folder(Path(), m.study, m.participant, m.session, m.task, m.run)
    return layout.session_id(folder)


def is_whole(source: Source, job: Job) -> bool:
    """Say whether all files of a recording are here, and the session knows it."""
    manifest = Manifest.load(job.folder)
    waited_for = any(p.node == source.node for p in manifest.pending)
    return not waited_for and not _lacking(manifest, job)


def _lacking(manifest: Manifest, job: Job) -> list[NodeFile]:
    here = {entry.path: entry.sha256 for entry in manifest.files}
    return [
        file
        for file in job.recording.files
        if file.sha256 is None  # not hashed there yet
        or here.get(file.name) != file.sha256
        or not _is_on_disk(job.folder / file.name, file.bytes)
    ]


def _is_on_disk(path: Path, size: int) -> bool:
    """Say whether a file that the manifest knows is still there: only then may the node lose it."""
    try:
        return path.stat().st_size == size
    except FileNotFoundError:
        return False


def collect(
    source: Source,
    job: Job,
    change: Change,
    between: Callable[[int], None] = lambda count: None,
    tell: Callable[[Progress], None] = lambda progress: None,
) -> bool:
    """Bring the files of one recording here; whether there was something to bring.

    Args:
        source: where they are.
        job: of `jobs`.
        change: changes the manifest, file by file.
        between: called after so many bytes; may rest, or raise to leave the rest for later.
        tell: hears how far it is.

    Raises:
        AcquireError, RecordingError, OSError: it cannot go on, or some files cannot be had; what is
            here stays.
    """
    recording = source.recording(job.recording.id)
    if not recording.ready:
        return False
    job = Job(recording, job.folder)
    lacking = _lacking(Manifest.load(job.folder), job)
    if not lacking and is_whole(source, job):
        return False
    total = sum(file.bytes for file in recording.files)
    done = total - sum(file.bytes for file in lacking)
    refused = []
    for file in lacking:
        reader = _Reader(source, recording.id, file, between, _teller(job, file, done, total, tell))
        try:
            if file.problem is not None:
                raise TransferError(f"{file.name}: {file.problem}")
            _bring(file, job, reader)
        except TransferError as error:  # of this file: the others are none the worse for it
            refused.append(str(error))
            continue
        change(job.folder, lambda before, file=file: _arrived(before, file))  # type: ignore[misc]
        done += file.bytes
    if refused:
        raise TransferError("; ".join(refused))
    change(job.folder, lambda before: _completed(before, job.folder, source, recording))
    return True


def release(source: Source, job: Job) -> None:
    """Have the node delete the files of a recording, all of which are here.

    Raises:
        AcquireError: the node refuses, or a file is not here.
    """
    manifest = Manifest.load(job.folder)
    if lacking := _lacking(manifest, job):
        raise AcquireError(f"{job.folder.name}: {lacking[0].name} is not here; collect it first")
    files = {file.name: file.sha256 for file in job.recording.files if file.sha256}
    source.release(job.recording.id, Receipt(files=files))


def _refuse_odd(name: str, recording: Recording) -> None:
    if not name.endswith(layout.STORED_SUFFIXES):
        raise TransferError(
            f"{recording.id}: {name!r} is neither a video, a sound nor an own copy: not taken; "
            "see the node"
        )


def _teller(
    job: Job, file: NodeFile, done: int, total: int, tell: Callable[[Progress], None]
) -> Callable[[int], None]:
    return lambda place: tell(Progress(job.folder, file.name, done + place, total))


class _Reader:
    """Reads a file piece by piece, with a pause after each where one is wanted."""

    def __init__(
        self,
        source: Source,
        id: str,
        file: NodeFile,
        between: Callable[[int], None],
        at: Callable[[int], None],
    ) -> None:
        self._source, self._id, self._file = source, id, file
        self._between, self._at = between, at

    def read(self, start: int, view: memoryview) -> int:
        place = start

        def came(count: int) -> None:
            nonlocal place
            place += count
            self._at(place)
            self._between(count)

        return self._source.read(self._id, self._file.name, start, view, came)

    def rest(self) -> None:
        self._between(0)


def _bring(file: NodeFile, job: Job, reader: _Reader) -> None:
    _refuse_odd(file.name, job.recording)
    path = job.folder / file.name
    if path.exists():
        # Whoever was killed after the last block: it has its name, and the manifest not yet.
        if path.stat().st_size != file.bytes or (
            sha256_of(path, between=reader.rest) != file.sha256
        ):
            raise TransferError(
                f"{path}: is another file than the node's; move it away, and collect again"
            )
        return
    fetch(file, job.folder, reader.read, reader.rest)


# The manifest.


def _arrived(manifest: Manifest, file: NodeFile) -> Manifest:
    entry = FileEntry(path=file.name, bytes=file.bytes, sha256=file.sha256)
    others = tuple(f for f in manifest.files if f.path != file.name)
    pending = tuple(p for p in manifest.pending if p.path != file.name)
    lost = tuple(f for f in manifest.lost if f.path != file.name)  # it was given up too early
    return manifest.model_copy(update={"files": (*others, entry), "pending": pending, "lost": lost})


def _completed(manifest: Manifest, folder: Path, source: Source, recording: Recording) -> Manifest:
    """Describe what has come; what the node never had is not waited for."""
    absent = [p for p in manifest.pending if p.node == source.node]
    names = [f.name for f in recording.files]
    text = f"{', '.join(names)} collected from {source.node}"
    manifest = lost(manifest, absent, "the node has no such file")
    videos = tuple(_described(folder, manifest, entry, names) for entry in manifest.videos)
    sounds = tuple(_described(folder, manifest, entry, names) for entry in manifest.sounds)
    return manifest.model_copy(
        update={
            "videos": videos,
            "sounds": sounds,
            "events": (*manifest.events, engine_event("info", "collected", text)),
        }
    )


def lost(manifest: Manifest, files: Sequence[PendingFile], reason: str) -> Manifest:
    """Move files from `pending` to `lost`, with an event for each."""
    events = [
        engine_event("error", "lost-on-node", f"{f.path}: lost on node {f.node}: {reason}")
        for f in files
    ]
    entries = tuple(LostFile(path=f.path, node=f.node, reason=reason) for f in files)
    return manifest.model_copy(
        update={
            "pending": tuple(f for f in manifest.pending if f not in files),
            "lost": (*manifest.lost, *entries),
            "events": (*manifest.events, *events),
        }
    )


def engine_event(level: str, code: str, text: str) -> Event:
    """Describe something for the manifest, as from the engine, now."""
    return Event.model_validate(
        {"time": local_clock(), "source": "engine", "level": level, "code": code, "text": text}
    )


def _described(folder: Path, manifest: Manifest, entry: Media, names: list[str]) -> Media:
    """Describe a camera's or microphone's files anew, where they came from the node."""
    mine = [name for name in names if belongs_to(entry.name, name)]
    if not mine:
        return entry
    after = described(folder, entry, mine, merged_rows(folder, entry.name))
    return after.model_copy(update={"lsl_stop": entry.lsl_stop or manifest.lsl_stop})


def merged_rows(folder: Path, camera: str) -> F64Array:
    """Give the rows of a camera as they were received, and those that its own copies alone have.

    Shape (n, channels), in the order of their stamps; rows after the cut of a copy are left out.
    """
    with open_recording(folder / layout.XDF_NAME, Manifest.load(folder)) as recording:
        rows = [s.read() for s in recording.streams if s.name == camera and s.info.is_index]
    return np.concatenate([np.zeros((0, len(INDEX_CHANNELS))), *rows])
