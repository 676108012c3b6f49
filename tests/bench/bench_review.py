"""The review window at 2048×1088: from a key to the painted picture, jumps, signals, first picture.

python -m tests.bench.bench_review [--folder DIR] [--minutes 75] [--frames 200] [--walk 10000]

`plain reading` is the same file read picture by picture, without window and ring: on a machine
that does other things, too, compare with that.

One camera, libraries on one thread, offscreen: a screen's own delay is not in it. The time goes
from the key's event to the end of the paint event that has the picture of the row that the cursor
is at. Keys come at 30 a second, as a held key does: a step that takes longer makes the next one
late, and counts as it is. `ring cold`: each picture for the first time; `warm`: the ring has it.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import cv2
import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from gui.review.app import SWITCH_S
from gui.review.window import ReviewWindow
from gui.widgets import theme
from recordings.review.session import ReviewSession
from recordings.video.reader import VideoReader
from tests.bench.long_session import START as LONG_START
from tests.bench.long_session import write_with_video
from tests.recordings.strip_session import Film, make_session, number_in

PERIOD_S = 1 / 30
SIZE = 2048, 1088
CODECS = (
    ("raw", "BayerRG8", 33.0, 50.0),
    ("magicyuv", "BayerRG8", 33.0, 50.0),
    ("ffv1", "BayerRG8", 66.0, 50.0),
    ("ffvhuff", "BayerRG12", 66.0, 50.0),
    ("x264-crf", "Mono8", 33.0, 500.0),
)


@contextmanager
def _window(path: Path) -> Iterator[ReviewWindow]:
    window = ReviewWindow(ReviewSession(path))
    window.show()
    QTest.qWaitForWindowExposed(window)
    try:
        yield window
    finally:
        window.close()
        window.deleteLater()
        QApplication.processEvents()


def _painted(window: ReviewWindow) -> bool:
    tile = window.stage.tiles[window.stage.main]
    return tile.area.painted == window.position.stored and tile.at == window.stage.playhead.at


def _until_painted(window: ReviewWindow, limit_s: float = 60.0) -> None:
    end = time.perf_counter() + limit_s
    while not _painted(window):
        QApplication.processEvents()
        if time.perf_counter() > end:
            raise SystemExit(f"no picture of {window.position} within {limit_s} s")


def _stale(window: ReviewWindow) -> bool:
    """Whether the picture on the screen is another one's than the row's."""
    shown = window.stage.tiles[window.stage.main].area.shown
    if not shown.is_current or shown.picture is None:
        return False
    return number_in(shown.picture) != window.position.device


def _keys(window: ReviewWindow, key: Qt.Key, count: int) -> list[float]:
    took = []
    due = time.perf_counter()
    for _ in range(count):
        while time.perf_counter() < due:
            QApplication.processEvents()
            time.sleep(0.0005)
        begin = time.perf_counter()
        QTest.keyClick(window.stage, key)
        _until_painted(window)
        took.append(time.perf_counter() - begin)
        if _stale(window):
            raise SystemExit("a stale picture after a key")
        due = max(due + PERIOD_S, time.perf_counter())
    return took


def _jumps(window: ReviewWindow, count: int) -> list[float]:
    rng = np.random.default_rng(0)
    rows = window.stage.playhead.rows
    took = []
    for at in rng.integers(0, len(rows), count).tolist():
        begin = time.perf_counter()
        window.go_to(float(rows.times[at]))
        _until_painted(window)
        took.append(time.perf_counter() - begin)
        if _stale(window):
            raise SystemExit("a stale picture after a jump")
    return took


def _p95(took: list[float]) -> float:
    return 1e3 * float(np.percentile(took, 95))


def _plain(path: Path) -> dict[str, float]:
    """Time reading alone: forward, and one picture after a seek."""
    with VideoReader(path) as reader:
        reader.frame(0)
        on, seek = [], []
        for k in range(1, 31):
            begin = time.perf_counter()
            reader.frame(k)
            on.append(time.perf_counter() - begin)
        for k in np.random.default_rng(3).permutation(len(reader))[:30].tolist():
            begin = time.perf_counter()
            reader.frame(k)
            seek.append(time.perf_counter() - begin)
    return {"plain reading on": _p95(on), "plain reading after a seek": _p95(seek)}


def _codec(folder: Path, codec: str, fmt: str, frames: int) -> dict[str, float]:
    film = Film(frames=frames, rate_hz=150.0, size=SIZE, pixel_format=fmt, codecs=(codec,))
    made = make_session(folder / codec, film, seconds=frames / 150.0)
    count = min(90, frames - 8)
    found = _plain(made.folder / made.films["face"].files[0])
    with _window(made.folder) as window:
        _until_painted(window)
        found["cold on"] = _p95(_keys(window, Qt.Key.Key_Right, count))
        QTest.qWait(400)
        warm = min(24, count)
        found["warm back"] = _p95(_keys(window, Qt.Key.Key_Left, warm))
        found["warm on"] = _p95(_keys(window, Qt.Key.Key_Right, warm))
        QTest.keyClick(window.stage, Qt.Key.Key_End)
        _until_painted(window)
        QTest.qWait(400)
        found["cold back"] = _p95(_keys(window, Qt.Key.Key_Left, count))
        found["jump"] = _p95(_jumps(window, 1000 if codec in ("raw", "magicyuv") else 100))
        ring = window.stage.tiles["face"].ring
        found["ring MB"] = ring.room * SIZE[0] * SIZE[1] * (2 if fmt.endswith("12") else 1) / 1e6
    return found


def _long(folder: Path, minutes: float) -> Iterator[tuple[str, float, float]]:
    """Time the first picture and the signals of a long session with a sparse video."""
    path = write_with_video(folder / "long", minutes)
    begin = time.perf_counter()
    with _window(path) as window:
        _until_painted(window)
        yield "first picture, s", time.perf_counter() - begin, 1.0
    with ReviewSession(path) as session:
        begin = time.perf_counter()
        for signal in session.signals:
            signal.prepare(None, threading.Event(), lambda: None)
        yield "pyramids of all signals, s", time.perf_counter() - begin, 6.0
    with _window(path) as window:
        end = time.perf_counter() + 120
        while window.foot.share < 1 and time.perf_counter() < end:
            QApplication.processEvents()
            time.sleep(0.01)
        took = [_view(window, minutes) for _ in range(60)]
        yield "a view of any length, worst of 60, ms", 1e3 * max(took), 50.0
        yield "a view of any length, p95, ms", 1e3 * float(np.percentile(took, 95)), 50.0
    with _window(path) as window:
        begin = time.perf_counter()
        while window.foot.share < 1:
            QApplication.processEvents()
        yield "pyramids found in the cache, s", time.perf_counter() - begin, 0.5


_VIEWS = np.random.default_rng(5)


def _view(window: ReviewWindow, minutes: float) -> float:
    plot = window.stage.plot
    length = float(10 ** _VIEWS.uniform(0, np.log10(minutes * 60)))
    left = LONG_START + float(_VIEWS.uniform(0, max(0.0, minutes * 60 - length)))
    begin = time.perf_counter()
    plot.show_span(left, length)
    plot.viewport().repaint()
    return time.perf_counter() - begin


def _walk(folder: Path, count: int) -> int:
    """Seek, step and play at random; the strip, the number that is shown and the row agree."""
    from tests.gui.review.walking import walk

    return walk(folder, count)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--minutes", type=float, default=75.0)
    parser.add_argument("--frames", type=int, default=200)
    parser.add_argument("--walk", type=int, default=10_000)
    given = parser.parse_args()
    cv2.setNumThreads(1)
    sys.setswitchinterval(SWITCH_S)
    application = QApplication([])
    theme.apply(application)
    missed = 0

    def say(what: str, figure: float, limit: float) -> None:
        nonlocal missed
        missed += figure > limit
        print(f"{what:52} {figure:10.3g}  limit {limit:g}{'  MISSED' if figure > limit else ''}")

    with tempfile.TemporaryDirectory(dir=given.folder) as name:
        folder = Path(name)
        for codec, fmt, step_ms, jump_ms in CODECS:
            found = _codec(folder, codec, fmt, given.frames)
            for what, figure in found.items():
                if what.startswith("plain"):
                    print(f"{codec} {fmt}: {what}, p95 ms {figure:.3g}")
                    continue
                limit = jump_ms if what == "jump" else 160.0 if what == "ring MB" else step_ms
                unit = "" if what == "ring MB" else ", p95 ms"
                say(f"{codec} {fmt}: {what}{unit}", figure, limit)
        if given.walk:
            say(f"moves of {given.walk} that went wrong", _walk(folder / "walk", given.walk), 0)
        if given.minutes:
            for what, figure, limit in _long(folder, given.minutes):
                say(what, figure, limit)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
