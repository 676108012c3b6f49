"""Exports of many sessions: each one a task of its own, in parallel, resumable, its files known.

An exporter is a function (session, folder, settings) that writes files into an empty folder and
depends on nothing else, so that any engine can run it (`recordings.engines`). The folder is a stage
beside the target, and only when the task is done are its files moved to the target, by this process
alone. So a target never holds half an export, and tables that several
sessions share are merged without a race.

What was exported is recorded in `<target>/.unisono/`, and in `exports.json` in the session's folder
for `erase`. A rerun leaves out what is there with the same settings and the same recording.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import shutil
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any, Final, Literal

from pydantic import TypeAdapter, ValidationError

from recordings.annotation.coder_file import Paths, annotations_folder, who
from recordings.disk.atomic import put_in_place, replace_file
from recordings.engines.local import Here, Processes
from recordings.engines.work import Engine, Lost, Work
from recordings.errors import RecordingError
from recordings.export.places import remember
from recordings.export.shared_tables import is_shared, merge
from recordings.manifest import MANIFEST_NAME, State
from recordings.read.session import locate, open_session
from recordings.version import program_version

RECORDS: Final = ".unisono"

KINDS: Final[Mapping[str, str]] = {
    "bids": "recordings.export.bids",
    "csv": "recordings.export.tables",
    "edf": "recordings.export.edf",
    "video": "recordings.export.video",
    "mmme": "recordings.export.mmme",
    "clips": "recordings.export.clips",
    "features": "recordings.features.task",
}
"""Each module has a frozen dataclass `Settings` and `export(session, folder, settings)`.

