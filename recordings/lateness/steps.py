"""Steps of the floor: what lifts it for all of the time ahead. Pure.

Levels here are in periods, one a block, shape (blocks,).
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Final

import numpy as np

from recordings.arrays import F64Array

LATEST_S: Final = 120.0
"""Nothing is later than this: what stays away longer is away."""
NEAR_S: Final = 10.0
SEEN_S: Final = 3.0
"""A level must be seen for so long, before anything is said of it."""
_DEEP: Final = 4.0  # thresholds that blocks are below those before and after them…
_LONGEST: Final = 5  # …so many blocks at most…
_SAME: Final = 3  # …of which so many on either side are alike


@dataclass(frozen=True, slots=True)
class Step:
    """The floor is higher by `rise` periods from `block` on; seen in `blocks` of those ahead."""

    block: int
    rise: float
    blocks: int


@dataclass(frozen=True, slots=True)
class Sight:
    """How well levels can be told apart. Lengths are in blocks.

    threshold: the least rise, periods. cone: a level i blocks away may be off by i times that.
    reach: lateness is over after so many. near: blocks that were not late and tell the level.
    enough: a step at the end must be seen for so many; one of at least `packet` periods for
    `enough_of_packet`.
    """

    threshold: float
    cone: float
    reach: int
    near: int
    enough: int
    packet: float
    enough_of_packet: int


def find_steps(levels: F64Array, sight: Sight) -> tuple[list[Step], Step | None]:
    """Find the steps, and the one at the end that nobody can tell from lateness yet."""
    levels = _without_dips(levels, sight.threshold)
    best, ahead = _least_ahead(levels, sight)
    spread = float(np.quantile(np.abs(np.diff(levels)), 0.35)) if len(levels) > 1 else 0.0
    margin = max(sight.threshold, 4 * spread)
    recent = deque([(0, float(levels[best[0]]))], sight.near)
    steps: list[Step] = []
    for block in range(1, len(levels)):
        back, level = min(recent, key=lambda at: at[1] + sight.cone * (block - at[0]))
        new = float(levels[best[block]])
        least = min(ahead[block] - sight.cone * (block - back), new)
        if least - level > sight.threshold:
            seen = int(np.sum(levels[block : block + sight.reach] < new + margin))
            is_packet = least - level > sight.packet
            enough = sight.enough_of_packet if is_packet else sight.enough
            if seen < enough and best[block] >= len(levels) - 2:
                return steps, Step(block, float(levels[-1]) - level, seen)
            step = Step(block, new - level, seen)
            if steps and steps[-1].block == block - 1:  # one loss in the middle of a block
                step = Step(block - 1, steps.pop().rise + step.rise, seen)
            steps.append(step)
            recent = deque([(block, new)], sight.near)
        elif levels[block] - level < sight.threshold:
            recent.append((block, float(levels[block])))
    return steps, None


def _without_dips(levels: F64Array, threshold: float) -> F64Array:
    """Lift blocks that are early for a moment, between two stretches of one level.

    No sample comes before it was taken: their stamps stood still, or came in another order. What
    was late by one and the same time, came down for a moment, and then lost just as much would look
    alike.
    """
    low = np.flatnonzero(np.diff(levels) < -_DEEP * threshold) + 1
    out = levels.copy()
    for first in low.tolist():
        before = levels[max(first - _SAME, 0) : first]
        level = float(np.median(before))
        ahead = levels[first : first + _LONGEST + _SAME]
        rises = np.flatnonzero(ahead > level - threshold)
        stop = int(rises[0]) if len(rises) else len(ahead)
        after = ahead[stop : stop + _SAME]  # near the end fewer
        alike = bool(np.all(np.abs(np.concatenate([before, after]) - level) < threshold))
        if alike and len(before) == _SAME and len(after):
            out[first : first + stop] = level
    return out


def _least_ahead(levels: F64Array, sight: Sight) -> tuple[list[int], list[float]]:
    """Return, for each block, where the least level within reach is, and that level.

    What is further away counts as higher, by the cone.
    """
    count = len(levels)
    tilted = np.full(count + sight.reach, np.inf)
    tilted[:count] = levels + sight.cone * np.arange(count)
    views = np.lib.stride_tricks.sliding_window_view(tilted, sight.reach + 1)[:count]
    best = np.arange(count) + views.argmin(axis=1)
    return best.tolist(), (tilted[best] - sight.cone * np.arange(count)).tolist()
