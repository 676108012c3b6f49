"""A coder at work on one camera of a session: the event in hand, and every edit. Knows no window.

Each method makes one edit, which the store's journal has before the call returns, and gives back
what there is to say, "" for nothing. A `RecordingError` says that nothing was changed, and why.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable
from typing import Any, Literal

from gui.coding.shot import Shot
from gui.coding.suggested import Suggested
from gui.texts import tr, tr_said
from recordings.annotation.agreement.measures import Ratio
from recordings.annotation.agreement.progress import left, looked_at, next_uncoded
from recordings.annotation.frame_times import placed
from recordings.annotation.journal import Change
from recordings.annotation.model import (
    MARKS,
    Coding,
    Event,
    Kind,
    Mark,
    Moment,
    Span,
    Visible,
)
from recordings.annotation.scheme import Scheme, warnings
from recordings.annotation.store import CodingStore

_KINDS: tuple[Kind | None, ...] = (None, "micro", "macro")
_MOST_SURE = 5
SpanShelf = Literal["looked", "not_codable"]


class Desk:
    """`current` is the id of the event in hand, "" for none; `camera` the one that is coded.

    `mark` is the boundary that was set or gone to last.
    """

    def __init__(
        self,
        store: CodingStore,
        scheme: Scheme,
        shots: dict[str, Shot],
        visible: Iterable[Visible] = (),
    ) -> None:
        """Begin at the first camera that the study codes.

        Args:
            store: the coder's file.
            scheme: its words and limits.
            shots: the cameras of the session, at least one of which is coded.
            visible: what the window shows beside the face.
        """
        self.store, self.scheme, self._shots = store, scheme, shots
        self._visible = tuple(visible)
        self.camera = next(name for name, shot in shots.items() if shot.is_coded)
        self.current = ""
        self.mark: Mark = "onset"
        self._known: dict[str, tuple[Event, Event, tuple[str, ...]]] = {}

    # What there is.

    @property
    def coding(self) -> Coding:
        """What the file says now."""
        return self.store.coding

    @property
    def shot(self) -> Shot:
        """The stored frames of the camera."""
        return self._shots[self.camera]

    @property
    def events(self) -> tuple[Event, ...]:
        """The events of the camera, in order of their place."""
        return tuple(self.seen(event)[0] for event in self.coding.on(self.camera))

    @property
    def event(self) -> Event | None:
        """The event in hand, with the times that its frames have in this session."""
        event = self.coding.events.get(self.current)
        return self.seen(event)[0] if event is not None and event.camera == self.camera else None

    def seen(self, event: Event) -> tuple[Event, tuple[str, ...]]:
        """Return an event with the times of its frames, and what is odd about it."""
        known = self._known.get(event.id)
        if known is None or known[0] is not event:
            now, notes = placed(event, self._shots[event.camera].frames)
            odd = (*notes, *warnings(now, self.scheme))
            known = event, now, tuple(map(tr_said, odd))
            self._known[event.id] = known
        return known[1], known[2]

    def codes(self, camera: str) -> bool:
        """Whether the study has a camera coded, and this session its frames."""
        return camera in self._shots and self._shots[camera].is_coded

    def use(self, camera: str) -> None:
        """Code another camera."""
        if camera != self.camera and camera in self._shots:
            self.camera, self.current = camera, ""

    # The event in hand.

    def begin(self, moment: Moment) -> str:
        """Make a new event with its onset here."""
        self._put(self._new(), onset=moment)
        self.mark = "onset"
        return ""

    def begin_or_end(self, moment: Moment) -> str:
        """Give the event in hand its offset, if it has begun and not ended; else make a new one."""
        event = self.event
        open_ = event is not None and event.onset is not None and event.offset is None
        if event is not None and open_ and event.offset_coded:
            return self.set_mark("offset", moment)
        return self.begin(moment)

    def use_suggestion(self, one: Suggested) -> str:
        """Make a new event of a suggestion, which says that it was one."""
        moment = self.shot.frames.moment
        marks = {name: moment(getattr(one, name)) for name in MARKS}
        self._put(self._new(), **marks, suggestion_used=True)
        return ""

    def set_mark(self, mark: Mark, moment: Moment) -> str:
        """Set onset, apex or offset of the event in hand, or of a new one."""
        more: dict[str, Any] = {"offset_coded": True} if mark == "offset" else {}
        self._put(self._own() or self._new(), **{mark: moment}, **more)
        self.mark = mark
        return ""

    def nudge(self, near: int, by: int) -> Moment | None:
        """Move the boundary that is nearest to a frame by so many; give where it is then.

        Of several on one frame it is the one that was set or gone to last.
        """
        event = self._own()
        if event is None or not event.marks:
            return None
        away = {name: abs(moment.frame - near) for name, moment in event.marks.items()}
        self.mark = mark = min(away, key=lambda name: (away[name], name != self.mark))
        first, last = self.shot.whole
        frame = max(first, min(last, event.marks[mark].frame + by))
        moment = self.shot.frames.moment(frame)
        self._put(event, **{mark: moment})
        return moment

    def toggle_offset(self) -> str:
        """Say that the offset is not coded, or that it is to be."""
        if (event := self._own()) is None:
            return no_event()
        self._put(event, offset_coded=not event.offset_coded, offset=None)
        return ""

    def next_kind(self) -> str:
        """Say micro, then macro, then neither."""
        if (event := self._own()) is None:
            return no_event()
        self._put(event, kind=_KINDS[(_KINDS.index(event.kind) + 1) % len(_KINDS)])
        return ""

    def next_confidence(self) -> str:
        """Say 1, 2 … 5, then nothing."""
        if (event := self._own()) is None:
            return no_event()
        sure = (event.confidence or 0) + 1
        self._put(event, confidence=sure if sure <= _MOST_SURE else None)
        return ""

    def write(self, id_: str, **fields: Any) -> None:
        """Change fields of the event of this id, if it is still there."""
        if (event := self.coding.events.get(id_)) is not None:
            self._put(event, **fields)

    def delete(self) -> str:
        """Delete the event in hand, and take the next one up."""
        if (event := self._own()) is None:
            return no_event()
        ids = [each.id for each in self.coding.on(self.camera)]
        at = ids.index(event.id)
        self._drop(event)
        rest = ids[at + 1 : at + 2] or ids[at - 1 : at]
        self.current = rest[0] if rest else ""
        return tr("deleted; Ctrl+Z takes it back")

    def step(self, by: int, frame: int) -> Event | None:
        """Take up the next or previous event; without one in hand, that from a frame on."""
        events = self.coding.on(self.camera)
        ids = [event.id for event in events]
        if self.current in ids:
            at = ids.index(self.current) + by
        else:
            before = [e for e in events if e.place is None or e.place.frame < frame]
            at = len(before) if by > 0 else len(before) - 1
        if not 0 <= at < len(events):
            return None
        self.current = ids[at]
        return self.event

    # Back and forth.

    def undo(self) -> str:
        """Take the last edit back."""
        return self._take_up(self.store.undo, tr("nothing is left to undo"))

    def redo(self) -> str:
        """Make the edit again that was taken back last."""
        return self._take_up(self.store.redo, tr("nothing is left to redo"))

    def _take_up(self, edit: Callable[[], bool], nothing: str) -> str:
        before = self.coding
        if not edit():
            return nothing
        now = self.coding.events
        changed = [id_ for id_, event in now.items() if before.events.get(id_) is not event]
        if changed:
            self.current = changed[0]
        elif self.current not in now:
            self.current = ""
        others = self.coding.cameras_changed(before) - {self.camera}
        return tr("that was on the camera {}").format(", ".join(sorted(others))) if others else ""

    # What was looked at.

    def mark_looked(self, frames: tuple[int, int]) -> str:
        """Say that frames were looked at; a trial is known by its frames."""
        trial = next((t.number for t in self.shot.trials if t.frames == frames), None)
        self.store.put("looked", self._span(self.camera, frames, trial=trial))
        return tr("looked at: frames {} to {}").format(*(f"{frame:,}" for frame in frames))

    def mark_not_codable(self, camera: str, frames: tuple[int, int], reason: str) -> str:
        """Say that frames cannot be coded, and why; of that camera, whichever is coded by now."""
        self.store.put("not_codable", self._span(camera, frames, reason=reason))
        return tr("not codable: frames {} to {}").format(*(f"{frame:,}" for frame in frames))

    def clear(self, shelf: SpanShelf, frame: int) -> str:
        """Take back all spans that hold a frame."""
        spans: dict[str, Span] = getattr(self.coding, shelf)
        held = [s for s in spans.values() if s.camera == self.camera and s.first <= frame <= s.last]
        if not held:
            return tr("nothing is marked here")
        self.store.edit(Change(shelf=shelf, before=span) for span in held)
        return tr("taken back; Ctrl+Z brings it again")

    def progress(self) -> Ratio:
        """Return how many frames were looked at: of the trials, or of all where there are none."""
        return looked_at(self.coding, self.camera, self.shot.due)

    @property
    def left_elsewhere(self) -> list[str]:
        """The other cameras that the study codes and that were not wholly looked at."""
        coded = {name: shot.due for name, shot in self._shots.items() if self.codes(name)}
        return [name for name in left(self.coding, coded) if name != self.camera]

    def next_uncoded(self, frame: int) -> int | None:
        """Return the frame at which to go on: of the next trial, or of the next stretch."""
        trials = self.shot.trials
        if trials:
            at = max((n for n, trial in enumerate(trials) if trial.first <= frame), default=-1)
            found = next_uncoded(self.coding, self.camera, [t.frames for t in trials], at)
            return None if found is None else trials[found].first
        rest = left(self.coding, {self.camera: self.shot.due}).get(self.camera, ())
        starts = [first for first, _ in rest]
        return next((first for first in starts if first > frame), next(iter(starts), None))

    # How.

    def _own(self) -> Event | None:
        event = self.coding.events.get(self.current)
        return event if event is not None and event.camera == self.camera else None

    def _new(self) -> Event:
        return Event(id=uuid.uuid4().hex, camera=self.camera, visible=self._visible)

    def _put(self, event: Event, **fields: Any) -> None:
        # Validated anew: a copy alone would take what no event may be.
        made = Event.model_validate({**dict(event), **fields})
        if self.coding.events.get(made.id) != made:
            self._keep(made)
        self.current = made.id

    def _keep(self, event: Event) -> None:
        self.store.put("events", event)

    def _drop(self, event: Event) -> None:
        self.store.remove("events", event.id)

    def _span(self, camera: str, frames: tuple[int, int], **fields: Any) -> Span:
        first, last = frames
        return Span(id=uuid.uuid4().hex, camera=camera, first=first, last=last, **fields)


def no_event() -> str:
    """Say that no event is in hand."""
    return tr("no event is chosen: Enter begins one here, Tab takes the next")
