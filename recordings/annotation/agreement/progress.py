"""How far a coder is in a session: what was looked at, and what comes next."""

from __future__ import annotations

from collections.abc import Sequence

from recordings.annotation.agreement.measures import Ratio
from recordings.annotation.agreement.pairing import looked
from recordings.annotation.model import Coding
from recordings.annotation.ranges import common, count


def looked_at(coding: Coding, camera: str, frames: tuple[int, int]) -> Ratio:
    """Return how many of these frames (first and last, both counted) were looked at."""
    seen = common(looked(coding, camera), (frames,))
    return Ratio(count=count(seen), of=count((frames,)))


def next_uncoded(
    coding: Coding, camera: str, trials: Sequence[tuple[int, int]], after: int = -1
) -> int | None:
    """Return the place of the next trial that is not wholly looked at; after the last, the first.

    `trials` are first and last frames in the coder's order; `after` is the place one is at.
    """
    order: list[int] = [*range(after + 1, len(trials)), *range(after + 1)]
    for place in order:
        share = looked_at(coding, camera, trials[place])
        if share.count < share.of:
            return place
    return None
