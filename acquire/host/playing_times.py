"""When the samples of several streams are played: together, and without waiting for days."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from recordings.arrays import F64Array
from recordings.read.outside import distance
from recordings.stamps.bad_stamps import is_far

SILENCE_S: Final = 3600.0
"""Where no stream has a sample for longer, nobody waits for the next one."""
_PAUSE_S: Final = 1.0


def far_from_the_rest(times: Sequence[F64Array], rates_hz: Sequence[float]) -> dict[int, float]:
    """Return which streams were stamped by another clock, and how far they are from the rest.

    `times` has the LSL times of each stream, in order, shape (n,). The rest is the stream with a
    rate that has the most samples, and all that lie near it.
    """
    there = [n for n, own in enumerate(times) if len(own)]
    if not there:
        return {}
    main = max(there, key=lambda n: (rates_hz[n] > 0, len(times[n])))
    span = float(times[main][0]), float(times[main][-1])
    away = {n: distance((float(times[n][0]), float(times[n][-1])), span) for n in there}
    return {n: far for n, far in away.items() if is_far(far, span[1] - span[0])}


def without_silence(times: Sequence[F64Array]) -> tuple[list[F64Array], float]:
    """Return times from which long silences of all streams are cut, and how many seconds that is.

    A silence of more than `SILENCE_S` lasts a second.
    """
    spans = sorted(span for own in times for span in _spans(own))
    cuts: list[tuple[float, float]] = []  # from this time on, so much earlier
    cut, end = 0.0, spans[0][1] if spans else 0.0
    for first, last in spans:
        if first - end > SILENCE_S:
            cut += first - end - _PAUSE_S
            cuts.append((first, cut))
        end = max(end, last)
    if not cuts:
        return list(times), 0.0
    starts = np.array([start for start, _ in cuts])
    amounts = np.array([0.0, *(amount for _, amount in cuts)])
    return [own - amounts[np.searchsorted(starts, own, "right")] for own in times], cut


def _spans(own: F64Array) -> list[tuple[float, float]]:
    """Return the stretches of a stream between its silences."""
    if not len(own):
        return []
    breaks = np.flatnonzero(np.diff(own) > SILENCE_S)
    firsts, lasts = own[np.r_[0, breaks + 1]], own[np.r_[breaks, len(own) - 1]]
    return list(zip(firsts.tolist(), lasts.tolist(), strict=True))
