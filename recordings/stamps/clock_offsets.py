"""A stream's clock against the recording computer's: lines through the measured clock offsets.

Times are seconds. Raw stamps are on the clock of the computer that sent the stream; `correct` puts
them on the clock of the recording computer. Pure functions of arrays; nothing here knows of files.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final, Literal

import numpy as np
import numpy.ma  # np.median loads it at its first call: 20 ms amid something else

from recordings.arrays import BoolArray, F64Array, I64Array, spans
from recordings.stamps.residuals import NORMAL_99, lasting_error

# A clock reset, as pyxdf sees one: the offsets pause, and go on at another level.
RESET_PAUSE_S: Final = 5.0
RESET_STEP_S: Final = 1.0
_RESET_PAUSE_MADS: Final = 5.0
_RESET_STEP_MADS: Final = 10.0

REACH_S: Final = 15.0
"""A line through clock offsets is trusted so far beyond them, at least: recorders write one every
2 to 5 s. Stamps that lie farther away were stamped by another clock than the one that was measured,
and what a slope of 1e-8 makes of 1e9 s must not decide over them."""

HUGE_S: Final = 1e12
TINY_S: Final = 1e-300
"""Beyond these, but for 0, a number was in memory by chance and is no clock offset."""
_QUARTZ: Final = 1e-4  # how far computer clocks drift, as a fraction: a prior for short recordings
_OFFSET_NOISE_S: Final = 20e-6  # the least that an LSL clock offset scatters
_FAR_S: Final = 3600.0
_FEW: Final = 4  # offsets
_LASTING: Final = 4  # offsets: about 20 s
GAP_S: Final = 30.0
"""Where no offset was measured for longer, the line through both sides is an interpolation."""
_SIDE_S: Final = 120.0  # of offsets before and after, which tell how the clock ran there
_HUBER: Final = 1.345  # 95 % as efficient as least squares where the errors are normal


@dataclass(frozen=True, slots=True)
class ClockSegment:
    """One line through clock offsets: offset(t) = `offset` + `slope` · (t − `origin`)."""

    start: float
    end: float
    origin: float
    offset: float
    slope: float
    middle: float = 0.0  # where the line is known best
    offset_error: float = 0.0  # standard error there
    slope_error: float = 0.0  # standard error
    lasting_s: float = 0.0  # how far the offsets leave the line for longer, a standard deviation
    offsets: int = 1

    @property
    def reach_s(self) -> float:
        """How far beyond its offsets the line goes on; from there on it is held."""
        return max(REACH_S, (self.end - self.start) / 4)

    def at(self, times: F64Array) -> F64Array:
        """Return the offsets at raw times of any shape."""
        near = np.clip(times, self.start - self.reach_s, self.end + self.reach_s)
        held: F64Array = self.offset + self.slope * (near - self.origin)
        return held

    def error_s(self, times: F64Array) -> float:
        """Return how far off the line may be at any of raw times, 99 %, shape (n,)."""
        if not len(times):
            return 0.0
        away = max(self.middle - float(times.min()), float(times.max()) - self.middle)
        error = float(np.hypot(self.offset_error, self.slope_error * away))
        return _quantile_99(self.offsets) * float(np.hypot(error, self.lasting_s))

    def beyond_s(self, times: F64Array) -> float:
        """Return how far the farthest of raw times lies beyond its offsets, 0 where none does."""
        if not len(times):
            return 0.0
        return max(0.0, self.start - float(times.min()), float(times.max()) - self.end)


@dataclass(frozen=True, slots=True)
class ClockGap:
    """A stretch without clock offsets, as of a cable that was cut; raw times, s."""

    start: float
    end: float
    error_s: float  # how far off the line may be there, 99 %


@dataclass(frozen=True, slots=True)
class ClockFit:
    """How a stream's clock relates to the recording computer's, one segment per clock reset."""

    kind: Literal["none", "constant", "line"]
    segments: tuple[ClockSegment, ...] = ()
    residuals: F64Array = field(default_factory=lambda: np.zeros(0))  # of the offsets used
    gaps: tuple[ClockGap, ...] = ()  # longer than GAP_S, within segments
    dropped: int = 0  # offsets that are no numbers
    strays: int = 0  # offsets that leave the others and come back
    times: F64Array = field(default_factory=lambda: np.zeros(0))  # raw, of the offsets used
    values: F64Array = field(default_factory=lambda: np.zeros(0))  # the offsets used

    @property
    def drift_ppm(self) -> float | None:
        """How much faster the stream's clock runs than the recorder's, in its longest segment."""
        if self.kind != "line":
            return None
        longest = max(self.segments, key=lambda s: s.end - s.start)
        return 0.0 - 1e6 * longest.slope

    def beyond_s(self, stamps: F64Array) -> float:
        """Return how far raw stamps, shape (n,), lie beyond the clock offsets, s."""
        parts = zip(self.segments, _pieces(stamps, self), strict=True)
        return max((segment.beyond_s(stamps[piece]) for segment, piece in parts), default=0.0)

    def error_s(self, stamps: F64Array) -> float:
        """Return how far off the corrections of raw stamps, shape (n,), may be, 99 %."""
        parts = zip(self.segments, _pieces(stamps, self), strict=True)
        gaps = [gap.error_s for gap in self.gaps_of(stamps)]
        return max(
            [*gaps, *(segment.error_s(stamps[piece]) for segment, piece in parts)], default=0.0
        )

    def gaps_of(self, stamps: F64Array) -> tuple[ClockGap, ...]:
        """Give the gaps in which there are raw stamps, shape (n,)."""
        inside = [np.any((gap.start < stamps) & (stamps < gap.end)) for gap in self.gaps]
        return tuple(gap for gap, has_stamps in zip(self.gaps, inside, strict=True) if has_stamps)

    @property
    def residual_s(self) -> float | None:
        """The 99th percentile of the distances of the offsets from their line."""
        return float(np.percentile(np.abs(self.residuals), 99)) if self.residuals.size else None


def fit_offsets(times: F64Array, values: F64Array) -> ClockFit:
    """Fit a robust line to clock offsets, one for each stretch between clock resets.

    One offset gives a constant, none gives a fit of kind "none" that changes nothing. Outliers are
    held down by Huber's weights; offsets that are not finite (LabRecorder writes what it finds in
    memory when a measurement times out), and those that leave the others and come back, are dropped
    and counted. The slope of a short or noisy stretch is drawn towards zero by what quartz clocks
    do, 100 ppm: two offsets 2 s apart must not decide over the drift of an hour.
    """
    good = _is_measured(times) & _is_measured(values)
    dropped = int(np.sum(~good))
    times, values = times[good], values[good]
    if not len(times):
        return ClockFit("none", dropped=dropped)
    stray = _strays(times, values)
    times, values = times[~stray], values[~stray]
    bounds = [0, *(_resets(times, values) + 1).tolist(), len(times)]
    pieces = [slice(a, b) for a, b in pairwise(bounds)]
    segments = tuple(_robust_line(times[piece], values[piece]) for piece in pieces)
    gaps = [
        gap
        for segment, piece in zip(segments, pieces, strict=True)
        for gap in _gaps(times[piece], values[piece], segment)
    ]
    residuals = np.concatenate(
        [values[p] - s.at(times[p]) for p, s in zip(pieces, segments, strict=True)]
    )
    kind: Literal["constant", "line"] = "constant" if len(times) == 1 else "line"
    strays = int(np.sum(stray))
    return ClockFit(kind, segments, residuals, tuple(gaps), dropped, strays, times, values)


def _is_measured(values: F64Array) -> BoolArray:
    """Say which numbers a clock can have: not what was in memory by chance."""
    size = np.abs(values)
    return np.asarray((size < HUGE_S) & ((size > TINY_S) | (size == 0)))


def _strays(times: F64Array, values: F64Array) -> BoolArray:
    """Say which offsets, shape (n,), leave those before and after, which go on without them.

    No clock is reset for one measurement; at the ends, none without a pause.
    """
    stray = np.zeros(len(times), np.bool_)
    if len(times) < 3:
        return stray
    for own, far in ((values, RESET_STEP_S), (times, _FAR_S)):
        leaps = np.abs(np.diff(own)) > far
        goes_on = np.abs(own[2:] - own[:-2]) <= far
        stray[1:-1] |= leaps[:-1] & leaps[1:] & goes_on
    step, pause = np.abs(np.diff(values)) > RESET_STEP_S, np.abs(np.diff(times)) > RESET_PAUSE_S
    stray[0] = step[0] and not pause[0] and not step[1]
    stray[-1] = step[-1] and not pause[-1] and not step[-2]
    return stray


def _resets(times: F64Array, values: F64Array) -> I64Array:
    """Return the indices of the last offset before each clock reset."""
    if len(times) < 2:
        return np.zeros(0, np.int64)
    pauses, steps = np.diff(times), np.diff(values)
    jump = _stands_out(pauses, RESET_PAUSE_S, _RESET_PAUSE_MADS) & _stands_out(
        steps, RESET_STEP_S, _RESET_STEP_MADS
    )
    return np.flatnonzero((pauses < 0) | jump)


def _stands_out(values: F64Array, least: float, mads: float) -> BoolArray:
    distance = np.abs(values - np.median(values))
    limit = max(least, mads * float(np.median(distance)))
    return np.asarray(distance > limit)


def _robust_line(times: F64Array, values: F64Array) -> ClockSegment:
    origin = float(np.median(times))
    t = times - origin
    slope = _median_slope(t, values)
    offset = float(np.median(values - slope * t))
    for _ in range(20):
        residuals = values - offset - slope * t
        noise = max(1.4826 * float(np.median(np.abs(residuals))), _OFFSET_NOISE_S)
        weights = np.minimum(1.0, _HUBER * noise / np.maximum(np.abs(residuals), 1e-12))
        mean_t, mean_v = np.average(t, weights=weights), np.average(values, weights=weights)
        spread = np.sum(weights * (t - mean_t) ** 2)
        shared = np.sum(weights * (t - mean_t) * (values - mean_v))
        before, slope = slope, float(shared / (spread + (noise / _QUARTZ) ** 2))
        offset = float(mean_v - slope * mean_t)
        if abs(slope - before) < 1e-13:
            break
    known = spread + (noise / _QUARTZ) ** 2
    # Two offsets lie on any line: their noise is what it usually is.
    seen = float(np.std(values - offset - slope * t)) if len(times) > _FEW else noise
    return ClockSegment(
        start=float(times[0]),
        end=float(times[-1]),
        origin=origin,
        offset=offset,
        slope=slope,
        middle=origin + float(mean_t),
        offset_error=seen / float(np.sqrt(np.sum(weights))),
        slope_error=seen / float(np.sqrt(known)),
        lasting_s=lasting_error(values - offset - slope * t, _LASTING),
        offsets=len(times),
    )


def _gaps(times: F64Array, values: F64Array, line: ClockSegment) -> Iterator[ClockGap]:
    """Yield the stretches without offsets, with how far off the line may be in each.

    The offsets before and after tell how fast the clock ran at either side. Where that differs
    from the line by d, a clock that changes its rate evenly leaves the line by up to d/4 of the
    gap's length. To that the line's own error is added: its offset's, its slope's at the gap's
    farther end, and by how much offsets leave it for longer.
    """
    for k in np.flatnonzero(np.diff(times) > GAP_S).tolist():
        ends = times[k : k + 2]
        before = (times <= ends[0]) & (times >= ends[0] - _SIDE_S)
        after = (times >= ends[1]) & (times <= ends[1] + _SIDE_S)
        sides = [_robust_line(times[side], values[side]) for side in (before, after)]
        bend = max(abs(s.slope - line.slope) + NORMAL_99 * s.slope_error for s in sides)
        length = float(ends[1] - ends[0])
        yield ClockGap(float(ends[0]), float(ends[1]), line.error_s(ends) + bend * length / 4)


def _quantile_99(offsets: int) -> float:
    """Return how many standard errors hold 99 %: more where few offsets tell the noise."""
    return NORMAL_99 * (1 + 2.5 / max(offsets - 2, 1))


def _median_slope(t: F64Array, values: F64Array) -> float:
    """Return a slope that a quarter of wild values cannot move, to start from."""
    half = (len(t) + 1) // 2
    run = t[half:] - t[: len(t) - half]
    rise = values[half:] - values[: len(t) - half]
    return float(np.median(rise[run > 0] / run[run > 0])) if np.any(run > 0) else 0.0


def correct(stamps: F64Array, fit: ClockFit) -> F64Array:
    """Return raw stamps, shape (n,), on the recording computer's clock, as a new array.

    After a clock reset the stamps belong to the next segment from the first stamp on that is
    nearer to its first offset than to the last one before, as in pyxdf.
    """
    out = stamps.copy()
    correct_in_place(out, fit)
    return out


def correct_in_place(stamps: F64Array, fit: ClockFit) -> None:
    """Put raw stamps, shape (n,), on the recording computer's clock; see `correct`."""
    for segment, piece in zip(fit.segments, _pieces(stamps, fit), strict=True):
        own = stamps[piece]
        for part in spans(len(own)):
            own[part] += segment.at(own[part])


def _pieces(stamps: F64Array, fit: ClockFit) -> list[slice]:
    """Say which stamps belong to which segment."""
    pieces, start = [], 0
    for number, segment in enumerate(fit.segments):
        stop = len(stamps)
        if number + 1 < len(fit.segments):
            rest = stamps[start:]
            after = fit.segments[number + 1].start
            nearer = np.abs(rest - segment.end) >= np.abs(rest - after)
            stop = start + int(np.argmax(nearer)) if nearer.any() else stop
        pieces.append(slice(start, stop))
        start = stop
    return pieces
