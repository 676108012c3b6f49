"""The protocol in motion, frame by frame: every onset has its end, whatever happens."""

from __future__ import annotations

import contextlib
from collections import Counter
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acquire.errors import ControlError
from acquire.player.marks import Interrupted, Mark, Picture, PlayState, Visit
from acquire.player.participant import SimulatedParticipant
from acquire.player.run import Run
from acquire.protocol.file import load_protocol, parse_protocol
from acquire.protocol.plan import Page, Plan, Trial
from acquire.protocol.planner import make_plan
from acquire.protocol.scales import BUILT_IN, Scale

FRAME_S = 1 / 60
ENDS = {"end", "skip", "repeat", "abort"}
SAM = Scale("valence", BUILT_IN["valence"]).items[0]


def page(kind: str, number: int, duration_s: float | None) -> Page:
    item = SAM if kind == "rating" else None
    keys = ("space",) if kind == "instruction" else ()
    return Page(
        kind,
        f"{kind}{number}",
        duration_s=duration_s,
        keys=keys,
        item=item,
        code=1 + number,
        end_code=200,
    )


pages = st.builds(
    page,
    st.sampled_from(["fixation", "clip", "rating", "instruction", "pause"]),
    st.integers(0, 9),
    st.none() | st.sampled_from([FRAME_S / 4, FRAME_S, 0.05, 0.3]),
)


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    trials = draw(st.lists(st.lists(pages, max_size=4), min_size=1, max_size=4))
    every = tuple(
        Trial(
            number,
            "b",
            None,
            None,
            # What waits for nobody must end by itself.
            tuple(
                p
                if p.duration_s or p.kind in ("rating", "instruction", "pause")
                else page("fixation", 0, 0.1)
                for p in content
            ),
        )
        for number, content in enumerate(trials, 1)
    )
    return Plan("p", "01", 1, every)


@dataclass
class Stage:
    """A screen without pixels, and somebody in front of it."""

    run: Run
    latency: int = 1  # frames between the drawing and the swap
    time: float = 100.0
    frame: int = 0
    marks: list[Mark] = field(default_factory=list)
    _queue: list[Picture] = field(default_factory=list)
    _acted: set[int] = field(default_factory=set)

    def step(self, *, act: bool = True) -> None:
        self._queue.append(self.run.picture(self.time + self.latency * FRAME_S))
        self.time += FRAME_S
        self.frame += 1
        if len(self._queue) >= self.latency:
            self.marks += self.run.swapped(self._queue.pop(0), self.frame, self.time)
        visit = self.run.visit
        if act and visit is not None and visit.onset is not None:
            self._act(visit)

    def _act(self, visit: Visit) -> None:
        todo = SimulatedParticipant(1).act(visit)
        if todo is None or visit.onset is None or self.time < visit.onset + todo.after_s:
            return
        if id(visit) in self._acted or self.run.listening is not visit:
            return
        if todo.kind == "answer":
            self.marks += self.run.answer(todo.value, self.time)
        elif todo.kind == "key":
            self.marks += self.run.key(str(todo.value), self.time)
        else:
            self.run.resume(self.time)

    def order(self, name: str) -> None:
        with contextlib.suppress(ControlError):  # refused: nothing has changed
            if name == "abort":
                self.run.abort("participant", self.time)
            else:
                getattr(self.run, name)(self.time)


def check(marks: list[Mark]) -> None:
    """Every onset is followed by one end with its code before the next onset."""
    on: Mark | None = None
    hidden = False
    for mark in marks:
        assert mark.presented is None or mark.presented == mark.time
        match mark.event:
            case "onset":
                assert on is None
                on = mark
            case "pause" | "resume":
                assert hidden == (mark.event == "resume")
                hidden = not hidden
            case "answer":
                assert on is not None
                assert (on.trial, on.step) == (mark.trial, mark.step)
            case _ if on is not None and (on.trial, on.step) == (mark.trial, mark.step):
                assert mark.code == 200
                on = None
            case _:
                assert mark.event != "end"  # an order about what had not come to the screen
                assert mark.code is None
    assert on is None
    times = [mark.time for mark in marks]
    assert times == sorted(times)


orders = st.lists(
    st.tuples(
        st.integers(0, 30),
        st.sampled_from(["start", "pause", "resume", "skip", "repeat", "abort"]),
    ),
    max_size=12,
)


