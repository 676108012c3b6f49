"""Edits, their journal, and the way back: pure.

A journal is text, an entry a line: the CRC-32 of the rest in eight digits, a space, JSON, a line
feed. Entries are numbered from 1 through the life of a coder's file. An *edit* names what each item
was and what it is; *undo* and *redo* take the last one back, or up again. So going back has no
limit, and a line that was cut off in writing is known as such.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final, Literal

from pydantic import ValidationError

from recordings.annotation.model import Coding, Decision, Event, Span
from recordings.manifest_entries import Frozen

Item = Event | Span | Decision
Shelf = Literal["events", "looked", "not_codable", "decisions"]
_CRC: Final = 8


class Change(Frozen):
    """One item before and after; None = it is not there."""

    shelf: Shelf
    before: Item | None = None
    after: Item | None = None


class Entry(Frozen):
    """One line of the journal; `at` is UTC. Undo and redo have no changes of their own."""

    n: int
    at: str
    does: Literal["edit", "undo", "redo"] = "edit"
    changes: tuple[Change, ...] = ()


class Damaged(ValueError):
    """A journal that is not as it was written; the message says where."""


@dataclass(frozen=True, slots=True)
class History:
    """What a file says after its last entry, number `n`, and the edits that can be taken back."""

    coding: Coding = field(default_factory=Coding)
    n: int = 0
    done: tuple[Entry, ...] = ()
    undone: tuple[Entry, ...] = ()

    def next(self, does: Literal["edit", "undo", "redo"], changes: Iterable[Change] = ()) -> Entry:
        """Return the entry that would come now."""
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        return Entry(n=self.n + 1, at=now, does=does, changes=tuple(changes))

    def after(self, entry: Entry) -> History:
        """Return the history with one entry more.

        Raises:
            Damaged: the entry is not the next one, or there is nothing to take back.
        """
        if entry.n != self.n + 1:
            raise Damaged(f"entry {entry.n} follows entry {self.n}")
        if entry.does == "edit":
            coding = _applied(self.coding, entry.changes)
            return History(coding, entry.n, (*self.done, entry), ())
        source = self.done if entry.does == "undo" else self.undone
        if not source:
            raise Damaged(f"entry {entry.n}: nothing to {entry.does}")
        edit = source[-1]
        if entry.does == "undo":
            coding = _applied(self.coding, map(_reverse, reversed(edit.changes)))
            return History(coding, entry.n, self.done[:-1], (*self.undone, edit))
        coding = _applied(self.coding, edit.changes)
        return History(coding, entry.n, (*self.done, edit), self.undone[:-1])


def _reverse(change: Change) -> Change:
    return Change(shelf=change.shelf, before=change.after, after=change.before)


def _applied(coding: Coding, changes: Iterable[Change]) -> Coding:
    shelves: dict[str, dict[str, Item]] = {}
    for change in changes:
        shelf = shelves.setdefault(change.shelf, dict(getattr(coding, change.shelf)))
        if change.before is not None:
            shelf.pop(change.before.id, None)
        if change.after is not None:
            shelf[change.after.id] = change.after
    return coding.model_copy(update=shelves)


def line(entry: Entry) -> bytes:
    """Return an entry as a line of the journal."""
    body = entry.model_dump_json(exclude_defaults=True).encode()
    return b"%08x %b\n" % (zlib.crc32(body), body)


def entries(journal: bytes) -> tuple[list[Entry], int]:
    """Return the entries of a journal, and how many bytes they take.

    What follows these bytes is the beginning of a line that was cut off: it has no line feed.

    Raises:
        Damaged: a whole line is not what was written.
    """
    whole = journal.rfind(b"\n") + 1
    lines = journal[:whole].split(b"\n")[:-1]
    return [_entry(number, text) for number, text in enumerate(lines, 1)], whole


def _entry(number: int, text: bytes) -> Entry:
    body = text[_CRC + 1 :]
    if text[: _CRC + 1] != b"%08x " % zlib.crc32(body):
        raise Damaged(f"line {number} is not as it was written")
    try:
        return Entry.model_validate_json(body)
    except ValidationError as error:
        raise Damaged(f"line {number}: {error.errors()[0]['msg']}") from error


def replayed(history: History, later: Iterable[Entry]) -> History:
    """Return the history after these entries; those that it holds already are passed over.

    Raises:
        Damaged: one is missing, or is another than the one of its number in the history: file and
            journal are then of two computers, and each has edits that the other lacks.
    """
    known = {edit.n: edit for edit in (*history.done, *history.undone)}
    for entry in later:
        if entry.n > history.n:
            history = history.after(entry)
        elif known.get(entry.n, entry) != entry:
            raise Damaged(f"its entry {entry.n} is another than that of the file")
    return history
