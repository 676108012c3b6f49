"""The live viewer: any number of streams on one time axis."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
import pylsl
from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QKeyEvent, QMouseEvent, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QMenu, QSizePolicy, QVBoxLayout, QWidget

from acquire.lsl.streams import FoundStream, StreamKey
from gui.plots import save_dialog, saving
from gui.plots.canvas import Group
from gui.plots.trace_plot import TracePlot
from gui.plots.traces import Place, Trace, layout, pages, several_amplifiers
from gui.plots.view_state import ViewState
from gui.signals.channel_info import ChannelInfo
from gui.signals.display_filter import FilterSettings
from gui.signals.history import History
from gui.signals.live_streams import LiveStreams, ShownStream
from gui.signals.signal_monitor import Findings
from gui.texts import tr
from gui.viewer.channel_choice import ChannelChoice
from gui.viewer.hand import Hand
from gui.viewer.shown_time import ShownTime
from gui.widgets import theme
from gui.widgets.focus_ring import FocusRing

LOOK_EVERY = 30
"""Frames between two looks at the scales."""
RECENT_S = 8.0
"""What a look at the scales looks at."""
NOTCH = 120
"""What a step of a wheel is to Qt, in eighths of a degree."""
READABLE, HEADER = 18.0, 20.0
"""Pixels that a trace on a page has at least, and that the name of a stream has above its own."""


class Viewer(QWidget):
    """Draws what its streams hold; the pulling thread says when."""

    _frame_came = Signal()
    said = Signal(str)
    chosen_changed = Signal()
    streams_changed = Signal()

    def __init__(
        self,
        wanted: Callable[[FoundStream], bool],
        clock: Callable[[], float] = pylsl.local_clock,
    ) -> None:
        super().__init__()
        self._waiting = False  # a frame was announced and not drawn yet
        self.live = LiveStreams(wanted, self._announce)
        self.state = ViewState(self.live.lock, clock)
        self.plot = TracePlot(self.state, self)
        self.time = ShownTime(self.state, self.plot, self)
        self._hand = Hand(self.state, self, self.plot.show_cursor, self.plot.show_all)
        self.choice = ChannelChoice()
        self._page = 0  # which part of the chosen channels; 0 = all
        self._known: tuple[tuple[int, bool, int], ...] = ()
        self._drawn: list[tuple[list[Trace], Group]] = []  # of each stream, as last laid out
        self._turned = 0  # of the wheel, what is no whole step yet: touchpads send many small ones
        self.frames = 0
        self._frame_came.connect(self._on_frame)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.plot)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName(tr("Live signals"))
        self._ring = FocusRing(self)

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        """Be large enough to be read."""
        return QSize(360, 150)

    # Frames.

    def _announce(self) -> None:
        # In the pulling thread: while the main thread is busy, frames are left out, not queued.
        if not self._waiting:
            self._waiting = True
            self._frame_came.emit()

    def _on_frame(self) -> None:
        self._waiting = False
        canvas = self.state.canvas
        self._keep_choice(self.live.streams)
        self.state.streams = self.live.streams
        self._notice_streams()
        self.frames += 1
        unknown = any(not group.scale.all() for group in canvas.groups)
        every = LOOK_EVERY // 3 if unknown else LOOK_EVERY
        if self.frames % every == 0 and canvas.end is None:
            self._look_at_scales()
        if self.isVisible():
            self.plot.show_frame(self.state.canvas.advance(self.state.now()))

    def _notice_streams(self) -> None:
        known = tuple((id(s), s.inlet is not None, id(s.shown)) for s in self.state.streams)
        if known != self._known:
            self._known = known
            self.rearrange()
            self.streams_changed.emit()

    def _keep_choice(self, streams: tuple[ShownStream, ...]) -> None:
        """Leave what was chosen of a stream that is gone to the next one of its name."""
        if streams is self.state.streams:  # replaced whole: in nearly all frames none has gone
            return
        for stream in self.state.streams:
            if not any(other is stream for other in streams):
                self.choice.leave(stream)

    def _look_at_scales(self) -> None:
        state, changed = self.state, False
        for traces, group in self._drawn:
            with self.live.lock:  # the pulling thread writes into the same history
                recent = group.history.recent(RECENT_S, group.picks)
            changed |= state.scales.look(traces, group, recent)
        if changed:
            state.canvas.redraw()
            self.plot.show_sides()
        rows, height = zip(state.traces, state.geometry.places, strict=True), state.image.height()
        off = frozenset(t for t, place in rows if state.scales.is_off(t, place, height))
        if off != state.off_scale:
            state.off_scale = off
            self.plot.show_sides()

    # What is shown.

    def signals(self) -> list[ShownStream]:
        """List the streams that have traces, in the order in which they are shown."""
        return self.choice.sorted(s for s in self.state.streams if s.history is not None)

    def chosen(self, stream: ShownStream) -> list[ChannelInfo]:
        """List the channels of a stream that are shown, in their order."""
        return self.choice.shown(stream)

    def choose(self, key: StreamKey, channels: Iterable[int]) -> None:
        """Show these channels of a stream."""
        self.choice.choose(key, channels)
        self.show_choice()

    def show_choice(self) -> None:
        """Show what is chosen now, in its order, and tell of it."""
        self.rearrange()
        self.chosen_changed.emit()

    def learn(self, found: Findings) -> None:
        """Show what was found out about the signals."""
        state = self.state
        changed = found.troubles != state.troubles or found.readouts != state.readouts
        state.troubles, state.readouts = found.troubles, found.readouts
        if changed:
            self.plot.show_sides()

    def rearrange(self) -> None:
        """Lay all traces out anew: the size, the choice or the streams have changed."""
        state, geometry = self.state, self.state.geometry
        geometry.resize(self.rect(), self.devicePixelRatioF())
        every = self._every()
        state.traces = tuple(every[self._span(every)])
        streams = [(s, [t for t in state.traces if t.key == s.key]) for s in self.signals()]
        header = HEADER * geometry.ratio * several_amplifiers(every)
        geometry.places = layout(state.traces, max(1, geometry.pixels[1]), header)
        self._drawn, places = [], iter(geometry.places)
        for stream, traces in streams:
            own = [next(places) for _ in traces]
            if traces and stream.shown is not None:
                group = _group(stream.shown, traces, own)
                state.scales.apply(traces, group)
                self._drawn.append((traces, group))
        state.canvas.groups = tuple(group for _, group in self._drawn)
        state.begin_image(theme.colour("panel").rgb(), theme.mixed("line", 0.7).rgb())
        self.plot.resized()

    def _span(self, every: list[Trace]) -> slice:
        """Give the part of all traces that is shown; corrects the page that there is not."""
        header = HEADER * several_amplifiers(every)
        found = pages(every, self.state.geometry.plot.height(), READABLE, header)
        self._page = min(self._page, len(found))
        return found[self._page - 1] if self._page else slice(0, len(every))

    def _every(self) -> list[Trace]:
        return [Trace(s.key, c) for s in self.signals() for c in self.chosen(s)]

    def turn(self, by: int) -> None:
        """Show fewer channels, so large that they can be read, page by page; back to all."""
        self._page = max(0, self._page + by)
        self.rearrange()
        every = self._every()
        span = self._span(every)
        text = tr("Channels {} to {} of {} (Page Up, Page Down)")
        self.said.emit(text.format(span.start + 1, span.stop, len(every)) if every else "")

    def save(self) -> None:
        """Ask where to save what is shown; it is held, so that it is what was seen."""
        self.time.set_frozen(True)
        save_dialog.ask(
            self, tr("signals"), self.plot, lambda: saving.trace_rows(self.state), self._on_saved
        )

    def _on_saved(self, text: str) -> None:
        if (missing := saving.missing_s(self.state)) > 1.0:
            text += ". " + tr("Of the first {} s only the picture is kept").format(f"{missing:.0f}")
        self.said.emit(text)

    def set_filter(self, settings: FilterSettings) -> None:
        """Show filtered signals; the pulling thread filters what is there, too."""
        self.live.filter = settings

    def zoom(self, steps: int) -> None:
        """Make all traces larger (negative steps) or smaller; 0 = share scales anew."""
        if steps:
            self.state.scales.step(steps)
        for traces, group in self._drawn:
            self.state.scales.apply(traces, group)
        self.state.canvas.redraw()
        self.plot.show_all()
        self.chosen_changed.emit()

    # Events.

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        """Lay out anew."""
        self.rearrange()
        self.state.canvas.restart()

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802
        """Take other colours where light and dark change."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self.plot.dress()
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
        """Change the scale; with Ctrl, the time."""
        self._turned -= event.angleDelta().y()
        steps = int(self._turned / NOTCH)
        if not steps:
            return
        self._turned -= steps * NOTCH
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.time.zoom(steps, event.position().x())
        else:
            self.zoom(steps)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:  # noqa: N802
        """Offer to save what is shown."""
        menu = QMenu(self)
        menu.addAction(tr("Save as picture or table…")).triggered.connect(
            lambda _=False: self.save()
        )
        menu.exec(event.globalPos())

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        """Space freezes, arrows look back and scale, pages go through the channels."""
        match event.key():
            case Qt.Key.Key_Space:
                self.time.set_frozen(not self.time.is_frozen)
            case Qt.Key.Key_Left:
                self.time.look_back(-0.25)
            case Qt.Key.Key_Right:
                self.time.look_back(0.25)
            case Qt.Key.Key_PageDown:
                self.turn(1)
            case Qt.Key.Key_PageUp:
                self.turn(-1)
            case Qt.Key.Key_Up | Qt.Key.Key_Plus:
                self.zoom(-1)
            case Qt.Key.Key_Down | Qt.Key.Key_Minus:
                self.zoom(1)
            case _:
                super().keyPressEvent(event)


def _group(history: History, traces: list[Trace], places: list[Place]) -> Group:
    return Group(
        history,
        np.array([t.channel.index for t in traces]),
        np.array([p.centre for p in places]),
        np.array([p.height for p in places]),
        np.array([theme.signal_colour(t.channel.kind).rgb() for t in traces], np.uint32),
    )
