"""What is decided of a stream: its losses, how sure each is, and even times."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from recordings.arrays import F64Array, I64Array
from recordings.lateness.axis import Axis, Shifts, all_times, shifts


class Certainty(StrEnum):
    """How sure a loss is.

    uncertain: the count may be off by a quarter or more. open: late or lost at the end, nobody can
    say; not counted. break: more than 60 s; the stream was away, or its clock was set.
    """

    CERTAIN = "certain"
    UNCERTAIN = "uncertain"
    OPEN = "open"
    BREAK = "break"


@dataclass(frozen=True, slots=True)
class Loss:
    """`count` samples, give or take `uncertainty`, are missing after the sample `index`.

    `doubtful` samples around it may lie on either side: a stall held them back.
    """

    index: int
    count: int
    uncertainty: int = 0
    certainty: Certainty = Certainty.CERTAIN
    doubtful: int = 0

    @property
    def lost(self) -> int:
        """What is counted of it."""
        return 0 if self.certainty is Certainty.OPEN else self.count


@dataclass(frozen=True, slots=True)
class Pace:
    """What the stamps of a stream with a rate tell.

    `axis` has even times for every sample; `error_s` is how far off they may be (99th percentile).
    `cuts` are the indices of the samples after which no even pace goes on. Where
    `shows_loss` is false a loss would not be seen: the sender counts its stamps, or `runs_free`, a
    loop without a clock, whose times are its stamps.
    """

    losses: tuple[Loss, ...]
    axis: Axis
    cuts: I64Array
    rate_hz: float
    error_s: float | None
    shows_loss: bool
    runs_free: bool = False
    uncounted: int = 0  # of a device that counts: what was lost after it had counted
    tells_time: bool = True  # False: the stamps stand still or go back all along

    @property
    def times(self) -> F64Array:
        """The even times of all samples, shape (n,), computed at each call."""
        return all_times(self.axis)

    @property
    def lost(self) -> int:
        """All samples that are lost."""
        return sum(loss.lost for loss in self.losses)

    @property
    def uncertainty(self) -> int:
        """By how many samples `lost` may be off."""
        return sum(loss.uncertainty for loss in self.losses if loss.lost)


def lost_before(losses: Sequence[Loss]) -> Shifts:
    """Return how many samples are missing before each sample."""
    counts = [loss.lost for loss in losses]
    return shifts([loss.index for loss in losses], counts, np.int64)
