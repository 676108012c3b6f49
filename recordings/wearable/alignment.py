"""How a wearable's Unix times lie on the recording computer's LSL clock. Pure.

By the clock: the manifest says what the computer's wall clock read at the start and at the stop. By
events: the same happenings are in both, and the line through their pairs is the mapping.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from recordings.arrays import F64Array, I64Array
from recordings.errors import RecordingError
from recordings.manifest_entries import AlignedBy, ClockPair
from recordings.stamps.residuals import NORMAL_99

CLOCK_ERROR_S: Final = 1.0
"""What is assumed of two wall clocks that nobody has compared."""
QUARTZ: Final = 1e-4
"""How far clocks drift, as a fraction, where events do not tell."""
REACH_S: Final = 0.25
"""So near to its event a marker is taken as the same, before the line is known."""
FIT_SPAN_S: Final = 60.0
FEWEST_FOR_DRIFT: Final = 4
MOST_PAIRS: Final = 5_000_000
_ROUNDS: Final = 4
_EXACT_S: Final = 1e-3  # nearer than that is no better: what wearables' files resolve
_NEAR_S: Final = 0.01
_MOST_SHIFTS: Final = 64
_AS_WELL: Final = 0.7


@dataclass(frozen=True, slots=True)
class Line:
    """lsl = stamp + `offset` + `slope` · (stamp − `origin`); `error_s` is how far off, 99 %."""

    by: AlignedBy
    origin: float
    offset: float
    slope: float
    error_s: float
    events: int = 0
    residual_s: float | None = None  # the largest distance of an event from the line

    def offsets(self, stamps: F64Array) -> F64Array:
        """Give what to add to Unix times, shape (n,), for LSL times."""
        added: F64Array = self.offset + self.slope * (stamps - self.origin)
        return added


def by_clock(pairs: tuple[ClockPair, ...]) -> Line:
    """Take the computer's wall clock for the wearable's.

    Raises:
        RecordingError: the manifest does not say what it read.
    """
    if not pairs:
        raise RecordingError(
            "the session does not say when it was on the world's clock; align by events"
        )
    unix = np.array([pair.when.timestamp() for pair in pairs])
    offsets = np.array([pair.lsl for pair in pairs]) - unix
    # Whatever set the wall clock meanwhile is in the difference of the pairs.
    return Line(
        "clock", float(unix[0]), float(offsets[0]), 0.0, CLOCK_ERROR_S + float(np.ptp(offsets))
    )


def by_events(events: F64Array, markers: F64Array, guess: Line, within_s: float) -> Line:
    """Fit offset and drift to happenings that both have.

    Args:
        events: Unix times by the wearable, ascending, shape (n,).
        markers: LSL times, ascending, shape (m,).
        guess: about where the offset is.
        within_s: how far from there it may be.

    Raises:
        RecordingError: fewer than two pairs agree, or fewer than half of what could, or they agree
            at more than one offset.
    """
    near = events + guess.offsets(events)
    line, _, left = _best(near, markers, within_s)
    could = _could_meet(near + line[0] + line[1] * (near - near[0]), markers)
    if 2 * len(left) < could:
        raise RecordingError(
            f"{len(left)} of {could} events meet a marker at the best offset, which may be chance: "
            "name the markers of the same happenings, or look farther with --within"
        )
    residual_s = float(np.abs(left).max())
    # Constants of `guess` are taken along: it may have a slope only where a caller gave it one.
    start = float(events[0])
    total = float(guess.offsets(np.array([start]))[0]) + line[0]
    error_s = NORMAL_99 * float(np.sqrt(np.mean(left**2))) if len(left) > 3 else residual_s
    return Line("events", start, total, guess.slope + line[1], error_s, len(left), residual_s)


def error_over(line: Line, stamps: F64Array, first: float, last: float) -> float:
    """Give the error over all stamps: beyond the events, `first` to `last`, drift adds to it."""
    if line.by != "events" or not len(stamps):
        return line.error_s
    beyond = max(0.0, first - float(stamps[0]), float(stamps[-1]) - last)
    span = last - first
    if line.slope == 0.0 or span <= 0:
        return line.error_s + QUARTZ * max(beyond, span / 2)
    return line.error_s * (1 + 2 * beyond / span)


def _could_meet(placed: F64Array, markers: F64Array) -> int:
    """Count the pairs there could be: either may have begun earlier, and have some of its own."""
    lasts = min(placed[-1], markers[-1]) + REACH_S
    firsts = max(placed[0], markers[0]) - REACH_S
    return min(int(((firsts <= x) & (x <= lasts)).sum()) for x in (placed, markers))


_Pairs = tuple[I64Array, I64Array]
_Fit = tuple[tuple[float, float], _Pairs, F64Array]
"""Offset and slope, the pairs, and how far each of them is from the line, s."""


def _best(near: F64Array, markers: F64Array, within_s: float) -> _Fit:
    """Find the line on which most events meet a marker, and meet it best.

    Where markers come often and evenly, many offsets bring each event near some marker; only the
    true one brings all of them onto one.
    """
    fits = [
        (shift, fit)
        for shift in _shifts(near, markers, within_s)
        if (fit := _refined(near, markers, shift)) is not None
    ]
    if not fits:
        raise RecordingError(
            f"events and markers agree at no offset to better than {REACH_S:g} s: are they the "
            "same happenings?"
        )
    fits.sort(key=lambda found: -_worth(found[1]))
    shift, best = fits[0]
    for other, fit in fits[1:]:
        as_many = len(fit[1][0]) >= len(best[1][0])
        if as_many and _worth(fit) > _AS_WELL * _worth(best) and abs(other - shift) > 2 * REACH_S:
            raise RecordingError(
                f"events and markers agree as well at {shift:+.2f} s as at {other:+.2f} s "
                "from the clocks: name markers that come less evenly, or a smaller --within"
            )
    return best


def _worth(fit: _Fit) -> float:
    """Say how unlikely chance is: the more pairs, and the nearer to the line they are."""
    _, pairs, left = fit
    off = max(float(np.sqrt(np.mean(left**2))), _EXACT_S)
    return len(pairs[0]) * float(np.log(2 * REACH_S / off))


def _refined(near: F64Array, markers: F64Array, shift: float) -> _Fit | None:
    """Fit the line about an offset, to the pairs that are near it; None = there are not two."""
    line, reach_s = (shift, 0.0), REACH_S
    for _ in range(_ROUNDS):
        pairs = _pairs(near, markers, line, reach_s)
        if len(pairs[0]) < 2:
            return None
        x, y = near[pairs[0]], markers[pairs[1]] - near[pairs[0]]
        line = _fitted(x, y, float(near[0]))
        left = y - line[0] - line[1] * (x - near[0])
        reach_s = max(5 * float(np.median(np.abs(left))), 5e-3)
    return line, pairs, left


def _shifts(near: F64Array, markers: F64Array, within_s: float) -> list[float]:
    """Find the offsets at which most events come near a marker, at most `_MOST_SHIFTS`."""
    first = np.searchsorted(markers, near - within_s)
    after = np.searchsorted(markers, near + within_s, "right")
    if (count := int((after - first).sum())) > MOST_PAIRS:  # before memory is asked for
        raise RecordingError(
            f"{count:,} pairs of an event and a marker lie within {within_s:g} s: name fewer "
            "markers, or a smaller --within"
        )
    near_each = (
        markers[a:b] - event for a, b, event in zip(first, after, near.tolist(), strict=True)
    )
    differences = np.sort(np.concatenate([np.zeros(0), *near_each]))
    if not len(differences):
        raise RecordingError(
            f"no marker lies within {within_s:g} s of an event: see that both are of one session, "
            "or look farther with --within"
        )
    counts = _within_reach(differences, REACH_S)
    most = int(counts.max())
    if most < 2:
        raise RecordingError(
            f"no two events lie as far apart as two markers do, within {within_s:g} s: are they "
            "the same happenings?"
        )
    # Where clocks hardly drift the true offset stands out among near ones by what is exact.
    worth = counts + _within_reach(differences, _NEAR_S)
    found: list[float] = []
    for place in np.argsort(-worth, kind="stable").tolist():
        if counts[place] < max(2, most / 2) or len(found) == _MOST_SHIFTS:
            break
        reach = _NEAR_S if worth[place] - counts[place] > 1 else REACH_S
        end = int(np.searchsorted(differences, differences[place] + reach, "right"))
        shift = float(np.median(differences[place:end]))
        if all(abs(shift - other) > _NEAR_S for other in found):
            found.append(shift)
    return found


def _within_reach(differences: F64Array, reach_s: float) -> I64Array:
    """Count the differences that are at most so far above each, itself among them."""
    ends = np.searchsorted(differences, differences + reach_s, "right")
    counted: I64Array = (ends - np.arange(len(differences))).astype(np.int64)
    return counted


def _pairs(
    near: F64Array, markers: F64Array, line: tuple[float, float], reach_s: float
) -> tuple[I64Array, I64Array]:
    """Pair each event with the marker nearest to where the line puts it; indices, shape (k,)."""
    placed = near + line[0] + line[1] * (near - near[0])
    after = np.searchsorted(markers, placed).clip(0, len(markers) - 1)
    before = (after - 1).clip(0)
    nearest = np.where(
        np.abs(markers[before] - placed) < np.abs(markers[after] - placed), before, after
    )
    hit = np.flatnonzero(np.abs(markers[nearest] - placed) <= reach_s)
    return hit.astype(np.int64), nearest[hit].astype(np.int64)


def _fitted(x: F64Array, y: F64Array, origin: float) -> tuple[float, float]:
    """Fit (offset at `origin`, slope); a constant where too few or too near tell no drift."""
    if len(x) < FEWEST_FOR_DRIFT or np.ptp(x) < FIT_SPAN_S:
        return float(np.median(y)), 0.0
    slope, offset = np.polyfit(x - origin, y, 1)
    return float(offset), float(slope)
