"""Exports of many sessions: each one a task of its own, in parallel, resumable, its files known.

Each session is exported into a stage beside the target (`staging`), and only when that is done are
its files moved to the target, by this process alone, and by one program at a time. So a target
never holds half an export, and tables that several sessions share are merged without a race.

What was exported is recorded in the target (`records`), and in `exports.json` in the session's
folder for `erase`.
"""

from __future__ import annotations

import contextlib
import json
import shutil
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import TypeAdapter

from recordings.disk.atomic import put_in_place, replace_file
from recordings.disk.file_lock import in_turn
from recordings.disk.regular import version_of
from recordings.engines.local import Here, Processes
from recordings.engines.work import Engine, Lost
from recordings.errors import RecordingError, few, is_full, one_line
from recordings.export.bids.shared_tables import is_shared, merge
from recordings.export.records import (
    RECORDS,
    Failed,
    MadeFrom,
    Record,
    forget_failure,
    made_from,
    note_failure,
    read_record,
    record_path,
    session_name,
    stage_in,
    starts_of,
)
from recordings.export.staging import EXPORT, Job, Staged, full_text
from recordings.version import program_version


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
            forget_failure(order.target, name, order.kind)
            yield session, Done(name, "there already", tuple(there.files))
        else:
            waiting.append(session)
    alone = order.jobs <= 1 or len(waiting) <= 1
    engine = engine or (Here() if alone else Processes(order.jobs))
    settings = TypeAdapter(type(order.settings)).dump_python(order.settings, mode="json")
    by_path = {session.absolute(): session for session in waiting}
    known = _known(order) if waiting else {}
    jobs = [Job(order.kind, path, order.target.absolute(), settings) for path in by_path]
    for job, outcome in engine.run(EXPORT, jobs):
        session = by_path[job.session]
        yield session, _finished(order, session, outcome, known)


def _known(order: Order) -> dict[str, list[Record]]:
    """Return what the target has records of, by the digests of the manifests."""
    found: dict[str, list[Record]] = {}
    for path in sorted((order.target / RECORDS).glob(f"*.{order.kind}.json")):
        record = read_record(
            order.target, path.name.removesuffix(f".{order.kind}.json"), order.kind
        )
        if record is not None:
            found.setdefault(record.digest, []).append(record)
    return found


def _under_other_names(
    order: Order, name: str, files: Collection[str], same: Iterable[Record]
) -> Iterator[str]:
    """Say which files of the same recording lie there under another name, as of a renamed folder.

    What is called by its manifest alone has just been replaced.
    """
    for record in same:
        others = [inner for inner, size in record.files.items() if size >= 0 and inner not in files]
        left = [inner for inner in others if (order.target / inner).exists()]
        if record.session != name and left:
            yield (
                f"the same recording is here as {record.session}, too: if its folder was renamed, "
                f"delete {few(left)}"
            )


def _finished(
    order: Order, session: Path, outcome: Staged | Lost, known: Mapping[str, Iterable[Record]]
) -> Done:
    """Publish what was staged; `known`: see `_known`."""
    name = session_name(session)
    error = outcome.reason if isinstance(outcome, Lost) else outcome.error
    source = None if isinstance(outcome, Lost) else outcome.source
    if not error and isinstance(outcome, Staged) and source is not None:
        try:
            with in_turn(order.target / RECORDS / "publish.lock"):
                files = _publish(order, session, source)
            same = _under_other_names(order, name, files, known.get(source.digest, ()))
            return Done(name, "exported", files, (*outcome.notes, *same))
        except (OSError, RecordingError) as problem:
            full = isinstance(problem, OSError) and is_full(problem)
            error = full_text(order.target) if full else one_line(problem)
    shutil.rmtree(_stage_of(order, session), ignore_errors=True)
    with contextlib.suppress(RecordingError):  # of a session that went away meanwhile, nothing
        source = source or made_from(order.kind, order.settings, session)
        made_by = (source.fingerprint, program_version(), source.digest, source.beside)
        failed = Failed(error, *made_by)
        note_failure(order.target, name, order.kind, failed)
    return Done(name, "failed", error=error)


