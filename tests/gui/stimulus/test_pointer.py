"""Answers by the mouse, on the pages as they follow each other."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from PySide6.QtCore import QPointF, QSize

from acquire.player.messages import Marked, PlayOrder
from acquire.player.player import Player
from acquire.player.run import Run
from acquire.protocol.file import parse_protocol
from acquire.protocol.planner import make_plan
from gui.stimulus.stage import Stage

SIZE = QSize(1000, 600)
LINE = 0.55 * 600  # where a slider's line is
TWO = """
[protocol]
name = "two"
[scale.one]
kind = "slider"
prompt = "One?"
[scale.other]
kind = "slider"
prompt = "Other?"
[[block]]
name = "b"
[[block.step]]
kind = "rating"
scales = ["valence", "one", "other"]
"""


class Screen:
    """A stage, its frames one after the other, and a mouse."""

    def __init__(self) -> None:
        self.told: list[Any] = []
        protocol = parse_protocol(TWO)
        self.run = Run(make_plan(protocol, "01"))
        self.player = Player(self.run, self.told.append)
        host: Any = SimpleNamespace(
            player=self.player,
            protocol=protocol,
            order=PlayOrder("two"),
            media={},
            mirror=None,
        )
        self.stage = Stage(host, SIZE, 4.0, 1.0, None)
        self.time = 10.0
        self.run.start(self.time)
        self.show()

    def show(self, frames: int = 3) -> None:
        for _ in range(frames):
            self.time += 1 / 60
            scene = self.stage.scene(self.time)
            self.stage.swapped(scene, self.time, self.time)

    def press(self, x: float, y: float) -> None:
        self.stage.pointer(QPointF(x, y), self.time, pressed=True, held=True)
        self.show()

    def drag(self, x: float, y: float) -> None:
        self.stage.pointer(QPointF(x, y), self.time, pressed=False, held=True)
        self.show()

    def press_target(self, number: int) -> None:
        assert self.stage._drawn is not None
        centre = self.stage._drawn[1].targets[number].box.center()
        self.press(centre.x(), centre.y())

    @property
    def targets(self) -> int:
        assert self.stage._drawn is not None
        return len(self.stage._drawn[1].targets)

    @property
    def answers(self) -> list[tuple[str, Any]]:
        marks = [m.fields for m in self.told if isinstance(m, Marked)]
        return [(m["item"], m["value"]) for m in marks if m["event"] == "answer"]


@pytest.fixture
def screen(qapp: Any) -> Iterator[Screen]:
    screen = Screen()
    yield screen
    screen.stage.close()
    screen.player.close()


def test_manikins_and_sliders_answer_to_the_mouse(screen: Screen) -> None:
    screen.press_target(6)
    assert screen.targets == 0, "a slider that nobody has moved has no handle, and is not done"
    screen.press(500, LINE)
    screen.drag(850, LINE)
    screen.press_target(0)
    assert screen.answers == [("valence", 7), ("one", 100.0)]


def test_a_button_that_is_still_held_moves_no_slider_of_the_next_page(screen: Screen) -> None:
    """The handle stood where the page before was answered, and 'done' was under the mouse."""
    screen.press_target(6)
    screen.press(500, LINE)
    screen.press_target(0)
    screen.drag(501, 0.8 * 600)
    assert screen.targets == 0
    screen.press(150, LINE)
    assert screen.targets == 1
    screen.press_target(0)
    assert screen.answers == [("valence", 7), ("one", 50.0), ("other", 0.0)]
