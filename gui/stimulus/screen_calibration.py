"""What a calibration of the participant's screen finds, and where it is kept.

Pure figures out of times: swaps of frames, toggles of the patch, flashes that a photodiode saw.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from platformdirs import user_config_path

from acquire.errors import ConfigError
from devices.arrays import F64Array
from recordings.disk.atomic import replace_file

REACH_S = 0.25
"""A flash is looked for so long after its swap."""
SD_LIMIT_MS = 0.5
RATE_TOLERANCE = 0.01


@dataclass(frozen=True, slots=True)
class Calibration:
    """One screen, measured. Times in ms; lags are None without a photodiode."""

    screen: str
    measured: str  # UTC
    frames: int
    nominal_hz: float
    refresh_hz: float
    interval_sd_ms: float
    jitter_p99_ms: float  # of swaps around an even pace
    missed_flips: int
    flashes: int = 0
    flashes_missed: int = 0
    lag_mean_ms: float | None = None  # from swap to light
    lag_sd_ms: float | None = None
    lag_max_ms: float | None = None
    warnings: tuple[str, ...] = field(default=())


def now_utc() -> str:
    """Say when, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def swap_figures(swaps: F64Array) -> dict[str, float | int]:
    """Measure the pace of swaps, LSL times, shape (n,) with n > 2."""
    intervals = np.diff(swaps)
    period = float(np.median(intervals))
    number = np.concatenate([[0], np.cumsum(np.maximum(np.round(intervals / period), 1))])
    slope, start = np.polyfit(number, swaps - swaps[0], 1)
    off = swaps - swaps[0] - (start + slope * number)
    even = intervals[np.round(intervals / period) == 1]
    return {
        "refresh_hz": float(1 / slope),
        "interval_sd_ms": float(even.std() * 1e3) if len(even) else 0.0,
        "jitter_p99_ms": float(np.percentile(np.abs(off), 99) * 1e3),
        "missed_flips": int(number[-1]) - len(intervals),
    }


def lag_figures(toggles: F64Array, edges: F64Array) -> dict[str, float | int | None]:
    """Measure how long after its swap each toggle of the patch was seen, both LSL times."""
    lags = []
    for toggle in toggles.tolist():
        later = edges[(edges >= toggle - 0.002) & (edges < toggle + REACH_S)]
        if len(later):
            lags.append(float(later[0]) - toggle)
    found = np.array(lags) * 1e3
    known = len(found) > 0
    return {
        "flashes": len(found),
        "flashes_missed": len(toggles) - len(found),
        "lag_mean_ms": float(found.mean()) if known else None,
        "lag_sd_ms": float(found.std()) if known else None,
        "lag_max_ms": float(found.max()) if known else None,
    }


def verdicts(found: Calibration, wanted_hz: float | None) -> list[str]:
    """Say what is not as it should be, each with its remedy."""
    wanted = wanted_hz or found.nominal_hz
    faults = []
    if abs(found.refresh_hz / wanted - 1) > RATE_TOLERANCE:
        faults.append(
            f"the screen shows {found.refresh_hz:.2f} frames a second, {wanted:g} were asked for; "
            "look at its settings, and whether something else draws on it"
        )
    if found.interval_sd_ms > SD_LIMIT_MS:
        faults.append(
            f"frames come unevenly: SD {found.interval_sd_ms:.2f} ms, limit {SD_LIMIT_MS:g}; "
            "close other programs, and play in full screen"
        )
    if found.missed_flips:
        missed = f"{found.missed_flips} of {found.frames} flips were missed"
        faults.append(f"{missed}; close other programs")
    if found.flashes_missed:
        faults.append(
            f"the photodiode missed {found.flashes_missed} flashes; is it on the patch, and is its "
            "threshold between dark and light?"
        )
    return faults


# Where it is kept.


def _file() -> Path:
    return user_config_path("unisono") / "screens.json"


def remember(found: Calibration) -> Path:
    """Keep it for this screen; gives the file.

    Raises:
        ConfigError: it cannot be written.
    """
    path = _file()
    known = _known(path)
    known[found.screen] = asdict(found)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        replace_file(path, json.dumps(known, indent=1).encode())
    except OSError as error:
        raise ConfigError(f"{path}: cannot be written ({error.strerror}); free space") from error
    return path


def recall(screen: str) -> dict[str, Any] | None:
    """Give what was measured of a screen, as plain data; None = nothing."""
    found: dict[str, Any] | None = _known(_file()).get(screen)
    return found


def _known(path: Path) -> dict[str, Any]:
    try:
        known = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return known if isinstance(known, dict) else {}
