"""BIOPAC's network data transfer: its channels, and how their samples are laid out.

In single mode all channels come on one connection, without any framing: at hardware sample i each
channel whose divider divides i, in the order analog, digital, calc. Facts: BIOPAC's own Python and
Java modules and a third-party one in C++, which agree. `control` asks the program.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from devices.arrays import F32Array
from devices.base import DeviceError

KINDS: Final = ("analog", "digital", "calc")
LONGEST_CYCLE: Final = 1 << 16


@dataclass(frozen=True, slots=True)
class NdtChannel:
    """One channel that AcqKnowledge records: every `divider`-th hardware sample."""

    kind: str
    index: int
    label: str
    divider: int

    @property
    def id(self) -> dict[str, Any]:
        """The channel as the server wants it named."""
        return {"type": self.kind, "index": self.index}


@dataclass(frozen=True, slots=True)
class Group:
    """The channels with one divider: they come together, so they are one stream."""

    divider: int
    columns: tuple[int, ...]  # places in the list of channels


def groups_of(channels: Sequence[NdtChannel]) -> tuple[Group, ...]:
    """Group channels by divider, the fastest first."""
    dividers = sorted({c.divider for c in channels})
    return tuple(
        Group(d, tuple(i for i, c in enumerate(channels) if c.divider == d)) for d in dividers
    )


class Interleaved:
    """Single mode: one stream of float32 for all channels, cut into groups of one rate."""

    def __init__(self, channels: Sequence[NdtChannel]) -> None:
        """Take the channels in the order in which they are sent.

        Raises:
            DeviceError: their dividers have no reasonable common multiple.
        """
        cycle = math.lcm(*(c.divider for c in channels))
        if cycle > LONGEST_CYCLE:
            raise DeviceError(
                f"the channels' dividers repeat after {cycle} samples only; choose powers of two"
            )
        self._groups = groups_of(channels)
        group_of = {c: g for g, group in enumerate(self._groups) for c in group.columns}
        self._pattern = np.array(
            [group_of[c] for i in range(cycle) for c, x in enumerate(channels) if not i % x.divider]
        )
        # After how many values of the cycle its hardware samples are complete.
        counts = [sum(not i % c.divider for c in channels) for i in range(cycle)]
        self._ends = np.concatenate([[0], np.cumsum(counts)])
        self._at = 0  # values of the cycle that have been given out
        self._rest = b""
        self._counts = [0] * len(self._groups)

    def feed(self, data: bytes) -> Iterator[tuple[int, int, F32Array]]:
        """Yield (group, number of the first row, rows (n, channels of it)), n ≥ 1."""
        self._rest += data
        size = len(self._pattern)
        usable = self._whole(len(self._rest) // 4)
        if not usable:
            return
        values = np.frombuffer(self._rest[: 4 * usable], "<f4").astype(np.float32)
        self._rest = self._rest[4 * usable :]
        of_group = self._pattern[(self._at + np.arange(usable)) % size]
        self._at = (self._at + usable) % size
        for g, group in enumerate(self._groups):
            rows = values[of_group == g].reshape(-1, len(group.columns))
            if len(rows):
                yield g, self._counts[g], rows
                self._counts[g] += len(rows)

    def _whole(self, values: int) -> int:
        """Say how many values end with a hardware sample."""
        stop, size = self._at + values, len(self._pattern)
        inside = stop % size
        whole = int(self._ends[np.searchsorted(self._ends, inside, side="right") - 1])
        return max(0, stop - inside + whole - self._at)