@settings(max_examples=300)
@given(plans(), orders, st.integers(1, 3))
def test_every_protocol_ends_and_every_onset_has_its_end(
    plan: Plan, todo: list[tuple[int, str]], latency: int
) -> None:
    stage = Stage(Run(plan), latency)
    stage.step()
    stage.run.start(stage.time)
    for frames, order in todo:
        for _ in range(frames):
            stage.step()
        stage.order(order)
    if stage.run.state is PlayState.PAUSED:
        stage.order("resume")
    for _ in range(16 * 130 + latency):  # 16 pages of 1.3 s at most, each perhaps begun again
        if stage.run.finished:
            break
        stage.step()
    assert stage.run.finished
    check(stage.marks)
    answers = [m for m in stage.marks if m.event == "answer"]
    assert all(0 < m.more["rt_s"] <= 2 for m in answers)
    if not any(order in ("skip", "repeat", "abort") for _, order in todo):
        shown = Counter((m.trial, m.step, m.code) for m in stage.marks if m.event == "onset")
        meant = Counter((t.number, p.step, p.code) for t in plan.trials for p in t.pages)
        assert shown == meant


@pytest.mark.parametrize("latency", [1, 2, 3])
def test_what_never_came_to_the_screen_is_told_after_the_end_of_what_was_on(latency: int) -> None:
    trials = tuple(Trial(n, "b", None, None, (page("clip", 1, 1.0),)) for n in (1, 2))
    stage = Stage(Run(Plan("p", "01", 1, trials)), latency)
    stage.order("start")
    for _ in range(8):
        stage.step()
    stage.order("repeat")
    stage.order("skip")  # the second attempt, before its first frame
    for _ in range(4):
        stage.step()
    told = [(m.event, m.trial, m.more.get("attempt", 1)) for m in stage.marks]
    assert told == [("onset", 1, 1), ("repeat", 1, 1), ("skip", 1, 2), ("onset", 2, 1)]


def play(run: Run) -> Stage:
    stage = Stage(run)
    run.start(stage.time)
    while not run.finished:
        stage.step()
        assert stage.frame < 60 * 300
    return stage


def test_the_demo_sends_every_code_in_pairs() -> None:
    plan = make_plan(load_protocol("demo"), "01")
    marks = play(Run(plan)).marks
    check_pairs = Counter(m.event for m in marks)
    assert check_pairs["onset"] == check_pairs["end"] == sum(len(t.pages) for t in plan.trials)
    pages = [page for trial in plan.trials for page in trial.pages]
    codes = {code for page in pages for code in (page.code, page.end_code) if code is not None}
    assert {m.code for m in marks if m.code} == codes
    assert check_pairs["answer"] == 16
    # Frame by frame, a clip of 4 s is on for 240 frames.
    on = {(m.trial, m.step): m for m in marks if m.event == "onset"}
    for mark in marks:
        if mark.event == "end" and mark.step == "clip":
            assert (mark.frame or 0) - (on[mark.trial, "clip"].frame or 0) == 240


def test_a_step_that_waits_for_the_operator_says_so_once_it_is_seen() -> None:
    pages = (page("fixation", 1, 0.1), page("pause", 2, None))
    stage = Stage(Run(Plan("p", "01", 1, (Trial(1, "b", None, None, pages),))))
    stage.order("start")
    waited = []
    while not stage.run.finished:
        stage.step(act=False)
        waited.append(stage.run.waits)
        if len(waited) > 30:
            stage.order("resume")
    assert waited.index(True) == 6  # after six frames of the fixation
    assert all(waited[6:30])
    assert not waited[-1]


def test_a_pause_stops_the_clock_of_the_page() -> None:
    run = Run(Plan("p", "01", 1, (Trial(1, "b", None, None, (page("clip", 1, 1.0),)),)))
    stage = Stage(run)
    run.start(stage.time)
    for _ in range(31):
        stage.step()
    run.pause(stage.time)
    for _ in range(600):
        stage.step()
    run.resume(stage.time)
    while not run.finished:
        stage.step()
    events = [(m.event, m.frame) for m in stage.marks]
    assert events == [("onset", 1), ("pause", 32), ("resume", 632), ("end", 661)]


@pytest.mark.parametrize(
    ("order", "left_s"), [(None, 1.0), ("skip", 29 * FRAME_S), ("abort", 29 * FRAME_S)]
)
def test_how_far_a_page_had_come(order: str | None, left_s: float) -> None:
    run = Run(Plan("p", "01", 1, (Trial(1, "b", None, None, (page("clip", 1, 1.0),)),)))
    stage = Stage(run)
    run.start(stage.time)
    visit = run.visit
    assert visit is not None
    for _ in range(31):
        stage.step()
    if order:
        stage.order(order)
    while not run.finished:
        stage.step()
    assert run.position_left(visit) == pytest.approx(left_s)


