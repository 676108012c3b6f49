"""The canvas: what is drawn bit by bit is what is drawn at once."""

from __future__ import annotations

import threading

import numpy as np

from gui.plots.canvas import Canvas, Group
from gui.plots.strip import Image
from gui.signals.history import History

BACKGROUND, GRID, COLOUR = 0xFF101010, 0xFF303030, 0xFF5AA9E6


def group(history: History, height: int) -> Group:
    found = Group(
        history,
        np.array([0]),
        np.array([height / 2]),
        np.array([float(height)]),
        np.array([COLOUR], np.uint32),
    )
    found.rescale(np.array([4.0]), np.array([0.0]))
    return found


def canvas(history: History) -> Canvas:
    made = Canvas(threading.Lock())
    made.groups = (group(history, 100),)
    made.resize(400, 100, BACKGROUND, GRID)
    return made


def settle(made: Canvas, now: float) -> None:
    for _ in range(100):
        made.advance(now)
        if made.is_complete:
            return


def lit(image: Image) -> int:
    """Count the pixels that a trace covers at least in part."""
    return int(np.count_nonzero((image & 255) > 0x50))


def test_new_columns_give_what_drawing_everything_gives() -> None:
    history, rng = History(1, 1000.0), np.random.default_rng(2)
    live = canvas(history)
    at = 0
    while at < 23_000:
        n = int(rng.integers(5, 70))
        times = (at + np.arange(n)) / 1000.0
        history.append(times, np.sin(times * 20)[:, None])
        at += n
        live.advance(at / 1000.0)
    settle(live, at / 1000.0)
    fresh = canvas(history)
    fresh.advance(at / 1000.0)
    settle(fresh, at / 1000.0)
    assert live.head is not None
    ahead = {(live.head + k) % live.width for k in range(live.gap + 1)}
    old = [x for x in range(live.width) if x not in ahead]
    # A column that grew was drawn more than once: its soft ends may be a little stronger.
    a, b = (c.image[:, old] & 255 for c in (live, fresh))
    assert np.mean(np.abs(a.astype(int) - b.astype(int)) > 40) < 0.01
    assert np.count_nonzero(np.any(a > 0x80, axis=0)) == len(old), "a column without a trace"


def test_a_jump_of_the_clock_draws_everything_anew() -> None:
    history = History(1, 100.0)
    history.append(np.arange(1000) / 100.0, np.zeros((1000, 1)))
    made = canvas(history)
    settle(made, 9.9)
    made.advance(500.0)
    settle(made, 500.0)
    assert lit(made.image) == 0


def test_looking_back_shows_what_was() -> None:
    history = History(1, 100.0)
    times = np.arange(6000) / 100.0
    history.append(times, np.where(times < 20, 1.0, -1.0)[:, None])
    made = canvas(history)
    settle(made, 59.9)
    assert lit(made.image[:50]) == 0
    made.freeze(made.column(15.0))
    settle(made, 60.5)
    assert lit(made.image[:50]) > 300
    made.freeze(None)
    made.advance(60.6)
    settle(made, 60.6)
    assert lit(made.image[:50]) == 0


def test_a_gap_in_the_stamps_is_a_gap_in_the_trace() -> None:
    history = History(1, 100.0)
    times = np.concatenate([np.arange(300), np.arange(600, 900)]) / 100.0
    history.append(times, np.zeros((600, 1)))
    made = canvas(history)
    settle(made, 9.0)
    there = np.any((made.image & 255) > 0x80, axis=0)
    assert there[: 400 * 3 // 10 - 2].all()
    assert not there[400 * 3 // 10 + 2 : 400 * 6 // 10 - 2].any()


def test_drawing_anew_in_the_middle_leaves_no_hole() -> None:
    for lag in (0.0, 0.06, 0.2):
        history = History(1, 250.0)
        live = canvas(history)
        for frame in range(300):
            now = frame / 30
            n0, n1 = (max(0, int((t - lag) * 250)) for t in (now - 1 / 30, now))
            history.append(np.arange(n0, n1) / 250.0, np.zeros((n1 - n0, 1)))
            if frame in (100, 103, 200):
                live.resize(400, 100, BACKGROUND, GRID)
            if not 200 <= frame < 206:  # the main thread was busy
                live.advance(now)
        there = np.any((live.image & 255) > 0x80, axis=0)
        last = int((299 / 30 - lag) / live.column_s) - 2
        assert there[8:last].all(), (lag, np.flatnonzero(~there[8:last]) + 8)
