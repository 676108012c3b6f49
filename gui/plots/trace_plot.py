"""The plot of the live viewer: traces, axes, markers and cursor as items of pyqtgraph."""

from __future__ import annotations

from collections.abc import Sequence

import pyqtgraph as pg
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGraphicsItem, QGraphicsView, QWidget

from gui.plots import side_texts
from gui.plots.canvas import Span, joined
from gui.plots.geometry import AXIS, LEFT, MARKERS, RIGHT, TOP
from gui.plots.marker_lines import MarkerLines
from gui.plots.text_axis import TextAxis
from gui.plots.trace_item import TraceItem
from gui.plots.view_state import ViewState
from gui.widgets import theme


class TracePlot(pg.GraphicsView):
    """Shows a view state. It changes only what is told to have changed: that keeps it cheap.

    The view's x is in columns of the canvas, its y in pixels of the widget from the top; the row of
    the markers' labels belongs to it, the traces end above.
    """

    def __init__(self, state: ViewState, parent: QWidget | None = None) -> None:
        super().__init__(parent, background=None)
        self._state = state
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setCacheMode(QGraphicsView.CacheModeFlag.CacheNone)  # filling costs less
        self.viewport().setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.view = pg.ViewBox(enableMouse=False, enableMenu=False, invertY=True)
        self.names, self.readouts = TextAxis("left"), TextAxis("right")
        self.clock = TextAxis("bottom", reach=(LEFT, RIGHT))
        axes = {"left": self.names, "right": self.readouts, "bottom": self.clock}
        self.plot = pg.PlotItem(viewBox=self.view, axisItems=axes, enableMenu=False)
        self.plot.hideButtons()
        self.plot.showAxis("right")
        self.plot.layout.setContentsMargins(0, TOP, 0, 0)
        self.plot.layout.setSpacing(0)
        self.names.setWidth(LEFT)
        self.readouts.setWidth(RIGHT)
        self.clock.setHeight(AXIS)
        self.setCentralItem(self.plot)
        # Neither paints anything, and nothing in the view reaches beyond it: without being told so
        # Qt asks Python for both and clips by a path, in every frame.
        for item in (self.plot, self.view):
            item.setFlag(QGraphicsItem.GraphicsItemFlag.ItemHasNoContents)
        self.view.setFlag(QGraphicsItem.GraphicsItemFlag.ItemClipsChildrenToShape, False)
        self.traces = TraceItem(state)
        self.traces.setParentItem(self.view)
        self.traces.setZValue(-10)  # below whatever is in units of the view
        self.markers = MarkerLines(state, self.view)
        self._cursor = pg.InfiniteLine(angle=90)
        self._value, self._frozen = pg.TextItem(), pg.TextItem(anchor=(1, 0))
        for item in (self._cursor, self._value, self._frozen):
            item.setVisible(False)
            item.setZValue(10)
            self.view.addItem(item, ignoreBounds=True)
        self._seen = 0  # how many markers there have been
        self._second = 0  # of the clock at the axis
        self.dress()

    def dress(self) -> None:
        """Take the colours that there are now."""
        self.setBackground(theme.colour("panel"))
        self._cursor.setPen(pg.mkPen(theme.colour("accent"), width=1))
        self._value.setColor(theme.colour("text"))
        self._value.fill = pg.mkBrush(theme.colour("ground"))
        self._value.border = pg.mkPen(theme.colour("line"))
        self._frozen.setColor(theme.colour("warning"))
        self._frozen.fill = pg.mkBrush(theme.colour("panel"))
        for item in (self._value, self._frozen):
            item.setFont(self.font())
        for axis in (self.names, self.readouts, self.clock):
            axis.setTickFont(self.font())
            axis.repaint()
        self.markers.dress(self.font())

    def resized(self) -> None:
        """Take the size that the geometry has now."""
        geometry = self._state.geometry
        width, _ = geometry.pixels
        height = geometry.plot.height() + MARKERS
        self.view.setRange(xRange=(0, max(1, width)), yRange=(0, max(1, height)), padding=0)
        self.traces.resized()
        self.show_all()

    def show_frame(self, dirty: Sequence[Span]) -> None:
        """Show what a frame brought: columns of the canvas, markers, the time."""
        rotated = self._state.geometry.is_rotated
        if rotated and dirty:
            self.traces.update()
        elif dirty:
            for span in joined(dirty):
                self.traces.show_columns(span)
        seen = sum(stream.version for stream in self._state.streams)
        if seen != self._seen or (rotated and dirty) or self.markers.is_over:
            self._seen = seen
            self.markers.show()
        if (second := int(self._state.now())) != self._second:
            self._second = second
            self.show_times()
            self.show_cursor()  # under a pointer that rests, too, time goes by

    def show_all(self) -> None:
        """Show everything anew."""
        self.traces.update()
        self.markers.show()
        self.show_sides()
        self.show_times()
        self.show_cursor()

    def show_sides(self) -> None:
        """Show names and readouts as they are now."""
        self.names.show_texts(side_texts.names(self._state))
        self.readouts.show_texts(side_texts.readouts(self._state))

    def show_times(self) -> None:
        """Show the clock at the axis, and for how long nothing has moved."""
        self.clock.show_texts(side_texts.clock(self._state))
        text = side_texts.frozen(self._state)
        self._frozen.setVisible(bool(text))
        if text:
            self._frozen.setText(text)
            self._frozen.setPos(self._state.canvas.width, 0)

    def show_cursor(self) -> None:
        """Show the line and the value under the pointer."""
        geometry, at = self._state.geometry, self._state.cursor
        time = None if at is None else geometry.time_at(at.x())
        there = at is not None and time is not None and geometry.plot.contains(at)
        self._cursor.setVisible(there)
        self._value.setVisible(there)
        if at is None or time is None or not there:
            return
        x, y = at.x() - geometry.plot.left(), at.y() - geometry.plot.top()
        self._cursor.setValue(x * geometry.ratio)
        self._value.setText(side_texts.under(self._state, time, at.y()))
        box = self._value.boundingRect()
        right = x + 12 + box.width() < geometry.plot.width()
        self._value.setAnchor((0 if right else 1, 0))
        top = max(0, min(y - 40, geometry.plot.height() - box.height()))
        self._value.setPos((x + (12 if right else -12)) * geometry.ratio, top)
