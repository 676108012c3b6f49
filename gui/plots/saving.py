"""A plot as a file: a picture of pixels (PNG) or of lines (SVG), or the numbers behind it (CSV).

pyqtgraph's own exporters are not used: that for SVG fails with every plot (pyqtgraph#3485), that
for CSV knows curves alone.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QRect, QSize
from PySide6.QtGui import QPainter
from PySide6.QtSvg import QSvgGenerator
from PySide6.QtWidgets import QGraphicsItem, QGraphicsView

from devices.arrays import F64Array
from gui.plots.view_state import ViewState
from gui.signals.live_streams import ShownStream
from gui.signals.spectra import Spectrum
from gui.texts import tr
from recordings.disk.atomic import replace_file

_NOT_KEPT = QGraphicsItem.CacheMode.NoCache
FORMATS = ("png", "svg", "csv")
Row = Sequence[str | float]


def save(path: Path, view: QGraphicsView, rows: Callable[[], Iterable[Row]]) -> None:
    """Save what a view shows; the ending of the name says how.

    Args:
        path: where to.
        view: what is painted.
        rows: gives the numbers, the heading first; asked for a table alone.

    Raises:
        ValueError: no such format; the message names those that there are.
        OSError: it cannot be written.
    """
    match path.suffix.lower():
        case ".png":
            data = _png(view)
        case ".svg":
            data = _svg(view)
        case ".csv":
            data = _csv(rows())
        case other:
            raise ValueError(
                tr("{} is no format for a plot; use {}").format(
                    other or path.name, ", ".join(FORMATS)
                )
            )
    replace_file(path, data)


def _png(view: QGraphicsView) -> bytes:
    data = QByteArray()
    buffer = QBuffer(data)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    view.grab().save(buffer, "PNG")
    return bytes(data.data())


def _svg(view: QGraphicsView) -> bytes:
    data = QByteArray()
    buffer = QBuffer(data)
    size = QSize(view.width(), view.height())
    made = QSvgGenerator()
    made.setOutputDevice(buffer)
    made.setSize(size)
    made.setViewBox(QRect(0, 0, size.width(), size.height()))
    made.setTitle(view.accessibleName())
    painter = QPainter(made)
    try:
        # Lines and texts in units of the widget, without the pixels of this screen.
        painter.fillRect(QRect(0, 0, size.width(), size.height()), view.backgroundBrush())
        with _painted_anew(view):
            view.render(painter)
    finally:
        painter.end()
    return bytes(data.data())


@contextmanager
def _painted_anew(view: QGraphicsView) -> Iterator[None]:
    """Have each item painted: what Qt keeps of some of them are pixels."""
    kept = {item: mode for item in view.items() if (mode := item.cacheMode()) != _NOT_KEPT}
    for item in kept:
        item.setCacheMode(_NOT_KEPT)
    try:
        yield
    finally:
        for item, mode in kept.items():
            item.setCacheMode(mode)


def _csv(rows: Iterable[Row]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerows(rows)
    return text.getvalue().encode()


def spectrum_rows(spectrum: Spectrum) -> Iterator[Row]:
    """Give frequencies and power densities, a column a channel."""
    unit = spectrum.unit or "1"
    yield ["frequency (Hz)", *(f"{label} ({unit}²/Hz)" for label in spectrum.labels)]
    for hz, powers in zip(spectrum.hz.tolist(), spectrum.power.tolist(), strict=True):
        yield [hz, *powers]


def impedance_rows(kohm: Mapping[str, float]) -> Iterator[Row]:
    """Give each electrode and its impedance, those without a place on the head too."""
    yield ["electrode", "impedance (kΩ)"]
    for label, value in kohm.items():
        yield [label, value]


def shown_span(state: ViewState) -> tuple[float, float] | None:
    """Give the time that is shown, first and last, local LSL clock, s; None: nothing yet."""
    pieces = state.canvas.shown(rotated=state.geometry.is_rotated)
    if not pieces:
        return None
    column_s = state.canvas.column_s
    return min(s[0] for _, s in pieces) * column_s, max(s[1] for _, s in pieces) * column_s


def trace_rows(state: ViewState) -> Iterator[Row]:
    """Give the samples and markers of the time that is shown, as they are shown.

    A row for each time at which anything has a sample; of a stream without one the cells are
    empty. What is filtered for the eye is called so in its heading.
    """
    traces = state.by_stream()
    heading = [_heading(stream, channel) for stream, channels in traces for channel in channels]
    span = shown_span(state)
    if span is None:
        yield ["time (s, LSL)", *heading, "marker"]
        return
    marks = [
        (time, 0, text.full)
        for stream in state.streams
        for time, text in stream.markers.copy()
        if span[0] <= time < span[1]
    ]
    found = (state.samples(stream, *span, channels) for stream, channels in traces)
    yield from merged(heading, found, ["marker"], marks)


def merged(
    heading: Sequence[str],
    blocks: Iterable[tuple[F64Array, npt.NDArray[np.floating]]],
    names: Sequence[str],
    marks: Iterable[tuple[float, int, str]],
) -> Iterator[Row]:
    """Give one table of streams and marks: a row for each time at which anything has something.

    Args:
        heading: the channels of all streams.
        blocks: of each stream times, shape (n,), s, and values, shape (n, its channels).
        names: the columns of marks, behind the channels.
        marks: time, s, number of the column, and text of each.
    """
    yield ["time (s, LSL)", *heading, *names]
    rows: list[tuple[float, int, list[str | float]]] = []
    at = 0
    for times, data in blocks:
        for time, values in zip(times.tolist(), data.tolist(), strict=True):
            rows.append((time, at, _cells(values)))
        at += data.shape[1]
    rows += [(time, at + column, [text]) for time, column, text in marks]
    rows.sort(key=lambda row: row[:2])
    width = len(heading) + len(names)
    for time, start, cells in rows:
        yield [f"{time:.6f}", *[""] * start, *cells, *[""] * (width - start - len(cells))]


def _cells(values: list[float]) -> list[str | float]:
    return ["" if np.isnan(value) else f"{value:.9g}" for value in values]


def _heading(stream: ShownStream, channel: int) -> str:
    info = stream.channels[channel]
    return column_name(stream.key.name, info.label, info.unit, filtered=stream.filter is not None)


def column_name(stream: str, label: str, unit: str, *, filtered: bool) -> str:
    """Name the column of a channel; what is filtered for the eye is called so."""
    inside = ", ".join(filter(None, (unit, "filtered" if filtered else "")))
    return f"{stream}/{label} ({inside})" if inside else f"{stream}/{label}"


def missing_s(state: ViewState) -> float:
    """Say of how much of the shown time the samples are not kept any more, s, at worst."""
    span = shown_span(state)
    if span is None:
        return 0.0
    begins = [state.kept_since(stream) for stream, _ in state.by_stream()]
    return max((max(0.0, begin - span[0]) for begin in begins), default=0.0)
