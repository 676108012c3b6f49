"""Exports of many sessions: each one a task of its own, in parallel, resumable, its files known.

An exporter is a function (session, folder, settings) that writes files into an empty folder and
depends on nothing else, so that any engine can run it (`recordings.engines`). The folder is a stage
beside the target, and only when the task is done are its files moved to the target, by this process
alone. So a target never holds half an export, and tables that several
sessions share are merged without a race.

What was exported is recorded in the target (`records`), and in `exports.json` in the session's
folder for `erase`.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Final, Literal

from pydantic import TypeAdapter, ValidationError

from recordings import layout
from recordings.disk.atomic import put_in_place, replace_file
from recordings.engines.local import Here, Processes
from recordings.engines.work import Engine, Lost, Work
from recordings.errors import RecordingError, is_full
from recordings.export.bids.shared_tables import is_shared, merge
from recordings.export.places import remember
from recordings.export.records import (
    RECORDS,
    Record,
    fingerprint,
    read_record,
    record_path,
    session_name,
    source_of,
    stage_in,
)
from recordings.manifest import MANIFEST_NAME, State
from recordings.read.session import open_session
from recordings.read.sound import left_out_notes
from recordings.version import program_version

KINDS: Final[Mapping[str, str]] = {
    "bids": "recordings.export.bids.dataset",
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
        inside, bare = _inside(path)
        inside = inside or bare
        if not inside:
            raise RecordingError(f"{path}: no session, and no folder with sessions or XDF files")
        found += inside
    return tuple(dict.fromkeys(found))


def _inside(path: Path) -> tuple[list[Path], list[Path]]:
    """Return the sessions below a folder, and its XDF files.

    A session whose manifest is gone is one, too: whoever opens it says so.
    """
    sessions: list[Path] = []
    bare: list[Path] = []
    for where, _, names in os.walk(path):
        folder = Path(where)
        named = folder.name.startswith("sub-") and "_run-" in folder.name
        if MANIFEST_NAME in names or (named and layout.XDF_NAME in names):
            sessions.append(folder)
        bare += (folder / name for name in names if name.endswith(".xdf"))
    return sorted(sessions), sorted(file for file in bare if file.is_file())


def run_task(kind: str, session: Path, folder: Path, settings: Any) -> list[str]:
    """Export one session into the empty folder `folder`; return what a person should know.

    Raises:
        RecordingError: it cannot be exported.
    """
    exporter = import_module(KINDS[kind])
    folder.mkdir(parents=True)
    with open_session(session) as opened:
        notes: list[str] = exporter.export(opened, folder, settings)
        notes += left_out_notes(opened.sounds)
        if damaged := opened.recording.damage_text:
            name = opened.recording.path.name
            notes = [f"{name}: {damaged}: what was there is missing in this export", *notes]
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
    progress: Callable[[Path, Done], None] = lambda session, done: None,
    engine: Engine | None = None,
) -> list[Done]:
    """Export all sessions; one that fails does not keep the others from being exported.

    Args:
        order: what, and where to.
        progress: hears of each session as it is done; two of one name are told apart by where
            they lie.
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
        progress(session, done)
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
        if isinstance(error, OSError) and is_full(error):
            return Staged(error=_full(job.target))
        with contextlib.suppress(OSError):
            log.write_text(traceback.format_exc(), encoding="utf-8")
        return Staged(error=f"{type(error).__name__}: {' '.join(str(error).split())}")
    return Staged(tuple(notes))


EXPORT: Final = Work("export", stage, Job, Staged)


def _full(target: Path) -> str:
    return f"{target}: its disk is full; make room, or name a folder on another disk"


def _finished(order: Order, session: Path, outcome: Staged | Lost) -> Done:
    """Publish what was staged."""
    name = session_name(session)
    error = outcome.reason if isinstance(outcome, Lost) else outcome.error
    if not error and isinstance(outcome, Staged):
        try:
            return Done(name, "exported", _publish(order, session), outcome.notes)
        except (OSError, RecordingError) as problem:
            full = isinstance(problem, OSError) and is_full(problem)
            error = _full(order.target) if full else " ".join(str(problem).split())
    shutil.rmtree(_stage_of(order, session), ignore_errors=True)
    return Done(name, "failed", error=error)


def _stage_of(order: Order, session: Path) -> Path:
    return stage_in(order.target, session_name(session), order.kind)


def _is_there(order: Order, session: Path) -> Record | None:
    """Return the record of an export that is complete and up to date.

    Raises:
        RecordingError: another session of this name is there, or this one cannot be read.
    """
    digest, recorded = source_of(session)
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


def _publish(order: Order, session: Path) -> tuple[str, ...]:
    """Move the staged files to the target, merge shared tables, and write down what there is."""
    stage = _stage_of(order, session)
    name = session_name(session)
    record = read_record(order.target, name, order.kind)
    before = record.files if record is not None else {}
    files: dict[str, int] = {}
    for path in sorted(p for p in stage.rglob("*") if p.is_file()):
        inner = path.relative_to(stage).as_posix()
        target = order.target / inner
        target.parent.mkdir(parents=True, exist_ok=True)
        if is_shared(inner):
            merge(path, target)
            files[inner] = -1  # of several sessions: its size says nothing
        else:
            files[inner] = path.stat().st_size
            put_in_place(path, target)
    for gone in set(before) - set(files):
        if before[gone] >= 0:
            (order.target / gone).unlink(missing_ok=True)
    digest, recorded = source_of(session)
    record = Record(
        order.kind,
        name,
        recorded,
        fingerprint(order.kind, order.settings, session, digest),
        files,
        program_version(),
        digest,
        getattr(order.settings, "coder", ""),
    )
    replace_file(
        record_path(order.target, name, order.kind), json.dumps(asdict(record), indent=1).encode()
    )
    shutil.rmtree(stage, ignore_errors=True)
    return tuple(files)
