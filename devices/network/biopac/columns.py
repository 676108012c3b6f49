"""Channels that each have a connection of their own, put side by side."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from devices.arrays import F32Array
from devices.base import DeviceLost
from devices.network.biopac.ndt import Group, NdtChannel


class Columns:
    """Puts the channels of a group side by side as soon as each has its sample.

    None waits for another of its group for more than `most` hardware samples and `silent_s`: each
    has a connection of its own, and one that hangs, or was never made, would hold all others in
    memory for ever. Samples alone say nothing: after a stall each connection comes in bulk.
    """

    def __init__(
        self, channels: Sequence[NdtChannel], groups: Sequence[Group], most: float, silent_s: float
    ) -> None:
        self._channels = channels
        self._most = most
        self._silent_s = silent_s
        self._heard: list[float] = []  # of each channel; LSL time
        self._waiting: list[F32Array] = [np.empty(0, np.float32) for _ in channels]
        self._groups = groups
        self._counts = [0] * len(groups)
        self._group_of = {c: g for g, group in enumerate(groups) for c in group.columns}

    def add(self, column: int, values: F32Array, now: float) -> Iterator[tuple[int, int, F32Array]]:
        """Take values of one channel, shape (n,); yield (group, number of the first row, rows).

        Raises:
            DeviceLost: another channel has stayed away for too long.
        """
        self._heard = self._heard or [now] * len(self._channels)
        self._heard[column] = now
        self._waiting[column] = np.concatenate([self._waiting[column], values])
        g = self._group_of[column]
        columns = self._groups[g].columns
        last = min(columns, key=lambda c: len(self._waiting[c]))
        count = len(self._waiting[last])
        # Somebody is always ahead by one sample, which may be many of the hardware's.
        ahead = (len(self._waiting[column]) - count - 1) * self._groups[g].divider
        if ahead > self._most and now - self._heard[last] > self._silent_s:
            raise DeviceLost(
                f"AcqKnowledge sends other channels and nothing more of "
                f"{self._channels[last].label!r}: its connection hangs, or was not made"
            )
        if not count:
            return
        rows = np.column_stack([self._waiting[c][:count] for c in columns])
        for c in columns:
            self._waiting[c] = self._waiting[c][count:]
        yield g, self._counts[g], np.ascontiguousarray(rows)
        self._counts[g] += count
