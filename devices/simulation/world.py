"""The world that every simulated device renders: what truly happens, and when.

Everything is a pure function of (seed, absolute LSL time). Time is cut into slots, one process of
slots per kind, and slot i of a kind holds its event at a time that is drawn from (seed, kind, i)
alone. So the camera's process and the amplifier's agree on every blink without talking, and an
hour costs no more to enter in the middle than at its start.

Only additions, multiplications and comparisons are used on the way to a time, no library sine: all
machines compute the same bits.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from devices.arrays import BoolArray, F64Array, I64Array
from devices.counter_rng import make_key, uniforms

Kind = Literal[
    "heartbeat",  # R peak of the ECG
    "pulse",  # systolic peak of the PPG: the heartbeat plus PULSE_TRANSIT_S
    "breath",  # start of an inspiration
    "blink",  # eyes fully closed
    "movement_onset",
    "movement_apex",
    "movement_offset",
    "stimulus",  # code 101…148 at a clip's onset, 100 at its end
    "flash_on",  # the photodiode patch lights up: the time of the stimulus onset
    "flash_off",
]
KINDS: tuple[Kind, ...] = get_args(Kind)

Region = Literal["inner-brow", "outer-brow", "lower-lid", "nose", "mouth-corner", "lip"]
Side = Literal["left", "right"]
"""The person's: left is right in the picture."""
REGIONS: tuple[Region, ...] = get_args(Region)
SIDES: tuple[Side, ...] = get_args(Side)
AMPLITUDES_PX = (1.0, 2.0, 3.0)

PULSE_TRANSIT_S = 0.25
CLIP_END = 100
CLIP_CODES = range(101, 149)  # the 48 clips of the MMME protocol
CODE_HOLD_S = 0.010  # a trigger code stays on its lines this long, then 0

_HEART_S = 60 / 70
_SINUS_S = 0.040  # respiratory sinus arrhythmia: beats shift by up to this much
_BEATS_PER_WAVE = 4.7
_STIMULUS_S = 3.0
_STIMULUS_SPREAD_S = 0.5  # so that intervals lie in 2…4 s
_FLASH_S = (0.060, 0.140)
_MICRO_SHARE = 0.35


@dataclass(frozen=True, slots=True)
class WorldEvent:
    """Something that happened at LSL time `time`; `code` is the trigger code where it has one.

    `index` numbers the events of a kind: equal for the three parts of a movement and for both ends
    of a flash; onset and end of a clip have 2j and 2j + 1. The parts of a movement say which, as
    in `mouth-corner-left`, and how far it goes.
    """

    kind: Kind
    time: float
    code: int | None = None
    index: int = 0
    region: str = ""
    amplitude_px: float | None = None


@dataclass(frozen=True, slots=True)
class Movement:
    """A facial movement: LSL times of onset, apex, offset; intensity in 0…1; where, and how far.

    `amplitude_px` counts pixels of a crop of 256 that is four times as wide as the distance of the
    inner corners of the eyes. Only the textured face shows where and how far; the other one moves
    its mouth by the intensity.
    """

    onset: float
    apex: float
    offset: float
    intensity: float
    region: Region
    side: Side
    amplitude_px: float
    index: int = 0  # as in `WorldEvent`


@dataclass(frozen=True, slots=True)
class _Slots:
    """Event i of a kind lies in [i·period + low, i·period + high], seconds."""

    period: float
    low: float
    high: float


_PARTS = ("movement_onset", "movement_apex", "movement_offset")
_SLOTS: dict[Kind, _Slots] = {
    "heartbeat": _Slots(_HEART_S, -0.1, 0.1),
    "pulse": _Slots(_HEART_S, PULSE_TRANSIT_S - 0.1, PULSE_TRANSIT_S + 0.1),
    "breath": _Slots(4.0, 0.0, 0.8),
    "blink": _Slots(4.0, 0.6, 3.4),
    "movement_onset": _Slots(8.0, 0.4, 3.6),
    "movement_apex": _Slots(8.0, 0.4, 5.2),
    "movement_offset": _Slots(8.0, 0.4, 6.6),
    "stimulus": _Slots(_STIMULUS_S, -0.5, 0.5),
    "flash_on": _Slots(2 * _STIMULUS_S, -0.5, 0.5),
    "flash_off": _Slots(2 * _STIMULUS_S, -0.5, 0.64),
}


def _wave(phase: F64Array) -> F64Array:
    """Return a parabola's stand-in for sin(2π·phase), exact on every machine."""
    x = 2.0 * (phase - np.floor(phase)) - 1.0
    return -4.0 * x * (1.0 - np.abs(x))


