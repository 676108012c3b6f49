"""What a window remembers for each rig: where its parts are, labels, lengths and hot keys."""

from __future__ import annotations

import contextlib
import hashlib
from typing import Any

from PySide6.QtCore import QByteArray
from PySide6.QtWidgets import QLineEdit, QMainWindow

from gui.viewer.bar import ViewerBar
from gui.widgets.chosen import stored
from gui.window.top_bar import TopBar

VERSION = 1
"""Rises when the parts change so that an old layout would not fit."""


class LayoutMemory:
    """One rig's part of the settings file."""

    def __init__(self, rig: str) -> None:
        name = hashlib.sha256(rig.encode()).hexdigest()[:16]
        self._settings = stored()
        self._settings.beginGroup(name)

    def restore(self, window: QMainWindow) -> bool:
        """Put the parts where they were; whether that was known."""
        known = False
        for key, put in (
            ("geometry", window.restoreGeometry),
            ("parts", lambda data: window.restoreState(data, VERSION)),
        ):
            data = self._settings.value(key)
            if isinstance(data, QByteArray):
                known = bool(put(data))
        return known

    def save(self, window: QMainWindow, values: dict[str, Any]) -> None:
        """Keep where the parts are, and some values."""
        self._settings.setValue("geometry", window.saveGeometry())
        self._settings.setValue("parts", window.saveState(VERSION))
        for key, value in values.items():
            self._settings.setValue(key, value)
        self._settings.sync()

    def keep(self, key: str, value: str) -> None:
        """Keep one value now: it is still there after a crash."""
        self._settings.setValue(key, value)
        self._settings.sync()

    def text(self, key: str) -> str | None:
        """Give a value that was kept."""
        value = self._settings.value(key)
        return str(value) if value not in (None, "") else None


class RigMemory:
    """Puts the window as it was with a rig, and keeps how it is; what is shown, at each change."""

    def __init__(self, window: QMainWindow, bar: TopBar, signals: ViewerBar) -> None:
        self._window, self._bar, self._signals = window, bar, signals
        self._memory: LayoutMemory | None = None
        signals.changed.connect(self._keep_shown)

    @property
    def is_open(self) -> bool:
        """Whether it knows which rig it is."""
        return self._memory is not None

    def open(self, rig: str) -> bool:
        """Put everything where it was with this rig; whether the places of the parts are known."""
        memory = self._memory = LayoutMemory(rig)
        is_known = memory.restore(self._window)
        for name, field in self._labels().items():
            if (text := memory.text(name)) is not None:
                field.setText(text)
        self._signals.restore(memory.text("shown") or "")
        box = self._signals.window_s
        with contextlib.suppress(ValueError, OverflowError):  # settings may hold anything
            at = box.findData(int(float(memory.text("window_s") or "")))
            box.setCurrentIndex(at if at >= 0 else box.currentIndex())
        return is_known

    def save(self) -> None:
        """Keep what is not kept at each change."""
        if self._memory is not None:
            labels = {name: field.text() for name, field in self._labels().items()}
            length_s = self._signals.viewer.state.canvas.window_s
            self._memory.save(self._window, {**labels, "window_s": length_s})

    def _labels(self) -> dict[str, QLineEdit]:
        return {"study": self._bar.study, "task": self._bar.task}

    def _keep_shown(self, text: str) -> None:
        if self._memory is not None:
            self._memory.keep("shown", text)
