"""The rig of simulated sessions, as a rig file: the MMME rig's amplifiers, and a small camera."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

CHANNELS: Final = {"eeg": 69, "physio": 16}
RATE_HZ: Final = 1000.0


@dataclass(frozen=True, slots=True)
class Film:
    """What the camera records: pixels, frames a second, codec, and which face.

    A `drawn` face moves its mouth alone; a `textured` one moves where the truth says.
    """

    width: int = 320
    height: int = 240
    rate_hz: float = 60.0
    codec: str = "magicyuv"
    look: Literal["drawn", "textured"] = "drawn"


Plans = Mapping[str, Mapping[str, Any]]
"""Fault plans by device."""


def rig_text(seed: int, film: Film | None, faults: Plans) -> str:
    """Write the rig file of one session."""
    devices: list[tuple[str, str, tuple[str, ...]]] = [
        ("eeg", "simulated-eeg", ()),
        ("physio", "simulated-physio", ()),
    ]
    if film is not None:
        camera = (
            f"width = {film.width}",
            f"height = {film.height}",
            f"rate_hz = {film.rate_hz!r}",
            f'codec = "{film.codec}"',
            f'look = "{film.look}"',
        )
        devices.insert(0, ("face", "simulated-camera", camera))
    tables = [
        "\n".join(
            [
                "[[device]]",
                f'name = "{name}"',
                f'driver = "{driver}"',
                f"seed = {seed}",
                *settings,
                *_faults(faults.get(name, {})),
            ]
        )
        for name, driver, settings in devices
    ]
    head = (
        "# Simulated: these devices were played, not recorded.\n\n"
        '[rig]\nname = "simulated"\npowerline_hz = 50\n\n'
        '[eeg]\nreference = "simulated"\nground = "simulated"\ncap = "simulated 64"'
    )
    return "\n\n".join([head, *tables]) + "\n"


def _faults(plan: Mapping[str, Any]) -> Iterator[str]:
    if plan:
        entries = ", ".join(f"{key} = {value!r}" for key, value in plan.items())
        yield f"faults = {{ {entries} }}"
