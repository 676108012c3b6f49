"""Draws a viewer bit by bit at the scale factor of the environment; prints whether that is seen.

python -m tests.gui.plots.repaint_probe
"""

from __future__ import annotations

import sys
import threading

import numpy as np
from PySide6.QtCore import QPoint
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication, QVBoxLayout, QWidget

from acquire.lsl.streams import FoundStream, StreamKey
from gui.plots.canvas import Group
from gui.plots.trace_plot import TracePlot
from gui.plots.traces import Trace, layout
from gui.plots.view_state import ViewState
from gui.signals.channel_info import ChannelInfo
from gui.signals.history import History
from gui.signals.live_streams import ShownStream
from gui.signals.marker_text import MarkerText
from gui.widgets import theme

RATE, CHANNELS, PARTIAL = 250.0, 5, 200
KEY = StreamKey("eeg", "EEG", "eeg", "here")
CHANNEL_INFOS = tuple(ChannelInfo(n, f"C{n}", "EEG", "µV") for n in range(CHANNELS))


def stream(key: StreamKey, history: History | None) -> ShownStream:
    """Make a stream as the viewer knows it; without a history: markers."""
    found = FoundStream(key, key.name, CHANNELS, RATE, "float32", None)
    return ShownStream(found, CHANNEL_INFOS, None, history, history)


class Scene:
    """A plot in a window, at an odd place, and the clock that a test turns."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.state = ViewState(threading.Lock(), lambda: self.now)
        self.history = History(CHANNELS, RATE)
        self.marks = stream(StreamKey("marks", "Markers", "marks", "here"), None)
        self.window = QWidget()
        column = QVBoxLayout(self.window)
        column.setContentsMargins(7, 33, 5, 3)
        self.plot = TracePlot(self.state)
        column.addWidget(self.plot)
        self.window.resize(611, 407)
        self.window.show()
        QApplication.processEvents()
        self.arrange()

    def arrange(self) -> None:
        """Lay out as the viewer does."""
        state, geometry = self.state, self.state.geometry
        geometry.resize(self.plot.rect(), self.plot.devicePixelRatioF())
        state.streams = (stream(KEY, self.history), self.marks)
        state.traces = tuple(Trace(KEY, channel) for channel in CHANNEL_INFOS)
        geometry.places = layout(state.traces, geometry.pixels[1])
        group = Group(
            self.history,
            np.arange(CHANNELS),
            np.array([place.centre for place in geometry.places]),
            np.array([place.height for place in geometry.places]),
            np.full(CHANNELS, theme.colour("accent").rgb(), np.uint32),
        )
        group.rescale(np.full(CHANNELS, 4.0), np.zeros(CHANNELS))
        state.canvas.groups = (group,)
        state.begin_image(theme.colour("panel").rgb(), theme.colour("line").rgb())
        self.plot.resized()

    def step(self, seconds: float) -> None:
        """Let time pass: samples come, a frame is shown."""
        before, self.now = self.now, self.now + seconds
        times = np.arange(np.ceil(before * RATE), np.ceil(self.now * RATE)) / RATE
        waves = np.sin(times[:, None] * np.arange(3, 3 + CHANNELS)) * 1.7
        self.history.append(times, waves.astype(np.float32))
        self.plot.show_frame(self.state.canvas.advance(self.now))
        QApplication.processEvents()

    def mark(self, text: str) -> None:
        """Let a marker come."""
        self.marks.markers.append((self.now, MarkerText(text, text)))
        self.marks.version += 1

    def on_screen(self) -> bytes:
        """Give what Qt hands to the screen, in its own pixels."""
        image = self.window.backingStore().paintDevice()
        assert isinstance(image, QImage)
        return bytes(image.convertToFormat(QImage.Format.Format_RGB32).constBits())


def run(*, scrolls: bool) -> int:
    """Draw in parts, then all at once; gives how many bytes differ."""
    scene = Scene()
    scene.state.geometry.scrolls = scrolls
    rng = np.random.default_rng(4)
    for number in range(PARTIAL):
        if number % 30 == 7:
            scene.mark(f"{{{number}}}")
        if number % 9 == 0:
            scene.state.cursor = QPoint(int(rng.integers(0, 600)), int(rng.integers(0, 400)))
            scene.plot.show_cursor()
        scene.step(float(rng.uniform(0.005, 0.12)))
    while not scene.state.canvas.is_complete:
        scene.step(0.001)
    partial = scene.on_screen()
    scene.plot.viewport().repaint()
    whole = scene.on_screen()
    drawn = np.frombuffer(whole, np.uint32)
    assert np.count_nonzero(drawn == theme.colour("accent").rgb()) > 500, "no trace is drawn"
    assert len(scene.plot.markers.shown) > 1, "no marker is drawn"
    differ = np.frombuffer(partial, np.uint8) != np.frombuffer(whole, np.uint8)
    print(f"{scene.plot.devicePixelRatioF():g}: {np.count_nonzero(differ)} of {differ.size} bytes")
    return int(np.count_nonzero(differ))


def main() -> int:
    application = QApplication(sys.argv[:1])
    theme.apply(application)
    return 1 if run(scrolls=False) + run(scrolls=True) else 0


if __name__ == "__main__":
    sys.exit(main())
