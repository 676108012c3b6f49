"""The picture of the live viewer: a ring of pixel columns, of which only new ones are drawn.

Column c holds the time [c·d, (c + 1)·d), d seconds, and lies at x = c modulo the width: a sweep as
it stands, a scroll when it is shown in two parts. No Qt here.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from devices.arrays import Array, F64Array
from gui.plots import strip
from gui.signals.history import History

BUDGET_S = 0.012
"""What a frame may spend on drawing old columns anew."""
SLICE = 48
OVERLAP = 0.4
"""How far a trace may reach into its neighbours' rows, in rows."""

Span = tuple[int, int]
"""First and last but one of some columns."""


@dataclass
class Group:
    """The traces of one stream, drawn together."""

    history: History
    picks: Array  # channel numbers, shape (k,)
    centre: F64Array  # px, shape (k,)
    height: F64Array  # px
    colours: npt.NDArray[np.uint32]
    done: int | None = None  # the newest column that was drawn; it may still grow
    limits: tuple[F64Array, F64Array] = field(init=False)  # px; what each trace may use
    scale: F64Array = field(init=False)  # units a row; 0 = not known yet
    middle: F64Array = field(init=False)  # the value in the centre
    unit: F64Array = field(init=False)  # px a unit; NaN = not known yet
    zero: F64Array = field(init=False)  # px; where the value 0 is

    def __post_init__(self) -> None:
        reach = self.height * (0.5 + OVERLAP)
        self.limits = np.maximum(self.centre - reach, 0.0), self.centre + reach
        self.rescale(np.zeros(len(self.picks)), np.full(len(self.picks), np.nan))

    def rescale(self, scale: F64Array, middle: F64Array) -> None:
        """Draw from now on with other scales (units a row) and middles, shape (k,) each."""
        self.scale, self.middle = scale, middle
        self.unit = np.where(scale > 0, self.height / np.maximum(scale, 1e-30), np.nan)
        self.zero = self.centre + middle * self.unit


