"""Where the samples of a copy belong among those that were received."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from recordings.arrays import BoolArray, F64Array, I64Array, runs
from recordings.xdf.stream import XdfStream


class Piece(NamedTuple):
    """Samples `start` to before `stop` of a stream."""

    source: XdfStream
    start: int
    stop: int


def found_in(received: XdfStream, copy: XdfStream) -> I64Array:
    """Say where each sample of the copy is among those received; −1 = nowhere. Shape (n,)."""
    theirs, ours = received.stamps, copy.stamps
    if not len(theirs) or not len(ours):
        return np.full(len(ours), -1, np.int64)
    order = np.argsort(theirs, kind="stable")
    first, count = _alike(theirs[order], ours)
    own = np.argsort(ours, kind="stable")
    own_first, own_count = _alike(ours[own], ours)
    rank = np.empty(len(ours), np.int64)  # among those of one stamp
    rank[own] = np.arange(len(ours))
    rank -= own_first
    all_came = count >= own_count
    place = order[np.minimum(first + rank, len(theirs) - 1)]
    found = np.where(all_came & (count > 0), place, -1)
    for stamp in np.unique(ours[~all_came & (count > 0) & np.isfinite(ours)]):
        # Some of several samples with one stamp came, in their order: which, their values tell.
        inside = np.flatnonzero(ours == stamp)
        values = [_values(copy, k) for k in inside.tolist()]
        at = 0
        for k in order[first[inside[0]] :][: count[inside[0]]].tolist():
            with suppress(ValueError):  # it is not in the copy
                at = values.index(_values(received, k), at) + 1
                found[inside[at - 1]] = k
    return found


def _alike(ordered: F64Array, stamps: F64Array) -> tuple[I64Array, I64Array]:
    """Find the first of `ordered` that equals each stamp, and how many do."""
    first = np.searchsorted(ordered, stamps, "left")
    return first, np.searchsorted(ordered, stamps, "right") - first


def _values(stream: XdfStream, k: int) -> object:
    return tuple(stream.strings[k]) if stream.is_text else stream.read(k, k + 1).tobytes()


def pieces(
    received: XdfStream, kept: BoolArray, copy: XdfStream, found: I64Array, missing: BoolArray
) -> Iterator[Piece]:
    """Put what is missing into its places among what was received and is kept."""
    place = _places(received.stamps, copy.stamps, found)
    at = 0
    for start, stop in _runs(missing, place):
        yield from _kept(received, kept, at, int(place[start]))
        at = int(place[start])
        yield Piece(copy, start, stop)
    yield from _kept(received, kept, at, len(received))


def _places(theirs: F64Array, ours: F64Array, found: I64Array) -> I64Array:
    """Say how many received samples come before each sample of the copy, shape (n,).

    Between its neighbours that were received, and there by its stamp. Where stamps fall another
    clock begins, as after a restart: a copy is of one clock, and stays on its neighbours' side.
    """
    count = len(theirs)
    is_there = found >= 0
    before = np.maximum.accumulate(np.where(is_there, found + 1, 0))
    after = np.minimum.accumulate(np.where(is_there, found, count)[::-1])[::-1]
    falls = np.flatnonzero(np.diff(theirs) < 0) + 1
    edges = np.r_[0, falls, count]  # of the stretches between falls
    first = np.where(after < count, edges[np.searchsorted(falls, after, "right")], 0)
    last = np.where(before > 0, edges[np.searchsorted(falls, before - 1, "right") + 1], count)
    low, high = np.maximum(before, first), np.minimum(after, last)
    by_stamp = np.searchsorted(np.maximum.accumulate(theirs), ours, "right")
    places: I64Array = np.maximum.accumulate(np.clip(by_stamp, low, np.maximum(low, high)))
    return places


def _kept(received: XdfStream, kept: BoolArray, start: int, stop: int) -> Iterator[Piece]:
    for a, b in runs(kept[start:stop]):
        yield Piece(received, start + a, start + b)


def _runs(missing: BoolArray, place: I64Array) -> Iterator[tuple[int, int]]:
    """Give (start, stop) of the runs of missing samples that belong in one place."""
    where = np.flatnonzero(missing)
    if not len(where):
        return
    breaks = np.flatnonzero((np.diff(where) > 1) | (np.diff(place[where]) > 0)) + 1
    for a, b in pairwise([0, *breaks.tolist(), len(where)]):
        yield int(where[a]), int(where[b - 1]) + 1