class World:
    """The true times of everything, for one seed. It has no state: calls may come in any order."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self._keys: dict[tuple[str, str], int] = {}

    def times(self, kind: Kind, t0: float, t1: float) -> F64Array:
        """Return the times of a kind in [t0, t1), ascending, LSL seconds."""
        return self._select(kind, t0, t1)[0]

    def events(self, kind: Kind, t0: float, t1: float) -> tuple[WorldEvent, ...]:
        """Return the events of a kind in [t0, t1), in order."""
        times, index = self._select(kind, t0, t1)
        if kind in _PARTS:
            return self._parts(kind, times, index)
        return tuple(
            WorldEvent(kind, t, _code(kind, i), i)
            for t, i in zip(times.tolist(), index.tolist(), strict=True)
        )

    def truth(self, t0: float, t1: float) -> tuple[WorldEvent, ...]:
        """Return the events of all kinds in [t0, t1), in order of time."""
        found = (event for kind in KINDS for event in self.events(kind, t0, t1))
        return tuple(sorted(found, key=lambda event: event.time))

    def movements(self, t0: float, t1: float) -> tuple[Movement, ...]:
        """Return the facial movements that overlap [t0, t1), in order."""
        first = math.floor((t0 - _SLOTS["movement_offset"].high) / 8.0)
        index = np.arange(first, math.ceil(t1 / 8.0) + 1, dtype=np.int64)
        parts = [self._movement(index, part) for part in (0, 1, 2)]
        intensity = 0.3 + 0.7 * self._draw("movement", "intensity", index)
        rows = np.column_stack([*parts, intensity]).tolist()
        places = self._places(index)
        every = (
            Movement(onset, apex, offset, strong, region, side, far, number)
            for (onset, apex, offset, strong), (region, side, far), number in zip(
                rows, places, index.tolist(), strict=True
            )
        )
        return tuple(m for m in every if m.offset > t0 and m.onset < t1)

    def lit_at(self, times: F64Array) -> BoolArray:
        """Tell for each of `times`, shape (n,), whether the patch is lit: on ≤ time < off."""
        index = np.floor((times + _STIMULUS_SPREAD_S) / (2 * _STIMULUS_S)).astype(np.int64)
        on = self._stimulus(2 * index)
        return (times >= on) & (times < on + self._flash(index))

    def code_at(self, times: F64Array) -> I64Array:
        """Return the trigger code on the lines at each of `times`, 0 where they are idle.

        A code is there from its event (included) for `CODE_HOLD_S`.
        """
        index = np.floor((times + _STIMULUS_SPREAD_S) / _STIMULUS_S).astype(np.int64)
        since = times - self._stimulus(index)
        return np.where((since >= 0) & (since < CODE_HOLD_S), _codes(index), 0)

    def _parts(self, kind: Kind, times: F64Array, index: I64Array) -> tuple[WorldEvent, ...]:
        rows = zip(times.tolist(), index.tolist(), self._places(index), strict=True)
        return tuple(
            WorldEvent(kind, t, None, i, f"{region}-{side}", amplitude)
            for t, i, (region, side, amplitude) in rows
        )

    def _places(self, index: I64Array) -> list[tuple[Region, Side, float]]:
        """Return region, side and amplitude of the movements `index`."""
        names = ("region", "side", "amplitude")
        drawn = zip(*(self._draw("movement", name, index).tolist() for name in names), strict=True)
        return [
            (REGIONS[int(a * 6)], SIDES[int(b * 2)], AMPLITUDES_PX[int(c * 3)]) for a, b, c in drawn
        ]

    def _select(self, kind: Kind, t0: float, t1: float) -> tuple[F64Array, I64Array]:
        slots = _SLOTS[kind]
        first = math.floor((t0 - slots.high) / slots.period)
        last = math.ceil((t1 - slots.low) / slots.period)
        index = np.arange(first, last + 1, dtype=np.int64)
        times = self._times(kind, index)
        inside = (times >= t0) & (times < t1)
        return times[inside], index[inside]

    def _times(self, kind: Kind, index: I64Array) -> F64Array:
        match kind:
            case "heartbeat":
                return self._heartbeat(index)
            case "pulse":
                return self._heartbeat(index) + PULSE_TRANSIT_S
            case "breath":
                return index * 4.0 + 0.8 * self._draw(kind, "time", index)
            case "blink":
                return index * 4.0 + (0.6 + 2.8 * self._draw(kind, "time", index))
            case "movement_onset":
                return self._movement(index, 0)
            case "movement_apex":
                return self._movement(index, 1)
            case "movement_offset":
                return self._movement(index, 2)
            case "stimulus":
                return self._stimulus(index)
            case "flash_on":
                return self._stimulus(2 * index)
            case "flash_off":
                return self._stimulus(2 * index) + self._flash(index)

    def _draw(self, kind: str, what: str, index: I64Array) -> F64Array:
        key = self._keys.get((kind, what))
        if key is None:
            key = self._keys[kind, what] = make_key(self.seed, kind, what)
        return uniforms(key, index)

    def _heartbeat(self, index: I64Array) -> F64Array:
        sinus = _SINUS_S * _wave(index / _BEATS_PER_WAVE)
        return index * _HEART_S + sinus + 0.03 * (self._draw("heartbeat", "time", index) - 0.5)

    def _movement(self, index: I64Array, part: int) -> F64Array:
        """Return onset (part 0), apex (1) or offset (2) of the movements `index`."""
        onset = index * 8.0 + (0.4 + 3.2 * self._draw("movement", "time", index))
        if part == 0:
            return onset
        micro = self._draw("movement", "micro", index) < _MICRO_SHARE
        spread = self._draw("movement", "length", index)
        length = np.where(micro, 0.20 + 0.28 * spread, 0.60 + 2.40 * spread)
        if part == 2:
            return onset + length
        return onset + length * (0.3 + 0.2 * self._draw("movement", "apex", index))

    def _stimulus(self, index: I64Array) -> F64Array:
        spread = 2 * _STIMULUS_SPREAD_S
        shift = spread * self._draw("stimulus", "time", index) - _STIMULUS_SPREAD_S
        return index * _STIMULUS_S + shift

    def _flash(self, index: I64Array) -> F64Array:
        shortest, longest = _FLASH_S
        return shortest + (longest - shortest) * self._draw("flash", "length", index)


def _codes(index: I64Array) -> I64Array:
    onset = CLIP_CODES.start + (index // 2) % len(CLIP_CODES)
    return np.where(index % 2 == 0, onset, CLIP_END)


def _code(kind: Kind, index: int) -> int | None:
    if kind == "stimulus":
        return int(_codes(np.array([index]))[0])
    if kind in ("flash_on", "flash_off"):
        return int(_codes(np.array([2 * index]))[0])
    return None
