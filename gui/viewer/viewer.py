"""The live viewer: any number of streams on one time axis."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable

import numpy as np
import pylsl
from PySide6.QtCore import QEvent, QRect, QSize, Qt, Signal
from PySide6.QtGui import (
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from acquire.lsl.streams import StreamKey
from gui.plots import painting
from gui.plots.canvas import Canvas, Group, joined
from gui.plots.geometry import PlotGeometry
from gui.plots.trace_scales import TraceScales
from gui.plots.traces import Place, Trace, first_choice, layout, rank
from gui.signals.channel_info import ChannelInfo
from gui.signals.display_filter import FilterSettings
from gui.signals.history import History
from gui.signals.live_streams import LiveStream, LiveStreams
from gui.signals.signal_monitor import Findings
from gui.signals.vitals import METHODS
from gui.texts import tr
from gui.viewer.hand import Hand
from gui.widgets import theme

LEFT, TOP, RIGHT, BOTTOM = 84, 4, 88, 40
LOOK_EVERY = 30
"""Frames between two looks at the scales."""
MARKER_PX = 120


class Viewer(QWidget):
    """Draws what its streams hold; the pulling thread says when."""

    _frame_came = Signal()
    frozen = Signal(bool)
    streams_changed = Signal()

    def __init__(
        self,
        wanted: Callable[[StreamKey], bool],
        clock: Callable[[], float] = pylsl.local_clock,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._clock = clock
        self._waiting = False  # a frame was announced and not drawn yet
        self.live = LiveStreams(wanted, self._announce)
        self.canvas = Canvas(self.live.lock)
        self.scales = TraceScales()
        self.where = PlotGeometry(self.canvas)
        self._hand = Hand(self)
        self.traces: tuple[Trace, ...] = ()
        self._chosen: dict[StreamKey, frozenset[int]] = {}
        self._known: tuple[tuple[int, bool, int], ...] = ()
        self._groups: dict[int, Group] = {}
        self.image = _image(self.canvas)
        """The canvas; it shares its memory."""
        self.frames = 0
        self._markers_seen = 0
        self.readouts: dict[tuple[StreamKey, int], str] = {}
        self.troubles: dict[tuple[StreamKey, int], str] = {}
        self._off_scale: frozenset[Trace] = frozenset()
        self._frame_came.connect(self._on_frame)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName(tr("Live signals"))

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        """Be large enough to be read."""
        return QSize(360, 200)

    # Frames.

    def _announce(self) -> None:
        # In the pulling thread: while the main thread is busy, frames are left out, not queued.
        if not self._waiting:
            self._waiting = True
            self._frame_came.emit()

    def _on_frame(self) -> None:
        self._waiting = False
        self._notice_streams()
        self.frames += 1
        unknown = any(not group.scale.all() for group in self.canvas.groups)
        every = LOOK_EVERY // 3 if unknown else LOOK_EVERY
        if self.frames % every == 0 and self.canvas.end is None:
            self._look_at_scales()
        if not self.isVisible():
            return
        dirty = self.canvas.advance(self._clock())
        markers = sum(s.version for s in self.live.streams)
        if markers != self._markers_seen or (self.where.scrolls and dirty):
            self._markers_seen = markers
            self.update(
                self.rect() if self.where.scrolls else self.where.plot.adjusted(0, 0, 0, BOTTOM)
            )
        else:
            for span in joined(dirty):
                self.update(self.where.rect(span))

    def _notice_streams(self) -> None:
        known = tuple((id(s), s.inlet is not None, id(s.shown)) for s in self.live.streams)
        if known != self._known:
            self._known = known
            self.rearrange()
            self.streams_changed.emit()

    def _look_at_scales(self) -> None:
        changed = False
        for stream in self.live.streams:
            group = self._groups.get(id(stream))
            if group is not None and stream.shown is not None and len(group.picks):
                with self.live.lock:
                    recent = stream.shown.recent(8.0, group.picks)
                changed |= self.scales.look(self._traces_of(stream), group, recent)
        if changed:
            self.canvas.redraw()
            self.update()
        off = frozenset(trace for trace in self.traces if self.scales.is_off(trace))
        if off != self._off_scale:
            self._off_scale = off
            self._update_sides()

    def trouble_of(self, trace: Trace) -> str:
        """Say what is wrong with a trace, where something is."""
        found = self.troubles.get((trace.key, trace.channel.index), "")
        return found or (tr("off scale") if trace in self._off_scale else "")

    # What is shown.

    def signals(self) -> list[LiveStream]:
        """List the streams that have traces, in the order in which they are shown."""
        found = [s for s in self.live.streams if s.history is not None]
        return sorted(found, key=lambda s: (rank(s.channels), s.key.name, s.key.source_id))

    def chosen(self, stream: LiveStream) -> list[ChannelInfo]:
        """List the channels of a stream that are shown."""
        wanted = self._chosen.get(stream.key)
        if wanted is None:
            # Numbers without a rate are logs, such as the frames of a stimulus player.
            return first_choice(stream.channels) if stream.found.rate_hz else []
        return [c for c in stream.channels if c.index in wanted]

    def choose(self, key: StreamKey, channels: Iterable[int]) -> None:
        """Show these channels of a stream."""
        self._chosen[key] = frozenset(channels)
        self.rearrange()

    def learn(self, found: Findings) -> None:
        """Show what was found out about the signals."""
        changed = found.troubles != self.troubles or found.readouts != self.readouts
        self.troubles, self.readouts = found.troubles, found.readouts
        if changed:
            self._update_sides()

    def _update_sides(self) -> None:
        plot = self.where.plot
        self.update(QRect(0, 0, plot.left(), self.height()))
        self.update(QRect(plot.right(), 0, self.width(), self.height()))

    def _traces_of(self, stream: LiveStream) -> list[Trace]:
        return [Trace(stream.key, channel) for channel in self.chosen(stream)]

    def rearrange(self) -> None:
        """Lay all traces out anew: the size, the choice or the streams have changed."""
        where = self.where
        where.plot = self.rect().adjusted(LEFT, TOP, -RIGHT, -BOTTOM)
        where.ratio = self.devicePixelRatioF()
        streams = self.signals()
        self.traces = tuple(t for s in streams for t in self._traces_of(s))
        size = where.plot.size() * where.ratio
        where.places = layout(self.traces, max(1, size.height()))
        groups, at = {}, 0
        for stream in streams:
            traces = self._traces_of(stream)
            places = where.places[at : at + len(traces)]
            at += len(traces)
            if traces and stream.shown is not None:
                groups[id(stream)] = _group(stream.shown, traces, places)
                self.scales.apply(traces, groups[id(stream)])
        self._groups = groups
        self.canvas.groups = tuple(groups.values())
        self.canvas.line_width = 1.2 * where.ratio
        background, grid = theme.colour("panel").rgb(), theme.mixed("line", 0.7).rgb()
        self.canvas.resize(size.width(), size.height(), background, grid)
        self.image = _image(self.canvas)
        self.update()

    def set_window(self, seconds: float) -> None:
        """Show so many seconds."""
        self.canvas.window_s = seconds
        if self.canvas.end is not None:
            self.set_frozen(False)
        self.canvas.restart()
        self.update()

    def set_filter(self, settings: FilterSettings) -> None:
        """Show filtered signals; the pulling thread filters what is there, too."""
        self.live.filter = settings

    def set_scrolling(self, on: bool) -> None:
        """Scroll instead of sweeping."""
        self.where.scrolls = on
        self.update()

    def set_frozen(self, on: bool) -> None:
        """Hold what is shown; recording goes on."""
        if on == (self.canvas.end is not None):
            return
        self.canvas.freeze(self.canvas.head if on else None)
        self.frozen.emit(on)
        self.update()

    def look_back(self, share: float) -> None:
        """Move by a share of the window, back where negative; freezes."""
        self.set_frozen(True)
        if self.canvas.end is None:
            return
        newest = self.canvas.column(self._clock())
        end = self.canvas.end + round(share * self.canvas.width)
        oldest = newest - math.floor(280 / self.canvas.column_s)
        self.canvas.freeze(max(oldest, min(newest, end)))
        self.update()

    def zoom(self, steps: int) -> None:
        """Make all traces larger (negative steps) or smaller."""
        self.scales.step(steps)
        for stream in self.signals():
            if (group := self._groups.get(id(stream))) is not None:
                self.scales.apply(self._traces_of(stream), group)
        self.canvas.redraw()
        self.update()

    # Events.

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        """Draw what has changed."""
        painter = QPainter(self)
        painting.paint(self, painter, event.rect(), self._hand.at)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        """Lay out anew."""
        self.rearrange()
        self.canvas.restart()

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802
        """Take other colours where light and dark change."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self.rearrange()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Show the value under the cursor; drag to look back."""
        self._hand.move(event.position().toPoint())

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Begin to drag."""
        if event.button() == Qt.MouseButton.LeftButton:
            self._hand.press(event.position().toPoint())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """End the drag."""
        self._hand.release()

    def leaveEvent(self, event: QEvent) -> None:  # noqa: N802
        """Take the cursor away."""
        self._hand.leave()

    def wheelEvent(self, event: QWheelEvent) -> None:  # noqa: N802
        """Change the scale."""
        self.zoom(-1 if event.angleDelta().y() > 0 else 1)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        """Space freezes, arrows look back and scale."""
        if not self._hand.key(Qt.Key(event.key())):
            super().keyPressEvent(event)

    def now(self) -> float:
        """Give the local LSL time."""
        return self._clock()

    def value_at(self, trace: Trace, at: float) -> float | None:
        """Give a trace's value at a time."""
        stream = next((s for s in self.signals() if s.key == trace.key), None)
        if stream is None or stream.shown is None:
            return None
        with self.live.lock:
            return stream.shown.at(at, trace.channel.index)

    def is_off(self, number: int) -> bool:
        """Say whether a trace's stream is not connected."""
        key = self.traces[number].key
        return any(s.key == key and s.inlet is None for s in self.live.streams)

    def describe(self, number: int) -> str:
        """Say what a trace is."""
        trace = self.traces[number]
        trouble = self.trouble_of(trace)
        method = METHODS.get(trace.channel.kind)
        how = method.text if method else ""
        parts = (trace.channel.label, trace.channel.kind, trace.key.name, trouble, how)
        return " · ".join(filter(None, parts))


def _group(history: History, traces: list[Trace], places: list[Place]) -> Group:
    return Group(
        history,
        np.array([t.channel.index for t in traces]),
        np.array([p.centre for p in places]),
        np.array([p.height for p in places]),
        np.array([theme.signal_colour(t.channel.kind).rgb() for t in traces], np.uint32),
    )


def _image(canvas: Canvas) -> QImage:
    height, width = canvas.image.shape
    return QImage(canvas.image.data, width, height, width * 4, QImage.Format.Format_RGB32)
