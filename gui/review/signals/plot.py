"""Signals and lanes on one time axis, with the cursor and the selection through all of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QPointF, Qt, Signal
from PySide6.QtGui import QFontMetrics, QResizeEvent

from gui.review.signals.axes import LEFT, RIGHT, Rows, SideAxis, TimeAxis, rows_in
from gui.review.signals.filtered import do_act, filtered_curves
from gui.review.signals.hand import Hand
from gui.review.signals.lane_item import LaneItem
from gui.review.signals.view_item import TraceItem
from gui.review.wording import lane_title, value_text
from gui.signals.channel_info import ChannelInfo
from gui.signals.display_filter import FilterSettings
from gui.texts import tr
from gui.widgets import theme
from recordings.arrays import BoolArray, F64Array
from recordings.errors import RecordingError
from recordings.review.lanes import Lane
from recordings.review.signals import Curves, ReviewSignal

SHORTEST_S = 0.05


@dataclass(frozen=True, slots=True)
class Row:
    """A channel that is shown."""

    signal: ReviewSignal
    channel: ChannelInfo


class SignalPlot(pg.PlotWidget):
    """x is seconds from the session's start, y rows from the top: traces first, then lanes."""

    time_asked = Signal(float)
    """A place on the time axis was pointed at: LSL seconds."""
    range_asked = Signal(float, float)
    """A stretch was drawn with Shift: LSL seconds."""
    unreadable = Signal(str)
    """A stream that is shown cannot be read any more: why."""

    def __init__(self, start: float, stop: float) -> None:
        self._left, self._right = SideAxis("left", LEFT), SideAxis("right", RIGHT)
        axes = {"left": self._left, "right": self._right, "bottom": TimeAxis("bottom")}
        super().__init__(viewBox=pg.ViewBox(enableMouse=False, enableMenu=False), axisItems=axes)
        self.start, self.stop = start, stop
        self.left_s, self.length_s = 0.0, min(10.0, stop - start)
        self.rows: tuple[Row, ...] = ()
        self.lanes: tuple[Lane, ...] = ()
        self.filters = FilterSettings()
        self.cursor_time = start
        self._scales: dict[tuple[int, int], float] = {}
        self._gain = 1.0
        self._places = Rows()
        self._data: list[tuple[F64Array, F64Array]] = []
        self._joined: list[BoolArray] = []
        self._unreadable: set[int] = set()
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setAccessibleName(tr("Signals"))
        plot = self.getPlotItem()
        plot.hideButtons()
        plot.setMenuEnabled(False)
        plot.showAxis("right")
        plot.getViewBox().invertY(True)
        plot.getViewBox().setDefaultPadding(0)
        plot.disableAutoRange()
        self.lane_item, self.trace_item = LaneItem(), TraceItem()
        self.cursor_line = pg.InfiniteLine(angle=90)
        self.region = pg.LinearRegionItem(movable=False)
        self.cursor_line.setZValue(20)
        self.region.setZValue(-20)
        self.region.hide()
        for item in (self.region, self.trace_item, self.lane_item, self.cursor_line):
            plot.addItem(item, ignoreBounds=True)
        hand = Hand(self.viewport(), self._time)
        hand.pointed.connect(self.time_asked)
        hand.drawn.connect(self.range_asked)
        hand.zoomed.connect(self.zoom)
        self.dress()

    def dress(self) -> None:
        """Take the colours that there are now."""
        self.setBackground(theme.colour("panel"))
        self.cursor_line.setPen(pg.mkPen(theme.colour("accent"), width=2))
        chosen = theme.colour("accent")
        chosen.setAlpha(48)
        self.region.setBrush(pg.mkBrush(chosen))
        for line in self.region.lines:
            line.setPen(pg.mkPen(theme.colour("accent"), width=1))
        for name in ("left", "right", "bottom"):
            axis = self.getPlotItem().getAxis(name)
            axis.setPen(pg.mkPen(theme.colour("line")))
            axis.setTextPen(pg.mkPen(theme.colour("text" if name != "bottom" else "muted")))
            axis.setTickFont(theme.tabular(self.font()))
        if self._data:
            self._draw()
        self.lane_item.update()

    # What is shown.

    def show_rows(self, rows: Sequence[Row]) -> None:
        """Show these channels, from the top."""
        self.rows = tuple(rows)
        self._arrange()
        self.renew()

    def show_lanes(self, lanes: Iterable[Lane]) -> None:
        """Show these lanes below the traces."""
        self.lanes = tuple(lanes)
        self._arrange()

    def set_filters(self, settings: FilterSettings) -> None:
        """Filter what is shown of electrical signals, where it is drawn from samples."""
        self.filters = settings
        self._scales.clear()
        self.renew()

    @property
    def are_filtered(self) -> bool:
        """Whether the filters act on what is shown now."""
        every = (do_act(self.filters, row.signal, self.length_s) for row in self.rows)
        return not self.filters.is_plain and all(every)

    def enlarge(self, factor: float) -> None:
        """Draw traces larger or smaller."""
        self._gain = max(1 / 64, min(64.0, self._gain * factor))
        self._draw()

    def _arrange(self) -> None:
        box, line_px = self.getPlotItem().getViewBox(), self.fontMetrics().height()
        places = rows_in(box.height(), line_px, len(self.rows), len(self.lanes))
        self._places = places
        box.setYRange(-0.1, max(places.high, 1), padding=0)
        self.lane_item.show_lanes(self.lanes, self.start, places.traces, places.lane)
        names = [(n + 0.5, row.channel.label) for n, row in enumerate(self.rows)]
        titles = [lane_title(lane.name) for lane in self.lanes]
        names += [(places.of_lane(n), title) for n, title in enumerate(titles)]
        self._left.write(names, places, self._metrics())

    def _metrics(self) -> QFontMetrics:
        return QFontMetrics(theme.tabular(self.font()))

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        """Give the lanes their room again."""
        super().resizeEvent(event)
        if self.isVisible():
            self._arrange()
            self._write_values()

    # The time axis.

    def show_span(self, left: float, length: float) -> None:
        """Show `length` seconds from LSL time `left` on, as far as there is a session."""
        whole = self.stop - self.start
        length = max(SHORTEST_S, min(length, whole))
        at = max(0.0, min(left - self.start, whole - length))
        if (at, length) == (self.left_s, self.length_s) and self._data:
            return
        if length != self.length_s:
            self._scales.clear()
        self.left_s, self.length_s = at, length
        self.renew()

    def follow(self, time: float) -> None:
        """Turn the page where the cursor has left it."""
        x = time - self.start
        if not self.left_s <= x <= self.left_s + self.length_s:
            back = x < self.left_s and self.left_s - x < self.length_s
            share = 0.9 if back else 0.1
            self.show_span(time - share * self.length_s, self.length_s)

    def zoom(self, factor: float, around: float | None = None) -> None:
        """Show `factor` times as long a stretch, with one moment where it is."""
        at = self.cursor_time if around is None else around
        share = (at - self.start - self.left_s) / self.length_s
        whole = self.stop - self.start
        length = max(SHORTEST_S, min(self.length_s * factor, whole))
        self.show_span(at - share * length, length)

    def show_cursor(self, time: float) -> None:
        """Put the cursor at an LSL time."""
        self.cursor_time = time
        self.follow(time)
        self.cursor_line.setValue(time - self.start)
        self._write_values()

    def show_selection(self, selection: tuple[float, float] | None) -> None:
        """Show what is selected."""
        self.region.setVisible(selection is not None)
        if selection is not None:
            self.region.setRegion([time - self.start for time in selection])

    def renew(self) -> None:
        """Read and draw what is in the span."""
        self.getPlotItem().getViewBox().setXRange(
            self.left_s, self.left_s + self.length_s, padding=0
        )
        self._data = []
        self._unreadable.clear()
        found: dict[int, Curves] = {}
        picks: dict[int, list[int]] = {}
        for row in self.rows:
            picks.setdefault(row.signal.number, []).append(row.channel.index)
        for row in self.rows:
            number = row.signal.number
            if number not in found:
                found[number] = self._read_or_tell(row.signal, picks[number])
            curves = found[number]
            column = picks[number].index(row.channel.index)
            self._data.append((curves.times - self.start, curves.values[:, column]))
        self._joined = [found[row.signal.number].joined for row in self.rows]
        self._draw()
        self._write_values()

    def _read_or_tell(self, signal: ReviewSignal, picks: list[int]) -> Curves:
        try:
            return self.read(signal, picks)
        except RecordingError as error:
            self._unreadable.add(signal.number)
            self.unreadable.emit(str(error))
            return Curves(np.empty(0), np.empty((0, len(picks))), np.empty(0, np.bool_), False)

    def read(self, signal: ReviewSignal, picks: list[int]) -> Curves:
        """Read channels of a stream in the span, filtered where filters act.

        Raises:
            RecordingError: the file cannot be read any more.
        """
        columns = max(200, int(self.getPlotItem().getViewBox().width()))
        shown = [row.channel for row in self.rows if row.signal is signal]
        span = self.start + self.left_s, self.length_s
        return filtered_curves(signal, picks, shown, self.filters, span, columns)

    def _draw(self) -> None:
        paths = []
        for number, row in enumerate(self.rows):
            x, y = self._data[number]
            middle, size = self._scale(row, y)
            shown = number + 0.5 - np.clip((y - middle) / size * self._gain, -0.75, 0.75)
            joined = self._joined[number] & np.isfinite(shown)
            points = np.nan_to_num(shown, nan=number + 0.5)
            path = pg.arrayToQPath(x, points, connect=joined.astype(np.int32))
            paths.append((path, pg.mkPen(theme.signal_colour(row.channel.kind), width=1)))
        self.trace_item.show_paths(paths)

    def _scale(self, row: Row, y: F64Array) -> tuple[float, float]:
        """Give what lies in the middle of the row, and what its height stands for.

        The height stays while the stretch is as long: pages can be compared.
        """
        good = y[np.isfinite(y)]
        if not len(good):
            return 0.0, 1.0
        low, middle, high = np.percentile(good, (0.5, 50, 99.5))
        key = row.signal.number, row.channel.index
        size = max(float(high - low) * 1.15, 1e-12 + 1e-6 * abs(float(middle)))
        kept = self._scales.setdefault(key, size)
        if not kept / 3 <= size <= kept * 1.5:
            kept = self._scales[key] = size
        half = (float(high) + float(low)) / 2
        return half, kept

    def _write_values(self) -> None:
        """Write the values at the cursor beside the traces."""
        x = self.cursor_time - self.start
        texts = []
        for number, row in enumerate(self.rows):
            if row.signal.number in self._unreadable:
                texts.append((number + 0.5, tr("cannot be read")))
                continue
            times, values = self._data[number] if self._data else (np.empty(0), np.empty(0))
            at = int(np.searchsorted(times, x, "right")) - 1
            near = 0 <= at < len(times) and x - times[at] <= max(2 / row.signal.rate_hz, 0.05)
            raw = row.signal.is_raw(self.length_s)
            if near and raw and np.isfinite(values[at]):
                texts.append((number + 0.5, f"{value_text(values[at])} {row.channel.unit}"))
        for n, lane in enumerate(self.lanes):
            if (mark := lane.at(self.cursor_time)) is not None:
                texts.append((self._places.of_lane(n), mark.text))
        self._right.write(texts, self._places, self._metrics())

    def _time(self, at: QPointF) -> float:
        point = self.getPlotItem().getViewBox().mapSceneToView(self.mapToScene(at.toPoint()))
        return self.start + float(point.x())
