"""Stamps that cannot be true: far from those around them, which go on as if nothing had been.

One wrong stamp would make a gap of days in an export that fills gaps; a sender's clock that stands
still for a while and then is where it ought to be would make a loss of samples that are there. What
is found here is put where its neighbours say; what may be true (a device that was off, a clock that
was set) stays.
Times are seconds. Pure functions of arrays.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Final

import numpy as np

from recordings.arrays import BoolArray, F64Array
from recordings.pieces import spans, steps_where

FILL_S: Final = 60.0
FILL_SHARE: Final = 0.1
FAR_S: Final = 3600.0
_FAR_TIMES: Final = 10.0
_MANY: Final = 1000  # stamps that jump more often are no stamps: nothing says which are right
_LARGEST_S: Final = 1e12  # beyond it a double has no microseconds; not a number is beyond it too
_STILL: Final = 16  # equal stamps in a row: fewer may be a chunk's
_STILL_S: Final = 0.2
_CHUNKS: Final = 0.1  # so many runs of equal stamps, as a share of all: one stamp for each chunk
_OFF_SHARE: Final = 0.25  # by so much the leap after it may miss the time that it stood still
_LOOK: Final = 20  # runs ahead in which the way back is looked for


def is_number(stamp: float) -> bool:
    """Whether a stamp is a time that some clock can show."""
    return abs(stamp) < _LARGEST_S


def fill_limit_s(samples: int, rate_hz: float) -> float:
    """Return how much missing time an export fills at most: 10 %, or 60 s where that is more."""
    return max(FILL_S, FILL_SHARE * samples / rate_hz)


def is_far(away_s: float, length_s: float) -> bool:
    """Whether what lies `away_s` from a recording of `length_s` was stamped by another clock."""
    return away_s > max(FAR_S, _FAR_TIMES * length_s)


def bad_stamps(times: F64Array, rate_hz: float) -> BoolArray:
    """Say which stamps of a regular stream, shape (n,), cannot be true.

    Those that are no numbers or beyond all clocks; those that leave the others by more than
    `fill_limit_s` and come back to where the stream would be; at either end, a tenth at most, what
    lies as far away as no recording is long; and those of a clock that stood still, where it then
    leaps to where the stream would be.
    """
    bad = np.empty(len(times), np.bool_)
    for part in spans(len(times)):
        bad[part] = ~(np.abs(times[part]) < _LARGEST_S)
    own = times[~bad] if bad.any() else times
    if rate_hz <= 0 or len(own) < 3:
        return bad
    standing = _standing(own, rate_hz)
    limit = fill_limit_s(len(times), rate_hz)
    edges = steps_where(own, lambda steps: np.abs(steps) > limit) + 1
    leaves = 0 < len(edges) <= _MANY
    if not (standing or leaves):  # as nearly always
        return bad
    good = np.flatnonzero(~bad)
    for first, stop in standing:
        bad[good[first:stop]] = True
    if not leaves:
        return bad
    runs = list(pairwise([0, *edges.tolist(), len(own)]))
    anchor = max(range(len(runs)), key=lambda n: runs[n][1] - runs[n][0])
    after = _strays(own, good, runs[anchor:], rate_hz, limit)
    # Backwards the same: time and number both run the other way.
    back = [(len(own) - b, len(own) - a) for a, b in reversed(runs[: anchor + 1])]
    before = _strays(-own[::-1], -good[::-1], back, rate_hz, limit)
    for first, stop in after:
        bad[good[first:stop]] = True
    for first, stop in before:
        bad[good[len(own) - stop : len(own) - first]] = True
    return bad


def _standing(own: F64Array, rate_hz: float) -> list[tuple[int, int]]:
    """Return the runs in which a clock stood still: all but the first of their equal stamps.

    A leap before them instead is a backlog that came at once, which was late. Of a stream whose
    chunks have one stamp each nothing is said: its stamps stand still all the time.
    """
    equal = steps_where(own, lambda steps: steps == 0)  # indices of what the next one repeats
    if len(equal) < _STILL:
        return []
    ends = np.append(np.flatnonzero(np.diff(equal) != 1), len(equal) - 1)
    begins = np.append(0, ends[:-1] + 1)
    lengths = ends - begins + 1
    if len(lengths) > _CHUNKS * (len(own) - len(equal)):
        return []
    least = max(_STILL, _STILL_S * rate_hz)
    found = []
    for run in np.flatnonzero(lengths >= least).tolist():
        first, last = int(equal[begins[run]]), int(equal[ends[run]]) + 1
        if last + 1 >= len(own):
            break
        due = (last + 1 - first) / rate_hz
        leap = float(own[last + 1] - own[last])
        before = float(own[first] - own[first - 1]) if first else 0.0
        if abs(leap - due) <= _OFF_SHARE * due and before < 0.5 * due:
            found.append((first + 1, last + 1))
    return found


def _strays(
    own: F64Array,
    number: np.ndarray[tuple[int, ...], np.dtype[np.int64]],
    runs: list[tuple[int, int]],
    rate_hz: float,
    limit: float,
) -> list[tuple[int, int]]:
    """Return the runs after the first that cannot be true."""
    found: list[tuple[int, int]] = []
    few = max(FILL_SHARE * len(own), 1.0)
    length = len(own) / rate_hz
    at = 0
    while at + 1 < len(runs):
        last = runs[at][1] - 1

        def off(run: tuple[int, int], last: int = last) -> float:
            due = own[last] + (number[run[0]] - number[last]) / rate_hz
            return float(abs(own[run[0]] - due))

        ahead = range(at + 1, min(at + 1 + _LOOK, len(runs)))
        back = next((n for n in ahead if off(runs[n]) <= limit), None)
        if back is not None:
            found += runs[at + 1 : back]
            at = back
            continue
        rest = runs[at + 1 :]
        if rest[-1][1] - rest[0][0] <= few and all(is_far(off(run), length) for run in rest):
            return found + rest
        at += 1
    return found


def mended(times: F64Array, bad: BoolArray, rate_hz: float) -> F64Array:
    """Return the times, shape (n,), with those that are bad where their neighbours say."""
    if not bad.any() or bad.all():
        return times
    at = np.arange(len(times), dtype=np.float64)
    known = np.flatnonzero(~bad)
    out = np.where(bad, np.interp(at, at[known], times[known]), times)
    first, last = int(known[0]), int(known[-1])
    period = 1 / rate_hz if rate_hz > 0 else 0.0  # without a rate nobody knows how far away
    out[:first] = times[first] - (first - at[:first]) * period
    out[last + 1 :] = times[last] + (at[last + 1 :] - last) * period
    return np.asarray(out, np.float64)
