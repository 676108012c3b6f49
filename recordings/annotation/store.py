"""A coder's file, open: every edit is on its way to the disk before the call returns.

An edit is written to the journal at once, by the caller, which takes microseconds; a thread of its
own then sees it onto the disk. So a killed process loses nothing that was written, and a computer
without power at most what the last sync had not reached. On closing, the journal becomes part of
the file. Why it is so: docs/adr/0014.

A store knows the files of its own coder and no others.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Final, Literal, Self

from recordings.annotation.coder_file import CoderFile, Loaded, Paths, Who, keep_other, load, save
from recordings.annotation.journal import Change, History, Item, Shelf, entries, line
from recordings.annotation.journal_file import JournalFile
from recordings.annotation.lock import Held, WriterLock
from recordings.annotation.model import Coding, Decision, Event
from recordings.errors import RecordingError
from recordings.said import said

_log: Final = logging.getLogger(__name__)


class CodingStore:
    """The coding of one coder. `coding` is what it says now; `notes` what a person should know.

    Where another process writes the file, it is read-only: `held_by` says who.
    """

    def __init__(self, folder: Path, who: Who, *, session: str = "", scheme: str = "") -> None:
        """Open a coder's file in a folder of annotations, or make it.

        Raises:
            RecordingError: the folder cannot be written to, or the file is damaged or of a later
                version; then nothing is changed.
        """
        self._paths = Paths(folder, who)
        self.notes: list[str] = []
        self.held_by = ""
        self._lock: WriterLock | None = None
        self._journal: JournalFile | None = None
        loaded = self._locked()
        if loaded is None:
            loaded = Loaded(
                CoderFile(coder=str(who), session=session, scheme=scheme), History(), 0, 0
            )
            if self.writable:
                loaded = replace(loaded, digest=self._begin(loaded.file))
        self._file, self._history, self._seen = loaded.file, loaded.history, loaded.digest
        if self.writable:
            self._open_journal(loaded)

    def _locked(self) -> Loaded | None:
        """Take the lock and read; what cannot be read lets go of it again."""
        folder = self._paths.folder
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._lock = WriterLock(self._paths.lock)
        except Held as held:
            self.held_by, name = held.by, self._paths.file.name
            self.notes.append(said("{} is open in {}: read-only here", name, held.by))
        except OSError as error:
            raise RecordingError(
                f"{folder}: annotations cannot be written there ({error.strerror}); name a folder "
                "with --annotations DIR"
            ) from error
        try:
            _refuse_other_case(self._paths)
            loaded = load(self._paths)
        except RecordingError:
            self._release()
            raise
        if self._lock is not None and self._lock.taken_over:
            self.notes.append(said("taken over from {}, which has ended", self._lock.taken_over))
        return loaded

    def _begin(self, file: CoderFile) -> str:
        try:
            return save(self._paths, file)
        except RecordingError:
            self._release()
            raise

    def _open_journal(self, loaded: Loaded) -> None:
        if loaded.torn:
            self.notes.append(
                said("the last edit was cut off in writing; what came before is here")
            )
        try:
            self._journal = JournalFile(self._paths.journal, loaded.whole)
        except OSError as error:
            self._release()
            raise RecordingError(
                f"{self._paths.journal}: cannot be written ({error.strerror}); check the disk"
            ) from error

    @property
    def coding(self) -> Coding:
        """What the file says now."""
        return self._history.coding

    @property
    def writable(self) -> bool:
        """Whether this store may edit."""
        return self._lock is not None

    @property
    def scheme(self) -> str:
        """The name of the scheme that the file was begun with."""
        return self._file.scheme

    @property
    def entries(self) -> int:
        """How many entries there have been, edits and their taking back."""
        return self._history.n

    @property
    def last_sync_ms(self) -> float:
        """How long the last edit that is on the disk took until it was there."""
        return self._journal.sync_ms if self._journal else 0.0

    def edit(self, changes: Iterable[Change]) -> None:
        """Make one edit of several changes; it is taken back as one.

        Raises:
            RecordingError: the file is read-only, or the disk refuses; then nothing has changed.
        """
        self._append("edit", tuple(changes))

    def put(self, shelf: Shelf, item: Item) -> None:
        """Add an item, or replace the one of its id; see `edit`."""
        before = getattr(self.coding, shelf).get(item.id)
        if before != item:
            self.edit([_change(shelf, before, item)])

    def put_decision(self, decision: Decision, event: Event | None) -> None:
        """Settle a pair, and keep an event of it where there is one; see `edit`."""
        coding = self.coding
        before = coding.decisions.get(decision.id)
        changes = [_change("decisions", before, decision)]
        old = coding.events.get(before.event) if before is not None else None
        if old is not None or event is not None:
            changes.append(_change("events", old, event))
        if any(change.before != change.after for change in changes):
            self.edit(changes)

    def remove(self, shelf: Shelf, id_: str) -> None:
        """Take an item away, if it is there; see `edit`."""
        if (item := getattr(self.coding, shelf).get(id_)) is not None:
            self.edit([_change(shelf, item, None)])

    def undo(self) -> bool:
        """Take the last edit back; False where there is none left. See `edit`."""
        return bool(self._history.done) and self._append("undo")

    def redo(self) -> bool:
        """Make the edit again that was taken back last; False where there is none. See `edit`."""
        return bool(self._history.undone) and self._append("redo")

    def _append(
        self, does: Literal["edit", "undo", "redo"], changes: tuple[Change, ...] = ()
    ) -> bool:
        journal = self._writing()
        try:
            # What could not be read again is never written: it would make the file a damaged one.
            data = line(self._history.next(does, changes))
            (entry,), _ = entries(data)
        except ValueError as error:
            raise RecordingError(f"this edit is none that can be kept ({error})") from error
        history = self._history.after(entry)
        try:
            journal.write(data)
        except OSError as error:
            remedy = (
                said("put it back, or close this window, which writes what was coded before anew")
                if isinstance(error, FileNotFoundError)
                else said("make room on the disk and repeat it")
            )
            raise RecordingError(
                said(
                    "{}: this edit could not be written ({}) and was not made; {}",
                    self._paths.journal,
                    error.strerror,
                    remedy,
                )
            ) from error
        self._history = history
        return True

    def _writing(self) -> JournalFile:
        if self._journal is None:
            by = f"open in {self.held_by}" if self.held_by else "closed"
            raise RecordingError(f"{self._paths.file}: is {by}; it cannot be edited here")
        return self._journal

    def compact(self) -> None:
        """Make the journal part of the file.

        A file that is no longer the one that was read is kept beside it, under a name of its own: a
        program that keeps folders alike on two computers minds no lock.

        Raises:
            RecordingError: the file is read-only, or the disk refuses; nothing is lost.
        """
        journal = self._writing()
        if (kept := keep_other(self._paths, self._seen)) is not None:
            name = self._paths.file.name
            self.notes.append(said("{} was changed by another: it is now {}", name, kept))
            _log.warning("%s", self.notes[-1])
        file = self._file.at(self._history)
        self._seen = save(self._paths, file)
        self._file = file
        # Only now: a journal whose entries the file holds already is passed over in reading.
        try:
            journal.clear()
        except OSError as error:
            raise RecordingError(
                f"{self._paths.journal}: cannot be emptied ({error.strerror}); nothing is lost"
            ) from error

    def close(self) -> None:
        """Compact what is new, sync, let go of the lock; each step even if another fails.

        A file in which nothing was done keeps its date: what was made from it is not stale.

        Raises:
            RecordingError: the disk refuses; what the journal holds is read again on opening.
        """
        if self._journal is None:
            self._release()
            return
        try:
            if self._history.n != self._file.n or not self._journal.is_empty:
                self.compact()
        finally:
            try:
                self._journal.close()
            finally:
                self._journal = None
                self._release()

    def _release(self) -> None:
        if self._lock is not None:
            self._lock.release()
            self._lock = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


def _change(shelf: Shelf, before: Item | None, after: Item | None) -> Change:
    """Return a change.

    Raises:
        RecordingError: an item is none.
    """
    try:
        return Change(shelf=shelf, before=before, after=after)
    except ValueError as error:
        raise RecordingError(f"this edit is none that can be kept ({error})") from error


def _refuse_other_case(paths: Paths) -> None:
    """Refuse a name that some disks take for one that is there already.

    Raises:
        RecordingError: there is a file whose name differs in case alone.
    """
    wanted = paths.file.name
    for name in (entry.name for entry in paths.folder.iterdir()):
        if name != wanted and name.casefold() == wanted.casefold():
            raise RecordingError(f"{paths.folder}: has {name}; write the coder's name as it does")
