"""What the coding pane shows; it asks nobody and knows no file."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QGridLayout, QProgressBar, QVBoxLayout, QWidget

from gui.coding.entry import Entry
from gui.coding.rows import Rows
from gui.coding.suggestion_view import SuggestionView
from gui.coding.words import fields, place_text, progress_text, row_text
from gui.texts import tr
from gui.widgets import theme
from gui.widgets.plain_label import PlainLabel
from recordings.annotation.agreement.measures import Ratio
from recordings.annotation.model import Coding, Event

WIDTH = 344


class CodingView(QWidget):
    """From the top: coder, notes, progress, events, the one in hand, the open line, suggestions."""

    def __init__(self, coder: str, scheme: str) -> None:
        super().__init__()
        self.setMinimumWidth(WIDTH)
        self.setAccessibleName(tr("Coding"))
        self.head = PlainLabel(tr("coder {}   scheme {}").format(coder, scheme))
        self.notes, self.failure = _strip("warning"), _strip("error")
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setMaximum(1000)
        self.bar.setAccessibleName(tr("looked at"))
        self.progress, self.place = PlainLabel(), PlainLabel(word_wrap=True)
        self.list = Rows(tr("Events"))
        self.card = QFrame()
        self.card.setObjectName("card")
        self._grid = QGridLayout(self.card)
        self._grid.setContentsMargins(12, 8, 12, 8)
        self._grid.setVerticalSpacing(4)
        self._grid.setColumnStretch(1, 1)
        self._values: list[PlainLabel] = []
        self.warning = PlainLabel(word_wrap=True)
        theme.mark(self.warning, "light", "warning")
        self.empty = PlainLabel(word_wrap=True)
        self.empty.setText(tr("No event is chosen. Enter begins one at the cursor's frame."))
        self.entry = Entry()
        self.suggestion = SuggestionView()
        self.keys = PlainLabel(_keys_text(digits=True), word_wrap=True)
        self._box = QVBoxLayout(self)
        self._lay_out()

    def _lay_out(self) -> None:
        for label in (self.progress, self.place, self.list):
            label.setFont(theme.tabular(label.font()))
        for label in (self.progress, self.place, self.empty, self.keys):
            theme.mark(label, "muted", True)
        self._box.setContentsMargins(4, 8, 12, 4)
        self._box.setSpacing(8)
        above: tuple[QWidget, ...] = (self.head, self.notes, self.failure, self.bar)
        card: tuple[QWidget, ...] = (self.card, self.empty, self.warning, self.entry)
        below = (*card, self.suggestion, self.keys)
        for widget in (*above, self.progress, self.place):
            self._box.addWidget(widget)
        self._box.addWidget(self.list, 1)
        for widget in below:
            self._box.addWidget(widget)

    def put_above(self, widget: QWidget) -> None:
        """Put what arbitrates above the list: digits are its keys, and it has its own progress."""
        for own in (self.bar, self.progress, self.place):
            own.hide()
        self.keys.setText(_keys_text(digits=False))
        self._box.insertWidget(self._box.indexOf(self.list), widget, 1)

    def show_notes(self, notes: Sequence[str], read_only: bool) -> None:
        """Say what a person should know of the file, for as long as the window is open."""
        said = [tr("read-only: nothing that is done here is kept")] if read_only else []
        self.notes.setText("\n".join(f"▲ {note}" for note in (*said, *notes)))
        self.notes.setVisible(bool(self.notes.text()))

    def show_failure(self, text: str) -> None:
        """Say why an edit was not made, until the next one is; "" for nothing."""
        self.failure.setText(f"✖ {text}" if text else "")
        self.failure.setVisible(bool(text))

    def show_events(self, events: Sequence[Event], odd: Collection[str], current: str) -> None:
        """List events, those that are warned about marked, the one in hand chosen."""
        rows = [row_text(event, event.id in odd) for event in events]
        at = next((n for n, event in enumerate(events) if event.id == current), -1)
        self.list.show_rows(rows, at)

    def show_event(self, event: Event | None, warnings: Sequence[str]) -> None:
        """Show all of the event in hand, and what is odd about it."""
        self.card.setVisible(event is not None)
        self.empty.setVisible(event is None)
        if event is not None:
            for (_, text), label in zip(fields(event), self._labels(event), strict=True):
                label.setText(text)
        self.warning.setText("\n".join(f"▲ {text}" for text in warnings))
        self.warning.setVisible(bool(warnings))

    def _labels(self, event: Event) -> list[PlainLabel]:
        if not self._values:
            for row, (name, _) in enumerate(fields(event)):
                label, value = PlainLabel(name, muted=True), PlainLabel(word_wrap=True)
                value.setFont(theme.tabular(value.font()))
                value.setAccessibleName(name)
                self._grid.addWidget(label, row, 0, Qt.AlignmentFlag.AlignTop)
                self._grid.addWidget(value, row, 1)
                self._values.append(value)
        return self._values

    def show_progress(self, progress: Ratio, is_coded: bool) -> None:
        """Show how much was looked at; of a camera that the study does not code, that it is so."""
        self.bar.setValue(round(1000 * (progress.value or 0.0)))
        not_coded = tr("this camera is not coded in this study")
        self.progress.setText(progress_text(progress) if is_coded else not_coded)

    def show_place(self, coding: Coding, camera: str, frame: int | None, trial: int | None) -> None:
        """Say what is marked at the cursor."""
        self.place.setText(place_text(coding, camera, frame, trial))


def _strip(level: str) -> PlainLabel:
    label = PlainLabel(word_wrap=True)
    label.setObjectName("strip")
    theme.mark(label, "light", "failed" if level == "error" else level)
    label.hide()
    return label


def _keys_text(*, digits: bool) -> str:
    units = tr("0–9 V action units") if digits else tr("V action units")
    event = tr("E emotion   M micro, macro   C confidence   T note")
    return "\n".join(
        (
            tr("Enter new   I onset   A apex   O offset   Q offset not coded"),
            f"{units}   {event}",
            tr("Tab next   , . boundary   Del delete   Ctrl+Z undo   Ctrl+Y redo"),
            tr("S looked at   X not codable   U next uncoded   R select the event"),
        )
    )
