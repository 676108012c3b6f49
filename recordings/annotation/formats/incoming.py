"""Events that come from somebody else's file: made, or the row named that cannot be."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from recordings.annotation.frame_times import FrameTimes
from recordings.annotation.model import MARKS, Event, Mark, Moment


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
            self.faults.append(f"{where}: {error.errors()[0]['msg']}; left out")
        except ValueError as error:
            self.faults.append(f"{where}: {error}; left out")
        else:
            self._take(where, event)

    def _take(self, where: str, event: Event) -> None:
        if any(event.id == there.id for there in self.events):
            self.faults.append(f"{where}: the same event again; left out")
        else:
            self.events.append(event)


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
