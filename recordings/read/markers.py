"""Markers: JSON text, plain text or codes."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from recordings.arrays import F64Array


@dataclass(frozen=True, slots=True)
class Marker:
    """One marker: its LSL time, its text, and the fields where the text is a JSON object."""

    time: float
    text: str
    fields: dict[str, Any]

    @property
    def event(self) -> str:
        """What happened (onset, end…), "" where the marker does not say."""
        value = self.fields.get("event")
        return value if isinstance(value, str) else ""

    @property
    def code(self) -> int | None:
        """The trigger code: the field `code`, or the whole text where that is an integer."""
        value = self.fields.get("code") if self.fields else self.text
        try:
            return None if value is None or isinstance(value, bool) else int(value)
        except (ValueError, TypeError, OverflowError):
            return None


def parse_markers(times: F64Array, rows: list[list[str]]) -> list[Marker]:
    """Read the first channel of a string stream; text that is no JSON object has no fields."""
    return [
        Marker(time, row[0] if row else "", _fields(row[0] if row else ""))
        for time, row in zip(times.tolist(), rows, strict=True)
    ]


def _fields(text: str) -> dict[str, Any]:
    if not text.lstrip().startswith("{"):
        return {}
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


@dataclass(frozen=True, slots=True)
class SessionMarker:
    """One marker, and the stream that it comes from."""

    stream: str
    marker: Marker

    @property
    def time(self) -> float:
        """LSL time, seconds."""
        return self.marker.time

    @property
    def event(self) -> str:
        """What happened (onset, end…), "" where the marker does not say."""
        return self.marker.event

    @property
    def code(self) -> int | None:
        """The trigger code, if any."""
        return self.marker.code

    def text(self, field: str) -> str:
        """Return a field of the marker (trial, step, stimulus…) as text, "" where it has none."""
        value = self.marker.fields.get(field)
        return "" if value is None else str(value)


def describe(one: SessionMarker) -> str:
    """Name a marker in a few words: `onset/clip-3/103`; its text where it is no JSON."""
    if not one.event:
        return one.marker.text or "marker"
    parts = (one.event, one.text("stimulus"), one.code)
    return "/".join(str(part) for part in parts if part not in ("", None))
