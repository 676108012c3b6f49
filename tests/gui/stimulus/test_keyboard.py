"""The participant's screen takes the keyboard when it begins and for each page that waits."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtGui import QWindow

from acquire.player.run import Run
from acquire.protocol.plan import Page, Plan, Trial
from gui.stimulus.keyboard import GRACE_S, Keyboard
from tests.gui.windows import wait_until

pytestmark = pytest.mark.usefixtures("qapp")
PAGES = (
    Page("fixation", "cross", duration_s=1.0),
    Page("clip", "clip", duration_s=1.0),
    Page("instruction", "ready", keys=("space",)),
)


@pytest.fixture
def windows() -> Iterator[tuple[QWindow, QWindow]]:
    """Yield the participant's, and one that takes the keyboard from it."""
    both = QWindow(), QWindow()
    for one in both:
        one.show()
    yield both
    for one in both:
        one.destroy()


class Show:
    """A run whose frames follow each other when they are asked for."""

    def __init__(self) -> None:
        trial = Trial(1, "block", None, None, PAGES)
        self.run = Run(Plan("p", "01", 1, (trial,)), frame_s=0.1)
        self.run.start(0.0)
        self.time = 0.0

    def until(self, step: str) -> None:
        while self.run.shown is None or self.run.shown.page.step != step:
            self.time += 0.1
            self.run.swapped(self.run.picture(self.time), 0, self.time)


def _has(window: QWindow) -> None:
    wait_until(window.isActive, what="the keyboard")


def test_it_is_taken_at_the_start_and_for_what_waits(windows: tuple[QWindow, QWindow]) -> None:
    screen, other = windows
    show = Show()
    keyboard = Keyboard(screen, show.run)
    other.requestActivate()
    _has(other)
    show.until("cross")
    assert keyboard.look(0.0)
    _has(screen)
    other.requestActivate()
    _has(other)
    show.until("clip")  # nobody answers a clip: whoever types elsewhere goes on
    assert keyboard.look(1.0)
    show.until("ready")
    assert other.isActive()
    assert keyboard.look(2.0)
    _has(screen)


def test_where_the_system_refuses_it_is_said_after_a_moment(
    windows: tuple[QWindow, QWindow], monkeypatch: pytest.MonkeyPatch
) -> None:
    screen, other = windows
    monkeypatch.setattr(screen, "requestActivate", lambda: None)
    show = Show()
    keyboard = Keyboard(screen, show.run)
    other.requestActivate()
    _has(other)
    show.until("ready")
    assert keyboard.look(10.0)
    assert not keyboard.look(10.1 + GRACE_S)
    other.destroy()
    monkeypatch.undo()
    screen.requestActivate()  # somebody clicks there
    _has(screen)
    assert keyboard.look(11.0 + GRACE_S)
