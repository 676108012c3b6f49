"""Which take a sample belongs to: each in exactly one, whatever the clocks do."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from acquire.processes.messages import Interval
from acquire.take.routing import SANE_S, is_past, is_within, owner_of, shares
from devices.arrays import BoolArray, F64Array

RATE = 100.0
DRAIN_STOP, DRAIN_SPLIT = 0.35, 3.0
KNOWN_S = 0.1
"""A split is known so long before it is due."""


@dataclass
class Planned:
    """A take as the rule sees it."""

    number: int
    interval: Interval = field(default_factory=Interval)
    continues: bool = False
    drain_s: float = DRAIN_STOP
    goes_on: bool = False

    @property
    def drained_by(self) -> float:
        return self.interval.stop + self.drain_s


def split_at(*times: float, start: float = 0.0, stop: float = math.inf) -> list[Planned]:
    """Plan one recording that is split at these times."""
    edges = [start, *times, math.inf]
    takes = []
    for number, (begin, end) in enumerate(pairwise(edges), 1):
        last = end == math.inf
        interval = Interval(begin, stop if last else math.nextafter(end, -math.inf))
        drain = DRAIN_STOP if last else DRAIN_SPLIT
        takes.append(Planned(number, interval, number > 1, drain, not last))
    return takes


class Recorder:
    """Plays chunks to the rule as the pump does, and lets go of takes as it does."""

    def __init__(self, takes: list[Planned]) -> None:
        self.takes = takes
        self.newest: int | None = None
        self.got: dict[int, list[float]] = {take.number: [] for take in takes}

    def hear(self, now: float, stamps: F64Array, values: F64Array, rate_hz: float = RATE) -> None:
        here = [
            take if take.interval.stop <= now + KNOWN_S else replace(take, interval=_open(take))
            for take in self.takes
            if take.interval.start <= now + KNOWN_S and now <= take.drained_by
        ]
        if not here:
            return
        masks = shares(here, stamps, 0.0, now, rate_hz, self.newest)
        assert (np.sum(masks, axis=0) <= 1).all(), "a sample in two takes"
        for take, mask in zip(here, masks, strict=True):
            self.got[take.number] += values[mask].tolist()
            if mask.any():
                self.newest = max(take.number, self.newest or 0)


def _open(take: Planned) -> Interval:
    return Interval(take.interval.start)


def play(recorder: Recorder, end: float, stamp_of: object, chunk_s: float = 0.25) -> int:
    """Send samples 0, 1, 2… of a clock that does what `stamp_of` says, from 0 to `end`."""
    assert callable(stamp_of)
    sent = 0
    for chunk in range(1, round(end / chunk_s) + 1):
        now = chunk * chunk_s
        numbers = np.arange(sent, round(now * RATE))
        true = numbers / RATE
        recorder.hear(now, np.array([stamp_of(t) for t in true.tolist()]), numbers.astype(float))
        sent += len(numbers)
    return sent


CLOCKS = {
    "true": lambda t: t,
    "set back 4 s before the split": lambda t: t - 4 if t >= 8 else t,
    "set back 2 s before the split": lambda t: t - 2 if t >= 9 else t,
    "set back 4 s after the split": lambda t: t - 4 if t >= 11 else t,
    "set back 2 s after the split": lambda t: t - 2 if t >= 11 else t,
    "4 s late throughout": lambda t: t - 4,
    "set forward 3 s before the split": lambda t: t + 3 if t >= 8 else t,
    "set forward 100 s before the split": lambda t: t + 100 if t >= 8 else t,
}


@pytest.mark.parametrize("name", CLOCKS)
def test_every_sample_after_the_start_is_in_one_take_and_in_order(name: str) -> None:
    recorder = Recorder(split_at(10.0, 20.0))
    sent = play(recorder, 30.0, CLOCKS[name])
    whole: list[float] = [value for take in recorder.takes for value in recorder.got[take.number]]
    first = whole[0]
    # What is 4 s late throughout is cut at the start of the recording, by its stamps.
    assert first == (400 if name == "4 s late throughout" else 0)
    assert whole == list(np.arange(first, sent))
    assert all(recorder.got[take.number] for take in recorder.takes)


@pytest.mark.parametrize("late_s", [4.0, 5.5, 10.0])
def test_a_backlog_after_a_cut_is_in_one_take_and_in_order(late_s: float) -> None:
    recorder = Recorder(split_at(10.0))
    numbers = np.arange(3000)
    true = numbers / RATE
    for chunk in range(1, 121):
        now = chunk * 0.25
        arrives = np.where((true > 9.0) & (true < 9.0 + late_s), 9.0 + late_s, true)
        mine = (arrives < now) & (arrives >= now - 0.25)
        if mine.any():
            recorder.hear(now, true[mine], numbers[mine].astype(float))
    whole = recorder.got[1] + recorder.got[2]
    assert whole == list(range(3000))


@given(
    stamps=st.lists(st.floats(-20, 40), min_size=1, max_size=30),
    now=st.floats(0, 30),
    splits=st.lists(st.floats(1, 25), max_size=3, unique=True),
    rate_hz=st.sampled_from([0.0, RATE]),
    newest=st.one_of(st.none(), st.integers(1, 4)),
)
def test_between_the_ends_it_is_a_partition(
    stamps: list[float], now: float, splits: list[float], rate_hz: float, newest: int | None
) -> None:
    takes = split_at(*sorted(splits))
    masks = shares(takes, np.array(stamps), 0.0, now, rate_hz, newest)
    counts = np.sum(masks, axis=0)
    assert (counts <= 1).all()
    started = np.array(stamps) >= 0 if rate_hz else np.full(len(stamps), now >= 0)
    sane = abs(stamps[-1] - now) <= 5
    if not (rate_hz and sane):
        started = np.full(len(stamps), now >= 0)
    assert (counts[started] == 1).all()


@given(
    stamps=st.lists(st.floats(-2, 12), min_size=1, max_size=20).map(sorted),
    now=st.floats(0, 12),
    stop=st.floats(3, 11),
    rate_hz=st.sampled_from([0.0, RATE]),
    has_samples=st.booleans(),
    offset=st.sampled_from([0.0, -1e6, 70.5]),
)
def test_one_take_is_what_it_was_before_there_were_several(
    stamps: list[float],
    now: float,
    stop: float,
    rate_hz: float,
    has_samples: bool,
    offset: float,
) -> None:
    take = Planned(1, Interval(1.0, stop))
    raw = np.array(stamps) - offset  # by the clock of its own computer
    array = raw + offset
    (mask,) = shares([take], raw, offset, now, rate_hz, 1 if has_samples else None)
    sane = np.abs(array - now) <= 5 if abs(array[-1] - now) <= 5 else np.zeros(len(array), bool)
    by_arrival = np.full(len(array), now <= take.drained_by)
    if not (rate_hz and has_samples):
        by_arrival &= now >= 1.0
    by_stamp = (array <= stop) & ((array >= 1.0) | has_samples)
    wanted: BoolArray = np.where(sane, by_stamp, by_arrival) if rate_hz else by_arrival
    assert mask.tolist() == wanted.tolist()
    if is_within(take, raw, offset, now, rate_hz, has_samples):
        assert mask.all()


@pytest.mark.parametrize("rate_hz", [RATE, 0.0])
@pytest.mark.parametrize("offset", [0.0, -70.0])
def test_what_is_plainly_within_needs_no_masks(rate_hz: float, offset: float) -> None:
    """Else each chunk of each stream would be judged sample by sample."""
    take = Planned(1, Interval(1.0, 9.0))
    inside, over, early = (np.array(t) - offset for t in ([4.0, 4.1], [8.9, 9.1], [0.9, 1.1]))
    assert is_within(take, inside, offset, 4.2, rate_hz, has_samples=False)
    assert is_within(take, early, offset, 1.2, rate_hz, has_samples=True)
    assert is_within(replace(take, continues=True), early, offset, 0.95, rate_hz, False)
    if rate_hz:  # what has none is cut by its arrival
        assert not is_within(take, over, offset, 9.2, rate_hz, has_samples=True)
        assert not is_within(take, early, offset, 1.2, rate_hz, has_samples=False)
        # The first stamp is of another clock, though the last is not.
        strange = np.array([4.0 - SANE_S - 1, 4.1]) - offset
        assert not is_within(take, strange, offset, 4.2, rate_hz, has_samples=True)


def test_a_take_is_past_once_a_chunk_ends_after_it() -> None:
    take = Planned(1, Interval(0.0, 9.0))
    chunk = np.array([78.5, 79.5])  # 8.5 and 9.5 here
    assert is_past(take, chunk, -70.0, 9.6)
    assert is_past(take, chunk - 0.5, -70.0, 9.6)  # ends with it
    assert not is_past(take, chunk - 0.6, -70.0, 9.6)
    assert not is_past(take, chunk[::-1], -70.0, 9.6)
    assert not is_past(take, chunk, 0.0, 9.6)  # of no clock that is known


def test_a_row_goes_where_its_frame_is() -> None:
    takes = split_at(10.0)
    stamps = np.array([9.99, 10.0, 10.01, 10.02])
    named = np.array([1.0, 1.0, 2.0, math.nan])
    first, second = shares(takes, stamps, 0.0, 10.1, RATE, 1, named)
    assert first.tolist() == [True, True, False, False]
    assert second.tolist() == [False, False, True, True]


@pytest.mark.parametrize("rate_hz", [RATE, 0.0])
@pytest.mark.parametrize("again", [False, True])
def test_what_comes_after_a_stop_soon_after_a_split_is_not_of_the_older_take(
    rate_hz: float, again: bool
) -> None:
    """The older one drains for 3 s; a stop within them lets go of the newer one first."""
    first, second = split_at(10.0, stop=11.0)
    third = Planned(3, Interval(11.9))
    here = [first, third] if again else [first]
    stamps = np.array([9.9, 10.5, 11.2, 11.5])  # the first was late, the second came late
    masks = shares(here, stamps, 0.0, 11.8, rate_hz, 1)
    assert masks[0].tolist() == [True, False, False, False]
    assert not any(mask.any() for mask in masks[1:])
    assert not is_within(first, stamps[1:], 0.0, 11.8, rate_hz, has_samples=True)
    strange = shares(here, stamps + 1e6, 0.0, 11.8, rate_hz, 1)  # by their arrival
    assert not any(mask.any() for mask in strange)
    if rate_hz:  # of a clock that was set back in the second: it never goes back to the first
        assert not shares(here, stamps - 3, 0.0, 11.8, rate_hz, second.number)[0].any()


def test_a_pause_belongs_to_nobody() -> None:
    takes = [
        Planned(1, Interval(0.0, 10.0)),
        Planned(2, Interval(10.2, math.inf)),
    ]
    stamps = np.array([9.9, 10.1, 10.3])
    first, second = shares(takes, stamps, 0.0, 10.3, RATE, 1)
    assert first.tolist() == [True, False, False]
    assert second.tolist() == [False, False, True]
    assert [owner_of(takes, t) for t in (-1.0, 5.0, 10.1, 11.0)] == [None, 0, None, 1]


def test_a_pause_after_splits_belongs_to_nobody_either() -> None:
    takes = [*split_at(10.0, 20.0, stop=30.0), Planned(4, Interval(30.2))]
    assert [owner_of(takes, t) for t in (9.0, 10.0, 30.0, 30.1, 30.2)] == [0, 1, 2, None, 3]
    stamps = np.array([29.9, 30.1, 30.3])
    masks = shares(takes, stamps, 0.0, 30.3, RATE, 3)
    assert [mask.tolist() for mask in masks[2:]] == [[True, False, False], [False, False, True]]
    assert not any(mask.any() for mask in masks[:2])


def test_what_a_take_that_was_let_go_of_would_have_had_goes_to_the_oldest() -> None:
    takes = split_at(10.0)[1:]
    (mask,) = shares(takes, np.array([9.5, 10.5]), 0.0, 13.5, RATE, 1)
    assert mask.all()
    assert owner_of(takes, 9.5) == 0


@given(
    jitter=st.lists(st.floats(-0.03, 0.03), min_size=40, max_size=40),
    start=st.floats(0, 0.1),
    stop=st.floats(0.2, 0.4),
)
def test_stamps_that_step_back_leave_no_hole_at_the_ends(
    jitter: list[float], start: float, stop: float
) -> None:
    """Stamped on arrival, a chunk may begin before the one before it ends."""
    stamps = np.arange(40) / RATE + np.array(jitter)
    (mask,) = shares([Planned(1, Interval(start, stop))], stamps, 0.0, 0.45, RATE)
    kept = np.flatnonzero(mask)
    assert (np.diff(kept) == 1).all()
    inside = np.flatnonzero((stamps >= start) & (stamps <= stop))
    assert set(inside) <= set(kept.tolist())
