"""What is seen of the signals of a session, as a table: the samples, and what lies in the lanes."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from gui.plots import saving
from gui.review.signals.plot import SignalPlot
from gui.texts import tr
from recordings.arrays import F64Array
from recordings.review.signals import ReviewSignal

MOST_VALUES = 2_000_000
"""In one table: more holds the window for seconds, and exports are for that."""


def signal_rows(plot: SignalPlot) -> Iterator[saving.Row]:
    """Give the samples of the shown span and channels, filtered where the traces are.

    The samples are those of the file, also where the traces are drawn from their extremes. A mark
    stands at its begin, which may lie before the span that it reaches into.

    Raises:
        ValueError: there are more than a table is to hold.
        RecordingError: the file cannot be read.
    """
    left = plot.start + plot.left_s
    right = left + plot.length_s
    _refuse_many(plot)
    heading = [
        saving.column_name(
            row.signal.name, row.channel.label, row.channel.unit, filtered=plot.are_filtered
        )
        for signal in _signals(plot)
        for row in plot.rows
        if row.signal is signal
    ]
    blocks = (_samples(plot, signal, left, right) for signal in _signals(plot))
    marks = [
        (mark.start, number, mark.text)
        for number, lane in enumerate(plot.lanes)
        for mark in lane.marks
        if mark.start <= right and max(mark.start, mark.stop) >= left
    ]
    return saving.merged(heading, blocks, [lane.name for lane in plot.lanes], marks)


def _signals(plot: SignalPlot) -> list[ReviewSignal]:
    """List the streams that are shown, in the order of their first channels."""
    return list({row.signal.number: row.signal for row in plot.rows}.values())


def _refuse_many(plot: SignalPlot) -> None:
    count = round(sum(row.signal.rate_hz * plot.length_s for row in plot.rows))
    if count > MOST_VALUES:
        text = tr("{} values are more than a table of a plot holds ({}); show a shorter stretch")
        raise ValueError(text.format(f"{count:,}", f"{MOST_VALUES:,}"))


def _samples(
    plot: SignalPlot, signal: ReviewSignal, left: float, right: float
) -> tuple[F64Array, npt.NDArray[np.floating]]:
    picks = [row.channel.index for row in plot.rows if row.signal is signal]
    if plot.are_filtered:
        curves = plot.read(signal, picks)
        times, values = curves.times, curves.values
    else:
        times, values = signal.stream.read(left, np.nextafter(right, np.inf), channels=picks)
    inside = (times >= left) & (times <= right)
    return times[inside], np.asarray(values)[inside]
