"""Late or lost: one function decides, for the check, the even stamps, exports and report.

Stamps are cut where they go back by more than a second (a clock was set), and where nothing comes
for longer than anything can be late; each stretch is judged for itself. Where a clock made the
stamps, a long interval is a loss. Where a loop without a clock sends, none is but a silence
(`free_run`). Where packets are lost again and again, those that came tell where (`comb`). Else the
floor of the phase decides (`floor`, `steps`): lateness lifts it for a while, loss for good.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

import numpy as np

from recordings.arrays import F64Array, I64Array, spans, steps_where
from recordings.lateness.axis import Axis, Given, Joined, together
from recordings.lateness.blocks import plain_rate
from recordings.lateness.comb import combed
from recordings.lateness.even import even_times, line
from recordings.lateness.free_run import FreeRun, free_run
from recordings.lateness.lattice import lattice_losses
from recordings.lateness.pace import Certainty, Loss, Pace, lost_before
from recordings.lateness.packets import clock_losses
from recordings.lateness.placing import Found
from recordings.lateness.plain import plain_losses
from recordings.lateness.search import search
from recordings.lateness.steps import LATEST_S, SEEN_S
from recordings.stamps.bad_stamps import are_numbers

BREAK_S: Final = 60.0
BACK_S: Final = 1.0
"""Stamps that go back by more are of a clock that was set."""
_WANDERS_S: Final = 0.5  # over a longer gap a rate wanders by more than its floor is known to
CUT_S: Final = 1.0
"""A device that counts is asked for nothing shorter: its own stamps wander."""
_FEW: Final = 16
_BEYOND: Final = 0.01
"""Of the times may be further off than the error that is told."""
_UNSURE: Final = 0.1  # of what a sender without a clock might have sent in a silence
_DRIFT: Final = 1e-4  # a rate may wander so far in a gap, unseen
_STILL: Final = 1e3  # times the nominal rate: nothing is sent so fast, its stamps stand still


@dataclass(frozen=True, slots=True)
class _Stretch:
    losses: tuple[Loss, ...]
    axis: Axis
    rate_hz: float
    error_s: float | None
    shows_loss: bool
    runs_free: bool = False

    @property
    def ends(self) -> tuple[float, float]:
        """The times of its first and its last sample."""
        first, last = self.axis.at(np.array([0, len(self.axis) - 1])).tolist()
        return first, last


def decide(stamps: F64Array, rate_hz: float, known: Sequence[Loss] | None = None) -> Pace:
    """Decide what is lost and what was late, from stamps of shape (n,) on one clock.

    Stamps that are no numbers are put between their neighbours. `known` are the losses that the
    device itself has counted: then others are looked for only where nothing came for over `CUT_S`,
    as where its connection was cut. Without a rate there is no pace: no losses, the times as they
    are.
    """
    going = tells_time(stamps, rate_hz)
    stamps = filled(stamps, rate_hz)
    if not going:
        none = np.zeros(0, np.int64)
        return Pace((), Given(stamps.copy()), none, rate_hz, None, False, tells_time=False)
    if rate_hz <= 0 or len(stamps) < 2:
        return Pace((), Given(stamps.copy()), np.zeros(0, np.int64), rate_hz, None, True)
    on_the_way = _lost_on_the_way(stamps, rate_hz, known) if known is not None else ()
    known = (*known, *on_the_way) if known is not None else None
    ends = _ends(stamps, rate_hz)
    edges = [0, *(ends + 1).tolist(), len(stamps)]
    parts = [_stretch(stamps[a:b], rate_hz, _within(known, a, b)) for a, b in pairwise(edges)]
    losses = list(known or ())
    for part, start in zip(parts, edges[:-1], strict=True):
        losses += [_moved(loss, start) for loss in part.losses] if known is None else []
    axis = Joined([part.axis for part in parts]) if len(parts) > 1 else parts[0].axis
    longest = max(parts, key=lambda part: len(part.axis))
    if known is None:
        losses += [
            _break(before, after, end, longest.rate_hz)
            for end, before, after in zip(ends.tolist(), parts[:-1], parts[1:], strict=True)
            if stamps[end + 1] > stamps[end]
        ]
    losses.sort(key=lambda loss: loss.index)
    places = np.array([loss.index for loss in losses if loss.lost], np.int64)
    errors = [part.error_s for part in parts if part.error_s is not None]
    shows_loss = known is not None or any(part.shows_loss for part in parts)
    cuts = np.union1d(places, ends).astype(np.int64)
    error_s = _beside_doubt(max(errors), losses, len(stamps), longest.rate_hz) if errors else None
    uncounted = sum(loss.lost for loss in on_the_way)
    runs_free = any(part.runs_free for part in parts)
    rate_hz = longest.rate_hz
    return Pace(tuple(losses), axis, cuts, rate_hz, error_s, shows_loss, runs_free, uncounted)


def _beside_doubt(error_s: float, losses: Sequence[Loss], count: int, rate_hz: float) -> float:
    """Return how far off 99 % of `count` times may be, where `error_s` holds for those in no doubt.

    A doubtful sample may stand on the wrong side of a loss: off by all of it.
    """
    left = _BEYOND * count
    for loss in sorted(losses, key=lambda loss: loss.lost, reverse=True):
        left -= loss.doubtful if loss.lost else 0
        if left < 0:
            return error_s + loss.lost / rate_hz
    return error_s


def _lost_on_the_way(stamps: F64Array, rate_hz: float, known: Sequence[Loss]) -> tuple[Loss, ...]:
    """Find what a device has sent and nobody received: nothing else tells of a connection's cut.

    What stays away for over `CUT_S` beyond what the device has counted, and never comes.
    """
    silent = steps_where(stamps, lambda steps: steps > CUT_S)
    if not len(silent):
        return ()
    missing = lost_before(known)
    numbers = np.arange(len(stamps))
    told = stamps - missing.at(numbers) / rate_hz  # as if what is known to be lost had come
    silent = silent[np.diff(told)[silent] > CUT_S]
    if not len(silent):
        return ()
    return tuple(
        loss
        for loss in decide(told, rate_hz).losses
        if loss.index in silent and loss.lost > CUT_S * rate_hz
    )


def tells_time(stamps: F64Array, rate_hz: float) -> bool:
    """Say whether stamps, shape (n,), are numbers, and those of a stream with a rate go on."""
    numbers, forward = 0, 0.0
    for part in spans(len(stamps)):
        own = stamps[part.start : part.stop + 1]  # and the first of the next piece
        own = own[are_numbers(own)]
        numbers += len(own)
        if rate_hz > 0:  # where a clock was set, each stretch goes on
            steps = np.diff(own)
            forward += float(np.sum(steps[np.abs(steps) < max(BREAK_S, 100 / rate_hz)]))
    if not numbers:
        return not len(stamps)
    return rate_hz <= 0 or numbers < _FEW or forward * rate_hz * _STILL > numbers


def filled(stamps: F64Array, rate_hz: float) -> F64Array:
    """Put samples whose stamps are no numbers between their neighbours."""
    if all(bool(are_numbers(stamps[part]).all()) for part in spans(len(stamps))):
        return stamps
    good = are_numbers(stamps)
    numbers = np.arange(len(stamps), dtype=np.float64)
    if not good.any():
        return numbers / (rate_hz or 1.0)
    return np.interp(numbers, numbers[good], stamps[good])


def _ends(stamps: F64Array, rate_hz: float) -> I64Array:
    """Return the indices of the last samples of stretches, but for the very last."""
    longest = max(LATEST_S, 100 / rate_hz)
    return steps_where(stamps, lambda steps: (steps < -BACK_S) | (steps > longest))


def _within(known: Sequence[Loss] | None, start: int, stop: int) -> tuple[Loss, ...] | None:
    if known is None:
        return None
    return tuple(_moved(k, -start) for k in known if start <= k.index < stop - 1)


def _moved(loss: Loss, by: int) -> Loss:
    return replace(loss, index=loss.index + by)


def _stretch(stamps: F64Array, rate_hz: float, known: tuple[Loss, ...] | None) -> _Stretch:
    if known is not None:
        return _laid(stamps, rate_hz, known, shows_loss=True)
    if (loop := free_run(stamps, rate_hz)) is not None:
        return _looped(loop, rate_hz)
    clock = clock_losses(stamps, rate_hz) or lattice_losses(stamps, rate_hz)
    if clock is not None:
        columns = (clock.index.tolist(), clock.count.tolist(), clock.uncertainty.tolist())
        losses = tuple(
            Loss(i, n, off, _certainty(n, off, rate_hz)) for i, n, off in zip(*columns, strict=True)
        )
        return _laid(stamps, clock.rate_hz, losses, shows_loss=not clock.is_counted)
    if len(stamps) < _FEW:
        return _Stretch((), Given(line(stamps)), rate_hz, None, False)
    if (comb := combed(stamps, rate_hz)) is not None:
        losses = tuple(_loss(place, rate_hz) for place in comb.places)
        return _Stretch(losses, comb.even.axis, comb.even.rate_hz, comb.even.error_s, True)
    plain = plain_losses(stamps, rate_hz)
    told = plain.made_up(stamps)
    found = search(told, plain_rate(told, rate_hz))
    losses = tuple(_loss(place, rate_hz) for place in _united(plain.places, found.places))
    missing = together(found.missing, plain.missing)
    even = even_times(stamps, found.rate_hz, missing, _unsure(losses, rate_hz))
    error_s = max(even.error_s, found.unsure_s)
    return _Stretch(losses, even.axis, even.rate_hz, error_s, True)


def _looped(loop: FreeRun, rate_hz: float) -> _Stretch:
    losses = tuple(
        Loss(index, count, round(_UNSURE * count) + 1, _certainty(count, 0, rate_hz))
        for index, count in zip(loop.index.tolist(), loop.count.tolist(), strict=True)
    )
    return _Stretch(losses, Given(loop.times), loop.rate_hz, None, False, runs_free=True)


def _united(plain: Sequence[Found], further: Sequence[Found]) -> list[Found]:
    """Return what was found plainly and what the floor tells besides, once for each place."""
    found = {place.index: place for place in plain}
    for place in further:
        if not place.is_open and (one := found.get(place.index)) is not None:
            count, error = one.count + place.count, one.error + place.error
            found[place.index] = Found(place.index, count, error, place.doubtful)
        else:
            found.setdefault(place.index, place)
    return sorted(found.values(), key=lambda place: place.index)


def _laid(stamps: F64Array, rate_hz: float, losses: tuple[Loss, ...], shows_loss: bool) -> _Stretch:
    """Lay an even pace through stamps whose losses are known."""
    missing = lost_before(losses)
    if len(stamps) < _FEW:
        numbers = np.arange(len(stamps))
        times = line(stamps, numbers + missing.at(numbers))
        return _Stretch(losses, Given(times), rate_hz, None, shows_loss)
    even = even_times(stamps, rate_hz, missing, _unsure(losses, rate_hz))
    return _Stretch(losses, even.axis, even.rate_hz, even.error_s, shows_loss)


def _unsure(losses: Sequence[Loss], rate_hz: float) -> list[int]:
    """Return after which samples the stamps tell better how far the two sides are apart.

    In a long gap a rate wanders, and a curve through both sides would bend on either.
    """
    long = _WANDERS_S * rate_hz
    return [loss.index for loss in losses if loss.lost and (loss.uncertainty or loss.lost > long)]


def _loss(place: Found, rate_hz: float) -> Loss:
    if place.is_open:
        return Loss(place.index, place.count, place.count, Certainty.OPEN)
    off = round(place.error + _DRIFT * place.count)
    certainty = _certainty(place.count, off, rate_hz)
    return Loss(place.index, place.count, off, certainty, place.doubtful)


def _certainty(count: int, off: int, rate_hz: float) -> Certainty:
    if count > BREAK_S * rate_hz:
        return Certainty.BREAK
    return Certainty.UNCERTAIN if off > 0.25 * count else Certainty.CERTAIN


def _break(before: _Stretch, after: _Stretch, end: int, rate_hz: float) -> Loss:
    """Count what two stretches lack between them; nothing where a clock was plainly set.

    That is where either was seen for less than 3 s, or it is longer than both together.
    """
    length = after.ends[0] - before.ends[1]
    seen = [part.ends[1] - part.ends[0] for part in (before, after)]
    if min(seen) < SEEN_S or length > sum(seen):
        return Loss(end, 0, 0, Certainty.BREAK)
    count = max(round(length * rate_hz) - 1, 0)
    return Loss(end, count, round(_DRIFT * count) + 1, Certainty.BREAK)
