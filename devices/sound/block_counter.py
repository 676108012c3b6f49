"""Which block of a sound input comes when, and how many before it are missing."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from devices.arrays import I16Array
from devices.base import Notice

SETTLE_S: Final = 1.5
"""How long sound systems take to settle: what they say of losses until then is none."""
UNEVEN_S: Final = 0.005
"""By so much PortAudio's times may be uneven: a gap that is shorter is none."""
LATE_S: Final = 0.02
"""A block that is counted may come so much later than others did."""
SLIPPED_S: Final = 1.0
"""Where all blocks of so long a time are that late, others are missing before them."""
_MEMORY_S: Final = 10.0


@dataclass(frozen=True, slots=True)
class Heard:
    """One block, as PortAudio's thread hands it over; times in seconds."""

    samples: I16Array
    adc: float  # PortAudio's clock at its first sample; 0, or to come = it does not say
    now: float  # PortAudio's clock when it was handed over
    lsl: float  # the LSL clock then
    overflow: bool  # samples before it were lost
    dropped: int = 0  # blocks before it that nobody fetched


@dataclass(frozen=True, slots=True)
class Placed:
    """Where a block is in the sound: its number, its times in seconds, what is missing before."""

    number: int
    time: float  # LSL time of its first sample
    device_time: float  # of the sound's clock
    lost: int
    notice: Notice | None = None


class _Delays:
    """How late blocks come by their count; of a loss that nobody told of all are later from then.

    A burst behind a stall is soon as early again as blocks were before it.
    """

    def __init__(self) -> None:
        self._least = self._before = np.inf  # of these seconds, and of those before
        self._until = -np.inf
        self._late_since: float | None = None
        self._least_late = np.inf

    def slipped(self, delay: float, now: float) -> float:
        """Take in how late a block is, LSL seconds; give by how much all have been later."""
        usual = min(self._least, self._before)
        if delay < usual + LATE_S or not np.isfinite(usual):
            if now >= self._until:  # anew, as the card's clock drifts
                self._before, self._least, self._until = self._least, np.inf, now + _MEMORY_S
            self._least = min(self._least, delay)
            self._late_since = None
            return 0.0
        if self._late_since is None:
            self._late_since, self._least_late = now, np.inf
        self._least_late = min(self._least_late, delay)
        if now - self._late_since < SLIPPED_S:
            return 0.0
        self._late_since = None
        return self._least_late - usual


class BlockCounter:
    """Numbers the blocks, and counts those that are missing; pure but for what it remembers."""

    def __init__(self, block_s: float) -> None:
        self._block_s = block_s
        self._number = 0
        self._next_lsl: float | None = None  # when the block after the last one is due
        self._next_adc = 0.0
        self._doubted_s = 0.0  # how much was missing by the last block, if it alone says so
        self._settled = np.inf  # LSL time from which on losses count
        self._is_new = True
        self._delays = _Delays()
        self._counts: bool | None = None  # whether samples are counted, as nobody says their time

    def began(self) -> None:
        """Learn that the input was opened, for the first time or again."""
        self._is_new = True

    def place(self, heard: Heard) -> Placed:
        """Say where a block is."""
        notice = self._decide(heard)
        if not (self._counts or _is_told(heard)):  # for once
            heard = replace(heard, adc=self._next_adc)
        since = self._block_s if self._counts else heard.now - heard.adc
        time = heard.lsl - since
        lost = self._lost(heard, time)
        self._number += lost
        device_time = self._number * self._block_s if self._counts else heard.adc
        placed = Placed(self._number, time, device_time, lost, notice)
        self._number += 1
        self._next_adc, self._next_lsl = heard.adc + self._block_s, time + self._block_s
        return placed

    def _decide(self, heard: Heard) -> Notice | None:
        if self._counts is not None:
            return None
        self._counts = not _is_told(heard)
        if not self._counts:
            return None
        return Notice(
            "warning",
            "times-counted",
            "this sound system does not say when a sample was taken: samples are counted, and the "
            "way from the converter to here is in the stamps; measure it with a clap",
        )

    def _lost(self, heard: Heard, time: float) -> int:
        if self._is_new:
            self._is_new = False
            self._settled = time + SETTLE_S
            self._delays = _Delays()
            # While it was away, everything was lost; before it was first there, nothing.
            return 0 if self._next_lsl is None else self._blocks(time - self._next_lsl)
        if time < self._settled:
            self._doubted_s = 0.0
            return heard.dropped
        told = max(heard.dropped, int(heard.overflow))
        if self._counts:
            counted = (self._number + told) * self._block_s
            return told + self._blocks(self._delays.slipped(heard.lsl - counted, heard.lsl))
        return max(told, self._blocks(self._sure_gap(heard.adc, told)))

    def _sure_gap(self, adc: float, told: int) -> float:
        """Say how much is missing before a block, s; known once it is told, or two blocks say so.

        One alone may be stamped late: PulseAudio does so by half a block where much else runs.
        """
        gap, doubted = adc - self._next_adc + self._doubted_s, self._doubted_s
        self._doubted_s = 0.0
        if gap <= UNEVEN_S:
            return 0.0
        if told or doubted:
            return gap if told else min(gap, doubted)
        self._doubted_s = gap
        return 0.0

    def _blocks(self, seconds: float) -> int:
        return max(0, round(seconds / self._block_s))


def _is_told(heard: Heard) -> bool:
    """Whether PortAudio's time of the first sample can be true: 0 is none, nor is the future."""
    return 0 < heard.adc <= heard.now
