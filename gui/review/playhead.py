"""The cursor: always on a row of the main camera, moved by frames, seconds, events, and by time."""

from __future__ import annotations

import math
import time as clocks
from collections.abc import Callable, Iterable

from PySide6.QtCore import QObject, QTimer, Signal

from recordings.review.frame_rows import FrameRows
from recordings.review.lanes import Lane, next_event
from recordings.review.playing import Playing, faster, left_out, shuttle

TICK_MS = 8
SHOWN_MOST = 60.0
"""Pictures a second while playing: no screen shows more."""
SHOWN_LEAST = 7.5
_MISSES = 6  # looks in vain after a due picture before fewer are asked for
SLOW = 0.125


class Playhead(QObject):
    """Emits `moved` for each new row, `selected` for a new selection, `played` for a new speed."""

    moved = Signal()
    selected = Signal()
    played = Signal()

    def __init__(
        self,
        rows: FrameRows,
        is_ready: Callable[[int, int], bool],
        clock: Callable[[], float] = clocks.monotonic,
    ) -> None:
        """Begin at the first row.

        Args:
            rows: those of the main camera, at least one.
            is_ready: asked before playing goes to a row: whether its picture is there, and how far
                the next one will be.
            clock: gives seconds.
        """
        super().__init__()
        self.rows, self.lanes = rows, ()
        self.at = 0
        self.step = 0
        """How far the last move went, in rows; 0 = anywhere."""
        self.selection: tuple[float, float] | None = None
        self.shown = self.dropped = 0
        self._ready, self._clock = is_ready, clock
        self._playing: Playing | None = None
        self._speed = 1.0
        self._per_s = SHOWN_MOST
        self._misses = 0
        self._timer = QTimer(self, interval=TICK_MS)
        self._timer.timeout.connect(self.tick)

    lanes: Iterable[Lane]

    @property
    def time(self) -> float:
        """LSL time of the row."""
        return float(self.rows.times[self.at])

    @property
    def speed(self) -> float:
        """Of the run; 0 while it stands."""
        return self._playing.speed if self._playing else 0.0

    @property
    def is_looping(self) -> bool:
        """Whether the run stays within the selection."""
        return self._playing is not None and self._playing.loop is not None

    def use(self, rows: FrameRows) -> None:
        """Go on with the rows of another main camera, at the same moment."""
        at = self.time
        self.stop()
        self.rows = rows
        self._go(rows.at(at), 0)

    # Moves.

    def move(self, rows: int) -> None:
        """Go some rows on, or back."""
        self.stop()
        self._go(self.at + rows, rows)

    def seconds(self, by: float) -> None:
        """Go to the row that decides so many seconds later, and at least to the next one."""
        self.stop()
        wanted = self.rows.at(self.time + by)
        least = self.at + (1 if by > 0 else -1)
        self._go(max(wanted, least) if by > 0 else min(wanted, least), 0)

    def go_to(self, time: float) -> None:
        """Go to the row that decides at a time."""
        self.stop()
        self._go(self.rows.at(time), 0)

    def first(self) -> None:
        """Go to the first row."""
        self.stop()
        self._go(0, 0)

    def last(self) -> None:
        """Go to the last row."""
        self.stop()
        self._go(len(self.rows) - 1, 0)

    def to_event(self, direction: int) -> None:
        """Go to the first row from the next event on, after or before this moment."""
        self.stop()
        found = next_event(self.lanes, self.time, direction)
        while found is not None:
            at = self.rows.at(found)
            at += at < 0 or self.rows.times[at] < found
            if (at - self.at) * direction > 0 and at < len(self.rows):
                self._go(at, 0)
                return
            found = next_event(self.lanes, found, direction)

    def _go(self, at: int, step: int) -> None:
        at = max(0, min(len(self.rows) - 1, at))
        if at != self.at:
            self.at, self.step = at, step
            self.moved.emit()

    # The selection.

    def select(self, start: float, stop: float) -> None:
        """Select from the row that decides at one time to that at another."""
        ends = sorted(self._stamp(time) for time in (start, stop))
        self._set_selection((ends[0], ends[1]))

    def select_from(self) -> None:
        """Let the selection begin here."""
        stop = self.selection[1] if self.selection else self.time
        self._set_selection((self.time, max(stop, self.time)))

    def select_to(self) -> None:
        """Let the selection end here."""
        start = self.selection[0] if self.selection else self.time
        self._set_selection((min(start, self.time), self.time))

    def deselect(self) -> None:
        """Stop playing; a second time: select nothing."""
        if self._playing is not None:
            self.stop()
        else:
            self._set_selection(None)

    def move_boundary(self, rows: int) -> None:
        """Move the end of the selection that is nearest by some rows; the cursor goes with it."""
        if self.selection is None:
            return
        self.stop()
        ends = list(self.selection)
        which = min((0, 1), key=lambda n: abs(ends[n] - self.time))
        at = max(0, min(len(self.rows) - 1, self.rows.at(ends[which]) + rows))
        ends[which] = float(self.rows.times[at])
        self._set_selection((min(ends), max(ends)))
        self._go(at, rows)

    def _stamp(self, time: float) -> float:
        return float(self.rows.times[max(0, self.rows.at(time))])

    def _set_selection(self, selection: tuple[float, float] | None) -> None:
        if selection != self.selection:
            self.selection = selection
            self.selected.emit()

    # Playing.

    def toggle(self) -> None:
        """Play on from here as fast as last, or stand still."""
        if self._playing is not None:
            self.stop()
        else:
            self.play(self._speed)

    def shuttle(self, direction: int) -> None:
        """Play on (1) or back (−1), faster with each call."""
        self.play(shuttle(self.speed, direction))

    def faster(self, by: int) -> None:
        """Take the next speed up (1) or down (−1), playing or not."""
        self._speed = faster(self._speed, by) * (-1 if self._speed < 0 else 1)
        if self._playing is not None:
            self.play(self._speed, keep_loop=True)
        self.played.emit()

    def loop(self) -> None:
        """Play the selection again and again at ⅛; again: stop."""
        if self.is_looping:
            self.stop()
        elif self.selection is not None and self.selection[1] > self.selection[0]:
            self.stop()
            self._go(self.rows.at(self.selection[0]), 0)
            self._begin(SLOW, self.selection)

    def play(self, speed: float, *, keep_loop: bool = False) -> None:
        """Play at a speed from here; 0 stands still."""
        loop = self._playing.loop if keep_loop and self._playing else None
        self.stop()
        if speed:
            self._speed = speed
            self._begin(speed, loop)

    def stop(self) -> None:
        """Stand still."""
        if self._playing is not None:
            self._timer.stop()
            self._playing = None
            self.played.emit()

    @property
    def next_speed(self) -> float:
        """What `toggle` would play at."""
        return self._speed

    def _begin(self, speed: float, loop: tuple[float, float] | None) -> None:
        self._playing = Playing(self.time, self._clock(), speed, loop)
        self._per_s, self._misses = SHOWN_MOST, 0
        self.shown = self.dropped = 0
        self._timer.start()
        self.played.emit()

    def tick(self) -> None:
        """Go where the clock says, if the picture is there."""
        run = self._playing
        if run is None:
            return
        due = run.at(self._clock())
        at = self._due_row(due, run)
        if at != self.at:
            stride = self._stride(run.speed)
            if not self._ready(at, stride if run.speed > 0 else -stride):
                self._missed()
                return
            self._misses = 0
            seam = run.loop is not None and (at - self.at) * run.speed < 0
            self.dropped += left_out(self.at, at, seam)
            self.shown += 1
            self.at, self.step = at, stride if run.speed > 0 else -stride
            self.moved.emit()
        past = due > self.rows.times[-1] if run.speed > 0 else due < self.rows.times[0]
        if past and run.loop is None:
            self.stop()

    def _due_row(self, due: float, run: Playing) -> int:
        at = max(0, min(len(self.rows) - 1, self.rows.at(due)))
        # Rows at whole strides: what was decoded ahead is then what is due.
        whole = at - at % self._stride(run.speed)
        if run.loop is not None:
            whole = max(whole, self.rows.at(run.loop[0]))
        elif (whole - self.at) * run.speed < 0:
            return self.at  # never against the run, whatever stride begins
        return whole

    def _stride(self, speed: float) -> int:
        span = float(self.rows.times[-1] - self.rows.times[0])
        rate = (len(self.rows) - 1) / span if span > 0 else 1.0
        return max(1, math.ceil(abs(speed) * rate / self._per_s - 1e-6))

    def _missed(self) -> None:
        """Ask for fewer pictures where decoding does not keep up."""
        self._misses += 1
        if self._misses >= _MISSES and self._per_s > SHOWN_LEAST:
            self._per_s, self._misses = self._per_s / 2, 0
