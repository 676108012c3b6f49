"""The triggers in the status channel of BioSemi's BDF files: its lower 16 bits are the lines."""

from __future__ import annotations

from typing import Final

import numpy as np

from recordings.read.foreign.edf_samples import EdfRecords

LABEL: Final = "Status"
_LINES: Final = 0xFFFF  # above them: the amplifier's battery, range, speed and kind
_PIECE: Final = 1 << 20


def read_triggers(records: EdfRecords, n: int, count: int) -> list[tuple[int, int]]:
    """Return what signal n of `count` samples says, as a status channel: (sample, code), in order.

    A code begins where the lines change to it and are not all low. What they have in the first
    sample began before the file did: nothing says when.
    """
    found: list[tuple[int, int]] = []
    before: int | None = None
    for start in range(0, count, _PIECE):
        lines = records.digits(n, start, start + _PIECE).astype(np.int64) & _LINES
        first = lines[0] if before is None else before
        changed = np.flatnonzero((lines != np.concatenate(([first], lines[:-1]))) & (lines != 0))
        found += [(start + at, int(lines[at])) for at in changed.tolist()]
        before = int(lines[-1])
    return found
