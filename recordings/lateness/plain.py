"""Losses that lie open: whole packets missing, again and again, where packets come evenly. Pure.

Where packets are late by much less than they lie apart, a long interval that nothing makes up for
is a loss, however many there are. In blocks of a second, each of which lacks a packet, they would
look like a slower rate.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from recordings.arrays import F64Array, I64Array, quantile
from recordings.lateness.axis import Shifts, shifts
from recordings.lateness.floor import block_levels, slope_of
from recordings.lateness.packets import is_on_ticks, packet_ends, packet_size
from recordings.lateness.placing import Found
from recordings.lateness.steps import LATEST_S, NEAR_S, SEEN_S
from recordings.lateness.ticks import tick_of

_QUIET: Final = 0.4  # packets: three of four intervals are off by less
_CUT: Final = 0.3  # packets: after longer intervals there may be less
_MANY: Final = 0.25  # of the intervals are so long: lateness is as long as packets lie apart
_LONG: Final = 0.6  # packets
_DRIFT: Final = 0.15  # packets: no floor falls by more from piece to piece
_OFTEN_S: Final = 20.0  # seldomer, most blocks have no loss: the floor tells more
_MOST: Final = 0.3  # of the samples come in such packets; others came one exactly after another
_LOOKS: Final = 8
_LOOK: Final = 1 << 15  # samples
_FEW: Final = 8  # losses: the floor tells these
_WHOLE: Final = 0.12  # packets: losses are whole ones, in the mean; lateness is as it comes
_SHORT: Final = 8  # packets
_BLOCK_S: Final = 1.0
_EXACT: Final = 1e-3  # periods: within a packet stamps are computed
_SEEN: Final = 5.0  # times its length a loss must be seen, if that is less than 3 s
_WANDER: Final = 60e-6


@dataclass(frozen=True, slots=True)
class Plain:
    """What is missing, and the rate."""

    places: tuple[Found, ...]
    rate_hz: float

    @property
    def missing(self) -> Shifts:
        """By how many periods they have moved the samples after them."""
        places = self.places
        return shifts([p.index for p in places], [p.count for p in places], np.int64)

    def made_up(self, stamps: F64Array) -> F64Array:
        """Return stamps, shape (n,), as if what is missing had come."""
        if not self.places:  # as nearly always
            return stamps
        return np.asarray(stamps - self.missing.at(np.arange(len(stamps))) / self.rate_hz)


def plain_losses(stamps: F64Array, rate_hz: float) -> Plain:
    """Find where whole packets are plainly missing; none, where that is seldom.

    Of a long stream a few stretches are looked at first, as it takes memory by the sample.
    """
    if len(stamps) > _LOOKS * _LOOK:
        starts = np.linspace(0, len(stamps) - _LOOK, _LOOKS).astype(np.int64).tolist()
        if not any(_plain(stamps[a : a + _LOOK], rate_hz).places for a in starts):
            return Plain((), rate_hz)
    return _plain(stamps, rate_hz)


def _plain(stamps: F64Array, rate_hz: float) -> Plain:
    none = Plain((), rate_hz)
    ends = _packet_ends(stamps, rate_hz)
    if len(ends) < 2 * _SHORT:
        return none
    sizes, came = np.diff(ends), stamps[ends]
    packet, usual = float(np.quantile(sizes, 0.1)), _middle(np.diff(came) / sizes, sizes)
    seldom = max(float(came[-1] - came[0]) / _OFTEN_S, _FEW)
    mean = float(came[-1] - came[0]) / (ends[-1] - ends[0])
    if usual <= 0 or packet * len(ends) < _MOST * len(stamps) or is_on_ticks(usual, mean, rate_hz):
        return none
    if tick_of(stamps, rate_hz) > _CUT * packet * usual:  # a leap of the clock is as long
        return none
    off = np.diff(came) / usual - sizes
    cuts = np.flatnonzero(off > _CUT * packet)
    is_quiet = quantile(np.sort(np.abs(off)), 0.75) < _QUIET * packet
    if not (is_quiet and seldom <= len(cuts) < _MANY * len(off)):
        return none
    alike = sizes[(sizes >= packet) & (sizes < 1.5 * packet)]
    packet, most = float(alike.mean()), float(alike.max())
    pieces = _Pieces(stamps, ends, cuts, packet, most, packet_size(stamps, rate_hz))
    longer = replace(pieces, cuts=np.flatnonzero(off > _LONG * packet))
    rate = longer.rate_hz(1 / usual)
    found = Plain(pieces.losses(rate), rate)
    block = max(int(_BLOCK_S * rate), int(_SHORT * packet))
    for _ in range(2):
        rate /= 1 + slope_of(block_levels(stamps, rate, block, found.missing), block / rate)
    found = Plain(pieces.losses(rate), rate)
    unlike = np.array([place.error for place in found.places])
    return found if len(unlike) >= seldom and float(unlike.mean()) < _WHOLE * packet else none


def _packet_ends(stamps: F64Array, rate_hz: float) -> I64Array:
    """Return the indices of the last samples of packets, however nearly even these come."""
    periods = np.diff(stamps) * rate_hz
    if np.count_nonzero(periods < 0.5) < 0.4 * len(stamps):
        ends = np.flatnonzero(np.abs(periods - np.median(periods)) > _EXACT)
    else:
        ends = packet_ends(stamps, rate_hz)
    return np.append(ends, len(stamps) - 1)


def _middle(values: npt.NDArray[Any], weights: I64Array) -> float:
    """Return the median of values that count as often as their weights say, shapes (n,)."""
    order = np.argsort(values)
    among = np.cumsum(weights[order])
    return float(values[order[np.searchsorted(among, among[-1] / 2)]])


@dataclass(frozen=True, slots=True)
class _Pieces:
    """Stamps, cut after the packets `cuts`, which a long interval follows."""

    stamps: F64Array
    ends: I64Array  # the last samples of packets
    cuts: I64Array
    packet: float  # samples, in the mean
    largest: float
    unit: int  # samples, 1 where packets differ

    def rate_hz(self, about_hz: float) -> float:
        """Return the rate within pieces, from the least phases of two thirds of each.

        The first is left out: a piece may begin with what is late, and none ends so.
        """
        edges = np.concatenate([[0], self.cuts + 1, [len(self.ends)]])
        long = np.diff(edges) >= min(2 * _SHORT, int(np.diff(edges).max()))
        first, stop = edges[:-1][long], edges[1:][long]
        third = np.maximum((stop - first) // 3, 1)
        above = np.append(self.stamps[self.ends] - self.ends / about_hz, np.inf)
        parts = np.column_stack([stop - 2 * third, stop - third, stop]).ravel()
        least = np.minimum.reduceat(above, parts)
        apart = self.ends[stop - 1] - self.ends[np.maximum(stop - third - 1, 0)]
        usable = apart > 0
        slopes = (least[1::3] - least[::3])[usable] / apart[usable]
        return about_hz / (1 + _middle(slopes, apart[usable]) * about_hz)

    def losses(self, rate_hz: float) -> tuple[Found, ...]:
        """Return what lifts the least phase of a piece above that before for all of the time."""
        came, starts = self.stamps[self.ends], np.append(0, self.cuts + 1)
        levels = np.minimum.reduceat(came * rate_hz - self.ends, starts)
        first, last = came[starts], came[np.append(self.cuts, len(came) - 1)]
        cone, least = _WANDER * rate_hz, _LONG * self.packet
        ahead = _least_ahead(levels, first, cone)
        recent = deque([(float(last[0]), float(levels[0]) - cone * float(last[0]))])
        found, base = [], 0
        for piece in range(1, len(levels)):
            now = float(first[piece])
            while len(recent) > 1 and recent[0][0] < now - NEAR_S:
                recent.popleft()
            level = base + recent[0][1] + cone * now  # they ascend
            rise, own = float(ahead[piece]) - level, float(levels[piece])
            seen = float(came[-1]) - now  # a short one is late for a shorter time
            packets = self._packets(rise, float(ahead[min(piece + 1, len(ahead) - 1)]) - level)
            if packets and seen > min(SEEN_S, _SEEN * rise / rate_hz):
                count = self._samples_of(rise, packets)
                after = int(self.ends[self.cuts[piece - 1]])
                found.append(Found(after, count, abs(rise - packets * self.packet)))
                base, level = base + count, level + count
            if own - level < least:
                then = float(last[piece])
                tilted = own - base - cone * then
                while recent and recent[-1][1] >= tilted:
                    recent.pop()
                recent.append((then, tilted))
        return tuple(found)

    def _packets(self, rise: float, afterwards: float) -> int:
        """Say how many packets a rise is; `afterwards` is the rise after the next long interval.

        Where that is more, what is short of a whole packet was late, and the loss is behind it.
        """
        packets = rise / self.packet
        count = round(packets) if packets > _LONG else 0
        short = count - packets
        is_late = short > _DRIFT and afterwards - rise > _DRIFT * self.packet
        return count - 1 if is_late else count

    def _samples_of(self, rise: float, packets: int) -> int:
        if self.unit > 1:
            return packets * self.unit
        off = self.largest - self.packet
        size = min(max(rise / packets, self.packet - off), self.packet + off)
        return round(size * packets)


def _least_ahead(levels: F64Array, at: F64Array, cone: float) -> F64Array:
    """Return the least level from each time on; what is further away counts as higher."""
    out, tilted = np.empty(len(levels)), levels + cone * at
    ahead: deque[int] = deque()
    for piece in range(len(levels) - 1, -1, -1):
        while ahead and tilted[ahead[-1]] >= tilted[piece]:
            ahead.pop()
        ahead.append(piece)
        while at[ahead[0]] > at[piece] + LATEST_S:
            ahead.popleft()
        out[piece] = tilted[ahead[0]] - cone * at[piece]
    return out
