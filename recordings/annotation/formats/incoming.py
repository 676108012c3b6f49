"""Events that come from somebody else's file: made, or the row named that cannot be."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from pydantic import ValidationError

from recordings.annotation.action_units import Units, parse_units
from recordings.annotation.frame_times import FrameTimes
from recordings.annotation.model import MARKS, Event, Mark, Moment

OWN_TIMES: Final = "has other times than {}, with which it is read: they are not kept"
"""Of an action unit in an expression."""


@dataclass(slots=True)
class Incoming:
    """What was read; `faults` name each row that was left out or is odd, and why."""

    events: list[Event] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    def add(self, where: str, make: Callable[[], Event]) -> None:
        """Add what `make` returns; a ValueError of it is a fault at `where`."""
        try:
            event = make()
        except ValidationError as error:
            first = error.errors()[0]
            named = "".join(f"{part}: " for part in first["loc"])
            self.faults.append(f"{where}: {named}{first['msg']}; left out")
        except (ValueError, OverflowError) as error:  # a time of hundreds of digits
            self.faults.append(f"{where}: {error}; left out")
        else:
            self._take(where, event)

    def units(self, where: str, said: Iterable[tuple[str, str]], note: str = "") -> dict[str, Any]:
        """Return the fields `units` and `note` of an event, from names and values as of `unit_of`.

        What is in doubt goes to the note, and is told.
        """
        texts: list[str] = []
        for name, value in said:
            text, odd = unit_of(name, value)
            texts.append(text)
            if odd:
                note = "; ".join(filter(None, (note, f"{name}: {odd}")))
                self.faults.append(f"{where}: {odd[:40]!r} is no side or intensity of {name}")
        units, note, doubt = units_or_note("+".join(texts), note)
        self.faults += [f"{where}: {doubt}"] if doubt else []
        return {"units": units, "note": note}

    def _take(self, where: str, event: Event) -> None:
        if any(event.id == there.id for there in self.events):
            self.faults.append(f"{where}: the same event again; left out")
        else:
            self.events.append(event)


def unit_of(name: str, value: str) -> tuple[str, str]:
    """Return the text of an action unit, and what of its value tells nothing about it.

    `name` is what a tier or a behaviour is called; where it is no unit itself, the value is all.
    The value of `AU12` may be `L12B`, `L`, `B` or `L|B`; a 3 is not the unit 3, nor any side.
    """
    value = "" if value.strip().casefold() == "none" else value.strip()
    numbers = {unit.number for unit in parse_units(name)} if _is_units(name) else set()
    if not value:
        return name, ""
    if not numbers:  # of a number that is not understood a note has all
        has_more = any(map(str.isdecimal, name)) and not _is_units(value)
        return f"{name} {value}" if has_more else value, ""
    number = name.upper().removeprefix("AU").strip()
    first, _, second = value.partition("|")
    for text in (value, f"{number}{value}", f"{first}{number}{second}", f"{second}{number}{first}"):
        try:
            found = {unit.number for unit in parse_units(text)}
        except ValueError:
            continue
        if found and found <= numbers:
            return text, ""
    return name, value


def _is_units(text: str) -> bool:
    try:
        return bool(parse_units(text))
    except ValueError:
        return False


def units_or_note(text: str, note: str) -> tuple[Units, str, str]:
    """Return the units of a text, the note, and what is in doubt: such units go to the note."""
    text = text.strip()
    try:
        return parse_units(text), note, ""
    except ValueError as error:
        kept = f"{note}; action units {text}" if note else f"action units {text}"
        return (), kept, f"{error}; the event is kept without, its units in the note"


def made(frames: FrameTimes, marks: Mapping[Mark, Moment], fields: Mapping[str, Any]) -> Event:
    """Return an event; its id is that of what it says, so that reading twice makes no two.

    Raises:
        ValueError: its frames are in no order, it has none, or a field is none.
    """
    there = [(name, marks[name]) for name in MARKS if name in marks]
    if not there:
        raise ValueError("has neither onset, apex nor offset")
    found = Event.model_validate({"id": "new", "camera": frames.camera, **dict(there), **fields})
    if found.disorder:
        raise ValueError(found.disorder[0])
    digest = hashlib.sha256(found.model_dump_json(exclude={"id", "visible"}).encode())
    return found.model_copy(update={"id": f"in-{digest.hexdigest()[:16]}"})
