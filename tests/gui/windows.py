"""The recorder window on a real daemon, offscreen, as a user has it before them."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import psutil
from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtNetwork import QNetworkReply
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from gui.viewer.viewer import Viewer
from gui.widgets import theme
from gui.window.app import WindowOrder, make_window
from gui.window.window import RecorderWindow
from tests.acquire.program import TIMEOUT_S, unique, write_rig

RIG = """\
[rig]
name = "face-lab"

[[device]]
name = "{eeg}"
driver = "simulated-eeg"
channels = 8
rate_hz = 250

[[device]]
name = "{physio}"
driver = "simulated-physio"
rate_hz = 250

[[device]]
name = "{face}"
driver = "simulated-camera"
width = 320
height = 240
rate_hz = 30
"""


class Names:
    """Names of devices that no other test uses."""

    def __init__(self) -> None:
        self.eeg, self.physio, self.face = unique("eeg"), unique("physio"), unique("face")

    def rig(self, folder: Path, text: str = RIG) -> Path:
        """Write the rig file."""
        return write_rig(folder, text.format(eeg=self.eeg, physio=self.physio, face=self.face))


def wait_until(
    condition: Callable[[], object], timeout_s: float = TIMEOUT_S, what: str = "condition"
) -> None:
    """Let Qt work until `condition` holds, or fail."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, f"{what}: not within {timeout_s:g} s"
        QApplication.processEvents()
        time.sleep(0.005)


def dress(dark: bool) -> None:
    """Choose dark or light."""
    application = QApplication.instance()
    assert isinstance(application, QApplication)
    theme.choose(application, "dark" if dark else "light")
    QApplication.processEvents()


def click(widget: QWidget) -> None:
    """Press and let go, in the middle."""
    assert widget.isVisible(), widget
    assert widget.isEnabled(), widget
    QTest.mouseClick(widget, Qt.MouseButton.LeftButton, pos=widget.rect().center())


def hold(widget: QWidget, until: Callable[[], object]) -> None:
    """Press and keep it pressed until something has happened."""
    QTest.mousePress(widget, Qt.MouseButton.LeftButton, pos=widget.rect().center())
    wait_until(until, what="what holding does")
    QTest.mouseRelease(widget, Qt.MouseButton.LeftButton, pos=QPoint(1, 1))


def _is_drawn(viewer: Viewer) -> bool:
    empty = not viewer.signals()
    return empty or (viewer.state.canvas.head is not None and viewer.state.canvas.is_complete)


def picture(widget: QWidget, name: str) -> None:
    """Keep screenshots, light and dark, where somebody wants them."""
    folder = os.environ.get("UNISONO_SCREENSHOTS")
    if not folder:
        return
    Path(folder).mkdir(parents=True, exist_ok=True)
    for dark in (False, True):
        dress(dark)
        for viewer in widget.findChildren(Viewer):
            wait_until(partial(_is_drawn, viewer), what="traces")
        QTest.qWait(100)
        scale = round(widget.devicePixelRatioF())
        widget.grab().save(f"{folder}/window-{name}-{'dark' if dark else 'light'}-{scale}x.png")
    dress(False)


@contextmanager
def window(order: WindowOrder, *, end_engine: bool = True) -> Iterator[RecorderWindow]:
    """Open the window; close it, and end the daemon that it started."""
    theme.apply(QApplication.instance() or QApplication([]))  # type: ignore[arg-type]
    found = make_window(order)
    found.show()
    try:
        yield found
    finally:
        process = found.link.process if end_engine else None
        if not found.close():  # a recording runs: it says so first
            assert found.close()
        found.release()
        found.deleteLater()
        QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        QApplication.processEvents()
        if process is not None:
            end(process.pid)


def end(pid: int) -> None:
    """End a daemon well, and wait for it."""
    try:
        daemon = psutil.Process(pid)
        daemon.terminate()
        daemon.wait(TIMEOUT_S)
    except psutil.NoSuchProcess:
        pass


def idle(found: RecorderWindow) -> None:
    """Wait until the rig runs and the window shows it."""
    wait_until(lambda: found.status and found.status.state == "idle", what="idle")


def answered(found: RecorderWindow, path: str) -> None:
    """Wait until no answer of the engine to this is on its way."""
    replies = found.client._network.findChildren
    wait_until(lambda: all(path not in r.url().path() for r in replies(QNetworkReply)), what=path)


def record(found: RecorderWindow, participant: str, *, anyway: bool = False) -> None:
    """Type a participant and press the button; `anyway`: pass the gate."""
    found.bar.participant.setText(participant)
    press_record(found, anyway=anyway)


def press_record(found: RecorderWindow, *, anyway: bool = False) -> None:
    """Press the button, and that of the gate: `anyway`, or once nothing is missing any more.

    On a loaded machine a stream may be late at this very moment, and the gate opens for it; or what
    it would open for may just have come.
    """
    click(found.bar.record)

    def is_recording() -> bool:
        if found.gate.isVisible() and (anyway or not found.gate.lines):
            click(found.gate.anyway)
        return found.status is not None and found.status.state == "recording"

    wait_until(is_recording, what="recording")


EXPECTING = """\
[rig]
name = "failures"

[[expect]]
name = "{name}"
"""


def expecting(folder: Path, name: str) -> WindowOrder:
    """Write a rig that expects one stream."""
    rig = folder / "rig.toml"
    rig.write_text(EXPECTING.format(name=name))
    return WindowOrder(rig, data_dir=folder / "data")


def light(found: RecorderWindow, name: str) -> str:
    """Give the light of a stream in the list; empty where it is not listed."""
    rows = [r for r in found.panel.streams.rows.rows if name in r.title]
    return rows[0].health if rows else ""
