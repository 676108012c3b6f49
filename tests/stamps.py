"""Stamps as devices and networks make them, with the truth: stalls, losses, drift, packets."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from recordings.arrays import F64Array, I64Array

Style = Literal["equal", "spread", "burst"]
START = 1000.0
LATENCY_S = 0.02  # from a sample until it comes, where nothing holds it up


@dataclass(frozen=True)
class Stall:
    """From `at` seconds nothing comes for `length_s`; then the backlog, `speed` times as fast."""

    at: float
    length_s: float
    speed: float = math.inf


@dataclass(frozen=True)
class Sender:
    """A stream on its way: `made` by a clock, on arrival, or by a loop without a clock.

    Such a loop rests for the nominal time of a packet, is busy for about `jitter_s`, and sends.

    `style`: all samples of a packet have the stamp of the last ("equal"), or stand a nominal period
    apart before it ("spread"), or are sent one by one, some µs apart ("burst"). `losses`: (at,
    samples), whole packets where there are any, unless `splits`. The rate is off by `off`, and
    wanders by up to `wander` over the time. By radio packets come at the next of its turns, one
    each `slot_s`; one in ten takes another try, and those behind it wait.
    """

    rate_hz: float = 250.0
    seconds: float = 60.0
    packet: int = 1
    style: Style = "spread"
    made: Literal["arrival", "clock", "loop"] = "arrival"
    jitter_s: float = 0.0
    off: float = 0.0
    wander: float = 0.0
    stalls: tuple[Stall, ...] = ()
    losses: tuple[tuple[float, int], ...] = ()
    splits: bool = False
    slot_s: float = 0.0
    even_noise: bool = False  # of a clock: evenly within ± jitter, else normal


@dataclass(frozen=True)
class Sent:
    """What came: stamps, the true times of these samples, and their numbers at the sender."""

    stamps: F64Array
    true: F64Array
    numbers: I64Array

    @property
    def lost(self) -> int:
        """Samples missing between the first and the last that came."""
        return int(self.numbers[-1] - self.numbers[0]) + 1 - len(self.numbers)

    def lost_until(self, time: float) -> int:
        """Samples missing before the last one that is stamped by `time`."""
        last = max(int(np.searchsorted(self.stamps, time)) - 1, 0)
        return int(self.numbers[last] - self.numbers[0]) - last


def send(sender: Sender, rng: np.random.Generator) -> Sent:
    """Send a stream."""
    rate = sender.rate_hz * (1 + sender.off)
    numbers = np.arange(int(sender.seconds * rate))
    turn = 2 * np.pi / sender.seconds
    true = START + numbers / rate + sender.wander / turn * np.sin(turn * numbers / rate)
    if sender.made == "loop":
        turns = numbers // sender.packet
        busy = np.cumsum(rng.exponential(sender.jitter_s, turns[-1] + 1))
        before = np.append(0.0, busy)[turns]
        # A turn makes its samples one after another: each takes its share of what it is busy for.
        part = (numbers % sender.packet + 1) / sender.packet
        true = true + before + part * (busy[turns] - before)
    kept = np.ones(len(numbers), np.bool_)
    for at, count in sender.losses:
        first, size = int(at * rate), sender.packet
        if size > 1 and not sender.splits:
            first, count = first // size * size, max(round(count / size), 1) * size
        kept[first : first + count] = False
    if sender.made == "clock":
        noise = (
            rng.uniform(-sender.jitter_s, sender.jitter_s, len(numbers))
            if sender.even_noise
            else rng.normal(0, sender.jitter_s / 2, len(numbers))
        )
        return Sent((true + noise)[kept], true[kept], numbers[kept])
    packets = numbers // sender.packet
    ends = np.minimum((np.arange(packets[-1] + 1) + 1) * sender.packet - 1, len(numbers) - 1)
    arrivals = true[ends] + (LATENCY_S if sender.made == "arrival" else 0.0)
    if sender.slot_s:
        tries = rng.geometric(0.9, len(ends))
        arrivals = (np.ceil(arrivals / sender.slot_s) + tries - 1) * sender.slot_s
        arrivals = np.maximum.accumulate(arrivals)
    if sender.jitter_s and sender.made == "arrival":
        arrivals += rng.exponential(sender.jitter_s, len(ends))
    for stall in sender.stalls:
        _stall(arrivals, stall, sender.packet / rate)
    stamps = np.maximum.accumulate(arrivals)[packets]
    if sender.style == "spread":
        stamps -= (ends[packets] - numbers) / sender.rate_hz
    if sender.style == "burst":
        busy = np.cumsum(rng.uniform(3e-6, 5e-6, len(numbers)))
        stamps = np.maximum.accumulate(stamps + busy - busy[packets * sender.packet])
    return Sent(stamps[kept], true[kept], numbers[kept])


def _stall(arrivals: F64Array, stall: Stall, packet_s: float) -> None:
    """Hold packets back, and have them come after one another."""
    begin, end = START + stall.at, START + stall.at + stall.length_s
    step = max(packet_s / stall.speed, 2e-5)
    free = end
    for k in np.flatnonzero(arrivals >= begin).tolist():
        if arrivals[k] >= free and arrivals[k] > end:
            break
        arrivals[k] = max(arrivals[k], free)
        free = arrivals[k] + step