Where an exporter reads more than recording and coding, its settings have `files_beside(session)`.
"""


@dataclass(frozen=True, slots=True)
class Done:
    """What became of one session."""

    session: str
    outcome: Literal["exported", "there already", "failed"]
    files: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()  # what a person should know: left out, unknown, guessed
    error: str = ""


@dataclass(frozen=True, slots=True)
class Order:
    """One kind of export of some sessions to a folder."""

    kind: str
    sessions: tuple[Path, ...]
    target: Path
    settings: Any
    jobs: int = 1


@dataclass(frozen=True, slots=True)
class Job:
    """One session to be exported into a stage beside the target; settings as JSON holds them."""

    kind: str
    session: Path
    target: Path
    settings: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Staged:
    """What became of a job: its stage holds all files, or there is an error."""

    notes: tuple[str, ...] = ()
    error: str = ""


@dataclass(frozen=True, slots=True)
class Record:
    """What is in the target of one session: `.unisono/<session>.<kind>.json`."""

    kind: str
    session: str
    recorded: str  # UTC of the start: two sessions of one name are told apart by it
    fingerprint: str
    files: dict[str, int] = field(default_factory=dict)  # path in the target: bytes
    version: str = ""  # of the program that wrote it
    digest: str = ""  # of the manifest that it was made from

    def is_whole(self, target: Path) -> bool:
        """Whether all its files are there, as large as they were written."""
        return all(
            (target / name).is_file() and (size < 0 or (target / name).stat().st_size == size)
            for name, size in self.files.items()
        )


def find_sessions(paths: Iterable[Path]) -> tuple[Path, ...]:
    """Return the sessions that paths name: sessions, XDF files, or folders with either in them.

    Where a folder has sessions in it, bare files beside them are left out.

    Raises:
        RecordingError: a path is none of these.
    """
    found: list[Path] = []
    for path in paths:
        if path.is_file() or (path / MANIFEST_NAME).is_file():
            found.append(path)
            continue
        inside = sorted(p.parent for p in path.rglob(MANIFEST_NAME)) if path.is_dir() else []
        inside = inside or sorted(p for p in path.rglob("*.xdf") if p.is_file())
        if not inside:
            raise RecordingError(f"{path}: no session, and no folder with sessions or XDF files")
        found += inside
    return tuple(dict.fromkeys(found))


def run_task(kind: str, session: Path, folder: Path, settings: Any) -> list[str]:
    """Export one session into the empty folder `folder`; return what a person should know.

    Raises:
        RecordingError: it cannot be exported.
    """
    exporter = import_module(KINDS[kind])
    folder.mkdir(parents=True)
    with open_session(session) as opened:
        notes: list[str] = exporter.export(opened, folder, settings)
        manifest = opened.manifest
    if manifest is not None and manifest.state in (State.RECORDING, State.FAILED):
        notes = [f"state {manifest.state}: run unisono repair and export the copy", *notes]
    if manifest is not None and manifest.pending:
        nodes = ", ".join(dict.fromkeys(file.node for file in manifest.pending))
        text = (
            f"{len(manifest.pending)} files are still on {nodes}, and what a cut cable lost is "
            "missing; run unisono collect and export again"
        )
        notes = [text, *notes]
    if manifest is not None and manifest.lost:
        names = ", ".join(file.path for file in manifest.lost)
        notes = [f"lost on nodes, and not in this export: {names}", *notes]
    return notes


def run(
    order: Order,
    progress: Callable[[Done], None] = lambda done: None,
    engine: Engine | None = None,
) -> list[Done]:
    """Export all sessions; one that fails does not keep the others from being exported.

    Args:
        order: what, and where to.
        progress: hears of each session as it is done.
        engine: who does it; processes of this computer, `order.jobs` of them, if None.

    Returns:
        A row for each session that is dealt with, in the order of the sessions. Those that an
        engine leaves to others, a script, have none.

    Raises:
        RecordingError: the target cannot be written to, or lies in one of the sessions; or there is
            nobody to do it.
    """
    for session in order.sessions:
        if session.is_dir() and order.target.resolve().is_relative_to(session.resolve()):
            raise RecordingError(
                f"{order.target}: lies in the session {session_name(session)}, which stays as it "
                "was recorded; name a folder outside with --to"
            )
    try:
        order.target.mkdir(parents=True, exist_ok=True)
        (order.target / RECORDS).mkdir(exist_ok=True)
    except OSError as error:
        raise RecordingError(
            f"{order.target}: cannot be made ({error.strerror}); name another folder with --to"
        ) from error
    results: dict[Path, Done] = {}
    for session, done in _exported(order, engine):
        results[session] = done
        progress(done)
    return [results[session] for session in order.sessions if session in results]


def _exported(order: Order, engine: Engine | None) -> Iterator[tuple[Path, Done]]:
    names: dict[str, Path] = {}
    waiting: list[Path] = []
    for session in order.sessions:
        name = session_name(session)
        if name in names:
            error = f"{names[name]} has the same name; export them to different folders"
            yield session, Done(name, "failed", error=error)
            continue
        names[name] = session
        try:
            there = _is_there(order, session)
        except RecordingError as error:
            yield session, Done(name, "failed", error=str(error))
            continue
        if there is not None:
            yield session, Done(name, "there already", tuple(there.files))
        else:
            waiting.append(session)
    alone = order.jobs <= 1 or len(waiting) <= 1
    engine = engine or (Here() if alone else Processes(order.jobs))
    settings = TypeAdapter(type(order.settings)).dump_python(order.settings, mode="json")
    by_path = {session.absolute(): session for session in waiting}
    jobs = [Job(order.kind, path, order.target.absolute(), settings) for path in by_path]
    for job, outcome in engine.run(EXPORT, jobs):
        session = by_path[job.session]
        yield session, _finished(order, session, outcome)


def stage(job: Job) -> Staged:
    """Export one session into its stage; what goes wrong is its own failure."""
    folder = stage_in(job.target, session_name(job.session), job.kind)
    log = folder.with_suffix(".error.txt")
    try:
        settings = TypeAdapter(import_module(KINDS[job.kind]).Settings).validate_python(
            job.settings
        )
        shutil.rmtree(folder, ignore_errors=True)  # what an interrupted run has left
        log.unlink(missing_ok=True)
        # Before a file of it is written: `erase` is to find what an interrupted export has left.
        notes = remember(job.session, job.kind, job.target)
        notes += run_task(job.kind, job.session, folder, settings)
    except RecordingError as error:
        return Staged(error=" ".join(str(error).split()) or type(error).__name__)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        return Staged(error=f"{job.kind}: setting {where}: {first['msg']}")
    except Exception as error:  # libraries have errors of their own
        with contextlib.suppress(OSError):
            log.write_text(traceback.format_exc(), encoding="utf-8")
        return Staged(error=f"{type(error).__name__}: {' '.join(str(error).split())}")
    return Staged(tuple(notes))


EXPORT: Final = Work("export", stage, Job, Staged)


def _finished(order: Order, session: Path, outcome: Staged | Lost) -> Done:
    """Publish what was staged."""
    name = session_name(session)
    error = outcome.reason if isinstance(outcome, Lost) else outcome.error
    if not error and isinstance(outcome, Staged):
        try:
            return Done(name, "exported", _publish(order, session), outcome.notes)
        except (OSError, RecordingError) as problem:
            error = " ".join(str(problem).split())
    shutil.rmtree(_stage_of(order, session), ignore_errors=True)
    return Done(name, "failed", error=error)


def session_name(session: Path) -> str:
    """Return the name of a session, or of a bare file without `.xdf`."""
    # `.` and `recording.xdf` have a name only with the folder that they are in.
    whole = session.resolve() if session.name in ("", "..") or session.parent == Path() else session
    if whole.is_dir():
        return whole.name
    return whole.parent.name if (whole.parent / MANIFEST_NAME).exists() else whole.stem


def _stage_of(order: Order, session: Path) -> Path:
    return stage_in(order.target, session_name(session), order.kind)


def stage_in(target: Path, name: str, kind: str) -> Path:
    """Return where an export of this session is made until it is whole."""
    return target / RECORDS / f"{name}.{kind}.stage"


def _record_path(order: Order, session: Path) -> Path:
    return order.target / RECORDS / f"{session_name(session)}.{order.kind}.json"


def fingerprint(kind: str, settings: Any, session: Path, digest: str) -> str:
    """Return the hash of what an export is made by: settings, recording, coding, this program.

    Args:
        kind: of the export.
        settings: its.
        session: for the files of coders whose events are exported.
        digest: the manifest's; of a bare file, its size and date.
    """
    beside = [*_coded(settings, session), *_beside(settings, session)]
    parts = [kind, asdict(settings), digest, beside, program_version()]
    whole = json.dumps(parts, default=_as_text, sort_keys=True)
    return hashlib.sha256(whole.encode()).hexdigest()


def _source(session: Path) -> tuple[str, str]:
    """Return (digest of the recording, UTC of its start)."""
    _, _, manifest = locate(session)
    digest = manifest.digest() if manifest else _as_text(session)
    return digest, manifest.clock[0].utc if manifest and manifest.clock else ""


def _coded(settings: Any, session: Path) -> list[str]:
    """Describe the files of the coder whose events are exported, if any."""
    coder = getattr(settings, "coder", "")
    if not coder:
        return []
    paths = Paths(annotations_folder(session, settings.annotations), who(coder))
    return [_as_text(paths.file), _as_text(paths.journal)]


def _beside(settings: Any, session: Path) -> list[str]:
    """Describe the other files that an exporter reads, if any."""
    files_beside = getattr(settings, "files_beside", None)
    return [_as_text(path) for path in files_beside(session)] if files_beside else []


def _as_text(value: object) -> str:
    """Describe a path of the settings; a file by its size and date, for it may be edited."""
    if isinstance(value, Path) and value.is_file():
        stat = value.stat()
        return f"{value} {stat.st_size} {stat.st_mtime_ns}"
    return str(value)


def _is_there(order: Order, session: Path) -> Record | None:
    """Return the record of an export that is complete and up to date.

    Raises:
        RecordingError: another session of this name is there, or this one cannot be read.
    """
    digest, recorded = _source(session)
    record = read_record(order.target, session_name(session), order.kind)
    if record is None:
        return None
    if record.recorded != recorded:
        raise RecordingError(
            f"{order.target} has another session {record.session!r}, recorded {record.recorded}; "
            "export this one to a folder of its own"
        )
    expected = fingerprint(order.kind, order.settings, session, digest)
    return record if record.fingerprint == expected and record.is_whole(order.target) else None


def read_record(target: Path, name: str, kind: str) -> Record | None:
    """Return the record of an export of the session called `name`; None where there is none."""
    try:
        text = (target / RECORDS / f"{name}.{kind}.json").read_text(encoding="utf-8")
        return Record(**json.loads(text))
    except (OSError, ValueError, TypeError):
        return None


def _publish(order: Order, session: Path) -> tuple[str, ...]:
    """Move the staged files to the target, merge shared tables, and write down what there is."""
    stage = _stage_of(order, session)
    before = _read_files(_record_path(order, session))
    files: dict[str, int] = {}
    for path in sorted(p for p in stage.rglob("*") if p.is_file()):
        name = path.relative_to(stage).as_posix()
        target = order.target / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if is_shared(name):
            merge(path, target)
            files[name] = -1  # of several sessions: its size says nothing
        else:
            files[name] = path.stat().st_size
            put_in_place(path, target)
    for gone in set(before) - set(files):
        if before[gone] >= 0:
            (order.target / gone).unlink(missing_ok=True)
    digest, recorded = _source(session)
    record = Record(
        order.kind,
        session_name(session),
        recorded,
        fingerprint(order.kind, order.settings, session, digest),
        files,
        program_version(),
        digest,
    )
    replace_file(_record_path(order, session), json.dumps(asdict(record), indent=1).encode())
    shutil.rmtree(stage, ignore_errors=True)
    return tuple(files)


def _read_files(record: Path) -> dict[str, int]:
    try:
        return dict(json.loads(record.read_text(encoding="utf-8"))["files"])
    except (OSError, ValueError, KeyError, TypeError):
        return {}
