"""What stands beside the pictures and works with them: the seam at which coding plugs in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QWidget


@dataclass(frozen=True, slots=True)
class Position:
    """Where the cursor is: on a row of the main camera.

    `time` is LSL seconds; `row` the row of the index stream; `stored` the number of the stored
    frame through all files, from 0, None where the row has no picture; `device` the camera's own
    number, None where it gave none. Without a camera `camera` is "" and the row counts steps of the
    axis.
    """

    camera: str
    time: float
    row: int
    stored: int | None
    device: int | None


class Pane(Protocol):
    """A pane of the review window: `ReviewWindow.set_pane` puts it at the right."""

    @property
    def widget(self) -> QWidget:
        """What is shown."""

    def take_key(self, event: QKeyEvent) -> bool:
        """Use a key, or say no: then the review has it. It is asked first, for every key."""

    def moved(self, position: Position) -> None:
        """Learn where the cursor is now."""

    def selected(self, selection: tuple[float, float] | None) -> None:
        """Learn what is selected: from, to in LSL seconds, both on stamps of the main camera."""

    def closing(self) -> None:
        """Learn that the window is about to close."""
