"""The search for losses where lateness is caught up: the floor of the phase. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from recordings.arrays import F64Array
from recordings.lateness.axis import Shifts, shifts
from recordings.lateness.blocks import View, view_of
from recordings.lateness.floor import scatter, stiff_curve
from recordings.lateness.placing import Found, Placing
from recordings.lateness.steps import Step, find_steps

_TURNS: Final = 8
_SILENT_S: Final = 0.5
_FEW: Final = 4  # samples


@dataclass(frozen=True, slots=True)
class Search:
    """What is lost, the rate, and how many periods the losses move the samples after them.

    Where packets lack so often that no floor is known to one of them, times are `unsure_s` off.
    """

    places: tuple[Found, ...]
    rate_hz: float
    missing: Shifts
    unsure_s: float


def search(stamps: F64Array, rate_hz: float) -> Search:
    """Find the losses in at least 16 stamps; `rate_hz` is nominal."""
    view = view_of(stamps, rate_hz)
    steps, last, noise = _settled_steps(view)
    placing = Placing(view, _curve(view, _lifts(view, steps, noise)), noise)
    found, base = list(placing.places(steps)), 0.0
    for _, moved in found:
        base += moved
    late: Found | None = None
    if last is None:
        late = _late_tail(placing, base)
    else:
        index, doubtful = placing.place(last, base)
        rise = _seen_rise(view, placing.rest(index + 1, len(stamps)) - base, noise)
        if rise is None:
            late = Found(index, max(round(last.rise), 1), last.rise, is_open=True)
        else:
            found.append(placing.found(index, doubtful, rise))
    missing = shifts([place.index for place, _ in found], [moved for _, moved in found])
    places = (*(place for place, _ in found), *((late,) if late is not None else ()))
    unsure_s = 2 * noise / view.rate_hz if 1 < view.unit < noise else 0.0
    return Search(places, view.rate_hz, missing, unsure_s)


def _seen_rise(view: View, after: F64Array, noise: float) -> float | None:
    """Return by how many periods all samples behind the last step are higher; None: still open.

    `after` are their phases above the level before. Blocks begin anew right behind the step: those
    that the whole stream is cut into may leave nearly two of them out, at the step and at the end.
    """
    if view.centre is not None or view.is_even:
        return None
    sight = view.sight(noise, 1)
    blocks = after[: len(after) // view.size * view.size].reshape(-1, view.size).min(axis=1)
    rise = float(blocks.min(initial=np.inf))
    enough = sight.enough_of_packet if rise > sight.packet else sight.enough
    is_level = np.count_nonzero(blocks < rise + sight.threshold) >= enough
    return rise if is_level and rise > sight.threshold else None


def _late_tail(placing: Placing, base: float) -> Found | None:
    """Find a silence from which on all is late, where no whole block lies behind it.

    The first block behind it may hold a sample of before, and what is left at the end is none.
    """
    view = placing.view
    first = max(len(view.levels) - 2, 0) * view.size
    silences = np.diff(view.stamps[first:])
    index = first + int(np.argmax(silences))
    rise = float(np.min(placing.rest(index + 1, len(view.stamps)))) - base
    if min(float(silences.max()), rise / view.rate_hz) < max(_SILENT_S, _FEW / view.rate_hz):
        return None
    return Found(index, round(rise), rise, is_open=True)


def _settled_steps(view: View) -> tuple[list[Step], Step | None, float]:
    """Find steps above the curve, lay the curve without them, and again until they stay."""
    curve = view.local
    noise = scatter(view.levels - curve) * view.rate_hz
    seen: list[tuple[int, int]] | None = None
    steps: list[Step] = []
    last: Step | None = None
    for turn in range(_TURNS):
        above = (view.levels - curve) * view.rate_hz
        steps, last = find_steps(above, view.sight(noise, turn))
        steps = _heightened(view, steps)
        lifts = _lifts(view, steps, noise)
        now = [(step.block, view.samples_of(step.rise, noise)) for step in steps]
        if turn and now == seen:
            break
        seen = now
        curve = _curve(view, lifts)
        noise = scatter(view.levels - lifts - curve) * view.rate_hz
    return steps, last, noise


def _curve(view: View, lifts: F64Array) -> F64Array:
    return stiff_curve(view.levels - lifts, view.block_s, view.local).levels


def _heightened(view: View, steps: Sequence[Step]) -> list[Step]:
    """Return the steps with heights that the levels on both sides tell together."""
    if not steps:
        return []
    first = [(step.block, step.rise / view.rate_hz) for step in steps]
    heights = stiff_curve(view.levels, view.block_s, view.local, first).heights * view.rate_hz
    return [
        replace(step, rise=height) if height > 0 else step
        for step, height in zip(steps, heights.tolist(), strict=True)
    ]


def _lifts(view: View, steps: Sequence[Step], noise: float) -> F64Array:
    """Return by how much the losses lift each block, s."""
    lifts = np.zeros(len(view.levels))
    for step in steps:
        lifts[step.block :] += view.real(step.rise, noise) / view.rate_hz
    return lifts
