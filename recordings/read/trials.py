"""The stimuli of a session, each from its onset to its end, out of its markers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from recordings.read.markers import Marker

_ENDS: Final = frozenset({"end", "skip", "repeat", "abort"})


class Timed(Protocol):
    """A marker and its stream, as `Session.markers` lists them."""

    @property
    def stream(self) -> str:
        """The stream's name."""
        ...

    @property
    def marker(self) -> Marker:
        """The marker."""
        ...


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


def _text(marker: Marker, name: str) -> str:
    value = marker.fields.get(name)
    return "" if value is None else str(value)


def trials(markers: Iterable[Timed]) -> list[Trial]:
    """Pair each onset with the next end of the same stream, trial, step and stimulus."""
    running: dict[tuple[str, ...], int] = {}
    found: list[tuple[Marker, Marker | None]] = []
    for one in markers:
        marker = one.marker
        key = (one.stream, *(_text(marker, name) for name in ("trial", "step", "stimulus")))
        if marker.event == "onset":
            running[key] = len(found)
            found.append((marker, None))
        elif marker.event in _ENDS and key in running:
            index = running.pop(key)
            found[index] = found[index][0], marker
    return [_trial(number, onset, end) for number, (onset, end) in enumerate(found, 1)]


def _trial(number: int, onset: Marker, end: Marker | None) -> Trial:
    return Trial(
        number=number,
        trial=_text(onset, "trial"),
        step=_text(onset, "step"),
        stimulus=_text(onset, "stimulus"),
        code=onset.code,
        onset=onset.time,
        end=end.time if end else None,
        ended_by=end.event if end else "",
        fields=onset.fields,
    )


_FIELDS: Final = ("trial", "step", "stimulus", "frame", "requested", "presented")


def columns(markers: Iterable[Timed]) -> dict[str, list[Any]]:
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
