"""Where an expression may be, told from traces alone: suggestions, never labels.

No learning. The way is that of He (MEGC 2021, doi:10.1145/3474085.3479225) and of what followed it,
with a head that is taken out as a whole in place of the nose's tip, and one trace in place of
windows: low-passed, peaks of so many pixels over their surroundings, followed down both flanks,
parted where a valley is deep, joined over the regions that move at once.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

import numpy as np

from recordings.arrays import BoolArray, F64Array
from recordings.motion.anatomy import PLACES
from recordings.motion.table import Motion

LEAST_PX: Final = 0.5
"""A peak rises at least so far, px of the crop, over rest and over its own surroundings.

The flow falls short of a movement by a third, the more the smaller the place is that moves.
"""
_LOW_PASS_HZ: Final = 5.0
_LEAST_NOISES: Final = 5.0  # and over so many times the noise of its trace
_AROUND_S: Final = 1.0
_REST_S: Final = 6.0  # what a place is like around a moment: longer than two expressions last
_FLANK: Final = 0.33  # of the height: where an expression begins and ends
_VALLEY: Final = 0.33  # of the height: a deeper one parts two expressions, if they are long
_PART_S: Final = 2 / 3
_LEAST_S, _MOST_S = 0.1, 6.0
_SAME: Final = 0.3  # overlap over the shorter: regions of one expression
_BESIDE_EYES: Final = ("lower-lid", "inner-brow", "outer-brow")
"""What a blink moves, or seems to."""
_SHUT: Final = 0.75  # of the contrast of open eyes
_OPEN_S: Final = 10.0
_BLINK_S: Final = 0.12  # before and after one, the lids still move
_STEP_S: Final = 0.2
_GAP_S: Final = 0.25
_SHORTEST_S: Final = 2.0  # a stretch without gaps
_NOISE_PX: Final = 0.05  # no trace is quieter


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Where to look: rows of the motion, and how far which place moves, px of the crop."""

    place: str
    onset: int
    apex: int
    offset: int
    height_px: float
    score: float  # height over the trace's noise: the order in which to look
    also: tuple[str, ...] = ()  # other places that move at once


def spot(motion: Motion, sizes: F64Array | None = None) -> list[Suggestion]:
    """Return suggestions, the one to look at first at the head of the list.

    `sizes` are `distances(motion)`, where they are there already.
    """
    far = distances(motion) if sizes is None else sizes
    found: list[Suggestion] = []
    for stretch in unbroken(motion):
        rate = _rate(motion, stretch)
        found += [
            _moved(one, stretch.start)
            for number, place in enumerate(PLACES)
            for one in _peaks(place, far[stretch, number], rate)
        ]
    return sorted(_joined(found), key=lambda one: -one.score)


def distances(motion: Motion) -> F64Array:
    """Return how far each of `PLACES` is from where it rests, px of the crop, shape (n, places).

    Low-passed, blinks bridged beside the eyes; NaN where there is no stretch with a face.
    """
    from scipy.signal import butter, sosfiltfilt  # takes a second: not before it is needed

    far = np.full((len(motion.times), len(PLACES)), np.nan)
    for stretch in unbroken(motion):
        rate = _rate(motion, stretch)
        shut = eyes_shut(motion.column("eyes")[stretch], rate)
        sos = butter(2, min(_LOW_PASS_HZ, 0.45 * rate), fs=rate, output="sos")
        for number, place in enumerate(PLACES):
            where = motion.place(place)[stretch]
            if place.startswith(_BESIDE_EYES):
                where = _bridged(where, shut)
            smooth = sosfiltfilt(sos, where, axis=0, padlen=min(30, len(where) - 1))
            far[stretch, number] = np.hypot(*(smooth - _rest(smooth, rate)).T)
    return far


def unbroken(motion: Motion) -> Iterator[slice]:
    """Give the stretches of rows with a face and without a gap in time, none very short."""
    known = np.isfinite(motion.rows[:, 0])
    breaks = np.flatnonzero(~known[1:] | ~known[:-1] | (np.diff(motion.times) > _GAP_S)) + 1
    edges = [0, *breaks.tolist(), len(known)]
    for first, stop in pairwise(edges):
        long = stop - first > 8 and motion.times[stop - 1] - motion.times[first] >= _SHORTEST_S
        if long and known[first:stop].all():
            yield slice(first, stop)


