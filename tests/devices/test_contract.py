"""The contract, over every driver of the catalogue."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from devices.registry import entry, find, names
from tests.devices.contract import check

FAULTY: dict[str, Any] = {
    "clock_offset_s": -7.5,
    "drift_ppm": 80,
    "jitter_ms": 5,
    "latency_ms": 3,
    "drop_probability": 0.05,
    "stall_at_s": 1.5,
    "stall_for_s": 0.7,
}


def examples(name: str, film: Path) -> list[dict[str, Any]]:
    """Return settings to try a driver with."""
    match name:
        case "video-file":
            plain = {"name": "a", "path": film}
            return [plain, plain | {"pixel_format": "RGB8", "rate_hz": 11.0}]
        case "simulated-eeg":
            return [{"name": "a"}, {"name": "a", "channels": 8, "rate_hz": 251, "faults": FAULTY}]
        case "simulated-physio":
            return [{"name": "a"}, {"name": "a", "rate_hz": 2000, "faults": FAULTY}]
        case "simulated-markers":
            return [{"name": "a"}, {"name": "a", "faults": FAULTY}]
        case "simulated-photodiode":
            return [{"name": "a", "port": 0}]
        case "simulated-microphone":
            return [{"name": "a"}, {"name": "a", "channels": 2, "faults": FAULTY}]
        case "simulated-camera":
            small = {"name": "a", "width": 320, "height": 64}
            return [small, small | {"pixel_format": "BayerRG8", "rate_hz": 30, "faults": FAULTY}]
    return []


@pytest.mark.parametrize("name", names())
def test_driver_keeps_the_contract(name: str, film: Path) -> None:
    tries = examples(name, film)
    if not tries:
        assert not entry(name).simulated, f"{name} has no settings to be tried with: add some"
        pytest.skip("needs its own hardware or files: its own tests call tests.devices.contract")
    for settings in tries:
        check(find(name), settings, seconds=10.0)
