"""Markers: JSON text, plain text or codes."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from recordings.arrays import F64Array
from recordings.marker_codes import code_of, is_number


@dataclass(frozen=True, slots=True)
class Marker:
    """One marker: its LSL time, its text, and the fields where a channel is a JSON object.

    Of a stream of several channels `texts` has each, and `text` those that say something, joined
    by `/`.
    """

    time: float
    text: str
    fields: dict[str, Any]
    texts: tuple[str, ...] = ()

    @property
    def event(self) -> str:
        """What happened (onset, end…), "" where the marker does not say."""
        value = self.fields.get("event")
        return value if isinstance(value, str) else ""

    @property
    def code(self) -> int | None:
        """The trigger code: the field `code`, or of the first channel that is a number."""
        if self.fields and (code := code_of(self.fields)) is not None:
            return code
        for text in self.texts or (self.text,):
            if is_number(text):
                return code_of(text)
        return None

    @property
    def further(self) -> tuple[str, ...]:
        """What the channels beside the JSON object say."""
        return tuple(t for t in self.texts if t and not read_fields(t)) if self.fields else ()


def parse_markers(times: F64Array, rows: Sequence[Sequence[str]]) -> list[Marker]:
    """Read a string stream, one row a marker; text that is no JSON object has no fields."""
    return [_marker(time, row) for time, row in zip(times.tolist(), rows, strict=True)]


def _marker(time: float, row: Sequence[str]) -> Marker:
    fields = next((found for found in map(read_fields, row) if found), {})
    return Marker(time, "/".join(filter(None, row)), fields, tuple(row))


def read_fields(text: str) -> dict[str, Any]:
    """Return the fields of a text that is a JSON object, none of any other."""
    if not text.lstrip().startswith("{"):
        return {}
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


@dataclass(frozen=True, slots=True)
class SessionMarker:
    """One marker, and the stream that it comes from: its name, told from others of that name."""

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
    """Name a marker in a few words: `onset/clip-3/103`, `smiled`; its text where it is no JSON."""
    if one.event:
        parts = [one.event, one.text("stimulus"), one.code, *one.marker.further]
    elif said := one.text("text"):  # of a recorder's own markers
        parts = [said, one.code, *one.marker.further]
    else:
        return named(one.marker.text)
    words = dict.fromkeys(str(part) for part in parts if part not in ("", None))
    return named("/".join(words))


# What MNE takes for a stretch to leave out: it would drop the event, and the epoch around it.
_REJECTED: Final = re.compile("bad|edge", re.IGNORECASE)
# MNE drops an event whose name has a second line, numpy the NULs at its end, EDF what it cuts at.
_NO_NAME: Final = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


def named(text: str) -> str:
    """Return the text of a marker as a name of one line that MNE keeps: `marker/badminton`."""
    line = _NO_NAME.sub(" ", text).strip()
    return f"marker/{line}" if _REJECTED.match(line) else line or "marker"
