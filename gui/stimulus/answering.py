"""From keys and clicks to answers; without Qt, so that it is tried without a window."""

from __future__ import annotations

from dataclasses import dataclass, replace

from acquire.protocol.scales import MAX_TEXT, Item, Value

STEP = 0.05
"""How far an arrow key moves a slider, of its whole way."""


@dataclass(frozen=True, slots=True)
class Draft:
    """An answer that is being given: what is typed, where the slider is, where the mouse is."""

    text: str = ""
    composing: str = ""  # what an input method has not finished
    share: float | None = None  # of the slider's way
    hover: int = -1  # which target


def choice_key(place: int) -> str:
    """Name the key of an option: 1 to 9, 0 for the tenth, then a and b."""
    return "1234567890ab"[place]


def key_pressed(item: Item, draft: Draft, name: str, text: str) -> tuple[Draft, Value | None]:
    """Hear a key: the draft after it, and the answer if it is one.

    `name` is the key's (`1`, `enter`, `left`…), `text` what it types.
    """
    match item.kind:
        case "sam" | "likert":
            good = name.isdecimal() and len(name) == 1 and 1 <= int(name) <= item.maximum
            return draft, int(name) if good else None
        case "choice":
            for place, label in enumerate(item.labels):
                if name == choice_key(place):
                    return draft, label
            return draft, None
        case "slider":
            return _slide(item, draft, name)
        case "text":
            return _type(draft, name, text)


def _slide(item: Item, draft: Draft, name: str) -> tuple[Draft, Value | None]:
    if name in ("left", "right"):
        share = 0.5 if draft.share is None else draft.share
        share += STEP if name == "right" else -STEP
        return replace(draft, share=min(max(share, 0.0), 1.0)), None
    if name == "enter" and draft.share is not None:
        return draft, slider_value(item, draft.share)
    return draft, None


def slider_value(item: Item, share: float) -> float:
    """Give the value at a part of the slider's way, to a thousandth of it."""
    step = (item.maximum - item.minimum) / 1000
    return min(item.minimum + round(share * 1000) * step, item.maximum)  # 0.2 is not 0.3 - 0.1


def unfinished(item: Item, draft: Draft) -> Value | None:
    """Give what is typed, or where the slider stands, before it is an answer; None = nothing."""
    if item.kind == "slider" and draft.share is not None:
        return slider_value(item, draft.share)
    return " ".join(draft.text.split()) if item.kind == "text" else None


def _type(draft: Draft, name: str, text: str) -> tuple[Draft, Value | None]:
    if name == "enter":
        return draft, " ".join(draft.text.split()) or None  # one line, as it is stored
    if name == "backspace":
        return replace(draft, text=draft.text[:-1]), None
    if text.isprintable() and len(draft.text) + len(text) <= MAX_TEXT:
        return replace(draft, text=draft.text + text), None
    return draft, None
