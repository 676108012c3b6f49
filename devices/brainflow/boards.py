"""What BrainFlow's boards need and what their rows are: tables and pure functions, no SDK.

BrainFlow describes a board's rows, but not which parameters it needs; those are from its
documentation (SupportedBoards.rst of 5.23), and from which boards refuse to be opened without.
"""

from __future__ import annotations

import difflib
import re
import sys
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from pydantic import BaseModel, ConfigDict, field_validator

from devices.arrays import F64Array, I64Array
from devices.base import Channel, StreamSpec

REQUIRED: dict[str, tuple[str, ...]] = {
    "PLAYBACK_FILE_BOARD": ("master_board", "file"),
    "STREAMING_BOARD": ("master_board", "ip_address", "ip_port"),
    **dict.fromkeys(
        (
            "CYTON_BOARD", "CYTON_DAISY_BOARD", "GANGLION_BOARD", "FREEEEG32_BOARD",
            "FREEEEG128_BOARD", "NEUROPAWN_KNIGHT_BOARD", "NEUROPAWN_KNIGHT_BOARD_IMU",
            "IRONBCI_32_BOARD", "SHIMMER3_BOARD", "BRAINBIT_BLED_BOARD", "MUSE_S_BLED_BOARD",
            "MUSE_2_BLED_BOARD", "MUSE_2016_BLED_BOARD",
        ),
        ("serial_port",),
    ),
    **dict.fromkeys(
        ("GANGLION_WIFI_BOARD", "CYTON_WIFI_BOARD", "CYTON_DAISY_WIFI_BOARD"), ("ip_port",)
    ),
    "NTL_WIFI_BOARD": ("ip_port",),
    "GALEA_BOARD": ("ip_address",),
}  # fmt: skip
_ELSEWHERE = {
    "BRAINBIT_BOARD": "; with a dongle, BRAINBIT_BLED_BOARD runs here",
    **dict.fromkeys(
        (
            "CALLIBRI_ECG_BOARD",
            "CALLIBRI_EEG_BOARD",
            "CALLIBRI_EMG_BOARD",
            "GFORCE_DUAL_BOARD",
            "GFORCE_PRO_BOARD",
        ),
        "",
    ),
}
"""Boards that BrainFlow 5.23 calls unsupported on Linux, and what to do; measured there."""
_MAC = re.compile(r"(?:[0-9A-Fa-f]{2}[:-]){5}[0-9A-Fa-f]{2}")


class Params(BaseModel):
    """BrainFlow's connection parameters, by BrainFlow's names."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    serial_port: str = ""
    mac_address: str = ""
    ip_address: str = ""
    ip_address_aux: str = ""
    ip_address_anc: str = ""
    ip_port: int = 0
    ip_port_aux: int = 0
    ip_port_anc: int = 0
    ip_protocol: int = 0
    other_info: str = ""
    timeout: int = 0
    serial_number: str = ""
    file: str = ""
    file_aux: str = ""
    file_anc: str = ""
    master_board: str | int = ""

    @field_validator("mac_address")
    @classmethod
    def _looks_like_one(cls, value: str) -> str:
        # macOS names Bluetooth devices by a UUID instead.
        if value and not _MAC.fullmatch(value) and len(value) != 36:
            raise ValueError(f"{value!r} is no MAC address; one looks like F4:0E:11:75:76:78")
        return value

    def problem(self, board: str, platform: str = sys.platform) -> str | None:
        """Say what this board needs and has not been given, or why it cannot run on a system."""
        if platform == "linux" and board in _ELSEWHERE:
            return f"BrainFlow does not support {board} on Linux{_ELSEWHERE[board]}"
        if missing := [name for name in REQUIRED.get(board, ()) if not getattr(self, name)]:
            return f"{board} needs {', '.join(f'params.{name}' for name in missing)}"
        port = self.serial_port
        if platform == "darwin" and port.startswith("/dev/tty."):
            return f"params.serial_port {port!r}: macOS needs its twin {'/dev/cu.' + port[9:]!r}"
        if platform == "win32" and port.startswith("/dev/"):
            return f"params.serial_port {port!r}: on Windows a port has a name like 'COM3'"
        return None


def unknown_board(name: str, known: Collection[str]) -> str | None:
    """Say that BrainFlow has no board of that name, and which is like it; None = it has."""
    boards = [board for board in known if board != "NO_BOARD"]
    if name in boards:
        return None
    near = difflib.get_close_matches(name, boards, n=3) or ["SYNTHETIC_BOARD", "CYTON_BOARD"]
    return f"BrainFlow knows no board {name!r}; did you mean {' or '.join(near)}?"


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


class PackageCounter:
    """Finds gaps in a board's package numbers, whose habits it learns first.

    Boards differ: a number may be shared by several rows (Muse: 12), rise by 2 (Cyton with Daisy),
    begin again at 256 or after 200. What is not known yet is not called a loss.
    `seam` is the last and the first number of a file that is played again and again.
    """

    GROUPS = 20

    def __init__(self, seam: tuple[int, int] | None = None) -> None:
        self._seam = seam
        self._last: int | None = None
        self._run = 0  # rows with the newest number
        self._whole = False  # whether its first row has been seen
        self._steps: list[int] = []
        self._runs: list[int] = []
        self._top = -1
        self._bottom: int | None = None

    def feed(self, numbers: F64Array) -> I64Array:
        """Give how many rows are missing before each row, (n,)."""
        lost = np.zeros(len(numbers), np.int64)
        for i, number in enumerate(numbers.astype(np.int64).tolist()):
            lost[i] = self._next(number)
        return lost

    def _next(self, number: int) -> int:
        last = self._last
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
        self._top = max(self._top, number)
        self._whole = last is not None
        self._last, self._run = number, 1
        return lost

    def _gap(self, last: int, number: int) -> int:
        fell = number < last
        if not fell:
            self._note(self._steps, number - last)
        known_bottom = self._bottom
        if fell:
            self._bottom = number if known_bottom is None else min(number, known_bottom)
        if len(self._steps) < self.GROUPS:
            return 0
        step = max(set(self._steps), key=self._steps.count)
        rows = max(set(self._runs), key=self._runs.count) if self._runs else 1
        if fell:
            if known_bottom is None:
                return 0
            missing = (self._top - last) // step + (number - self._bottom) // step  # type: ignore[operator]
        else:
            missing = (number - last) // step - 1
        return max(0, missing) * rows

    def _note(self, seen: list[int], value: int) -> None:
        seen.append(value)
        del seen[: -4 * self.GROUPS]
