"""Taps, claps and clicks in a sound, against markers that tell of them, and against the truth."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

import numpy as np

from recordings.arrays import F64Array
from recordings.certificate import TapReport
from recordings.check.stimulus_timing import lags, near, to_nearest
from recordings.read.markers import Marker
from recordings.stream_kinds import EVENTS_STREAM

FEWEST: Final = 3
"""So many markers must have an onset near them, and so many onsets a marker: fewer are chance."""
MOST_ONSETS: Final = 5_000
"""A sound that gets loud more often is no series of taps."""
_EDGE_S: Final = 0.1


def tap_reports(
    onsets: Mapping[str, F64Array], markers: Mapping[str, Sequence[Marker]]
) -> Iterator[TapReport]:
    """Yield, for each sound and each stream of markers, by how much onsets come after markers.

    `onsets` are the LSL times of each sound's, ascending; each marker is matched with the nearest.
    """
    for sound, times in onsets.items():
        for stream, rows in markers.items():
            if stream == EVENTS_STREAM:
                continue
            marks = np.array([m.time for m in rows])
            delays = 1e3 * lags(marks, times)
            if min(len(delays), near(marks, times)) < FEWEST:
                continue
            yield TapReport(
                sound=sound,
                stream=stream,
                markers=len(rows),
                onsets=len(delays),
                mean_ms=float(delays.mean()),
                sd_ms=float(delays.std()),
                max_ms=float(np.abs(delays).max()),
            )


def found_clicks(
    onsets: F64Array, true: Iterable[float], span: tuple[float, float]
) -> tuple[F64Array, F64Array, int]:
    """Match the clicks of a simulated sound with the world's events, LSL seconds.

    Returns when those that were found truly were, by how much later they were heard, and how many
    of those well within `span` were not found.
    """
    inside = np.array([t for t in true if span[0] + _EDGE_S < t < span[1] - _EDGE_S])
    if not len(onsets) or not len(inside):
        return np.zeros(0), np.zeros(0), len(inside)
    error = to_nearest(inside, onsets)
    hit = np.abs(error) < _EDGE_S
    return inside[hit], error[hit], int(np.sum(~hit))
