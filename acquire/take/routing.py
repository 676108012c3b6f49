"""Which take a sample belongs to: one rule, pure, for one take and for several.

1. A sample's moment is its stamp plus the clock offset; its arrival where that is over `SANE_S`
   off, and for a whole chunk where its newest is.
2. It belongs to the last take that had begun by its moment. A stream of a regular rate never goes
   back to a take before the newest one that has samples of it, and what belongs to a take that was
   let go of goes to the oldest one here, unless that had ended before.
3. Where one take goes on in the next, nothing is cut. At any other end regular stamps that make
   sense are cut at start and stop, each time in one place: stamps of arrival step back a little,
   and a sample between two that are kept is kept. All others are cut by their arrival, from the
   start to the end of the drain: losing a marker would be worse than keeping one too many.
4. A row that names the take in whose file its frame is belongs there.

So each sample between the first start and the last stop is in one take and in no other.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from acquire.processes.messages import Interval
from devices.arrays import Array, BoolArray, F64Array
from recordings.stream_kinds import INDEX_CHANNELS

SANE_S = 5.0
"""Stamps further than this from the local clock are not held against a time."""
_TAKE = INDEX_CHANNELS.index("take")


class Span(Protocol):
    """What the rule asks of a take."""

    @property
    def number(self) -> int:
        """Which take of its engine it is."""

    @property
    def interval(self) -> Interval:
        """When it is."""

    @property
    def continues(self) -> bool:
        """Whether it goes on where the take before it ends."""

    @property
    def goes_on(self) -> bool:
        """Whether another take goes on where it ends."""

    @property
    def drained_by(self) -> float:
        """LSL time until which what was stamped before its stop is waited for."""


def shares(
    takes: Sequence[Span],
    stamps: F64Array,
    offset: float,
    now: float,
    rate_hz: float,
    newest: int | None = None,
    named: F64Array | None = None,
) -> list[BoolArray]:
    """Say which samples of a chunk belong to each of the takes, oldest first.

    Args:
        takes: those that are not drained yet.
        stamps: raw, shape (n,), n ≥ 1.
        offset: what to add to a stamp for the local clock, s.
        now: the local LSL time of their arrival.
        rate_hz: the stream's nominal rate, 0 = irregular.
        newest: the number of the newest take that has samples of this stream.
        named: of rows of a camera, the take that each one names; NaN = none.
    """
    local = stamps + offset
    sensible = _sensible(local, now)
    moments = np.where(sensible, local, now)
    starts = np.array([take.interval.start for take in takes])
    owner = np.searchsorted(starts, moments, side="right") - 1
    has_samples = [newest is not None and take.number <= newest for take in takes]
    if rate_hz:
        owner = np.maximum(owner, sum(has_samples) - 1)
    owner = np.maximum(owner, 0)
    by_stamp = sensible if rate_hz else np.zeros(len(stamps), np.bool_)
    begun, not_over = moments, moments
    if rate_hz:
        begun = np.maximum.accumulate(np.where(sensible, moments, -np.inf))
        not_over = np.minimum.accumulate(np.where(sensible, moments, np.inf)[::-1])[::-1]
    masks = []
    for place, take in enumerate(takes):
        ends_here = place + 1 == len(takes) or not takes[place + 1].continues
        keep = owner == place
        if not take.continues and not (rate_hz and has_samples[place]):
            keep &= np.where(by_stamp, begun, now) >= take.interval.start
        if take.goes_on and ends_here:  # the one after it was let go of before it: a stop came soon
            keep &= np.where(by_stamp, not_over, moments) <= take.interval.stop
            if rate_hz and newest is not None and newest > take.number:
                keep[:] = False
        elif ends_here:
            keep &= np.where(by_stamp, not_over <= take.interval.stop, now <= take.drained_by)
        masks.append(keep)
    if named is not None:
        for place, take in enumerate(takes):
            mine = named == take.number
            for other, keep in enumerate(masks):
                keep[mine] = other == place
    return masks


def is_within(
    take: Span, stamps: F64Array, offset: float, now: float, rate_hz: float, has_samples: bool
) -> bool:
    """Say whether all of a chunk belongs to the only take there is, at next to no cost."""
    if take.goes_on:
        return False
    start, stop = take.interval.start, take.interval.stop
    first, last = stamps[0] + offset, stamps[-1] + offset
    begun = take.continues or (has_samples and rate_hz > 0)
    if not rate_hz or not abs(last - now) <= SANE_S:
        return (begun or now >= start) and now <= take.drained_by
    return bool((begun or first >= start) and last <= stop and abs(first - now) <= SANE_S)


def owner_of(takes: Sequence[Span], moment: float) -> int | None:
    """Say at which place the take is that a moment belongs to; None = in none of them."""
    begun = [place for place, take in enumerate(takes) if take.interval.start <= moment]
    if not begun:
        return 0 if takes and takes[0].continues else None
    place = begun[-1]
    inner = place + 1 < len(takes) and takes[place + 1].continues
    return place if inner or moment <= takes[place].interval.stop else None


def is_past(take: Span, stamps: F64Array, offset: float, now: float) -> bool:
    """Say whether a chunk ends after the take does, so that no more of it is to be waited for."""
    last = float(stamps[-1]) + offset
    return abs(last - now) <= SANE_S and last >= take.interval.stop


def named_in(data: Array) -> F64Array:
    """Give the takes that a camera's rows name, shape (n,)."""
    named: F64Array = data[:, _TAKE]
    return named


def _sensible(local: F64Array, now: float) -> BoolArray:
    """Say which moments can be held against a time."""
    if not abs(local[-1] - now) <= SANE_S:  # its newest is off, or is no number
        return np.zeros(len(local), np.bool_)
    near: BoolArray = np.abs(local - now) <= SANE_S
    return near
