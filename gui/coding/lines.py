"""What a coder writes in a line: action units, an emotion, a note, why it cannot be coded."""

from __future__ import annotations

from collections.abc import Callable

from gui.coding.desk import Desk, no_event
from gui.coding.entry import Entry
from gui.texts import tr, tr_said
from recordings.annotation.action_units import format_units, parse_units
from recordings.annotation.model import Event
from recordings.errors import RecordingError


class EntryLines:
    """Opens the entry with what the event in hand says, and writes what was typed."""

    def __init__(
        self,
        desk: Desk,
        entry: Entry,
        do: Callable[[Callable[[], str]], None],
        frames: Callable[[], tuple[int, int] | None],
    ) -> None:
        """Prepare.

        Args:
            desk: what is coded.
            entry: the line.
            do: does something, and shows what it says or why it cannot be done.
            frames: the span that is meant: selected, or the trial at the cursor.
        """
        self._desk, self._entry, self._do, self._frames = desk, entry, do, frames

    def units(self, typed: str) -> str:
        """Have action units written; `typed` was typed already."""
        event = self._event_to_write()
        if event is None:
            return no_event()
        before = format_units(event.units)
        text = f"{before}+{typed}" if before and typed else before or typed

        def commit(said: str) -> None:
            self._write(event.id, units=parse_units(said))

        self._entry.open(tr("action units"), text, (), commit)
        return ""

    def emotion(self) -> str:
        """Have an emotion chosen."""
        event = self._event_to_write()
        if event is None:
            return no_event()
        self._entry.open(
            tr("emotion"),
            event.emotion,
            self._desk.scheme.emotions,
            lambda said: self._write(event.id, emotion=said),
            selected=True,
        )
        return ""

    def note(self) -> str:
        """Have a note written."""
        event = self._event_to_write()
        if event is None:
            return no_event()
        self._entry.open(tr("note"), event.note, (), lambda said: self._write(event.id, note=said))
        return ""

    def reason(self) -> str:
        """Have it said why a span cannot be coded."""
        self._refuse_read_only()
        camera, frames = self._desk.camera, self._frames()
        if frames is None:
            return no_span()

        def commit(reason: str) -> None:
            if not reason:
                raise ValueError(tr("say why"))
            self._do(lambda: self._desk.mark_not_codable(camera, frames, reason))

        self._entry.open(tr("why it cannot be coded"), "", self._desk.scheme.reasons, commit)
        return ""

    def _event_to_write(self) -> Event | None:
        self._refuse_read_only()
        return self._desk.event

    def _refuse_read_only(self) -> None:
        """Refuse before somebody types, not after.

        Raises:
            RecordingError: the file is read-only.
        """
        store = self._desk.store
        if not store.writable:
            by = tr_said(store.held_by)
            raise RecordingError(tr("read-only here: the file is open in {}").format(by))

    def _write(self, id_: str, **fields: object) -> None:
        def does() -> str:
            self._desk.write(id_, **fields)
            return ""

        self._do(does)


def no_span() -> str:
    """Say that there is nothing that could be meant."""
    return tr("no trial here and nothing selected: [ and ], or drag with Shift over the signals")