def test_after_a_crash_the_open_page_is_closed_and_the_next_trial_comes() -> None:
    plan = make_plan(load_protocol("demo"), "01")
    run = Run(plan, first_trial=4, interrupted=Interrupted(3, "clip", "fear-1", 100))
    marks = play(run).marks
    first = marks[0]
    assert (first.event, first.trial, first.code, first.more) == ("abort", 3, 100, {"by": "crash"})
    assert marks[1].event == "onset"
    assert {m.trial for m in marks[1:]} == {4, 5, 6}


def test_a_timeout_ends_a_question_without_an_answer() -> None:
    run = Run(Plan("p", "01", 1, (Trial(1, "b", None, None, (page("rating", 1, 0.2),)),)))
    stage = Stage(run)
    run.start(stage.time)
    while not run.finished:
        stage.step(act=False)
    assert [m.event for m in stage.marks] == ["onset", "answer", "end"]
    assert stage.marks[1].more["value"] is None
    assert "unfinished" not in stage.marks[1].more


def test_what_was_begun_of_an_answer_is_not_lost_at_its_time() -> None:
    run = Run(Plan("p", "01", 1, (Trial(1, "b", None, None, (page("rating", 1, 0.2),)),)))
    stage = Stage(run)
    run.start(stage.time)
    stage.step(act=False)
    assert run.visit
    run.visit.notes["unfinished"] = "it was"
    while not run.finished:
        stage.step(act=False)
    _, answer, end = stage.marks
    assert (answer.more["value"], answer.more["unfinished"]) == (None, "it was")
    assert "unfinished" not in end.more


@pytest.mark.parametrize("order", ["skip", "repeat", "abort"])
@pytest.mark.parametrize("begun", ["it was", ""])
def test_what_was_begun_of_an_answer_is_kept_when_it_is_broken_off(order: str, begun: str) -> None:
    run = Run(Plan("p", "01", 1, (Trial(1, "b", None, None, (page("rating", 1, None),)),)))
    stage = Stage(run)
    run.start(stage.time)
    stage.step(act=False)
    assert run.visit
    run.visit.notes["unfinished"] = begun
    stage.order(order)
    stage.step(act=False)
    (end,) = (m for m in stage.marks if m.event == order)
    assert end.more.get("unfinished") == (begun or None)
    stage.marks.clear()
    if order == "repeat":
        run.visit.notes["unfinished"] = "again"
        stage.marks += run.answer(4, stage.time)
        stage.step(act=False)
        assert all("unfinished" not in m.more for m in stage.marks)


def test_a_skippable_question_can_be_left_out_and_others_cannot() -> None:
    text = '[protocol]\nname="p"\n[[block]]\nname="b"\n[[block.step]]\n'
    text += 'kind="rating"\nscales=["valence"]\n'
    for line, events in (("skippable=true\n", ["onset", "answer", "end"]), ("", ["onset"])):
        run = Run(make_plan(parse_protocol(text + line), "01"))
        stage = Stage(run)
        run.start(stage.time)
        stage.step(act=False)
        stage.marks += run.key("tab", stage.time)
        stage.step(act=False)
        assert [m.event for m in stage.marks] == events


def test_a_key_that_came_another_way_says_so_in_its_markers() -> None:
    text = '[protocol]\nname="p"\n[[block]]\nname="b"\n[[block.step]]\n'
    text += 'kind="rating"\nscales=["valence"]\n[[block.step]]\nkind="instruction"\n'
    text += 'text="go on"\nkeys=["space"]\n'
    run = Run(make_plan(parse_protocol(text), "01"))
    stage = Stage(run)
    run.start(stage.time)
    stage.step(act=False)
    stage.marks += run.answer(4, stage.time, "window")
    stage.step(act=False)
    stage.marks += run.key("space", stage.time)
    stage.step(act=False)
    said = [(m.event, m.more.get("via")) for m in stage.marks]
    assert said == [
        ("onset", None),
        ("answer", "window"),
        ("end", "window"),
        ("onset", None),
        ("end", None),
    ]


def test_which_key_ended_a_page_is_in_its_marker() -> None:
    """Of `keys = ["f", "j"]` nobody knew afterwards what had been pressed."""
    text = '[protocol]\nname="p"\n[[stimulus]]\nname="s"\nfile="s.png"\ncode=1\n'
    text += '[[block]]\nname="b"\nstimuli=["*"]\n[[block.step]]\nkind="image"\n'
    text += 'duration_s=2\nkeys=["f", "j"]\n[[block.step]]\nkind="rest"\nduration_s=0.1\n'
    run = Run(make_plan(parse_protocol(text), "01"))
    stage = Stage(run)
    run.start(stage.time)
    stage.step(act=False)
    pressed = stage.time + 0.25
    stage.marks += run.key("x", pressed) + run.key("j", pressed)
    while not run.finished:
        stage.step(act=False)
    onset, end, *_, last = stage.marks
    assert (end.more["by"], end.more["key"], end.requested) == ("key", "j", pressed)
    assert end.more["rt_s"] == pytest.approx(0.25)
    assert (onset.step, end.step) == ("image", "image")
    assert "key" not in last.more


