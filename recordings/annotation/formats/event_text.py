"""What an event is, in one line of text: what other programs' comments and values carry.

    micro; emotion=disgust; confidence=3; offset not coded; note=a note

Signs that part the pieces, or that XML has no place for, are written `%3B` and so on.
"""

from __future__ import annotations

import re
from typing import Any, Final
from urllib.parse import quote, unquote

from recordings.annotation.model import Event

NOT_CODED: Final = "offset not coded"
SUGGESTED: Final = "suggestion used"
_SPECIAL: Final = re.compile(r"[%;\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]|[^\S ]")


def as_text(event: Event) -> str:
    """Return kind, emotion, confidence, note and whether the offset was coded."""
    parts: list[str] = [event.kind or ""]
    parts += [f"emotion={_plain(event.emotion)}"] if event.emotion else []
    parts += [f"confidence={event.confidence}"] if event.confidence is not None else []
    parts += [] if event.offset_coded else [NOT_CODED]
    parts += [SUGGESTED] if event.suggestion_used else []
    parts += [f"note={_plain(event.note)}"] if event.note else []
    return "; ".join(part for part in parts if part)


def from_text(text: str) -> dict[str, Any]:
    """Return the fields of an event that a text tells; what is not understood goes to the note.

    `offset_coded`, `suggestion_used`, `kind`, `emotion`, `confidence`, `note`.
    """
    fields: dict[str, Any] = {}
    notes: list[str] = []
    for part in (piece.strip() for piece in text.split(";")):
        key, equals, value = map(str.strip, part.partition("="))
        key, word = key.casefold(), part.casefold()  # people write Micro, and Emotion = fear
        if word in ("micro", "macro"):
            fields["kind"] = word
        elif word == NOT_CODED:
            fields["offset_coded"] = False
        elif word == SUGGESTED:
            fields["suggestion_used"] = True
        elif equals and key == "emotion":
            fields["emotion"] = unquote(value)
        elif equals and key == "confidence" and re.fullmatch("[1-5]", value):
            fields["confidence"] = int(value)
        elif part:
            notes.append(unquote(value if equals and key == "note" else part))
    return fields | ({"note": "; ".join(notes)} if notes else {})


def _plain(text: str) -> str:
    found = _SPECIAL.sub(lambda match: quote(match[0], safe="", errors="replace"), text)
    # Blanks at the ends would be taken for those between pieces.
    return re.sub(r"^ +| +$", lambda match: "%20" * len(match[0]), found)
