"""What a form has a place for: whoever writes one says what of the events is not in it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Final, Literal

from recordings.annotation.formats.corpus_forms import FORMS, FormName
from recordings.annotation.model import Event

Form = Literal[FormName, "eaf", "boris", "bids"]
Offset = Literal["yes", "no", "unset"]
_BLANKS: Final = re.compile(r"[^\S ]|  |^ | $")

_SAYS: Final[Mapping[str, Callable[[Event], bool]]] = {
    "kind": lambda event: event.kind is not None,
    "units": lambda event: bool(event.units),
    "emotion": lambda event: bool(event.emotion),
    "confidence": lambda event: event.confidence is not None,
    "note": lambda event: bool(event.note),
}
_NAMES: Final = {"kind": "micro or macro", "units": "action units"}


def offset_coded(event: Event) -> Offset:
    """Return the word of a column for an offset: there, not coded for good, or not set yet."""
    if event.offset is not None:
        return "yes"
    return "unset" if event.offset_coded else "no"


def not_held(form: Form, events: Sequence[Event]) -> list[str]:
    """Say which fields of events a form cannot give back, and how many events have them."""
    if form == "eaf" or form == "boris":
        return []
    if form == "bids":
        blanks = sum(_BLANKS.search(event.note) is not None for event in events)
        text = "line breaks, tabs and runs of blanks are one blank in this form"
        return [f"the notes of {blanks} events: {text}"] if blanks else []
    columns = FORMS[form].columns
    lost = {
        _NAMES.get(name, name): sum(map(says, events))
        for name, says in _SAYS.items()
        if name not in columns
    }
    if "kind" not in columns:  # they are read as what the corpus has
        lost[_NAMES["kind"]] = sum(event.kind != FORMS[form].kind for event in events)
    lost["use of a suggestion"] = sum(event.suggestion_used for event in events)
    said = [f"{name} of {n} events: no place for it in {form}" for name, n in lost.items() if n]
    unset = sum(offset_coded(event) == "unset" for event in events)
    if unset and "coded" not in columns:
        said.append(f"the offset of {unset} events is not set yet; in {form} that is not coded")
    return said
