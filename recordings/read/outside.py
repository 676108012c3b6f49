"""Markers that lie where no sample of a signal is: counted, and told by every export."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import numpy as np

from recordings.arrays import F64Array
from recordings.read.grid import Grid
from recordings.read.markers import SessionMarker
from recordings.read.stream import Stream
from recordings.stamps.bad_stamps import is_far, is_number
from recordings.stream_kinds import EVENTS_STREAM

_YEAR_S: Final = 365.25 * 86400
_LEFT_OUT: Final = "left out, unisono export csv keeps them"


def timeless_notes(streams: Iterable[Stream], then: str = _LEFT_OUT) -> list[str]:
    """Say how many markers of each stream have a stamp that is no number, and what happens then."""
    found = []
    for stream in (s for s in streams if s.is_markers):
        times = stream.times()
        none = times[[not is_number(time) for time in times.tolist()]]
        if len(none):
            what = ", or larger than any clock has seconds" if np.isfinite(none).any() else ""
            found.append(
                f"{stream.shown}: the stamps of {len(none)} of {len(times)} markers are no "
                f"numbers{what}; {then}"
            )
    return found


def outside_notes(
    name: str, grid: Grid, markers: Iterable[SessionMarker], then: str = "left out"
) -> list[str]:
    """Say how many markers of each stream lie before or after the signal `name` on `grid`.

    `then` says what becomes of them. The recorder's own events are not counted.
    """
    streams: dict[str, list[float]] = {}
    for marker in markers:
        if marker.stream != EVENTS_STREAM:
            streams.setdefault(marker.stream, []).append(marker.time)
    notes = (_note(name, grid, s, np.array(times), then) for s, times in streams.items())
    return [note for note in notes if note]


def _note(name: str, grid: Grid, stream: str, times: F64Array, then: str) -> str:
    at = grid.positions(times)
    before, after = int(np.sum(at < -0.5)), int(np.sum(at > len(grid) - 0.5))
    if not before + after:
        return ""
    away = distance((times.min(), times.max()), (grid.first, grid.last))
    if is_far(away, grid.last - grid.first):
        return (
            f"{stream}: all {len(times)} markers lie {long_span(away)} from {name}: stamped by "
            f"another clock; {then}"
        )
    where = " and ".join(
        f"{count} {word}" for count, word in ((before, "before"), (after, "after")) if count
    )
    share = f"{before + after} of {len(times)}"
    farthest = max(grid.first - float(times.min()), float(times.max()) - grid.last)
    if is_far(farthest, grid.last - grid.first):
        where += f" it, up to {long_span(farthest)} away: stamped by another clock"
    else:
        where += " it"
    return f"{stream}: {share} markers lie outside of {name}, {where}; {then}"


def distance(a: tuple[float, float], b: tuple[float, float]) -> float:
    """Return the time between two stretches (first, last); 0 where they touch."""
    return max(a[0] - b[1], b[0] - a[1], 0.0)


def long_span(seconds: float) -> str:
    """Name a long time in the unit that suits it."""
    for unit, name in ((_YEAR_S, "years"), (86400.0, "days"), (3600.0, "hours")):
        if seconds >= 2 * unit:
            return f"{seconds / unit:,.0f} {name}"
    return f"{seconds:,.0f} s"
