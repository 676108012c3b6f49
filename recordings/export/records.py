"""What is written down of each export: what it was made from, and by which settings.

`<target>/.unisono/<session>.<kind>.json`: a rerun leaves out what is there with the same settings
and the same recording. `….failed.json` beside it says why the last try failed, where it did.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

from recordings.annotation.coder_file import Paths, annotations_folder, who
from recordings.disk.atomic import replace_file
from recordings.disk.regular import read_text, version_of
from recordings.manifest import MANIFEST_NAME
from recordings.read.opening import locate
from recordings.version import program_version

RECORDS: Final = ".unisono"


@dataclass(frozen=True, slots=True)
class Record:
    """What is in the target of one session: `.unisono/<session>.<kind>.json`."""

    kind: str
    session: str
    recorded: str  # of `starts_of`: two sessions of one name are told apart by it
    fingerprint: str
    files: dict[str, int] = field(default_factory=dict)  # path in the target: bytes
    version: str = ""  # of the program that wrote it
    digest: str = ""  # of the manifest that it was made from
    coder: str = ""  # whose events are in it
    beside: dict[str, str] = field(default_factory=dict)  # see `MadeFrom`

    def is_whole(self, target: Path) -> bool:
        """Whether all its files are there, as large as they were written."""
        return all(
            (target / name).is_file() and (size < 0 or (target / name).stat().st_size == size)
            for name, size in self.files.items()
        )


@dataclass(frozen=True, slots=True)
class MadeFrom:
    """What an export is made from and by, as it is before anything is read."""

    digest: str  # of the manifest
    recorded: str  # of `starts_of`
    fingerprint: str
    # What else was read, as coding and motion: path from the session's folder, `version_of`.
    beside: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Failed:
    """Why the last try to export one session failed, and what it was to be made by."""

    reason: str
    fingerprint: str
    version: str  # of the program that tried
    digest: str  # of the manifest
    beside: dict[str, str] = field(default_factory=dict)  # see `MadeFrom`


def session_name(session: Path) -> str:
    """Return the name of a session, or of a bare file without `.xdf`."""
    # `.` and `recording.xdf` have a name only with the folder that they are in.
    whole = session.resolve() if session.name in ("", "..") or session.parent == Path() else session
    if whole.is_dir():
        return whole.name
    return whole.parent.name if (whole.parent / MANIFEST_NAME).exists() else whole.stem


def stage_in(target: Path, name: str, kind: str) -> Path:
    """Return where an export of this session is made until it is whole."""
    return target / RECORDS / f"{name}.{kind}.stage"


def record_path(target: Path, name: str, kind: str) -> Path:
    """Return where the record of an export of the session called `name` is."""
    return target / RECORDS / f"{name}.{kind}.json"


def failure_path(target: Path, name: str, kind: str) -> Path:
    """Return where it stands why the last try failed."""
    return target / RECORDS / f"{name}.{kind}.failed.json"


def error_path(target: Path, name: str, kind: str) -> Path:
    """Return where the traceback of an error that nobody foresaw is."""
    return target / RECORDS / f"{name}.{kind}.error.txt"


def note_failure(target: Path, name: str, kind: str, failed: Failed) -> None:
    """Write down why a try failed; a target that cannot be written to keeps what it has."""
    with contextlib.suppress(OSError):
        text = json.dumps(asdict(failed), indent=1)
        replace_file(failure_path(target, name, kind), text.encode())


def forget_failure(target: Path, name: str, kind: str) -> None:
    """Forget that the last try failed, for what is there now is what was asked for."""
    with contextlib.suppress(OSError):
        failure_path(target, name, kind).unlink()


def read_failure(target: Path, name: str, kind: str) -> Failed | None:
    """Return why the last try failed; None where it did not, or nothing says so."""
    try:
        text = read_text(failure_path(target, name, kind))
        return Failed(**json.loads(text))
    except (OSError, ValueError, TypeError):
        return None


def read_record(target: Path, name: str, kind: str) -> Record | None:
    """Return the record of an export of the session called `name`; None where there is none."""
    try:
        text = read_text(record_path(target, name, kind))
        return Record(**json.loads(text))
    except (OSError, ValueError, TypeError):
        return None


def fingerprint(kind: str, settings: Any, session: Path, digest: str) -> str:
    """Return the hash of what an export is made by: settings, recording, coding, this program.

    Args:
        kind: of the export.
        settings: its.
        session: for the files of coders whose events are exported.
        digest: the manifest's; of a bare file, its size and date.
    """
    beside = [_said(path) for path in _beside(settings, session)]
    parts = [kind, asdict(settings), digest, beside, program_version()]
    whole = json.dumps(parts, default=_as_text, sort_keys=True)
    return hashlib.sha256(whole.encode()).hexdigest()


def source_of(session: Path) -> tuple[str, str]:
    """Return (digest of the recording, when it was begun as `starts_of` has it)."""
    _, _, manifest = locate(session)
    return manifest.digest() if manifest else _as_text(session), starts_of(session)[0]


def starts_of(session: Path) -> tuple[str, str]:
    """Return what stands for the start of a recording, and its UTC, as older records have it.

    A record lies in what is shared, whose dates were perhaps shifted: it names none. The reading of
    LSL's clock beside it keeps the day from being found by trying all.
    """
    _, _, manifest = locate(session)
    if manifest is None or not manifest.clock:
        return "", ""
    pair = manifest.clock[0]
    return hashlib.sha256(f"{pair.utc} {pair.lsl!r}".encode()).hexdigest()[:16], pair.utc


def made_from(kind: str, settings: Any, session: Path) -> MadeFrom:
    """Look at what an export of a session will be made from.

    Raises:
        RecordingError: the session cannot be read, or the settings name what cannot be.
    """
    digest, recorded = source_of(session)
    beside = {
        name: version_of(path)
        for path in _beside(settings, session)
        if (name := _from(session, path))
    }
    return MadeFrom(digest, recorded, fingerprint(kind, settings, session, digest), beside)


def _from(session: Path, path: Path) -> str:
    """Say where a file lies from a session; "" where no way leads there, as to another drive."""
    if path.is_relative_to(session):
        return path.relative_to(session).as_posix()
    try:
        return Path(os.path.relpath(path.resolve(), session.resolve())).as_posix()
    except ValueError:
        return ""


def _beside(settings: Any, session: Path) -> list[Path]:
    """List the files of the coder whose events are exported, and others that are read, if any."""
    files_beside: Callable[[Path], list[Path]]
    files_beside = getattr(settings, "files_beside", lambda session: [])
    coder = getattr(settings, "coder", "")
    if not coder:
        return files_beside(session)
    paths = Paths(annotations_folder(session, settings.annotations), who(coder))
    return [paths.file, paths.journal, *files_beside(session)]


def _said(path: Path) -> str:
    """Describe a file of a session by its name, size and date, not its place: it may be moved."""
    return " ".join(filter(None, (path.name, version_of(path))))


def _as_text(value: object) -> str:
    """Describe a path of the settings; a file by its size and date, for it may be edited."""
    if isinstance(value, Path) and value.is_file():
        return f"{value.parent}/{_said(value)}"
    return str(value)