def test_a_pause_makes_nothing_late_that_it_was_in_the_way_of() -> None:
    trials = tuple(Trial(n, "b", None, None, (page("clip", 1, 1.0),)) for n in (1, 2))
    stage = Stage(Run(Plan("p", "01", 1, trials)))
    stage.order("start")
    stage.step()
    stage.order("pause")
    stage.order("skip")
    for _ in range(600):
        stage.step()
    stage.order("resume")
    stage.step()
    (onset,) = (m for m in stage.marks if (m.event, m.trial) == ("onset", 2))
    assert onset.requested is not None
    assert onset.time - onset.requested < 2 * FRAME_S


def test_what_comes_late_as_the_page_before_it_was_on_for_too_long_is_late() -> None:
    """After a hitch it was asked for when the hitch was over: nothing was ever late by one."""
    pages = (page("fixation", 1, 1.0), page("clip", 2, 1.0), page("fixation", 3, 1.0))
    stage = Stage(Run(Plan("p", "01", 1, (Trial(1, "b", None, None, pages),))))
    stage.order("start")
    for _ in range(30):
        stage.step()
    stage.time += 1.5
    while not stage.run.finished:
        stage.step()
    late = {m.step: m.time - (m.requested or 0) for m in stage.marks if m.event == "onset"}
    assert late["clip2"] == pytest.approx(1.0, abs=2 * FRAME_S)
    assert 0 <= late["fixation3"] <= 2 * FRAME_S
    (end,) = (m for m in stage.marks if (m.event, m.step) == ("end", "fixation1"))
    assert end.requested == pytest.approx(stage.marks[0].time + 1.0)


def test_a_clip_that_never_came_is_marked() -> None:
    pages = (page("clip", 1, 1.0), page("fixation", 2, 0.1))
    run = Run(Plan("p", "01", 1, (Trial(1, "b", None, None, pages),)))
    stage = Stage(run)
    run.start(stage.time)
    stage.marks += run.swapped(Picture(), 0, stage.time)  # nothing of it is decoded
    run.finish("error", stage.time)
    while not run.finished:
        stage.step()
    check(stage.marks)
    told = [(m.event, m.step, m.more.get("by")) for m in stage.marks]
    assert told == [
        ("skip", "clip1", "error"),
        ("onset", "fixation2", None),
        ("end", "fixation2", "time"),
    ]


def test_what_was_pressed_before_a_question_was_seen_is_no_answer_to_it() -> None:
    """A key that is handed on comes late: it answered the next question, in less than no time."""
    run = Run(Plan("p", "01", 1, (Trial(1, "b", None, None, (page("rating", 1, None),)),)))
    stage = Stage(run)
    run.start(stage.time)
    stage.step(act=False)
    onset = stage.time
    with pytest.raises(ControlError, match="no question is on the screen"):
        run.answer(4, onset - 0.01)
    stage.order("pause")
    stage.step(act=False)
    hidden = stage.time
    stage.order("resume")
    stage.step(act=False)
    with pytest.raises(ControlError, match="no question is on the screen"):
        run.answer(4, hidden)
    stage.marks += run.answer(5, stage.time)
    stage.step(act=False)
    check(stage.marks)
    assert [m.more["value"] for m in stage.marks if m.event == "answer"] == [5]


def test_a_key_before_its_page_was_seen_does_not_end_it() -> None:
    run = Run(Plan("p", "01", 1, (Trial(1, "b", None, None, (page("instruction", 1, None),)),)))
    stage = Stage(run)
    run.start(stage.time)
    stage.step(act=False)
    assert run.key("space", stage.time - 0.01) == []
    assert run.listening is not None
    run.key("space", stage.time)
    assert run.listening is None


def test_nonsense_is_refused_in_words() -> None:
    run = Run(make_plan(load_protocol("demo"), "01"))
    with pytest.raises(ControlError, match="cannot pause: the protocol is loaded"):
        run.pause(1.0)
    run.start(1.0)
    with pytest.raises(ControlError, match="cannot start: the protocol is running"):
        run.start(2.0)
    with pytest.raises(ControlError, match="no question is on the screen"):
        run.answer(5, 2.0)
