"""SIGINT and SIGTERM close the windows, as their users do."""

from __future__ import annotations

import signal

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication

BEAT_MS = 200


def close_on_signals(application: QApplication) -> None:
    """Have a signal close all windows; one that comes before they are shown does so once they are.

    To be called before anything is started that an end without a word would leave behind.
    """
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: QTimer.singleShot(0, application.closeAllWindows))
    beat = QTimer(application, interval=BEAT_MS)  # lets Python see signals
    beat.timeout.connect(lambda: None)
    beat.start()
