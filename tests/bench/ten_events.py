"""Ten expressions of a filmed person, coded by keys in the real window: how many, and how long.

What counts is the way from one frame to the next, as if the coder knew where they are: looking is
the coder's own. The film is played as a camera (`video-file`) and recorded first.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from PySide6.QtCore import Qt

from gui.coding.app import CodingOrder
from recordings.annotation.action_units import format_units
from recordings.annotation.model import MARKS
from tests.acquire.program import unisono, write_rig
from tests.gui.coding.coding import CONTROL, PLAIN, SHIFT, Coded, coded

FILM: Final = Path(__file__).parents[3] / "shared" / "data" / "single_face.mp4"
RATE_HZ: Final = 30
SECONDS: Final = 30
RIG: Final = """
[[device]]
name = "face"
driver = "video-file"
path = "{film}"
"""
K = Qt.Key


@dataclass(frozen=True, slots=True)
class Wanted:
    """An event: stored frames, type, action units, emotion, and what it takes to name that."""

    onset: int
    apex: int
    offset: int
    kind: str
    units: str
    emotion: str
    letters: str


EVENTS: Final = (
    Wanted(31, 35, 41, "micro", "4", "angry", "a"),
    Wanted(118, 122, 130, "micro", "12", "happy", "h"),
    Wanted(204, 219, 251, "macro", "6+12", "happy", "h"),
    Wanted(290, 294, 299, "micro", "L14", "contempt", "c"),
    Wanted(371, 376, 384, "micro", "1+2", "surprise", "su"),
    Wanted(433, 461, 490, "macro", "1+2+5B+26", "surprise", "su"),
    Wanted(540, 543, 550, "micro", "9", "disgust", "d"),
    Wanted(615, 620, 627, "micro", "4+7", "tense", "t"),
    Wanted(702, 706, 713, "micro", "R15", "sad", "sa"),
    Wanted(799, 828, 861, "macro", "1+4+20", "fear", "f"),
)


@dataclass
class Typist:
    """Presses keys, and times the program from each until its pictures are painted."""

    desk: Coded
    moves: int = 0
    seconds: list[float] = field(default_factory=list)

    def press(self, key: Qt.Key, modifiers: Qt.KeyboardModifier = PLAIN) -> None:
        """Press one key."""
        begun = time.perf_counter()
        self.desk.press(key, modifiers)
        self.seconds.append(time.perf_counter() - begun)

    def line(self, text: str) -> None:
        """Type letters, and Return."""
        for letter in text:
            begun = time.perf_counter()
            self.desk.type(letter)
            self.seconds.append(time.perf_counter() - begun)
        self.press(K.Key_Return)

    def go_to(self, frame: int) -> None:
        """Go there by seconds, tens and single frames, whatever brings nearer."""
        while (left := frame - self._frame()) != 0:
            steps = ((RATE_HZ, CONTROL), (10, SHIFT), (1, PLAIN))
            by = next(m for size, m in steps if abs(abs(left) - size) < abs(left))
            self.press(K.Key_Right if left > 0 else K.Key_Left, by)
            self.moves += 1

    def _frame(self) -> int:
        frame = self.desk.window.position.stored
        assert frame is not None, "a frame of the film was not stored"
        return frame

    def code(self, event: Wanted) -> None:
        """Code one."""
        self.go_to(event.onset)
        self.press(K.Key_Return)
        self.go_to(event.apex)
        self.press(K.Key_A)
        self.go_to(event.offset)
        self.press(K.Key_O)
        for _ in range(("micro", "macro").index(event.kind) + 1):
            self.press(K.Key_M)
        if not event.units[0].isdigit():
            self.press(K.Key_V)  # a digit opens the line by itself
        self.line(event.units)
        self.press(K.Key_E)
        self.line(event.letters)


def record(folder: Path) -> Path:
    """Record the film; gives the session."""
    result = unisono(
        *("record", write_rig(folder, RIG.format(film=FILM)), "--data-dir", folder),
        *("--participant", "01", "--seconds", str(SECONDS), "--no-report", "--json"),
        folder=folder,
    )
    assert result.code == 0, result.stderr
    return result.session


def code(session: Path) -> Typist:
    """Code all ten, and hold the coder's file against what was wanted.

    Raises:
        AssertionError: the file says anything else.
    """
    with coded(CodingOrder(session, "anna")) as desk:
        typist = Typist(desk)
        for event in EVENTS:
            typist.code(event)
        found = desk.on_disk.on("face")
    said = [
        (*(e.marks[mark].frame for mark in MARKS), e.kind, e.emotion, format_units(e.units))
        for e in found
    ]
    wanted = [(e.onset, e.apex, e.offset, e.kind, e.emotion, e.units) for e in EVENTS]
    assert said == wanted, said
    return typist
