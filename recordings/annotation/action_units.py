"""Action units as coders write them: `L12B+25` is the left lip corner at B, and lips apart.

A unit is a number of the Facial Action Coding System, before it the side (L, R; T and B for the top
and bottom lip alone), after it the intensity (A to E). `AU12`, `AU 12`, spaces and commas, `，` and
`、` among them, and full-width signs are read as corpora have them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Annotated, Final, Literal

from pydantic import Field

from recordings.manifest_entries import Frozen
from recordings.said import said

Side = Literal["", "L", "R", "T", "B"]
Intensity = Literal["", "A", "B", "C", "D", "E"]
INTENSITIES: Final = "ABCDE"

# A spreadsheet, or a table of numbers, makes `4.0` of a single 4.
_UNIT: Final = re.compile(r"(?:AU)?([LRTB]?)0*([1-9][0-9]?)(?:\.0+|([A-E]?))", re.IGNORECASE)
_BETWEEN: Final = re.compile(r"\s*[+,;、]\s*|\s+")
_APART: Final = re.compile(r"\bAU\s+(?=[LRTB]?[0-9])", re.IGNORECASE)
_FULL_WIDTH: Final = {0xFEE0 + code: code for code in range(0x21, 0x7F)}


class ActionUnit(Frozen):
    """One action unit; no side is both sides alike, no intensity is not scored."""

    number: Annotated[int, Field(ge=1, le=99)]
    side: Side = ""
    intensity: Intensity = ""

    def __str__(self) -> str:
        return f"{self.side}{self.number}{self.intensity}"


Units = tuple[ActionUnit, ...]


def parse_units(text: str) -> Units:
    """Read a line of action units; the order is that of their numbers, then sides.

    Raises:
        ValueError: a part is no action unit, or one is named twice; the message says which.
    """
    plain = _APART.sub("", text.translate(_FULL_WIDTH))
    parts = [part for part in _BETWEEN.split(plain.strip()) if part]
    units = tuple(_unit(part) for part in parts)
    places = [(unit.number, unit.side) for unit in units]
    for unit, place in zip(units, places, strict=True):
        if places.count(place) > 1:
            raise ValueError(said("action unit {} is named twice", f"{unit.side}{unit.number}"))
    return in_order(units)


def _unit(part: str) -> ActionUnit:
    match = _UNIT.fullmatch(part)
    if match is None:
        raise ValueError(
            said("{} is no action unit; one is written like 4, L12 or R14B", repr(part))
        )
    side, number, intensity = match.groups()
    return ActionUnit.model_validate(
        {"number": int(number), "side": side.upper(), "intensity": (intensity or "").upper()}
    )


def in_order(units: Iterable[ActionUnit]) -> Units:
    """Return units by number, then side."""
    return tuple(sorted(units, key=lambda unit: (unit.number, unit.side)))


def format_units(units: Iterable[ActionUnit]) -> str:
    """Write units as a line that `parse_units` reads."""
    return "+".join(map(str, units))
