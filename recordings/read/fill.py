"""How much missing time is filled, and what was done to stamps that cannot be true."""

from __future__ import annotations

from typing import Final

import numpy as np

from recordings.arrays import longest_step, steps_where
from recordings.errors import RecordingError
from recordings.lateness.decision import BACK_S
from recordings.lateness.pace import Certainty
from recordings.read.stream import Stream
from recordings.stamps.bad_stamps import FILL_S, FILL_SHARE, fill_limit_s

RATE_OFF: Final = 0.01  # less is what clocks of amplifiers differ by, and jitter in a few seconds
KEPT: Final = "; unisono export csv keeps samples and stamps as they are"
NO_TIME: Final = f"its stamps do not go on, or none is a number: they tell no time{KEPT}"


AWAY_S: Final = 3600.0
"""A sensor may be away for so long: its stamps then go on. Farther on a clock was set."""


def check_fill(stream: Stream, length: int, *, filled: bool) -> None:
    """Refuse a grid of `length` samples that is mostly made up, before memory is asked for.

    Args:
        stream: whose samples lie on it.
        length: of the grid.
        filled: whether something is put where no samples are; else they are told to be missing.

    Raises:
        RecordingError: more is missing than 10 % of the stream and 60 s; where nothing is filled,
            than an hour, or its clock was set back by more than that much.
    """
    if not stream.tells_time:
        raise RecordingError(f"{stream.shown}: {NO_TIME}")
    missing_s = (length - len(stream)) / stream.rate_hz
    limit_s = fill_limit_s(len(stream), stream.rate_hz)
    # A break that is no loss, as of a clock that was set, must not vanish in silence either,
    # whichever way it was set.
    pause = longest_step(stream.mended)
    most = f"at most {limit_s:,.0f} s ({FILL_SHARE:.0%}, or {FILL_S:.0f} s) are filled"
    if not filled and not len(steps_where(stream.mended, lambda steps: steps < -limit_s)):
        limit_s = max(limit_s, AWAY_S)
        most = f"a sensor may be away for {limit_s:,.0f} s"
    if missing_s <= limit_s and pause <= limit_s:
        return
    what = f"its stamps jump by {pause:,.0f} s" if pause > limit_s else ""
    if missing_s > limit_s:
        what = f"{missing_s:,.0f} s of its samples are missing{', and ' if what else ''}{what}"
    raise RecordingError(f"{stream.shown}: {what}; {most}{KEPT}")


def stamp_notes(stream: Stream, *, kept: bool = False) -> list[str]:
    """Say which stamps of a stream cannot be true, where its clock was set, and what is open.

    Nothing of a stream whose stamps tell no time: there is nothing that could be done.

    Args:
        stream: of the session.
        kept: the stamps are given as they are; else these samples are placed by their neighbours.
    """
    if stream.rate_hz <= 0 or not stream.tells_time:
        return []
    notes = []
    if count := int(stream.bad_stamps.sum()):
        notes.append(
            f"{stream.shown}: {count} of {len(stream)} stamps cannot be true, the first of sample "
            f"{int(np.argmax(stream.bad_stamps))}; these samples are "
            + ("given with them as they are" if kept else "placed by their neighbours")
        )
    if len(back := steps_where(stream.mended, lambda steps: steps < -BACK_S)):
        notes.append(
            f"{stream.shown}: its stamps go back in {len(back)} places, first after sample "
            f"{back[0]}: a clock was set; markers near there may belong to either side"
        )
    if not kept:
        notes += [
            f"{stream.shown}: late by {loss.count / stream.rate_hz:.3g} s from sample "
            f"{loss.index + 1} to its end: whether {loss.count:,} samples are missing there is "
            "open; none is filled in"
            for loss in stream.pace.losses
            if loss.certainty is Certainty.OPEN
        ]
    return notes


def rate_notes(stream: Stream) -> list[str]:
    """Say where a file that has a rate in place of stamps tells other seconds than they do."""
    if stream.rate_hz <= 0 or not stream.tells_time:
        return []
    true_hz = stream.pace.rate_hz
    if abs(true_hz / stream.rate_hz - 1) <= RATE_OFF:
        return []
    return [
        f"{stream.shown}: its samples come at {true_hz:.4g} Hz, not at the {stream.rate_hz:g} Hz "
        "that it announces, which a file without stamps has: its seconds are others"
    ]
