"""What is remembered of a study: the facts of its sessions, and what failed. A cache in SQLite.

It lies in `.unisono` in the study's folder, or in the user's cache where that folder cannot be
written to or cannot lock. With a rollback journal, for a write-ahead log needs shared memory, which
network shares do not have. Everything in it can be read again from the sessions, but for why a step
failed: without it, the step is tried again.
"""

from __future__ import annotations

import contextlib
import hashlib
import sqlite3
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import platformdirs

from recordings.disk.file_lock import lock_file, lock_record
from recordings.errors import RecordingError

FOLDER_NAME: Final = ".unisono"
_NAME: Final = "catalogue.sqlite"
_VERSION: Final = 1
_BUSY_S: Final = 10.0
_SCHEMA: Final = f"""
CREATE TABLE session (folder TEXT PRIMARY KEY, stamp TEXT NOT NULL, facts TEXT NOT NULL);
CREATE TABLE failure (
  folder TEXT NOT NULL, step TEXT NOT NULL, target TEXT NOT NULL, fingerprint TEXT NOT NULL,
  reason TEXT NOT NULL, PRIMARY KEY (folder, step, target)
);
PRAGMA user_version = {_VERSION};
"""


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
            RecordingError: it can be made nowhere.
        """
        self.folder = _place(root)
        path = self.folder / _NAME
        try:
            self._open(path)
        except sqlite3.DatabaseError as error:
            if isinstance(error, sqlite3.OperationalError) and "locked" in str(error):
                raise _busy(path) from error
            with contextlib.suppress(OSError):
                path.unlink()
            try:
                self._open(path)
            except sqlite3.Error as again:
                raise RecordingError(
                    f"{path}: the catalogue cannot be made ({again}); delete the file"
                ) from again

    def _open(self, path: Path) -> None:
        self._path = path
        self._base = sqlite3.connect(path, timeout=_BUSY_S, isolation_level=None)
        try:
            self._base.execute("PRAGMA journal_mode = DELETE")
            (version,) = self._base.execute("PRAGMA user_version").fetchone()
            tables = self._base.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
            if version == _VERSION and tables:
                return
            if tables:
                raise sqlite3.DatabaseError(f"version {version}")
            self._base.executescript(f"BEGIN IMMEDIATE;{_SCHEMA}COMMIT;")
        except sqlite3.Error:
            self._base.close()
            raise

    def sessions(self) -> dict[str, tuple[str, str]]:
        """Return stamp and facts of each session known, by folder."""
        rows = self._base.execute("SELECT folder, stamp, facts FROM session")
        return {folder: (stamp, facts) for folder, stamp, facts in rows}

    def store(
        self, changed: Iterable[tuple[str, str, str]], gone: Iterable[str], *, wait: bool = True
    ) -> None:
        """Keep folder, stamp and facts of sessions, and forget those that are gone.

        Without `wait`, what cannot be stored because another program writes is read once more.

        Raises:
            RecordingError: it cannot be written to.
        """
        try:
            with self._writing():
                self._base.executemany("INSERT OR REPLACE INTO session VALUES (?, ?, ?)", changed)
                for table in ("session", "failure"):
                    self._base.executemany(
                        f"DELETE FROM {table} WHERE folder = ?", [(folder,) for folder in gone]
                    )
        except sqlite3.OperationalError as error:
            if wait or "locked" not in str(error):
                raise _busy(self._path) from error

    def failures(self) -> dict[tuple[str, str, str], Failure]:
        """Return why steps failed."""
        rows = self._base.execute("SELECT folder, step, target, fingerprint, reason FROM failure")
        return {(f, step, target): Failure(mark, why) for f, step, target, mark, why in rows}

    def note(self, folder: str, step: str, target: str, failure: Failure | None) -> None:
        """Keep why a step failed; None: it did not.

        Raises:
            RecordingError: it cannot be written to.
        """
        key = (folder, step, target)
        try:
            if failure is None and key not in self.failures():
                return  # as nearly always: nothing to write
            with self._writing():
                self._base.execute(
                    "DELETE FROM failure WHERE (folder, step, target) = (?, ?, ?)", key
                )
                if failure is not None:
                    self._base.execute(
                        "INSERT INTO failure VALUES (?, ?, ?, ?, ?)",
                        (*key, failure.fingerprint, failure.reason),
                    )
        except sqlite3.OperationalError as error:
            raise _busy(self._path) from error

    @contextlib.contextmanager
    def _writing(self) -> Iterator[None]:
        # Immediate: two that have both read could else not both go on to write.
        self._base.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._base.execute("ROLLBACK")
            raise
        self._base.execute("COMMIT")

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """Keep others from working on this study meanwhile; they may look.

        Raises:
            RecordingError: somebody works on it already.
        """
        with (self.folder / "run.lock").open("ab") as file:
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


def _place(root: Path) -> Path:
    """Return the folder for what is remembered: the study's own, or one in the user's cache.

    Raises:
        RecordingError: the study's folder is none.
    """
    if not root.is_dir():
        raise RecordingError(f"{root}: is no folder; name a study's or a data folder")
    own = root / FOLDER_NAME
    with contextlib.suppress(OSError):
        own.mkdir(exist_ok=True)
        if _can_lock(own):
            return own
    number = hashlib.sha256(str(root.resolve()).encode()).hexdigest()[:16]
    cache = platformdirs.user_cache_path("unisono") / "studies" / number
    try:
        cache.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RecordingError(
            f"{cache}: cannot be made ({error.strerror}), and {own} cannot be locked; set "
            "XDG_CACHE_HOME to a folder that can be written to"
        ) from error
    return cache


def _can_lock(folder: Path) -> bool:
    """Whether files in a folder can be written and locked as SQLite does it."""
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            lock_record(file.fileno())
    except OSError:
        return False
    return True
