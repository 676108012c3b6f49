"""`unisono review`: the review window as a program."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

from platformdirs import user_cache_dir
from PySide6.QtCore import QLocale, QTimer
from PySide6.QtWidgets import QApplication

from gui.review.window import ReviewWindow
from gui.texts import install
from gui.widgets import theme
from gui.widgets.display import check_display
from recordings.review.session import ReviewSession

SWITCH_S = 0.001


def make_window(path: Path, cache: Path | None = None) -> ReviewWindow:
    """Open a session and make its window; needs a QApplication.

    Raises:
        RecordingError: it is no session, or cannot be read.
    """
    return ReviewWindow(ReviewSession(path), cache)


def run(path: Path) -> int:
    """Show the window until it is closed; gives the exit code.

    Raises:
        RecordingError: it is no session, or cannot be read.
    """
    session = ReviewSession(path)
    check_display("`unisono check` and `unisono export video` work without one")
    # Between threads that decode and read: a key waits no 5 ms for the interpreter.
    sys.setswitchinterval(SWITCH_S)
    application = QApplication(sys.argv[:1])
    application.setApplicationName("unisono")
    application.setApplicationDisplayName("Unisono")
    install(application, QLocale())
    theme.apply(application)
    window = ReviewWindow(session, Path(user_cache_dir("unisono")) / "review")
    window.show()
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: window.close())
    beat = QTimer(interval=200)  # lets Python see signals
    beat.timeout.connect(lambda: None)
    beat.start()
    return application.exec()
