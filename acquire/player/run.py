"""A protocol in motion: what to show in the next frame, and the markers of what was shown.

Pure: it has no clock, no screen and no stream. Whoever draws asks `picture(due)` what belongs into
the frame that is due then, and says `swapped(picture, …)` once that frame is on the screen. A
showing of a page is a `Visit`; its onset is the swap of its first frame, its end the swap of the
first frame that shows something else. So every onset has exactly one end, whatever ends it (`end`,
`skip`, `repeat`, `abort`), and every end carries the page's end code.
"""

from __future__ import annotations

from typing import Any

from acquire.errors import ControlError
from acquire.player.course import Course
from acquire.player.marks import (
    By,
    EventKind,
    Interrupted,
    Mark,
    Picture,
    PlayState,
    Visit,
    answer_mark,
    page_mark,
)
from acquire.player.screen import Screen
from acquire.protocol.plan import Page, Plan, Trial
from acquire.protocol.scales import Item, Value


class Run:
    """One performance of a plan."""

    def __init__(
        self,
        plan: Plan,
        *,
        frame_s: float = 1 / 60,
        first_trial: int = 1,
        interrupted: Interrupted | None = None,
    ) -> None:
        """Prepare to play from trial `first_trial` on; `frame_s` is a frame of the screen.

        `interrupted` is what was on when a player before this one died: its end is marked first.
        """
        self.plan = plan
        self.frame_s = frame_s
        self.state = PlayState.LOADED
        self._course = Course(plan, first_trial)
        self._visit: Visit | None = None  # what should be on the screen
        self._screen = Screen()  # what is
        self._asked: float = 0.0
        if interrupted is not None:
            self._owe_abort("crash", interrupted)

    @property
    def visit(self) -> Visit | None:
        """What is, or is about to be, on the screen."""
        return self._visit

    @property
    def shown(self) -> Visit | None:
        """What is on the screen, or hidden by a pause: its onset is marked, its end is not."""
        return self._screen.shown

    @property
    def listening(self) -> Visit | None:
        """What is on and waits for somebody; None while it is hidden or about to go."""
        on = self._screen.shown
        running = self.state is PlayState.RUNNING and self._screen.hidden_since is None
        return on if running and on is not None and on is self._visit else None

    def heard_by(self, time: float) -> Visit | None:
        """What hears somebody who acted at LSL time `time`: nothing that they had not seen."""
        return self.listening if time >= self._screen.seen_since else None

    @property
    def waits(self) -> bool:
        """Whether a step that waits for the operator is on."""
        on = self.shown
        is_pause = on is not None and on is self._visit and on.page.kind == "pause"
        return is_pause and self.state is PlayState.RUNNING

    @property
    def question(self) -> Item | None:
        """The item that waits for an answer now."""
        visit = self.listening
        return visit.page.item if visit is not None else None

    @property
    def stimulus_ahead(self) -> Page | None:
        """The next page with a stimulus after the one that is on: worth decoding already."""
        return next((page for page in self._course.coming() if page.stimulus is not None), None)

    @property
    def trial(self) -> Trial | None:
        """The trial that is being played, or the next one before the start."""
        return self._course.trial

    @property
    def finished(self) -> bool:
        """Whether everything has been shown and marked."""
        return self.state in (PlayState.ENDED, PlayState.ABORTED) and self._screen.is_marked

    @property
    def next_trial(self) -> int:
        """The number of the trial to go on with, should this one be lost."""
        return self._course.next_number

    @property
    def remaining_s(self) -> float:
        """How long the rest will take, by the plan's estimate."""
        now = self._visit.page.estimate_s if self._visit is not None else 0.0
        return now + sum(page.estimate_s for page in self._course.coming())

    # What is on the screen.

    def picture(self, due: float) -> Picture:
        """Say what belongs into the frame that is due at LSL time `due`."""
        visit = self._visit
        if visit is not None and self.state is PlayState.RUNNING:
            over_s = self._over_by(visit, due)
            if over_s is not None:
                self._leave("end", "time", due - max(0.0, over_s))
                visit = self._visit
        screen = self._screen
        if self.state is PlayState.PAUSED:
            return Picture(visit, paused=True, patch=screen.patch())
        if visit is None:
            return Picture(patch=screen.patch())
        position_s = screen.position(visit, due)
        return Picture(visit, position_s=position_s, patch=screen.patch(visit))

    def _over_by(self, visit: Visit, due: float) -> float | None:
        """Say for how long the time of a page will be over by then, s; None = it is not over.

        It is up to half a frame before its time, and much behind it after a hitch of this process.
        """
        duration = visit.page.duration_s
        if duration is None or visit.onset is None:
            return None
        over_s = self._screen.position(visit, due) - duration
        return over_s if over_s >= -self.frame_s / 2 else None

    def position_left(self, visit: Visit) -> float:
        """Say how far into its page a visit had come when its end was decided, s.

        What only the frame in between could have shown was not late: it is taken off, but where
        the page had its whole time.
        """
        if visit.left == ("end", "time") and visit.page.duration_s is not None:
            return visit.page.duration_s
        return self._screen.position(visit, visit.left_at) - self.frame_s

    def swapped(self, picture: Picture, frame: int, presented: float) -> list[Mark]:
        """Note that frame number `frame` with `picture` came onto the screen; give its markers."""
        has_begun = self.state is not PlayState.LOADED
        return self._screen.swapped(picture, frame, presented, self._asked, has_begun=has_begun)

    # What happens.

    def start(self, time: float) -> None:
        """Begin.

        Raises:
            ControlError: it has begun already.
        """
        self._must_be(PlayState.LOADED, do="start")
        self.state = PlayState.RUNNING
        self._next_page(time)

    def finish(self, by: By, time: float) -> None:
        """End the page that is on: its clip is over, or cannot go on."""
        if self._visit is not None and self.state is PlayState.RUNNING:
            self._leave("end", by, time)

    def key(self, name: str, time: float, via: str = "") -> list[Mark]:
        """Hear a key: it ends a page that waits for it, or skips an item that may be skipped.

        `via` says by what way it came, where that was not the participant's screen.
        """
        visit = self.heard_by(time)
        if visit is None:
            return []
        if name in visit.page.keys:
            self._note_way(visit, via)
            visit.notes |= {"key": name, "rt_s": visit.reaction_s(time)}
            self._leave("end", "key", time)
        elif visit.page.item is not None and visit.page.skippable and name == "tab":
            self._note_way(visit, via)
            mark = answer_mark(visit, None, time)
            self._leave("end", "key", time)
            return [mark]
        return []

    @staticmethod
    def _note_way(visit: Visit, via: str) -> None:
        if via:
            visit.notes["via"] = via

    def answer(self, value: Value, time: float, via: str = "") -> list[Mark]:
        """Hear an answer to the item that is on; `via` as in `key`.

        Raises:
            ControlError: no question is on the screen, or this is no answer to it.
        """
        visit = self.heard_by(time)
        if visit is None or visit.page.item is None:
            raise ControlError("no question is on the screen; answer when one is")
        checked = visit.page.item.check(value)
        self._note_way(visit, via)
        mark = answer_mark(visit, checked, time)
        self._leave("end", "answer", time)
        return [mark]

    # What the operator wants.

    def pause(self, time: float) -> None:
        """Hide what is on until `resume`; its time stands still.

        Raises:
            ControlError: it does not run.
        """
        self._must_be(PlayState.RUNNING, do="pause")
        self.state, self._asked = PlayState.PAUSED, time

    def resume(self, time: float) -> None:
        """Go on after a pause, or with what waits for the operator.

        Raises:
            ControlError: nothing waits.
        """
        if self.state is PlayState.PAUSED:
            self.state, self._asked = PlayState.RUNNING, time
            if self._visit is not None and self._visit.onset is None:
                self._visit.requested = time  # the pause was in its way: it is not late by that
        elif self.waits:
            self._leave("end", "operator", time)
        else:
            raise ControlError(f"cannot resume: the protocol is {self.state}, not paused")

    def skip(self, time: float) -> None:
        """Leave the rest of the trial out; a pause goes on.

        Raises:
            ControlError: it does not run.
        """
        self._must_be(PlayState.RUNNING, PlayState.PAUSED, do="skip")
        self._course.skip()
        self._leave("skip", "operator", time)

    def repeat(self, time: float) -> None:
        """Begin the trial again; a pause goes on.

        Raises:
            ControlError: it does not run.
        """
        self._must_be(PlayState.RUNNING, PlayState.PAUSED, do="repeat")
        self._course.repeat()
        self._leave("repeat", "operator", time)

    def abort(self, by: By, time: float) -> None:
        """End it all; nothing happens where it is over already."""
        if self.state in (PlayState.ENDED, PlayState.ABORTED):
            return
        self.state, self._asked = PlayState.ABORTED, time
        visit = self._visit
        if visit is not None:
            visit.left, visit.left_at = ("abort", by), time
            self._visit = None
        if visit is None or self.shown is not visit:
            self._owe_abort(by, None)

    def _must_be(self, *states: PlayState, do: str) -> None:
        if self.state not in states:
            raise ControlError(f"cannot {do}: the protocol is {self.state}")

    def _leave(self, event: EventKind, by: By, time: float) -> None:
        """Decide that what is on goes, and what comes next."""
        visit = self._visit
        if visit is not None:
            visit.left, visit.left_at = (event, by), time
            if visit.onset is None and (event != "end" or by == "error"):
                # Of a clip no frame of which came, nobody would know that it was left out.
                left = "skip" if event == "end" else event
                self._screen.owe(page_mark(left, visit, None, None, time, time, by=by))
        self._next_page(time)

    def _owe_abort(self, by: By, what: Interrupted | None) -> None:
        names: dict[str, Any] = {}
        if what is not None:
            names = {"trial": what.trial, "step": what.step, "stimulus": what.stimulus}
            names["code"] = what.end_code
        self._screen.owe(Mark("abort", self._asked, **names, more={"by": by}))

    def _next_page(self, time: float) -> None:
        self._visit = self._course.next(time)
        if self._visit is None:
            self.state = PlayState.ENDED
