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

from recordings.arrays import BoolArray, F64Array, I64Array, spans, steps_where

FILL_S: Final = 60.0
FILL_SHARE: Final = 0.1
FAR_S: Final = 3600.0
_FAR_TIMES: Final = 10.0
_MANY: Final = 1000  # stamps that jump more often are no stamps: nothing says which are right
_LARGEST_S: Final = 1e12  # beyond it a double has no microseconds; not a number is beyond it too
_STILL: Final = 16  # equal stamps in a row: fewer may be a chunk's
_STILL_S: Final = 0.2
_STILL_TIMES: Final = 3  # a clock that stands still is so much longer than the stream's chunks
_CHUNKS: Final = 0.1  # so many are held, as a share of all others: samples come in chunks
_MOST_CHUNKS: Final = 90  # per cent, no longer than what is a chunk
_SAME_S: Final = 1e-6
_NEAR_S: Final = 10.0
_OFF_SHARE: Final = 0.25  # by so much the leap after it may miss the time that it stood still
_LOOK: Final = 20  # runs ahead in which the way back is looked for


def is_number(stamp: float) -> bool:
    """Whether a stamp is a time that some clock can show."""
    return abs(stamp) < _LARGEST_S


def are_numbers(stamps: F64Array) -> BoolArray:
    """Say which stamps, shape (n,), are times that some clock can show."""
    return np.asarray(np.abs(stamps) < _LARGEST_S)


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
        bad[part] = ~are_numbers(times[part])
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
    """Return the runs in which a clock stood still: all but the first of their stamps.

    Nothing goes beyond the newest stamp for much longer than the stream's chunks take, what comes
    repeats it, and then the stamps leap to where the stream would be. A leap before them instead is
    a backlog that came at once, which was late.
    """
    held = _held(own)
    if len(held) < _STILL:
        return []
    ends = np.append(np.flatnonzero(np.diff(held) != 1), len(held) - 1)
    begins = np.append(0, ends[:-1] + 1)
    lengths = ends - begins + 1
    usual = alike = 1
    if len(lengths) > _CHUNKS * (len(own) - len(held)):
        usual += int(np.percentile(lengths, _MOST_CHUNKS))
        same = own[held[begins]] == own[held[begins] - 1]
        alike = usual if np.mean(same) > 0.5 else 1  # else a clock scatters, or chunks overlap
    least = max(_STILL, _STILL_S * rate_hz, _STILL_TIMES * usual)
    found = []
    for run in np.flatnonzero(lengths + 1 >= least).tolist():
        first, after = int(held[begins[run]]) - 1, int(held[ends[run]]) + 1
        if after < len(own) and (stood := _stood(own, first, after, alike, rate_hz)):
            found.append(stood)
    return found


def _stood(
    own: F64Array, first: int, after: int, alike: int, rate_hz: float
) -> tuple[int, int] | None:
    """Return which stamps a clock made that stood still from `first` to before `after`.

    Where all of a chunk of `alike` samples have one stamp, an even pace goes through the last of
    each: so the others of the chunk that comes first afterwards are among them.
    """
    first, chunk = _repeated(own, first, after, rate_hz)
    due = (after - first) / rate_hz
    off = _OFF_SHARE * due
    kept = first + alike - 1
    if not chunk or abs(float(own[after] - own[first]) - due) > off:
        return None
    if _late_before(own, kept, due, rate_hz) >= off:
        return None
    ahead = own[after : after + alike]
    return kept + 1, after + int(np.cumprod(ahead == ahead[0]).sum()) - 1


def _held(own: F64Array) -> I64Array:
    """Return the indices of stamps that do not go beyond all those before them."""
    found, newest = [], -np.inf
    for part in spans(len(own)):
        before = np.maximum.accumulate(np.append(newest, own[part]))
        found.append(np.flatnonzero(own[part] <= before[:-1]) + part.start)
        newest = float(before[-1])
    return np.concatenate(found)


def _repeated(own: F64Array, first: int, after: int, rate_hz: float) -> tuple[int, int]:
    """Return where within a run stamps begin to repeat, and of how many samples the chunk is.

    All of a chunk may have one stamp, or stamps a period apart up to it: then only its last sample
    comes up to that of the run. No samples, where it is not repeated at least thrice.
    """
    run = own[first:after]
    newest = np.flatnonzero(np.abs(run - run[-1]) <= _SAME_S)
    chunk = int(np.diff(newest).max(initial=1))
    rest = run[newest[0] :]
    is_chunk = float(np.ptp(rest)) <= chunk / rate_hz + _SAME_S
    is_often = len(rest) + chunk > max(_STILL, _STILL_S * rate_hz, _STILL_TIMES * chunk)
    return first + int(newest[0]), chunk if is_chunk and is_often else 0


def _late_before(own: F64Array, at: int, due: float, rate_hz: float) -> float:
    """Return by how much a sample is later than the earliest of those shortly before it, s."""
    numbers = np.arange(max(at - int(max(due, _NEAR_S) * rate_hz), 0), at + 1)
    return float(np.max(own[at] - own[numbers] - (at - numbers) / rate_hz))


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
