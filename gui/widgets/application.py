"""A window's program: named, in the user's language and look, and closed by signals."""

from __future__ import annotations

import signal
import sys

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication

from gui.texts import install
from gui.widgets import theme
from gui.widgets.chosen import locale, remembered_look

BEAT_MS = 200


def make_application() -> QApplication:
    """Make the program of a window.

    To be called before anything is started that an end without a word would leave behind.
    """
    application = QApplication(sys.argv[:1])
    _close_on_signals(application)
    application.setApplicationName("unisono")
    application.setApplicationDisplayName("Unisono")
    application.setDesktopFileName("unisono")  # whose icon Wayland shows
    application.setWindowIcon(theme.icon())
    install(application, locale())
    theme.apply(application)
    theme.choose(application, remembered_look())
    return application


def _close_on_signals(application: QApplication) -> None:
    """Have SIGINT and SIGTERM close all windows, as their users do.

    One that comes before they are shown does so once they are.
    """
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: QTimer.singleShot(0, application.closeAllWindows))
    beat = QTimer(application, interval=BEAT_MS)  # lets Python see signals
    beat.timeout.connect(lambda: None)
    beat.start()
