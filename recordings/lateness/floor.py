"""The floor of a stream's phase: where samples stand that were not late.

The phase of sample k is its stamp − k / rate. Lateness lifts it for a while, loss for good, a wrong
or drifting rate tilts it slowly. Levels are one phase a block of samples, seconds, shape (blocks,).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from recordings.arrays import PIECE, F64Array, I64Array, quantile, spans
from recordings.lateness.axis import NO_SHIFTS, Shifts

RATE_OFF: Final = 0.025
"""A rate may be so far from the nominal one, as a part of it; more is loss."""
LEAST_BLOCKS: Final = 9
"""Fewer do not tell that the nominal rate is wrong."""
_AGREE: Final = 0.02
_PART: Final = 0.25  # of values, the densest: their mode
_SOME_AGREE: Final = 4  # slopes
_FEW_AGREE: Final = 0.15
_KNOT_S: Final = 20.0
_WANDER: Final = 20e-6  # change of the rate from knot to knot
_QUARTZ: Final = 100e-6  # as far as a slope is known before the curve is laid
LEAST_S: Final = 20e-6
"""No floor is known better."""
_UNKNOWN_S: Final = 1e-3  # scatter of a single block
_HALF: Final = 30  # blocks to each side that a local slope is taken from
_ROUNDS: Final = 12
_LEAST_WEIGHT: Final = 1e-18  # of a piece, beside the largest
_STAYS: Final = 1e-12  # of the stiffness: where levels tell nothing, a knot stays where it was
_SOME: Final = 200  # knots whose errors are worked out


def scatter(levels: F64Array) -> float:
    """Return about one standard deviation from block to block, s; late blocks are left out."""
    if len(levels) < 2:
        return _UNKNOWN_S
    return max(1.3 * float(quantile(np.sort(np.abs(np.diff(levels))), 0.35)), LEAST_S)


def phases(stamps: F64Array, rate_hz: float, where: slice, missing: Shifts = NO_SHIFTS) -> F64Array:
    """Return the phases of the samples `where`; `missing` moves the numbers, in periods."""
    numbers = np.arange(where.start, where.stop)
    return np.asarray(stamps[where] - (numbers + missing.at(numbers)) / rate_hz, np.float64)


def block_levels(
    stamps: F64Array, rate_hz: float, size: int, missing: Shifts = NO_SHIFTS
) -> F64Array:
    """Return the level of each whole block of `size` samples: the quantile that scatters least.

    That is the least phase where stamps are made on arrival, the middle where a clock made them.
    """
    count = max(len(stamps) // size, 1)
    least, low, middle = np.empty((3, count))
    for part in spans(count, max(PIECE // size, 1)):
        where = slice(part.start * size, min(part.stop * size, len(stamps)))
        rows = phases(stamps, rate_hz, where, missing).reshape(part.stop - part.start, -1)
        rows.sort(axis=1)
        least[part], low[part], middle[part] = rows[:, 0], quantile(rows, 0.1), quantile(rows, 0.5)
    return min((least, low, middle), key=scatter)


def middle_of_densest(values: F64Array) -> float:
    """Return the median of the densest quarter of values: the mode, whatever the others do."""
    ordered = np.sort(values)
    size = max(int(len(ordered) * _PART), 1)
    widths = ordered[size:] - ordered[: len(ordered) - size]
    first = int(np.argmin(widths)) if len(widths) else 0
    return float(quantile(ordered[first : first + size + 1], 0.5))


def slope_of(levels: F64Array, block_s: float) -> float:
    """Return the slope of the floor: seconds of phase a second.

    It is the commonest slope over few blocks, so that few of them hold a loss; then over four and
    sixteen times as many, as long as half of the slopes agree.
    """
    first = _agreeing_lag(levels, block_s)
    slope, width = 0.0, RATE_OFF
    for lag in (first, 4 * first, 16 * first):
        if len(levels) < 2 * lag:
            break
        slopes = (levels[lag:] - levels[:-lag]) / (lag * block_s)
        near = slopes[np.abs(slopes - slope) < width]
        least = 0.5 if lag > first else _FEW_AGREE  # of all: fewer do so by chance
        if len(near) < max(_SOME_AGREE, least * len(slopes)):
            break
        slope = middle_of_densest(near)
        width = 30e-6 + 4 * float(np.quantile(np.abs(near - slope), 0.25))
    return slope


def _agreeing_lag(levels: F64Array, block_s: float) -> int:
    """Return the lag that noise asks for, or a shorter one that more slopes have no loss within."""
    lag = _lag(levels, block_s)
    while lag > 1:
        slopes = (levels[lag:] - levels[:-lag]) / (lag * block_s)
        if np.count_nonzero(np.abs(slopes) < RATE_OFF) >= max(_PART * len(slopes), _SOME_AGREE):
            break
        lag //= 2
    return lag


def common_slope(levels: F64Array, block_s: float) -> float | None:
    """Return the slope that most blocks agree on; None: they do not, or are too few to tell.

    Losses would leave blocks without, or differ from block to block.
    """
    if len(levels) < LEAST_BLOCKS:
        return None
    slopes = np.diff(levels) / block_s
    slope = middle_of_densest(slopes)
    agree = float(np.mean(np.abs(slopes - slope) < _AGREE * max(1 + slope, 1.0)))
    return slope if agree > 0.5 else None


def _lag(levels: F64Array, block_s: float) -> int:
    """Return over how many blocks the noise leaves a slope to 100 ppm."""
    if len(levels) < 2:
        return 1
    tilt = float(np.median(np.diff(levels)))
    noise = scatter(levels - tilt * np.arange(len(levels)))
    return int(np.clip(np.ceil(noise / (_QUARTZ * block_s)), 1, 8))


def local_floor(levels: F64Array, block_s: float, slope: float = 0.0) -> F64Array:
    """Return the sum of the local slopes: it follows a drifting rate, and no steps.

    Only differences of near blocks mean something in it.
    """
    lag = _lag(levels, block_s)
    slopes = (levels[lag:] - levels[:-lag]) / (lag * block_s) - slope
    if len(slopes) < 2 * _HALF:
        return np.asarray(slope * block_s * np.arange(len(levels)), np.float64)
    at = np.arange(0, len(slopes), 10)
    rates = [_local_slope(slopes[max(b - _HALF, 0) : b + _HALF], lag) for b in at.tolist()]
    local = np.interp(np.arange(len(levels)) - lag / 2, at, rates)
    return np.asarray(np.cumsum((slope + local) * block_s), np.float64)


def _local_slope(slopes: F64Array, lag: int) -> float:
    """Return the commonest of the slopes, drawn to zero by its error."""
    near = slopes[np.abs(slopes) < 4 * _QUARTZ]
    if len(near) <= 10:
        return 0.0
    middle = middle_of_densest(near)
    error = float(quantile(np.sort(np.abs(near - middle)), 0.25)) / np.sqrt(len(near) / lag)
    return float(middle * _QUARTZ**2 / (_QUARTZ**2 + error**2))


@dataclass(frozen=True, slots=True)
class Curve:
    """A curve through the low levels, shape (blocks,), its standard error, and heights of steps, s.

    The steps are no part of the levels.
    """

    levels: F64Array
    error_s: F64Array
    heights: F64Array


def stiff_curve(
    levels: F64Array, block_s: float, guess: F64Array, steps: Sequence[tuple[int, float]] = ()
) -> Curve:
    """Lay a curve through the low levels, shape (blocks,), that leaps where there are steps.

    It has a knot each 20 s, where its slope may change by 20 ppm. What is far above it was late and
    is left out, beginning with what is far above `guess`. Of a step (block, s) the height is where
    to begin from: it is told by all levels around it together, for a floor that wanders would make
    up for a wrong one.
    """
    from scipy.linalg import solveh_banded  # takes long: not before it is needed

    # A piece has one height above the curve: of many steps this takes no time by their square.
    begins, first = np.unique(np.array([block for block, _ in steps], np.int64), return_index=True)
    given = np.cumsum([height for _, height in steps])
    piece = np.searchsorted(begins, np.arange(len(levels)), "right")
    ends = np.append(first[1:], len(steps)) - 1
    lifts = np.append(0.0, given[ends]) if len(begins) else np.zeros(1)
    knots = max(int(np.ceil(len(levels) * block_s / _KNOT_S)), 1) + 1
    where = np.linspace(0, knots - 1, len(levels)) if len(levels) > 1 else np.zeros(1)
    left = np.minimum(where.astype(np.int64), knots - 2)
    shares = ((0, 1 - (where - left)), (1, where - left))
    stiffness = _stiffness(knots)
    stays = _STAYS * float(stiffness[0].max())
    stiffness[0] += stays
    above = levels - lifts[piece] - guess
    noise = scatter(above)
    curve = guess + (
        middle_of_densest(above) if len(levels) > 8 else float(np.quantile(above, 0.2))
    )
    at = np.interp(np.arange(knots), where, curve)
    for turn in range(_ROUNDS):
        rest = levels - lifts[piece] - curve
        weights = _weights(rest, noise * (3 + 30 * 0.5**turn)) / noise**2
        normal, right = stiffness.copy(), stays * at
        for offset, share in shares:
            normal[0] += np.bincount(left + offset, weights * share**2, knots)
            right += np.bincount(left + offset, weights * share * levels, knots)
        normal[1] += np.bincount(left, weights * shares[0][1] * shares[1][1], knots)
        if len(begins):
            at, lifts = _solved_with_lifts(normal, right, levels, weights, piece, left, shares)
        else:
            at = solveh_banded(normal, right, lower=True, check_finite=False)
        curve = _between(at, left, shares[1][1])
    errors = _between(_knot_errors(normal), left, shares[1][1])
    heights = np.zeros(len(steps))
    heights[first] = np.diff(lifts)
    return Curve(curve, errors, heights)


def _solved_with_lifts(
    normal: F64Array,
    right: F64Array,
    levels: F64Array,
    weights: F64Array,
    piece: I64Array,
    left: I64Array,
    shares: Sequence[tuple[int, F64Array]],
) -> tuple[F64Array, F64Array]:
    """Return the knots, and the height of each piece; the first has none."""
    from scipy.sparse import csc_matrix
    from scipy.sparse.linalg import splu

    knots, count = normal.shape[1], int(piece[-1])
    inside = piece > 0
    number, weight = piece[inside] - 1, weights[inside]
    own = np.bincount(number, weight, count)
    own += _LEAST_WEIGHT * own.max()
    entries = [(normal[0], np.arange(knots), np.arange(knots))]
    entries.append((own, knots + np.arange(count), knots + np.arange(count)))
    lower = [(normal[far, :-far], np.arange(far, knots), np.arange(knots - far)) for far in (1, 2)]
    lower += [(weight * part[inside], knots + number, left[inside] + k) for k, part in shares]
    entries += [*lower, *((values, columns, rows) for values, rows, columns in lower)]
    values, rows, columns = (np.concatenate(parts) for parts in zip(*entries, strict=True))
    whole = csc_matrix((values, (rows, columns)), (knots + count, knots + count))
    sides = np.append(right, np.bincount(number, weight * levels[inside], count))
    solved = splu(whole, "MMD_AT_PLUS_A", options={"SymmetricMode": True}).solve(sides)
    at: F64Array = np.asarray(solved[:knots], np.float64)
    lifts: F64Array = np.asarray(np.append(0.0, solved[knots:]), np.float64)
    return at, lifts


def _between(knots: F64Array, left: I64Array, right_share: F64Array) -> F64Array:
    return np.asarray(knots[left] * (1 - right_share) + knots[left + 1] * right_share, np.float64)


def _knot_errors(normal: F64Array) -> F64Array:
    """Return the standard errors of knots with these normal equations, of at most 200 of them."""
    from scipy.linalg import solveh_banded

    knots = normal.shape[1]
    some = np.unique(np.linspace(0, knots - 1, min(knots, _SOME)).astype(np.int64))
    unit = np.zeros((knots, len(some)))
    unit[some, np.arange(len(some))] = 1
    covariance = solveh_banded(normal, unit, lower=True, check_finite=False)
    return np.interp(np.arange(knots), some, np.sqrt(covariance[some, np.arange(len(some))]))


def _weights(above: F64Array, limit: float) -> F64Array:
    """Weigh levels by how far they are above the curve: little if late, less if far below."""
    weights = np.ones(len(above))
    late = above > limit
    weights[late] = (limit / above[late]) ** 4
    low = above < -limit
    weights[low] = limit / -above[low]
    return weights


def _stiffness(knots: int) -> F64Array:
    """Return the prior of the curve's knots in the lower banded form, shape (3, knots)."""
    bands = np.zeros((3, knots))
    flat, bend = (_QUARTZ * _KNOT_S) ** -2, (_WANDER * _KNOT_S) ** -2
    bands[0, :-1] += flat
    bands[0, 1:] += flat
    bands[1, :-1] -= flat
    if knots > 2:  # squares of second differences: 1, −2, 1
        bands[0, :-2] += bend
        bands[0, 1:-1] += 4 * bend
        bands[0, 2:] += bend
        bands[1, :-2] -= 2 * bend
        bands[1, 1:-1] -= 2 * bend
        bands[2, :-2] += bend
    return bands
