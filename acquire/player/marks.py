"""What happens on the participant's screen, as data: visits of pages, pictures, markers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Final, Literal

from acquire.protocol.plan import Page, Trial
from acquire.protocol.scales import Value

EventKind = Literal["onset", "end", "answer", "pause", "resume", "skip", "repeat", "abort"]
ENDINGS: Final = frozenset({"end", "skip", "repeat", "abort"})
"""Markers that close a page."""
UNFINISHED: Final = "unfinished"
"""The note of what was typed, or where the slider stood, and was not yet an answer."""
By = Literal["time", "key", "answer", "stimulus", "operator", "participant", "crash", "error"]


class PlayState(StrEnum):
    """What a protocol is doing."""

    LOADED = "loaded"  # waits for the start
    RUNNING = "running"
    PAUSED = "paused"
    ENDED = "ended"
    ABORTED = "aborted"


@dataclass(frozen=True, slots=True)
class Mark:
    """A marker of the stream `protocol`; `time` is its stamp, LSL seconds."""

    event: EventKind
    time: float
    trial: int | None = None
    step: str | None = None
    stimulus: str | None = None
    code: int | None = None
    frame: int | None = None
    requested: float | None = None
    presented: float | None = None
    more: Mapping[str, Any] = field(default_factory=dict)

    def fields(self) -> dict[str, Any]:
        """The marker as the stream has it."""
        return {
            "event": self.event,
            "trial": self.trial,
            "step": self.step,
            "stimulus": self.stimulus,
            "code": self.code,
            "frame": self.frame,
            "requested": self.requested,
            "presented": self.presented,
            **self.more,
        }

    def text(self) -> str:
        """The marker as JSON text."""
        return json.dumps(self.fields(), ensure_ascii=False)

    def presented_at(self, frame: int, presented: float) -> Mark:
        """The same, stamped with the swap of a frame."""
        return replace(self, time=presented, frame=frame, presented=presented)


@dataclass(frozen=True, slots=True)
class Interrupted:
    """The page that a player showed when it died."""

    trial: int
    step: str
    stimulus: str | None
    end_code: int | None


@dataclass(eq=False, slots=True)
class Visit:
    """One showing of one page."""

    trial: Trial
    page: Page
    attempt: int
    requested: float
    onset: float | None = None
    away_s: float = 0.0  # hidden by pauses
    left: tuple[EventKind, By] | None = None  # how it ends, once that is decided
    left_at: float = 0.0  # when that was decided
    notes: dict[str, Any] = field(default_factory=dict)  # what its end is to tell besides

    def reaction_s(self, time: float) -> float:
        """How long after it came onto the screen somebody acted at LSL time `time`, but pauses."""
        assert self.onset is not None
        return round(time - self.onset - self.away_s, 6)

    def names(self) -> dict[str, Any]:
        """What markers say about it."""
        stimulus = self.page.stimulus.name if self.page.stimulus else None
        return {"trial": self.trial.number, "step": self.page.step, "stimulus": stimulus}

    def about(self) -> dict[str, str]:
        """What an onset says besides: the category of its stimulus, the condition of its trial."""
        stimulus = self.page.stimulus
        said = {
            "category": stimulus.category if stimulus is not None else "",
            "condition": self.trial.condition or "",
        }
        return {name: value for name, value in said.items() if value}


@dataclass(frozen=True, slots=True)
class Picture:
    """What belongs into one frame."""

    visit: Visit | None = None  # None: nothing but the background
    paused: bool = False
    position_s: float = 0.0  # into the page
    patch: bool = False  # whether the photodiode patch is lit

    @property
    def page(self) -> Page | None:
        """What is to be seen, unless it is hidden by a pause."""
        return self.visit.page if self.visit is not None and not self.paused else None


def page_mark(
    event: EventKind,
    visit: Visit,
    code: int | None,
    frame: int | None,
    requested: float,
    presented: float,
    **more: Any,
) -> Mark:
    """Make the marker of a page that comes onto the screen, or leaves it."""
    return Mark(
        event,
        presented,
        **visit.names(),
        code=code,
        frame=frame,
        requested=requested,
        presented=presented,
        more=_counted(visit, more),
    )


def answer_mark(visit: Visit, value: Value | None, time: float) -> Mark:
    """Make the marker of an answer to the item that a page asks; None: there was none."""
    assert visit.page.item is not None
    item = visit.page.item.id
    more: dict[str, Any] = {"item": item, "value": value, "rt_s": visit.reaction_s(time)}
    if via := visit.notes.get("via"):
        more["via"] = via
    about = visit.trial.stimulus.name if visit.trial.stimulus else None
    return Mark("answer", time, **{**visit.names(), "stimulus": about}, more=_counted(visit, more))


def end_marks(visit: Visit, frame: int, presented: float) -> list[Mark]:
    """Make the markers of a page that was replaced by frame number `frame`."""
    event, by = visit.left or ("end", "time")
    code = visit.page.end_code
    notes = {name: note for name, note in visit.notes.items() if name != UNFINISHED}
    begun = {UNFINISHED: text} if (text := visit.notes.get(UNFINISHED, "")) != "" else {}
    answers = []
    if by == "time" and visit.page.item is not None:  # nobody has answered
        answer = answer_mark(visit, None, presented)
        answers.append(replace(answer, more={**answer.more, **begun}))
    elif by != "answer":
        notes |= begun
    end = page_mark(event, visit, code, frame, visit.left_at, presented, by=by, **notes)
    return [*answers, end]


def _counted(visit: Visit, more: dict[str, Any]) -> dict[str, Any]:
    return more | ({"attempt": visit.attempt} if visit.attempt > 1 else {})
