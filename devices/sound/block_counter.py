"""Which block of a sound input comes when, and how many before it are missing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from devices.arrays import I16Array
from devices.base import Notice

SETTLE_S: Final = 1.5
"""How long sound systems take to settle: what they say of losses until then is none."""


@dataclass(frozen=True, slots=True)
class Heard:
    """One block, as PortAudio's thread hands it over; times in seconds."""

    samples: I16Array
    adc: float  # PortAudio's clock at its first sample; 0 = it does not say
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


class BlockCounter:
    """Numbers the blocks, and counts those that are missing; pure but for what it remembers."""

    def __init__(self, block_s: float) -> None:
        self._block_s = block_s
        self._number = 0
        self._next_lsl: float | None = None  # when the block after the last one is due
        self._next_adc = 0.0
        self._settled = np.inf  # LSL time from which on losses count
        self._is_new = True
        self._counts: bool | None = None  # whether samples are counted, as nobody says their time

    def began(self) -> None:
        """Learn that the input was opened, for the first time or again."""
        self._is_new = True

    def place(self, heard: Heard) -> Placed:
        """Say where a block is."""
        notice = self._decide(heard)
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
        self._counts = heard.adc <= 0
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
            # While it was away, everything was lost; before it was first there, nothing.
            return 0 if self._next_lsl is None else self._blocks(time - self._next_lsl)
        if time < self._settled:
            return heard.dropped
        gap = 0 if self._counts else self._blocks(heard.adc - self._next_adc)
        return max(gap, heard.dropped, int(heard.overflow))

    def _blocks(self, seconds: float) -> int:
        return max(0, round(seconds / self._block_s))
