"""What a coder's file holds: events, what was looked at, what could not be coded, decisions.

Frames are numbers of stored frames of one camera, from 0 through all its files. An event's frames
decide where it is; its times are those of these frames when it was coded.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from itertools import pairwise
from typing import Annotated, Final, Literal, Self

from pydantic import Field, FiniteFloat, model_validator

from recordings.annotation.action_units import Units
from recordings.manifest_entries import Frozen
from recordings.said import said

Mark = Literal["onset", "apex", "offset"]
MARKS: Final[tuple[Mark, ...]] = ("onset", "apex", "offset")
Kind = Literal["micro", "macro"]
Visible = Literal["markers", "signals", "suggestions", "participant"]
FrameNumber = Annotated[int, Field(ge=0)]
Id = Annotated[str, Field(pattern=r"[A-Za-z0-9-]{1,64}")]


class Moment(Frozen):
    """A stored frame: its LSL time, its number, the camera's own number (None where unknown)."""

    time: FiniteFloat
    frame: FrameNumber
    device_frame: int | None = None


class Event(Frozen):
    """One expression. What is not yet set is None; an offset may also be *not coded*, for good."""

    id: Id
    camera: str
    onset: Moment | None = None
    apex: Moment | None = None
    offset: Moment | None = None
    offset_coded: bool = True
    kind: Kind | None = None
    units: Units = ()
    emotion: str = ""
    confidence: Annotated[int, Field(ge=1, le=5)] | None = None
    note: str = ""
    visible: tuple[Visible, ...] = ()  # what the window showed beside the face
    suggestion_used: bool = False

    @model_validator(mode="after")
    def _one_offset(self) -> Self:
        if not self.offset_coded and self.offset is not None:
            raise ValueError("an offset that is not coded has no frame")
        return self

    @property
    def marks(self) -> dict[Mark, Moment]:
        """The moments that are set."""
        found = ((name, getattr(self, name)) for name in MARKS)
        return {name: moment for name, moment in found if moment is not None}

    @property
    def emotion_word(self) -> str:
        """The emotion as it is compared: tables of corpora write Anger and anger."""
        return self.emotion.strip().casefold()

    @property
    def said(self) -> str:
        """What a coder said. Times are those of the frames, and may be others after a repair."""
        frames = {name: moment.frame for name, moment in self.marks.items()}
        return f"{frames} {self.model_dump_json(exclude={'id', 'visible', *MARKS})}"

    @property
    def disorder(self) -> tuple[str, ...]:
        """Say which mark is before which it should not be."""
        return disorder({name: moment.frame for name, moment in self.marks.items()})

    @property
    def interval(self) -> tuple[int, int] | None:
        """First and last frame, both belonging to it; None without onset or offset."""
        if self.onset is None or self.offset is None:
            return None
        return self.onset.frame, self.offset.frame

    @property
    def place(self) -> Moment | None:
        """The moment that stands for the event: apex, else onset, else offset."""
        return self.apex or self.onset or self.offset


def disorder(marks: Mapping[Mark, float | None]) -> tuple[str, ...]:
    """Say which mark is before which it should not be; marks are frames or times, None = unset."""
    there = [(name, at) for name in MARKS if (at := marks.get(name)) is not None]
    return tuple(
        said("{} is before {}", said(later), said(earlier))
        for (earlier, a), (later, b) in pairwise(there)
        if b < a
    )


class Span(Frozen):
    """Frames `first` to `last` of a camera, both belonging to it.

    Of what was looked at, `trial` numbers the trial, where it was one; of what could not be coded,
    `reason` says why.
    """

    id: Id
    camera: str
    first: FrameNumber
    last: FrameNumber
    trial: int | None = None
    reason: str = ""

    @model_validator(mode="after")
    def _forward(self) -> Self:
        if self.last < self.first:
            raise ValueError(f"a span ends at frame {self.last}, before its first, {self.first}")
        return self


Choice = Literal["first", "second", "third", "neither", "agreed", "alone"]
"""`agreed`: nothing to decide, the first's is kept; `alone`: the other did not look there."""


class Decision(Frozen):
    """How a pair of two coders' events was settled, by whom, and what came of it.

    `first` and `second` are the events as they were then: if one is changed later, the decision no
    longer holds. `event` is the id of what the consensus has, "" where neither was kept.
    """

    id: Id
    coders: tuple[str, str]
    first: Event | None
    second: Event | None
    choice: Choice
    by: str
    event: str = ""


class Coding(Frozen):
    """All that a file says; each kind of item by its id."""

    events: dict[Id, Event] = Field(default_factory=dict)
    looked: dict[Id, Span] = Field(default_factory=dict)
    not_codable: dict[Id, Span] = Field(default_factory=dict)
    decisions: dict[Id, Decision] = Field(default_factory=dict)

    def on(self, camera: str) -> tuple[Event, ...]:
        """Return the events of a camera, in order of their place."""
        own = (event for event in self.events.values() if event.camera == camera)
        return tuple(sorted(own, key=lambda e: (e.place.frame if e.place else -1, e.id)))

    def of_cameras(self, cameras: Collection[str]) -> Self:
        """Return the same with what is of these cameras alone."""
        shelves = ("events", "looked", "not_codable")
        own = {
            name: {id_: item for id_, item in getattr(self, name).items() if item.camera in cameras}
            for name in shelves
        }
        return self.model_copy(update=own)

    @property
    def cameras(self) -> tuple[str, ...]:
        """The cameras that were looked at or coded."""
        coded = {event.camera for event in self.events.values()}
        return tuple(sorted(coded | {span.camera for span in self.looked.values()}))

    def cameras_changed(self, before: Coding) -> set[str]:
        """Return the cameras of which something is other than it was before."""
        found: set[str] = set()
        for shelf in ("events", "looked", "not_codable"):
            then, now = getattr(before, shelf), getattr(self, shelf)
            pairs = ((then.get(id_), now.get(id_)) for id_ in then.keys() | now.keys())
            found |= {item.camera for a, b in pairs if a is not b for item in (a, b) if item}
        return found
