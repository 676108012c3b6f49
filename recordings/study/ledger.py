"""What is remembered of a study: the facts of its sessions, and what failed. A cache in SQLite.

It lies in `.unisono` in the study's folder, or in the user's cache where that folder cannot be
written to or cannot lock. With a rollback journal, for a write-ahead log needs shared memory, which
network shares do not have. Everything in it can be read again from the sessions, but for why a step
failed: without it, the step is tried again; and for where steps have written what sessions that
are read-only do not know of.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from recordings.disk.file_lock import lock_file
from recordings.disk.regular import open_descriptor
from recordings.errors import RecordingError
from recordings.study.ledger_place import places

_NAME: Final = "catalogue.sqlite"
_VERSION: Final = 2
_BUSY_S: Final = 10.0
_SCHEMA: Final = f"""
CREATE TABLE IF NOT EXISTS session (
  folder TEXT PRIMARY KEY, stamp TEXT NOT NULL, facts TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS failure (
  folder TEXT NOT NULL, step TEXT NOT NULL, target TEXT NOT NULL, fingerprint TEXT NOT NULL,
  reason TEXT NOT NULL, PRIMARY KEY (folder, step, target)
);
CREATE TABLE IF NOT EXISTS target (step TEXT NOT NULL, target TEXT NOT NULL, UNIQUE (step, target));
PRAGMA user_version = {_VERSION};
"""
_TAKEN: Final = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})
_OUTSIDE: Final = _TAKEN | {
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_PERM,
}
"""Errors that say nothing of what is in the file."""
_SESSIONS: Final = "SELECT folder, stamp, facts FROM session"
_FAILURES: Final = "SELECT folder, step, target, fingerprint, reason FROM failure"
_TARGETS: Final = "SELECT step, target FROM target"


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a step failed; it holds as long as what it was made by is the same."""

    fingerprint: str
    reason: str


Failures = Mapping[tuple[str, str, str], Failure]
"""By session folder, step and target."""


class Ledger:
    """The database of one study; several may read while one writes."""

    def __init__(self, root: Path) -> None:
        """Open it, or make it; one that is damaged, or of another version, is made anew.

        Raises:
            RecordingError: it can be made nowhere, or another program keeps it locked.
        """
        if not root.is_dir():
            raise RecordingError(f"{root}: is no folder; name a study's or a data folder")
        refused: list[str] = []
        for self.folder in places(root):
            path = self.folder / _NAME
            try:
                self._open(path)
                return
            except sqlite3.Error as error:  # its disk is full, or what stands there is no file
                if _code(error) in _TAKEN:
                    raise _busy(path) from error
                refused.append(f"{path}: the catalogue cannot be made ({error})")
        advice = "delete the first, or set XDG_CACHE_HOME to a folder that can be written to"
        raise RecordingError(f"{'; '.join(refused)}; {advice}")

    def _open(self, path: Path) -> None:
        """Open a database; what is none, or of another form, is deleted and made anew."""
        self._path = path
        try:
            self._connect()
        except sqlite3.DatabaseError as error:
            if _code(error) in _OUTSIDE:
                raise
            self._delete()
            self._connect()

    def _connect(self) -> None:
        self._base = sqlite3.connect(self._path, timeout=_BUSY_S, isolation_level=None)
        try:
            self._base.execute("PRAGMA journal_mode = DELETE")
            (version,) = self._base.execute("PRAGMA user_version").fetchone()
            tables = self._base.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
            if not tables:  # unless another program makes them right now
                self._base.executescript(f"BEGIN IMMEDIATE;{_SCHEMA}COMMIT;")
            elif version != _VERSION:
                raise sqlite3.DatabaseError(f"version {version}")
            for query in (
                _SESSIONS,
                _FAILURES,
                _TARGETS,
            ):  # whatever has made them, they have these columns
                self._base.execute(f"{query} LIMIT 0")
        except sqlite3.Error:
            self._base.close()
            raise

    def _delete(self) -> None:
        with contextlib.suppress(OSError):
            self._path.unlink()

    def _make_anew(self, error: sqlite3.DatabaseError) -> None:
        """Begin again with nothing known, unless the disk or another program is in the way.

        Raises:
            RecordingError: it is, or there can be none.
        """
        if _code(error) in _OUTSIDE:
            raise _busy(self._path) from error
        self._base.close()
        self._delete()
        try:
            self._connect()
        except sqlite3.Error as again:
            raise RecordingError(
                f"{self._path}: the catalogue cannot be made ({again}); delete the file"
            ) from again

    def _read(self, query: str) -> list[tuple[Any, ...]]:
        """Return all rows; of a damaged table none: sessions are read, and steps tried, again."""
        try:
            return self._base.execute(query).fetchall()
        except sqlite3.DatabaseError as error:
            self._make_anew(error)
            return []

    def sessions(self) -> dict[str, tuple[str, str]]:
        """Return stamp and facts of each session known, by folder."""
        return {folder: (stamp, facts) for folder, stamp, facts in self._read(_SESSIONS)}

    def store(
        self, changed: Iterable[tuple[str, str, str]], gone: Iterable[str], *, wait: bool = True
    ) -> None:
        """Keep folder, stamp and facts of sessions, and forget those that are gone.

        Without `wait`, what cannot be stored is read once more by whoever looks next.

        Raises:
            RecordingError: with `wait`, it cannot be written to.
        """
        rows, forgotten = list(changed), [(folder,) for folder in gone]

        def action() -> None:
            self._base.executemany("INSERT OR REPLACE INTO session VALUES (?, ?, ?)", rows)
            for table in ("session", "failure"):
                self._base.executemany(f"DELETE FROM {table} WHERE folder = ?", forgotten)

        try:
            self._write(action)
        except RecordingError:
            if wait:
                raise

    def failures(self) -> dict[tuple[str, str, str], Failure]:
        """Return why steps failed."""
        rows = self._read(_FAILURES)
        return {(f, step, target): Failure(mark, why) for f, step, target, mark, why in rows}

    def targets(self) -> list[tuple[str, str]]:
        """Return the steps that were run and where their files went, whatever came of it."""
        return [(step, target) for step, target in self._read(_TARGETS)]

    def remember(self, step: str, target: str) -> None:
        """Keep where a step's files go: sessions that are read-only cannot tell.

        Raises:
            RecordingError: it cannot be written to.
        """
        row = (step, target)
        if row not in self.targets():
            self._write(lambda: self._base.execute("INSERT INTO target VALUES (?, ?)", row))

    def note(self, folder: str, step: str, target: str, failure: Failure | None) -> None:
        """Keep why a step failed; None: it did not.

        Raises:
            RecordingError: it cannot be written to.
        """
        key = (folder, step, target)
        if failure is None and key not in self.failures():
            return  # as nearly always: nothing to write

        def action() -> None:
            self._base.execute("DELETE FROM failure WHERE (folder, step, target) = (?, ?, ?)", key)
            if failure is not None:
                row = (*key, failure.fingerprint, failure.reason)
                self._base.execute("INSERT INTO failure VALUES (?, ?, ?, ?, ?)", row)

        self._write(action)

    def _write(self, action: Callable[[], object]) -> None:
        """Do an action as a whole; where the file is damaged, once more in a new one.

        Raises:
            RecordingError: it cannot be written to.
        """
        try:
            with self._writing():
                action()
        except sqlite3.DatabaseError as error:
            self._make_anew(error)
            try:
                with self._writing():
                    action()
            except sqlite3.Error as again:
                raise _busy(self._path) from again

    @contextlib.contextmanager
    def _writing(self) -> Iterator[None]:
        # Immediate: two that have both read could else not both go on to write.
        self._base.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._base.execute("COMMIT")
        except BaseException:
            with contextlib.suppress(sqlite3.Error):  # some errors have done so already
                self._base.execute("ROLLBACK")
            raise

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """Keep others from working on this study meanwhile; they may look.

        Raises:
            RecordingError: somebody works on it already.
        """
        path = self.folder / "run.lock"
        try:
            file = os.fdopen(open_descriptor(str(path), os.O_RDWR | os.O_CREAT), "ab")
        except OSError as error:
            raise RecordingError(
                f"{path}: cannot be made ({error.strerror}); make room, or check its permissions"
            ) from error
        with file:
            try:
                lock_file(file.fileno())
            except OSError:
                raise RecordingError(
                    f"{self.folder}: another `unisono study run` works here; wait for its end"
                ) from None
            yield

    def close(self) -> None:
        """Let go of the file."""
        self._base.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def _busy(path: Path) -> RecordingError:
    return RecordingError(
        f"{path}: another program writes to it for more than {_BUSY_S:g} s, or its disk cannot be "
        "written to; try again once it is done"
    )


def _code(error: sqlite3.Error) -> int:
    """Return SQLite's primary result code; 0 of an error of Python's, as of text that is none."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF
