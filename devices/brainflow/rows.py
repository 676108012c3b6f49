"""What BrainFlow has delivered and nobody has had yet, given out by rising time."""

from __future__ import annotations

import contextlib
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from devices.arrays import F64Array, I64Array
from devices.brainflow.boards import PackageCounter

_TAIL_BYTES = 1 << 16
"""The last line of a file is not longer."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Rows of one preset without a gap: `rows` (rows of the board, n), the others (n,)."""

    preset: int
    rows: F64Array
    arrivals: F64Array  # LSL time
    stamps: F64Array  # BrainFlow's, Unix seconds
    lost: int  # right before


class Preset:
    """One array of rows that a board delivers."""

    def __init__(
        self, number: int, description: Mapping[str, Any], played: Path | None = None
    ) -> None:
        """Take the rows of one preset, which `played` holds where it is a file."""
        self.number = number
        self.description = description
        self._stamp_row = int(description["timestamp_channel"])
        self._number_row = int(description["package_num_channel"])
        self._counter = PackageCounter(seam(played, self._number_row) if played else None)
        self._rows: F64Array = np.empty((0, 0))
        self._arrivals: F64Array = np.empty(0)
        self._lost: I64Array = np.empty(0, np.int64)  # before each row, but for one that waits
        self.last = -np.inf  # the newest stamp
        self._heard = math.inf  # when rows came, LSL time

    @property
    def waiting(self) -> bool:
        """Whether there is something to give out."""
        return self._rows.size > 0

    def add(self, rows: F64Array, arrival: float) -> None:
        """Take rows, shape (rows of the board, n), n ≥ 1, that arrived at LSL time `arrival`."""
        rows[self._stamp_row] = _rising(rows[self._stamp_row], self.last)
        self.last = float(rows[self._stamp_row, -1])
        self._heard = arrival
        arrivals = np.full(rows.shape[1], arrival)
        lost = self._counter.feed(rows[self._number_row])
        self._rows = np.hstack([self._rows, rows]) if self.waiting else rows
        self._arrivals = np.concatenate([self._arrivals, arrivals])
        self._lost = np.concatenate([self._lost, lost])

    def settle(self, before: float) -> None:
        """Let the last row go that waits for the next one's word, if nothing came since a time."""
        if self._heard < before:
            self._lost = np.concatenate([self._lost, self._counter.settle()])

    def take(self, until: float) -> Iterator[Piece]:
        """Give out what is stamped up to `until`, cut where something is missing."""
        stamps = self._rows[self._stamp_row]
        n = int(np.searchsorted(stamps, until, side="right")) if until < self.last else len(stamps)
        n = min(n, len(self._lost))
        rows, arrivals, lost = self._rows[:, :n], self._arrivals[:n], self._lost[:n]
        self._rows = self._rows[:, n:]
        self._arrivals, self._lost = self._arrivals[n:], self._lost[n:]
        edges = [0, *(np.flatnonzero(lost[1:]) + 1).tolist(), n] if n else []
        for a, b in pairwise(edges):
            stamp = rows[self._stamp_row, a:b].copy()
            yield Piece(self.number, rows[:, a:b], arrivals[a:b], stamp, int(lost[a]))


def seam(path: Path, column: int) -> tuple[int, int] | None:
    """Give the last and the first package number of a file that BrainFlow wrote, None without."""
    with contextlib.suppress(OSError, ValueError, IndexError), path.open("rb") as file:
        first = file.readline()
        file.seek(max(0, path.stat().st_size - _TAIL_BYTES))
        last = file.read().strip().rpartition(b"\n")[2]
        numbers = [float(re.split(rb"[\t,]", line)[column]) for line in (last, first)]
        return int(numbers[0]), int(numbers[1])
    return None


def due(presets: list[Preset]) -> list[Piece]:
    """Give out rows of all presets by rising time.

    The host takes a time that falls for a clock that was set. Of several presets, one may have been
    read before the newest sample of another came: so what is newer than the oldest end of those
    that deliver now waits for the next turn.
    """
    waiting = [preset for preset in presets if preset.waiting]
    until = min((preset.last for preset in waiting), default=0.0)
    pieces = [piece for preset in waiting for piece in preset.take(until)]
    return sorted(pieces, key=lambda piece: float(piece.stamps[-1]))


def _rising(stamps: F64Array, last: float) -> F64Array:
    """Make stamps rise where they are equal or out of order by less than 1 s."""
    steps = np.diff(stamps, prepend=last)
    if (steps > 0).all() or (steps < -1.0).any():
        return stamps
    count = np.arange(len(stamps)) * 1e-6
    floor = max(float(stamps[0]), last + 1e-6)
    rising: F64Array = np.maximum.accumulate(np.maximum(stamps - count, floor))
    return rising + count