def _stage_of(order: Order, session: Path) -> Path:
    return stage_in(order.target, session_name(session), order.kind)


def _is_there(order: Order, session: Path) -> Record | None:
    """Return the record of an export that is complete and up to date.

    Raises:
        RecordingError: another session of this name is there, or this one cannot be read.
    """
    source = made_from(order.kind, order.settings, session)
    record = read_record(order.target, session_name(session), order.kind)
    if record is None:
        return None
    if record.recorded not in starts_of(session):
        raise RecordingError(
            f"{order.target} has another session {record.session!r}, recorded at another time; "
            "export this one to a folder of its own"
        )
    same = record.fingerprint == source.fingerprint
    return record if same and record.is_whole(order.target) else None


def _refuse_anothers(order: Order, name: str, digest: str, new: set[str]) -> None:
    """Refuse to replace what was made of another recording whose files are called alike.

    They are by what their manifests say, as of a crashed session and its repaired copy. A session
    that was renamed, or copied, is the same recording.

    Raises:
        RecordingError: one of the files `new` is another's.
    """
    new = {inner for inner in new if not is_shared(inner) and (order.target / inner).exists()}
    for path in (order.target / RECORDS).glob(f"*.{order.kind}.json") if new else ():
        other = read_record(order.target, path.name.removesuffix(f".{order.kind}.json"), order.kind)
        if other is None or other.session == name or other.digest == digest:
            continue
        if taken := new.intersection(other.files):
            raise RecordingError(
                f"{min(taken)} is of {other.session!r} already, which says the same of its "
                "participant, session, task and run; export one of them to a folder of its own"
            )


def _kept(order: Order, session: Path, record: Record | None, source: MadeFrom) -> list[str]:
    """List the files of an export with other settings that belong beside this one's: see `KINDS`.

    None where they were made of another recording, coding or motion.
    """
    if record is None or (record.digest, record.version) != (source.digest, program_version()):
        return []
    if any(version_of(session / name) != version for name, version in record.beside.items()):
        return []
    keeps: Callable[[str], bool] = getattr(order.settings, "keeps", lambda file: False)
    return [file for file in record.files if keeps(file) and (order.target / file).exists()]


def _publish(order: Order, session: Path, source: MadeFrom) -> tuple[str, ...]:
    """Move the staged files to the target, merge shared tables, and write down what there is."""
    stage = _stage_of(order, session)
    name = session_name(session)
    record = read_record(order.target, name, order.kind)
    before = record.files if record is not None else {}
    files: dict[str, int] = {}
    staged = {p.relative_to(stage).as_posix(): p for p in sorted(stage.rglob("*")) if p.is_file()}
    _refuse_anothers(order, name, source.digest, set(staged) - set(before))
    for inner, path in staged.items():
        target = order.target / inner
        target.parent.mkdir(parents=True, exist_ok=True)
        if is_shared(inner):
            merge(path, target)
            files[inner] = -1  # of several sessions: its size says nothing
        else:
            files[inner] = path.stat().st_size
            put_in_place(path, target)
    kept = _kept(order, session, record, source)
    for gone in set(before) - set(files):
        if gone in kept:
            files[gone] = before[gone]
        elif before[gone] >= 0:
            (order.target / gone).unlink(missing_ok=True)
        elif (order.target / gone).exists():  # others' rows are in it, and this session's: `erase`
            files[gone] = before[gone]
    record = Record(
        order.kind,
        name,
        source.recorded,
        source.fingerprint,
        files,
        program_version(),
        source.digest,
        getattr(order.settings, "coder", ""),
        (record.beside if record is not None and kept else {}) | source.beside,
    )
    replace_file(
        record_path(order.target, name, order.kind), json.dumps(asdict(record), indent=1).encode()
    )
    forget_failure(order.target, name, order.kind)
    shutil.rmtree(stage, ignore_errors=True)
    return tuple(files)