def _rate(motion: Motion, stretch: slice) -> float:
    times = motion.times[stretch]
    return float((len(times) - 1) / (times[-1] - times[0]))


def _rest(where: F64Array, rate: float) -> F64Array:
    """Return where a place mostly is around each moment: a running median, by coarse steps."""
    from scipy.ndimage import median_filter

    step = max(1, round(_STEP_S * rate))
    rows = np.arange(len(where))
    coarse = np.add.reduceat(where, rows[::step], axis=0)
    coarse /= np.diff(np.r_[rows[::step], len(where)])[:, None]
    window = 2 * round(_REST_S * rate / step / 2) + 1
    rest = median_filter(coarse, size=(window, 1), mode="nearest")
    middles = rows[::step] + (step - 1) / 2
    return np.column_stack([np.interp(rows, middles, part) for part in rest.T])


def eyes_shut(contrast: F64Array, rate: float) -> BoolArray:
    """Tell when the eyes are shut or on the way, from the contrast in them."""
    from scipy.ndimage import binary_dilation, percentile_filter

    window = 2 * round(_OPEN_S * rate / 2) + 1
    opened = percentile_filter(contrast, 80, size=window, mode="nearest")
    wide = 2 * round(_BLINK_S * rate) + 1
    return np.asarray(binary_dilation(contrast < _SHUT * opened, np.ones(wide, np.bool_)))


def _bridged(where: F64Array, shut: BoolArray) -> F64Array:
    if shut.all() or not shut.any():
        return where
    rows = np.arange(len(where))
    return np.column_stack([np.interp(rows, rows[~shut], part[~shut]) for part in where.T])


def _peaks(place: str, size: F64Array, rate: float) -> Iterator[Suggestion]:
    from scipy.signal import find_peaks

    noise = max(_NOISE_PX, 1.5 * float(np.median(size)))
    around = max(1, round(_AROUND_S * rate))
    least = max(LEAST_PX, _LEAST_NOISES * noise)
    every, _ = find_peaks(size, height=least)
    tall = [
        int(at)
        for at in every
        if size[at] - size[max(0, at - around) : at + around + 1].min() >= least
    ]
    for peaks in _groups(tall, size, rate):
        apex = max(peaks, key=lambda at: size[at])
        onset, offset = _flanks(size, peaks[0], peaks[-1], _FLANK * size[apex])
        if _LEAST_S <= (offset - onset) / rate <= _MOST_S:
            height = float(size[apex])
            yield Suggestion(place, onset, apex, offset, height, height / noise)


def _groups(peaks: list[int], size: F64Array, rate: float) -> list[list[int]]:
    """Put peaks together between which no valley parts two expressions."""
    groups: list[list[int]] = []
    for at in peaks:
        if groups:
            last = groups[-1][-1]
            deep = size[last:at].min() < _VALLEY * min(size[last], size[at])
            if not deep or (at - last) / rate < _PART_S / 2:
                groups[-1].append(at)
                continue
        groups.append([at])
    return groups


def _flanks(size: F64Array, first: int, last: int, level: float) -> tuple[int, int]:
    """Follow both flanks down to a level."""
    below = np.flatnonzero(size < level)
    before, after = below[below < first], below[below > last]
    onset = int(before[-1]) if len(before) else 0
    return onset, int(after[0]) if len(after) else len(size) - 1


def _joined(found: list[Suggestion]) -> list[Suggestion]:
    """Join what different places do at once under the one that stands out most."""
    kept: list[Suggestion] = []
    for one in sorted(found, key=lambda each: -each.score):
        for number, other in enumerate(kept):
            overlap = min(one.offset, other.offset) - max(one.onset, other.onset)
            shorter = min(one.offset - one.onset, other.offset - other.onset)
            if overlap > _SAME * max(shorter, 1):
                if one.place not in (other.place, *other.also):
                    kept[number] = replace(other, also=(*other.also, one.place))
                break
        else:
            kept.append(one)
    return kept


def _moved(one: Suggestion, by: int) -> Suggestion:
    return replace(one, onset=one.onset + by, apex=one.apex + by, offset=one.offset + by)
