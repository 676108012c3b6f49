"""The plot of the viewer: what is painted in parts is what is painted at once."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pyqtgraph as pg
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QImage, QPainter, QTransform
from pytestqt.qtbot import QtBot

from gui.review.signals.view_item import TraceItem
from tests.gui.plots.repaint_probe import Scene


@pytest.mark.parametrize(
    "factor", ["1.25", "2", *(pytest.param(f, marks=pytest.mark.soak) for f in ("1", "1.5"))]
)
def test_parts_give_what_painting_everything_gives(factor: str) -> None:
    """In a process of its own: Qt reads the scale factor once."""
    surroundings = {**os.environ, "QT_SCALE_FACTOR": factor, "QT_QPA_PLATFORM": "offscreen"}
    done = subprocess.run(
        [sys.executable, "-m", "tests.gui.plots.repaint_probe"],
        env=surroundings,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count(f"{factor}: 0 of") == 2, done.stdout


def test_a_marker_at_the_right_edge_of_a_sweep_has_its_label_at_its_left(qtbot: QtBot) -> None:
    """It had none, for as long as the sweep had not come round."""
    scene = Scene()
    qtbot.addWidget(scene.window)
    width = scene.state.canvas.width
    while scene.state.geometry.last_column is None or (
        scene.state.geometry.last_column % width < width - 12
    ):
        scene.step(0.02)
    scene.mark("smiled")
    scene.step(0.1)
    scene.step(0.05)
    ((_, text),) = scene.plot.markers.shown
    assert text == "smiled"
    (line,) = (line for line in scene.plot.markers._lines if line.isVisible())
    box = line.label.mapRectToScene(line.label.boundingRect())
    edge = line.mapToScene(0.0, 0.0).x()
    assert box.right() <= edge + 1.0 < scene.plot.width()


def test_a_slow_signal_in_the_review_has_no_holes(qtbot: QtBot) -> None:
    """Ten samples a pixel and no pen that was smoothed: it looked as if samples were missing."""
    times = np.arange(10_000) / 1000.0
    noise = np.random.default_rng(0).normal(0.0, 0.01, times.size)
    path = pg.arrayToQPath(times, 0.5 + 0.4 * np.sin(1.2 * times) + noise, connect="all")
    image = QImage(1060, 60, QImage.Format.Format_RGB32)
    image.fill(Qt.GlobalColor.white)
    item = TraceItem()
    item.show_paths([(path, pg.mkPen("#000000", width=1))])
    painter = QPainter(image)
    painter.setWorldTransform(QTransform(106, 0, 0, 40, 0, 10))
    item.paint(painter)
    painter.end()
    drawn = np.frombuffer(bytes(image.constBits()), np.uint32).reshape(60, 1060) & 0xFF
    assert np.all(drawn[:, 2:-2].min(axis=0) < 160), "a column is empty"


def test_frozen_traces_markers_cursor_and_clock_share_one_time_axis(qtbot: QtBot) -> None:
    """However far it was dragged and zoomed: what stands above each other was at one time."""
    scene = Scene()
    qtbot.addWidget(scene.window)
    marked = list[float]()
    for number in range(150):
        if number in (60, 100):
            scene.mark(f"m{number}")
            marked.append(scene.now)
        scene.step(0.1)
    state, plot = scene.state, scene.plot
    canvas, geometry = state.canvas, state.geometry
    canvas.freeze(canvas.head)
    for back, window_s in ((0, 10.0), (40, 10.0), (40, 5.0), (0, 20.0)):
        canvas.window_s = window_s
        canvas.freeze(canvas.column(scene.now) - back)
        canvas.restart()
        plot.show_all()
        end = ((canvas.end or 0) + 1) * canvas.column_s
        shown = [at for at in marked if end - window_s < at < end]
        places = [geometry.plot.left() + x / geometry.ratio for x, _ in plot.markers.shown]
        assert len(places) == len(shown) > 0, (back, window_s)
        for x, at in zip(places, shown, strict=True):
            assert geometry.time_at(x) == pytest.approx(at, abs=canvas.column_s)
            state.cursor = QPoint(round(x), geometry.plot.center().y())
            plot.show_cursor()
            assert plot._cursor.value() / geometry.ratio == round(x) - geometry.plot.left()
        ticks = [geometry.time_at(geometry.plot.left() + t.at) for t in plot.clock.texts if t.tick]
        seconds = np.diff([time for time in ticks if time is not None])
        assert len(seconds) > 1
        assert seconds == pytest.approx(np.round(seconds), abs=2 * canvas.column_s)
        assert set(np.round(seconds)) != {0.0}
