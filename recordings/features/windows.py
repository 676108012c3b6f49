"""Where features are taken from: stretches of a session, one row of a table each."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from recordings.annotation.model import Event
from recordings.read.trials import Trial

Kind = Literal["sliding", "trial", "event"]
_ROUNDING: Final = 1e-6  # of a step: a minute holds six windows of 10 s, whatever 1e5 + 60 is


@dataclass(frozen=True, slots=True)
class Window:
    """From `start` to before `stop`, LSL seconds.

    `zero` is what it is told about: the onset of an event, else its start. `about` has what else
    names the row.
    """

    start: float
    stop: float
    zero: float
    about: Mapping[str, Any] = field(default_factory=dict)

    @property
    def length_s(self) -> float:
        """How long it is, seconds."""
        return self.stop - self.start


def sliding(start: float, stop: float, length_s: float, step_s: float) -> list[Window]:
    """Return the whole windows of one length from `start` on, one every `step_s`.

    None where the recording has no start or no end: without a sample both are NaN.
    """
    if not start < stop:
        return []
    count = math.floor((stop - start - length_s) / step_s + _ROUNDING) + 1
    starts = (start + number * step_s for number in range(max(count, 0)))
    return [Window(at, at + length_s, at) for at in starts]


def of_trials(trials: Iterable[Trial]) -> tuple[list[Window], list[str]]:
    """Return a window for each trial, from onset to end; and which have no end, hence none."""
    found, notes = [], []
    for trial in trials:
        about = {
            "trial": trial.number,
            "stimulus": trial.stimulus,
            "code": trial.code,
            "ended_by": trial.ended_by,
        }
        if trial.end is None or not trial.end > trial.onset:
            notes.append(f"trial {trial.number} ({trial.stimulus}): no end is told; left out")
        else:
            found.append(Window(trial.onset, trial.end, trial.onset, about))
    return found, notes


def of_events(events: Iterable[Event], before_s: float, after_s: float) -> list[Window]:
    """Return a window around the onset of each event, or its apex where no onset was coded."""
    found = []
    for event in events:
        if (place := event.onset or event.apex or event.offset) is None:
            continue
        marks = {name: moment.time for name, moment in event.marks.items()}
        about = {
            "event": event.id,
            "camera": event.camera,
            "kind": event.kind,
            "emotion": event.emotion,
            **{f"{name}_time": marks.get(name) for name in ("onset", "apex", "offset")},
        }
        found.append(Window(place.time - before_s, place.time + after_s, place.time, about))
    return found