class Canvas:
    """Draws groups of traces."""

    def __init__(self, lock: threading.Lock) -> None:
        self._lock = lock
        self.image: strip.Image = np.zeros((1, 1), np.uint32)
        self.groups: Sequence[Group] = ()
        self.window_s = 10.0
        self.line_width = 1.2
        self.head: int | None = None  # the column of now
        self.end: int | None = None  # the last column that is shown, while frozen
        self._background: npt.NDArray[np.uint32] = np.zeros((1, 1), np.uint32)
        self._grid: npt.NDArray[np.uint32] = np.zeros((1, 1), np.uint32)
        self._todo: list[Span] = []
        self._renewed = 0  # the head when everything was last drawn anew

    @property
    def width(self) -> int:
        """Its width in pixels."""
        return int(self.image.shape[1])

    @property
    def column_s(self) -> float:
        """How long a column is."""
        return self.window_s / self.width

    @property
    def gap(self) -> int:
        """How many columns are empty ahead of the newest in a sweep."""
        return max(4, self.width // 80)

    def resize(self, width: int, height: int, background: int, grid: int) -> None:
        """Begin anew with another size or other colours, 0xffRRGGBB.

        Columns are others where the width is; what is frozen ends at the same time as before.
        """
        before, column_s = self.width, self.column_s
        self.image = np.full((max(1, height), max(1, width)), background, np.uint32)
        if self.width != before:
            self.head = None
            if self.end is not None:
                self.end = round((self.end + 1) * column_s / self.column_s) - 1
        self._background = np.full((max(1, height), 1), background, np.uint32)
        self._grid = np.full((max(1, height), 1), grid, np.uint32)
        self.redraw()

    def column(self, at: float) -> int:
        """Give the column of a time."""
        return math.floor(at / self.column_s)

    def redraw(self) -> None:
        """Draw everything anew, a bit with each frame; the newest first."""
        if self.end is not None:
            self._todo = [(self.end - self.width + 1, self.end + 1)]
        elif self.head is not None:
            self._todo = [(self.head - self.width + self.gap + 1, self.head + self.gap + 1)]
        self._renewed = self.head if self.head is not None else 0
        for group in self.groups:
            group.done = None

    def restart(self) -> None:
        """Begin anew with other columns: the length of the window has changed."""
        self.head = None
        self.image[:] = self._background
        self.redraw()

    def freeze(self, end: int | None) -> None:
        """Show what ends at a column; None goes on with now."""
        before, self.end = self.end, end
        shown = before if before is not None else self.head
        if end is None or shown is None:
            self.head = None
            self.redraw()
        elif before is None:
            self.redraw()
        elif end > before:
            self._todo.append((max(before + 1, end - self.width + 1), end + 1))
        elif end < before:
            self._todo.append((end - self.width + 1, min(before - self.width + 1, end + 1)))

    # Drawing.

    def advance(self, now: float) -> list[Span]:
        """Draw what is new; gives the parts of the image that have changed, as x ranges."""
        dirty: list[Span] = []
        if self.end is None:
            dirty += self._advance_head(self.column(now))
        deadline = time.monotonic() + BUDGET_S
        while self._todo and time.monotonic() < deadline:
            dirty += self._draw_old()
        return dirty

    def _advance_head(self, head: int) -> list[Span]:
        before, self.head = self.head, head
        if before is None or not -self.width < head - before < self.width:
            self.redraw()
            return []
        fresh = (before + 1 + self.gap, head + 1 + self.gap)
        self._clear(fresh)
        dirty = list(self._parts(fresh))
        spans = [(group, span) for group in self.groups if (span := self._grown(group, head))]
        for group, (_, end) in spans:
            group.done = end - 1
        return dirty + self._draw(spans)

    def _grown(self, group: Group, head: int) -> Span | None:
        """Give the columns in which a group has something new: the newest one may have grown."""
        latest = group.history.latest
        if not math.isfinite(latest):
            return None
        last = min(self.column(latest), head + self.gap)
        done = group.done if group.done is not None else self._renewed
        first = max(min(done, last), head - self.width + 1)
        return (first, last + 1) if last >= first else None

    def _draw_old(self) -> list[Span]:
        first, last = self._todo.pop()
        if self.end is None and self.head is not None:
            # What was the oldest then may have given its place to what has come since.
            first = max(first, self.head - self.width + self.gap + 1)
            if first >= last:
                return []
        slice_ = (max(first, last - SLICE), last)
        if slice_[0] > first:
            self._todo.append((first, slice_[0]))
        self._clear(slice_)
        self._draw([(group, slice_) for group in self.groups])
        return list(self._parts(slice_))

    def _draw(self, spans: Sequence[tuple[Group, Span]]) -> list[Span]:
        """Draw columns of groups; gives the parts of the image that have changed."""
        if spans:
            strip.draw(self.image, [self._strokes(group, span) for group, span in spans])
        return [part for span in {span for _, span in spans} for part in self._parts(span)]

    def _strokes(self, group: Group, span: Span) -> strip.Strokes:
        top, bottom = self._ends(group, span)
        xs = np.arange(*span) % self.width
        return strip.strokes(xs, top, bottom, group.limits, group.colours)

    def _ends(self, group: Group, span: Span) -> tuple[F64Array, F64Array]:
        """Give where strokes begin and end, px, shape (columns, traces); NaN = nothing."""
        edges = np.arange(span[0], span[1] + 1, dtype=np.float64) * self.column_s
        with self._lock:  # the pulling thread appends to the same history
            low, high = group.history.columns(edges, group.picks)
        half = self.line_width / 2
        return (group.zero - half) - high * group.unit, (group.zero + half) - low * group.unit

    def shown(self, *, rotated: bool) -> list[tuple[int, Span]]:
        """Give the columns that are shown and the x of the first, in pieces from left to right.

        Args:
            rotated: whether the newest column is at the right edge.
        """
        last = self.end if self.end is not None else self.head
        if last is None:
            return []
        if rotated:
            return [(0, (last + 1 - self.width, last + 1))]
        turn = last - last % self.width  # the column at the left edge
        before = (last + 1 - self.width + self.gap, turn)
        pieces = [(0, (turn, last + 1)), (before[0] % self.width, before)]
        return [(x, span) for x, span in pieces if span[0] < span[1]]

    def lines(
        self, *, rotated: bool
    ) -> Iterator[tuple[Array, F64Array, F64Array, npt.NDArray[np.uint32]]]:
        """Give what is shown as numbers, for a picture without pixels.

        Yields:
            For each piece and group: x, shape (columns,); upper and lower ends of the strokes in
            pixels, shape (columns, traces), NaN where nothing is to be seen; colours (traces,).
        """
        for x, span in self.shown(rotated=rotated):
            for group in self.groups:
                top, bottom = self._ends(group, span)
                upper = np.maximum(top, group.limits[0])
                lower = np.minimum(np.minimum(bottom, group.limits[1]), self.image.shape[0])
                there = lower > upper
                xs = x + np.arange(span[1] - span[0])
                yield (
                    xs,
                    np.where(there, upper, np.nan),
                    np.where(there, lower, np.nan),
                    group.colours,
                )

    def _clear(self, span: Span) -> None:
        for x0, x1 in self._parts(span):
            self.image[:, x0:x1] = self._background
        # A line for each second, or for each ten where the window is long.
        every = 1.0 if self.window_s <= 20 else 10.0 if self.window_s <= 120 else 30.0
        first = math.floor(span[0] * self.column_s / every)
        for number in range(first, math.ceil(span[1] * self.column_s / every) + 1):
            column = self.column(number * every + 1e-9)
            if span[0] <= column < span[1]:
                self.image[:, column % self.width, None] = self._grid

    def _parts(self, span: Span) -> Iterator[Span]:
        """Give where columns lie in the image: in two parts where they go around its end."""
        first, last = span[0], min(span[1], span[0] + self.width)
        while first < last:
            x = first % self.width
            count = min(last - first, self.width - x)
            yield x, x + count
            first += count

    @property
    def is_complete(self) -> bool:
        """Whether nothing old is left to be drawn."""
        return not self._todo


def joined(spans: Sequence[Span]) -> list[Span]:
    """Make few spans of many that overlap or adjoin."""
    found: list[Span] = []
    for span in sorted(spans):
        if found and span[0] <= found[-1][1] + 1:
            found[-1] = (found[-1][0], max(found[-1][1], span[1]))
        else:
            found.append(span)
    return found
