"""Moves at random through a session in the review window, each compared with what was filmed."""

from __future__ import annotations

import random
import re
import time
from pathlib import Path

import numpy as np
from PySide6.QtWidgets import QApplication

from gui.review.camera_tile import CameraTile
from gui.review.keys import Command
from gui.review.window import ReviewWindow
from recordings.review.session import ReviewSession
from recordings.stream_kinds import Fate
from tests.recordings.strip_session import START, Film, Filmed, Made, make_session, number_in

TIMEOUT_S = 60.0
SECONDS = 4.0

FACE = Film(
    codecs=("auto", "raw", "ffv1"),
    splits=(130, 260),
    fates={
        Fate.GATED: [(40, 90), (255, 262), (399, 400)],
        Fate.DEVICE_LOST: [(120, 123), (200, 201)],
        Fate.ENCODER_ERROR: [(0, 2)],
    },
)
SIDE = Film(
    name="side",
    frames=160,
    rate_hz=40.0,
    pixel_format="BayerRG12",
    shift_s=0.3,
    first_number=5000,
    fates={Fate.RING_FULL: [(60, 70)]},
)


class Wrong(AssertionError):
    """What the window shows is not what was recorded."""


def session(folder: Path) -> Made:
    """Make a session of two cameras, gated, split and with losses."""
    return make_session(folder, FACE, SIDE, seconds=SECONDS)


def settle(window: ReviewWindow) -> None:
    """Let Qt work until every picture that there is has been painted."""
    end = time.monotonic() + TIMEOUT_S
    while not all(_is_settled(tile) for tile in window.stage.tiles.values()):
        if time.monotonic() > end:
            raise Wrong(f"no picture within {TIMEOUT_S:g} s at {window.position}")
        QApplication.processEvents()
        time.sleep(0.0005)


def _is_settled(tile: CameraTile) -> bool:
    at = tile.at
    number = int(tile.rows.stored[at]) if at >= 0 else -1
    return tile.area.painted == number and tile.area.shown.is_current == (number >= 0)


def look(window: ReviewWindow, made: Made) -> None:
    """Compare what is shown with what was filmed.

    Raises:
        Wrong: they differ.
    """
    position = window.position
    for name, tile in window.stage.tiles.items():
        film = made.films[name]
        row = int(np.flatnonzero(film.times <= position.time + 1e-9)[-1:].sum())
        before = not (film.times <= position.time + 1e-9).any()
        if before:
            _expect(tile.at, -1, name, "row before the first")
            continue
        _look_at(tile, film, row, name)
        if name == window.stage.main:
            _expect(position.row, row, name, "row of the position")
            _expect(position.device, int(film.numbers[row]), name, "device frame")
            _expect(abs(position.time - film.times[row]) < 1e-6, True, name, "stamp")


def _look_at(tile: CameraTile, film: Filmed, row: int, name: str) -> None:
    number = int(film.numbers[row])
    stored = int(film.stored[:row].sum()) if film.stored[row] else None
    _expect(int(tile.rows.numbers[tile.at]), row, name, "row")
    said = re.findall(r"frame ([\d,]+|–)   row ([\d,]+)   device ([\d,]+)", tile.where.text())
    told = ("–" if stored is None else f"{stored:,}", f"{row:,}", f"{number:,}")
    _expect(said, [told], name, "what is written")
    shown = tile.area.shown
    _expect(shown.is_current, stored is not None, name, "whether it is a picture of now")
    if stored is not None:
        assert shown.picture is not None
        _expect(number_in(shown.picture), number, name, "the strip")
        _expect(shown.number, stored, name, "number of the picture")
    elif shown.picture is not None:
        last = int(np.flatnonzero(film.stored[:row])[-1])
        _expect(number_in(shown.picture), int(film.numbers[last]), name, "the dimmed picture")


def _expect(found: object, wanted: object, camera: str, what: str) -> None:
    if found != wanted:
        raise Wrong(f"{camera}: {what} is {found}, and should be {wanted}")


class Walker:
    """Makes one move after the other; each is repeatable by its seed."""

    def __init__(self, window: ReviewWindow, seed: int) -> None:
        self.window, self._random = window, random.Random(seed)
        self.clock = 0.0
        window.stage.playhead._clock = lambda: self.clock

    def move(self) -> None:
        """Seek, step, or play for some ticks."""
        kind = self._random.choices(("step", "seek", "jump", "play", "main"), (10, 5, 4, 2, 1))[0]
        getattr(self, f"_{kind}")()

    def _step(self) -> None:
        steps = (Command.NEXT_FRAME, Command.PREVIOUS_FRAME, Command.NEXT_TEN, Command.PREVIOUS_TEN)
        command = self._random.choice(steps)
        for _ in range(self._random.randint(1, 4)):
            self.window.run(command)

    def _seek(self) -> None:
        self.window.go_to(START + self._random.uniform(-0.2, SECONDS + 0.2))

    def _jump(self) -> None:
        jumps = (
            Command.NEXT_SECOND,
            Command.PREVIOUS_SECOND,
            Command.NEXT_EVENT,
            Command.PREVIOUS_EVENT,
            Command.FIRST,
            Command.LAST,
        )
        self.window.run(self._random.choice(jumps))

    def _play(self) -> None:
        playhead = self.window.stage.playhead
        speed = self._random.choice((-4.0, -1.0, -0.125, 0.125, 0.5, 1.0, 2.0, 4.0))
        playhead.play(speed)
        playhead._timer.stop()  # this clock alone
        for _ in range(self._random.randint(1, 12)):
            self.clock += self._random.uniform(0.0, 0.05)
            playhead.tick()
        playhead.stop()

    def _main(self) -> None:
        self.window.stage.set_main(self._random.choice(list(self.window.stage.tiles)))


def walk(folder: Path, count: int, seed: int = 1) -> int:
    """Make `count` moves, and return after how many something was wrong."""
    made = session(folder)
    window = ReviewWindow(ReviewSession(made.folder))
    window.resize(900, 640)
    window.show()
    walker = Walker(window, seed)
    wrong = 0
    try:
        for number in range(count):
            walker.move()
            try:
                settle(window)
                look(window, made)
            except Wrong as error:
                wrong += 1
                print(f"move {number}: {error}")
    finally:
        window.close()
        window.deleteLater()
        QApplication.processEvents()
    return wrong
