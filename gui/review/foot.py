"""The line at the bottom: where the cursor is, what is done, and for a moment what was said."""

from __future__ import annotations

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QHBoxLayout, QWidget

from gui.review.pane import Position
from gui.review.stage import Stage
from gui.review.wording import clock, speed_text
from gui.texts import tr
from gui.widgets import theme
from gui.widgets.plain_label import PlainLabel

TOLD_MS = 6000


class Foot(QWidget):
    """Two texts about a stage."""

    def __init__(self) -> None:
        super().__init__()
        self._stage: Stage
        self.place, self.doing = PlainLabel(), PlainLabel()
        for label in (self.place, self.doing):
            label.setFont(theme.tabular(label.font()))
        theme.mark(self.doing, "muted", True)
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 0, 12, 8)
        row.addWidget(self.place)
        row.addStretch(1)
        row.addWidget(self.doing)
        self._told = QTimer(self, singleShot=True, interval=TOLD_MS)
        self._told.timeout.connect(self.show_doing)
        self._said = ""
        self.share = 0.0  # of the signals that has been read

    def show_stage(self, stage: Stage) -> None:
        """Tell of this one from now on; before it there is nothing to tell."""
        self._stage = stage

    def tell(self, text: str) -> None:
        """Say something for a moment; "" takes back what is there."""
        self._said = text
        self._told.start()
        self.show_doing()

    def show_share(self, share: float) -> None:
        """Say how much of the signals has been read, of 1."""
        self.share = share
        self.show_doing()

    def show_place(self, position: Position) -> None:
        """Say where the cursor is, and how long the selection."""
        stage = self._stage
        parts = [clock(position.time - stage.session.start), f"LSL {position.time:.6f}"]
        if (utc := stage.session.session.utc(position.time)) is not None:
            parts.append(f"UTC {utc:%H:%M:%S}.{utc.microsecond // 1000:03}")
        if (selection := stage.playhead.selection) is not None:
            length = 1e3 * (selection[1] - selection[0])
            rows = stage.playhead.rows
            count = rows.at(selection[1]) - rows.at(selection[0]) + 1
            parts.append(tr("selected {} ms, {} frames").format(f"{length:,.1f}", f"{count:,}"))
        self.place.setText("   ".join(parts))

    def show_doing(self) -> None:
        """Say how it is played, and what is not shown as it was asked for."""
        stage, head = self._stage, self._stage.playhead
        parts = [self._said] if self._said and self._told.isActive() else []
        if head.shown:
            text = tr("{}: {} frames shown, {} left out")
            name = speed_text(head.speed or head.next_speed)
            parts.append(text.format(name, f"{head.shown:,}", f"{head.dropped:,}"))
        if not stage.plot.filters.is_plain and not stage.plot.are_filtered:
            parts.append(tr("filters act on shorter stretches"))
        if self.share < 1:
            parts.append(tr("signals: {} % read").format(f"{100 * self.share:.0f}"))
        self.doing.setText("   ".join(parts))
