"""What a viewer shows: traces and where they are, the span of time, what is written beside.

Hand and controls change it, painting reads it; it knows no widget. Main thread only, but for the
histories, which grow in the pulling thread.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

import numpy as np
from PySide6.QtCore import QPoint
from PySide6.QtGui import QImage

from acquire.lsl.streams import StreamKey
from devices.arrays import Array, F64Array
from gui.plots.canvas import Canvas
from gui.plots.geometry import PlotGeometry
from gui.plots.trace_scales import TraceScales
from gui.plots.traces import Trace
from gui.signals.channel_info import ChannelKey
from gui.signals.live_streams import ShownStream
from gui.signals.vitals import METHODS
from gui.texts import tr


class ViewState:
    """One viewer's state; `canvas` holds the span: window, newest column, frozen end."""

    def __init__(self, lock: threading.Lock, now: Callable[[], float]) -> None:
        """Begin with nothing.

        Args:
            lock: guards the histories of the streams.
            now: gives the local LSL time.
        """
        self._lock = lock
        self.now = now
        self.canvas = Canvas(lock)
        self.geometry = PlotGeometry(self.canvas)
        self.scales = TraceScales()
        self.image = _image(self.canvas)
        """The canvas; it shares its memory."""
        self.streams: tuple[ShownStream, ...] = ()
        """Those of this frame, markers too."""
        self.traces: tuple[Trace, ...] = ()
        self.cursor: QPoint | None = None
        self.readouts: dict[ChannelKey, str] = {}
        self.troubles: dict[ChannelKey, str] = {}
        self.off_scale: frozenset[Trace] = frozenset()

    def begin_image(self, background: int, grid: int) -> None:
        """Begin the image anew, as large as the plot is now, in these colours, 0xffRRGGBB."""
        self.canvas.line_width = 1.2 * self.geometry.ratio
        self.canvas.resize(*self.geometry.pixels, background, grid)
        self.image = _image(self.canvas)

    def is_off(self, trace: Trace) -> bool:
        """Say whether a trace's stream is not connected."""
        return any(s.key == trace.key and s.inlet is None for s in self.streams)

    def by_stream(self) -> list[tuple[ShownStream, list[int]]]:
        """Give the streams whose traces are shown and the numbers of those channels, in order."""
        found: dict[StreamKey, list[int]] = {}
        for trace in self.traces:
            found.setdefault(trace.key, []).append(trace.channel.index)
        named = {s.key: s for s in self.streams if s.shown is not None}
        return [(named[key], channels) for key, channels in found.items() if key in named]

    def samples(
        self, stream: ShownStream, first: float, end: float, channels: Sequence[int]
    ) -> tuple[F64Array, Array]:
        """Give the samples in [first, end) as they are shown: times (n,), values (n, channels)."""
        assert stream.shown is not None
        with self._lock:  # the pulling thread appends; copied, so that it need not wait for us
            return stream.shown.between(first, end, np.asarray(channels, np.intp))

    def kept_since(self, stream: ShownStream) -> float:
        """Give the time of the oldest sample that is still kept; inf: there is none."""
        assert stream.shown is not None
        with self._lock:  # as above
            return stream.shown.oldest

    def value_at(self, trace: Trace, at: float) -> float | None:
        """Give a trace's value at a time."""
        stream = next((s for s in self.streams if s.key == trace.key), None)
        if stream is None or stream.shown is None:
            return None
        with self._lock:  # else the pulling thread could move the samples under the look-up
            return stream.shown.at(at, trace.channel.index)

    def trouble_of(self, trace: Trace) -> str:
        """Say what is wrong with a trace, where something is."""
        found = self.troubles.get(trace.channel_key, "")
        return found or (tr("off scale") if trace in self.off_scale else "")

    def describe(self, trace: Trace) -> str:
        """Say what a trace is."""
        method = METHODS.get(trace.channel.kind)
        how = method.text() if method else ""
        channel, trouble = trace.channel, self.trouble_of(trace)
        parts = (channel.label, channel.kind, trace.key.name, trouble, how)
        return " · ".join(filter(None, parts))


def _image(canvas: Canvas) -> QImage:
    height, width = canvas.image.shape
    return QImage(canvas.image.data, width, height, width * 4, QImage.Format.Format_RGB32)
