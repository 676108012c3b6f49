"""The stimuli of a session, each from its onset to its end, out of its markers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from recordings.read.markers import SessionMarker

_ENDS: Final = frozenset({"end", "skip", "repeat", "abort"})


@dataclass(frozen=True, slots=True)
class Trial:
    """One stimulus; times are LSL seconds, `end` is None where nothing says it."""

    number: int  # 1, 2… in order of onset
    trial: str
    step: str
    stimulus: str
    code: int | None
    onset: float
    end: float | None
    ended_by: str = ""  # end, skip, repeat or abort
    fields: dict[str, Any] = field(default_factory=dict)  # of the onset

    @property
    def duration_s(self) -> float | None:
        """How long it was on."""
        return None if self.end is None else self.end - self.onset


Pair = tuple[SessionMarker, SessionMarker | None]
"""An onset and its end, None where nothing says it."""


def pair_stimuli(markers: Iterable[SessionMarker]) -> tuple[list[Pair], list[SessionMarker]]:
    """Pair each onset with the next end of the same stream, trial, step and stimulus.

    Returns the pairs in order of onset, and the ends that have no onset.
    """
    running: dict[tuple[str, ...], int] = {}
    pairs: list[Pair] = []
    strays: list[SessionMarker] = []
    for marker in markers:
        key = (marker.stream, *(marker.text(name) for name in ("trial", "step", "stimulus")))
        if marker.event == "onset":
            running[key] = len(pairs)
            pairs.append((marker, None))
        elif marker.event in _ENDS and key in running:
            index = running.pop(key)
            pairs[index] = pairs[index][0], marker
        elif marker.event in _ENDS:
            strays.append(marker)
    return pairs, strays


def trials(markers: Iterable[SessionMarker]) -> list[Trial]:
    """List the stimuli in order of onset."""
    pairs, _ = pair_stimuli(markers)
    return [_trial(number, onset, end) for number, (onset, end) in enumerate(pairs, 1)]


def _trial(number: int, onset: SessionMarker, end: SessionMarker | None) -> Trial:
    return Trial(
        number=number,
        trial=onset.text("trial"),
        step=onset.text("step"),
        stimulus=onset.text("stimulus"),
        code=onset.code,
        onset=onset.time,
        end=end.time if end else None,
        ended_by=end.event if end else "",
        fields=onset.marker.fields,
    )


_FIELDS: Final = ("trial", "step", "stimulus", "frame", "requested", "presented")


def columns(markers: Iterable[SessionMarker]) -> dict[str, list[Any]]:
    """Return markers as columns of equal length; unknown = None."""
    table: dict[str, list[Any]] = {
        name: [] for name in ("time", "stream", "event", "code", *_FIELDS, "text")
    }
    for one in markers:
        marker = one.marker
        row = (marker.time, one.stream, marker.event or None, marker.code)
        row += (*(marker.fields.get(name) for name in _FIELDS), marker.text)
        for name, value in zip(table, row, strict=True):
            table[name].append(value)
    return table
