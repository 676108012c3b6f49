"""How much missing time is filled, and what was done to stamps that cannot be true."""

from __future__ import annotations

import numpy as np

from recordings.bad_stamps import FILL_S, FILL_SHARE, fill_limit_s
from recordings.errors import RecordingError
from recordings.pieces import longest_step
from recordings.read.stream import Stream


def check_fill(stream: Stream, length: int) -> None:
    """Refuse a grid of `length` samples that is mostly made up, before memory is asked for.

    Raises:
        RecordingError: more is missing than 10 % of the stream and 60 s.
    """
    missing_s = (length - len(stream)) / stream.rate_hz
    limit_s = fill_limit_s(len(stream), stream.rate_hz)
    # A break that is no loss, as of a clock that was set, must not vanish in silence either.
    pause = longest_step(stream.mended)
    if missing_s <= limit_s and pause <= limit_s:
        return
    raise RecordingError(
        f"{stream.name}: {missing_s:,.0f} s of its samples are missing, or its stamps jump by "
        f"{pause:,.0f} s; at most {limit_s:,.0f} s ({FILL_SHARE:.0%}, or {FILL_S:.0f} s) are "
        "filled; unisono export csv keeps samples and stamps as they are"
    )


def stamp_notes(stream: Stream) -> list[str]:
    """Say how many stamps of a stream cannot be true, and what was done."""
    if stream.rate_hz <= 0 or not (count := int(stream.bad_stamps.sum())):
        return []
    first = int(np.argmax(stream.bad_stamps))
    return [
        f"{stream.name}: {count} of {len(stream)} stamps cannot be true, the first of sample "
        f"{first}; these samples are placed by their neighbours"
    ]
