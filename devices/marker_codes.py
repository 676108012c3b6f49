"""Trigger codes in markers, and names for them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Final

from pydantic import BeforeValidator

from devices.arrays import Array
from devices.base import Channel, Notice, StreamSpec


def _int_keys(value: object) -> object:
    """Read the keys of a TOML table, which are always text, as codes."""
    if not isinstance(value, Mapping):
        return value
    codes = {}
    for key, label in value.items():
        number = str(key).strip()
        if not number.isdecimal() or not 0 < int(number) < 1 << 16:
            raise ValueError(f"{key!r} is no code; codes are whole numbers from 1 to 65535")
        codes[int(number)] = label
    return codes


CodeNames = Annotated[dict[int, str], BeforeValidator(_int_keys)]
"""`codes = { 100 = "clip end" }` in the rig file."""


_NUMBER: Final = re.compile(r"\s*[+-]?[0-9]+(\.[0-9]*)?([eE][+-]?[0-9]+)?\s*")
_MOST: Final = 1 << 53
"""What a number of a marker holds exactly, whatever it was sent as."""


def code_of(value: Any) -> int | None:
    """Return the code of one marker, None where it has none.

    A marker is a number, the text of a number (MATLAB writes `111.0000000000000`), or JSON text
    with the key `code`. What is not whole is no code. `recordings.marker_codes.code_of` is the same
    rule for what has been recorded (docs/adr/0012-one-rule-for-codes.md).
    """
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    if isinstance(value, str) and value.lstrip()[:1] in ("{", '"'):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            return None
    if isinstance(value, Mapping):
        value = value.get("code")
    if isinstance(value, bool) or (isinstance(value, str) and not _NUMBER.fullmatch(value)):
        return None
    try:
        number = float(value)
        code = int(number)
    except (TypeError, ValueError, OverflowError):
        return None
    return code if code == number and abs(code) < _MOST else None


def codes_in(data: Array) -> Iterator[tuple[int, int]]:
    """Yield (row, code) of the markers in `data`, shape (n, channels); 0 is no code."""
    for row, value in enumerate(data[:, 0].tolist()):
        if code := code_of(value):
            yield row, code


def marker_spec(
    name: str, manufacturer: str = "", model: str = "", label: str = "marker", **desc: str
) -> StreamSpec:
    """Describe a stream of markers, each one text."""
    one = (Channel(label, kind="Marker"),)
    return StreamSpec(name, "Markers", one, 0.0, "string", "", manufacturer, model, desc=desc)


def label(code: int, names: Mapping[int, str]) -> str:
    """Name a code; without any names it is its own, and one that is not named is unknown."""
    return names.get(code, "unknown" if names else str(code))


def unknown_code(code: int) -> Notice:
    """Tell of a code that `codes` does not name; to be reported once."""
    return Notice("warning", "unknown-code", f"code {code} is not in `codes` of the rig file")
