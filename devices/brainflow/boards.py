"""What the rows of BrainFlow's boards are, as streams, and what their numbers say: no SDK."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from devices.arrays import F64Array, I64Array
from devices.base import Channel, StreamSpec


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of rows: the key in BrainFlow's description, and what the stream is called."""

    key: str
    type: str
    unit: str
    label: str
    scale: float = 1.0


# In the order in which a row that is listed under several is claimed.
KINDS = (
    Kind("eeg_channels", "EEG", "microvolts", "EEG"),
    Kind("ecg_channels", "ECG", "microvolts", "ECG"),
    Kind("emg_channels", "EMG", "microvolts", "EMG"),
    Kind("eog_channels", "EOG", "microvolts", "EOG"),
    Kind("eda_channels", "EDA", "microsiemens", "EDA"),
    Kind("ppg_channels", "PPG", "a.u.", "PPG"),
    Kind("optical_channels", "Optical", "a.u.", "OPT"),
    Kind("temperature_channels", "Temperature", "degrees celsius", "SKT"),
    Kind("accel_channels", "Accelerometer", "g", "ACC"),
    Kind("gyro_channels", "Gyroscope", "degrees per second", "GYR"),
    Kind("magnetometer_channels", "Magnetometer", "", "MAG"),
    Kind("rotation_channels", "Rotation", "", "ROT"),
    Kind("analog_channels", "Analog", "", "AUX"),
    Kind("resistance_channels", "Impedance", "kiloohms", "Z", 1e-3),
    Kind("battery_channel", "Battery", "percent", "BAT"),
    Kind("other_channels", "Other", "", "OTHER"),
)
_SHORT = {"Accelerometer": "accel", "Gyroscope": "gyro", "Magnetometer": "mag"}
_ADC = ("GforcePro", "GforceDual")  # these give raw numbers instead of microvolts


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows of one stream in the array of one preset."""

    spec: StreamSpec
    preset: int
    rows: tuple[int, ...]
    scale: float


def plan(name: str, board: str, descriptions: Mapping[int, Mapping[str, Any]]) -> list[Rows]:
    """Decide the streams: one per kind and preset, every row once; preset → description."""
    found: list[Rows] = []
    for preset, description in sorted(descriptions.items()):
        claimed: set[int] = set()
        for kind in KINDS:
            listed = description.get(kind.key, [])
            listed = [listed] if isinstance(listed, int) else listed
            rows = tuple(row for row in listed if row not in claimed)
            claimed.update(rows)
            if rows:
                part = ("", "aux-", "anc-")[preset] + _SHORT.get(kind.type, kind.type.lower())
                found.append(_stream(f"{name}-{part}", board, description, preset, kind, rows))
    return found


def _stream(
    name: str, board: str, description: Mapping[str, Any], preset: int, kind: Kind,
    rows: tuple[int, ...],
) -> Rows:  # fmt: skip
    model = str(description["name"])
    unit = "adc" if kind.unit == "microvolts" and model in _ADC else kind.unit
    spec = StreamSpec(
        name=name,
        type=kind.type,
        channels=tuple(
            Channel(label, unit, kind.type) for label in _labels(description, kind, rows)
        ),
        rate_hz=float(description["sampling_rate"]),
        dtype="float32",
        manufacturer="BrainFlow",
        model=model,
        can_drop_samples=True,
        counts_losses=True,
        desc={"brainflow_board": board},
    )
    return Rows(spec, preset, rows, kind.scale)


def _labels(description: Mapping[str, Any], kind: Kind, rows: tuple[int, ...]) -> list[str]:
    names = str(description.get("eeg_names", "")).split(",")
    electrodes = dict(zip(description.get("eeg_channels", []), names, strict=False))
    if kind.key == "eeg_channels" and all(electrodes.get(row) for row in rows):
        return [electrodes[row] for row in rows]
    if len(rows) == 1:
        return [kind.label]
    if kind.type in _SHORT and len(rows) == 3:
        return [f"{kind.label}_{axis}" for axis in "XYZ"]
    return [f"{kind.label}{i + 1}" for i in range(len(rows))]


LARGEST = 1 << 32
"""No board counts as far."""


class PackageCounter:
    """Finds gaps in a board's package numbers, whose habits it learns first.

    Boards differ: a number may be shared by several rows (Muse: 12), rise by 2 (Cyton with Daisy),
    begin again at 256 or after 200. What is not known yet is not called a loss.
    A number that does not go on from the one before waits for the next one, be it in another
    batch: where that goes on as if nothing had been, the number was spoilt, and is no gap.
    `seam` is the last and the first number of a file that is played again and again.
    """

    GROUPS = 20
    HABIT = 3

    def __init__(self, seam: tuple[int, int] | None = None) -> None:
        self._seam = seam
        self._last: int | None = None
        self._waits: float | None = None  # for the next one's word
        self._run = 0  # rows with the newest number
        self._whole = False  # whether its first row has been seen
        self._steps: list[int] = []
        self._runs: list[int] = []
        self._top = -1
        self._bottom: int | None = None
        self._fell = False  # the newest number came by a turn, if the next one goes on from it

    def feed(self, numbers: F64Array) -> I64Array:
        """Give how many rows are missing before each row of which that is known, (n,).

        The last one may have to wait for the next batch, whose first it is then.
        """
        lost = []
        for number in numbers.tolist():
            if self._waits is not None:
                lost.append(self._next(self._mended(self._waits, number)))
            sound = self._is_sound(number)
            self._waits = None if sound else number
            if sound:
                lost.append(self._next(number))
        return np.array(lost, np.int64)

    def settle(self) -> I64Array:
        """Give it of the row that waits, if one does, as no further one comes that could tell."""
        number, self._waits = self._waits, None
        return np.array([] if number is None else [self._next(number)], np.int64)

    def _is_sound(self, number: float) -> bool:
        """Whether a number needs no other's word; while habits are learned, none does."""
        last = self._last
        if last is None or self._learns:
            return True
        if number == last:
            return self._rows > 1
        return number == self._after(last) or (last, number) == self._seam

    def _mended(self, number: float, following: float) -> float:
        """Give a number that stands alone between two that go on the one that belongs there.

        One that is spoilt would be two gaps, or a turn, and the highest that ever comes.
        """
        last = self._last
        assert last is not None
        wanted = self._after(last)
        if following == self._after(wanted) and (number != following or self._rows == 1):
            return wanted
        return last if following in (last, wanted) else number

    @property
    def _learns(self) -> bool:
        """Whether too few numbers have been seen to judge one by."""
        return len(self._steps) < self.GROUPS

    @property
    def _step(self) -> int:
        return max(set(self._steps), key=self._steps.count)

    @property
    def _rows(self) -> int:
        """How many rows share a number."""
        return max(set(self._runs), key=self._runs.count) if self._runs else 1

    def _after(self, number: int) -> int:
        """Give the number that should come next."""
        turns = self._bottom is not None and number == self._top
        return self._bottom if turns else number + self._step  # type: ignore[return-value]

    def _next(self, given: float) -> int:
        """Take a number, and give how many rows are missing before it."""
        if not abs(given) < LARGEST:  # a row of a file may have none, or a spoilt one
            return 0
        last, number = self._last, int(given)
        if (last, number) == self._seam:  # a new life: neither a gap nor a habit
            self._last, self._run, self._whole = number, 1, False
            return 0
        if number == last:
            self._run += 1
            return 0
        lost = 0
        if last is not None:
            lost = self._gap(last, number)
            if self._whole:
                self._note(self._runs, self._run)
        self._whole = last is not None
        self._last, self._run = number, 1
        return lost

    def _gap(self, last: int, number: int) -> int:
        fell, turned = number < last, self._fell
        known_bottom, learns = self._bottom, self._learns
        if not fell:
            self._note(self._steps, number - last)
            # Both are where they should be, so none is spoilt; one step alone is no habit.
            if number - last == self._step and self._steps.count(self._step) >= self.HABIT:
                self._top = max(self._top, number)
                if turned:
                    self._bottom = last if known_bottom is None else min(last, known_bottom)
        self._fell = fell
        if learns:
            return 0
        step = self._step
        if fell:
            if known_bottom is None:
                return 0
            bottom = min(known_bottom, number)
            missing = max(0, self._top - last) // step + (number - bottom) // step
        else:
            missing = (number - last) // step - 1
        return max(0, missing) * self._rows

    def _note(self, seen: list[int], value: int) -> None:
        seen.append(value)
        del seen[: -4 * self.GROUPS]
