"""Files that macOS hands to a program that runs: a double click is no argument there.

What hands them over was never run; a test sends the event that Qt makes of it.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QEvent, QObject
from PySide6.QtGui import QFileOpenEvent

from acquire.errors import AcquireError
from gui.client.review_process import open_review
from recordings.errors import RecordingError


class OpenedFiles(QObject):
    """An event filter of the application; each file opens in a review of its own."""

    def __init__(self, on_problem: Callable[[str], object], parent: QObject) -> None:
        super().__init__(parent)
        self._on_problem = on_problem

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802
        """Take the events of opened files; leave all others."""
        if not isinstance(event, QFileOpenEvent):
            return False
        try:
            open_review(Path(event.file()))
        except (AcquireError, RecordingError) as error:
            self._on_problem(str(error))
        return True
