"""What a marker is called on the screen: short, and with its code where it has one."""

from __future__ import annotations

import contextlib
import json
from dataclasses import dataclass
from typing import Any

from recordings.marker_codes import text_of

MAX_CHARS = 24


@dataclass(frozen=True, slots=True)
class MarkerText:
    """The label beside the line, and all of it for the tool tip."""

    label: str
    full: str


def marker_text(value: Any) -> MarkerText:
    """Read a marker: JSON of ours, JSON of somebody's, a number or plain text."""
    label = full = text_of(value)
    if full.startswith("{"):
        with contextlib.suppress(ValueError):
            label = _from_object(json.loads(full)) or full
    label = " ".join(label.split())
    if len(label) > MAX_CHARS:
        label = label[: MAX_CHARS - 1] + "…"
    return MarkerText(label, full)


def _from_object(found: dict[str, Any]) -> str:
    parts = [found.get(key) for key in ("code", "event", "text", "stimulus")]
    shown = [str(part) for part in parts if part not in (None, "")]
    # A code says what a text repeats.
    return " ".join(dict.fromkeys(shown))
