"""A plot as a file: what is read back from it is what was shown."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from defusedxml import ElementTree
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QImage, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from gui.plots import saving
from gui.plots.head_map import HeadMap
from gui.plots.save_dialog import saved
from gui.plots.spectrum import SpectrumView, to_decibels
from gui.signals.spectra import spectrum
from gui.widgets import theme
from tests.gui.plots.repaint_probe import CHANNELS, RATE, Scene

pytestmark = pytest.mark.usefixtures("qapp")
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def scene() -> Iterator[Scene]:
    """Twelve seconds in a window of ten, with one marker in it."""
    made = Scene()
    for number in range(120):
        if number == 60:
            made.mark('a "marker", {0}')
        made.step(0.1)
    while not made.state.canvas.is_complete:
        made.step(0.001)
    yield made
    made.window.close()
    made.window.deleteLater()
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def test_the_table_holds_the_samples_and_markers_of_what_is_shown(
    scene: Scene, tmp_path: Path
) -> None:
    scene.state.canvas.freeze(scene.state.canvas.head)
    path = tmp_path / "traces.csv"
    saving.save(path, scene.plot, lambda: saving.trace_rows(scene.state))
    with path.open(encoding="utf-8", newline="") as file:
        heading, *rows = list(csv.reader(file))
    assert heading == ["time (s, LSL)", *(f"eeg/C{n} (µV)" for n in range(CHANNELS)), "marker"]
    marks = [row for row in rows if row[-1]]
    assert [row[-1] for row in marks] == ['a "marker", {0}']
    assert marks[0][1:-1] == [""] * CHANNELS
    found = np.array([row[:-1] for row in rows if not row[-1]], dtype=np.float64)
    span = saving.shown_span(scene.state)
    assert span is not None
    assert span[1] - span[0] == pytest.approx(10.0, rel=1e-6)
    wanted = np.arange(np.ceil(span[0] * RATE), np.ceil(scene.now * RATE)) / RATE
    np.testing.assert_allclose(found[:, 0], wanted, atol=1e-6)
    waves = np.sin(wanted[:, None] * np.arange(3, 3 + CHANNELS)) * 1.7
    np.testing.assert_allclose(found[:, 1:], waves, atol=1e-6)


def test_the_picture_of_lines_has_the_traces_as_lines(scene: Scene, tmp_path: Path) -> None:
    scene.state.canvas.freeze(scene.state.canvas.head)
    scene.plot.show_all()
    path = tmp_path / "traces.svg"
    saving.save(path, scene.plot, list)
    tree = ElementTree.parse(path)
    assert not list(tree.iter(f"{SVG}image")), "pixels in a picture of lines"
    # The traces are the long lines; each column has its upper and its lower end.
    lines = [_points(element.get("points", "")) for element in tree.iter(f"{SVG}polyline")]
    long = [line for line in lines if len(line) > scene.state.canvas.width]
    assert len(long) == CHANNELS
    columns = np.arange(scene.state.canvas.width)
    span = saving.shown_span(scene.state)
    assert span is not None
    middle_s = span[0] + (columns + 0.5) * scene.state.canvas.column_s
    for number, line in enumerate(long):
        place, row = line.reshape(-1, 2, 2), scene.state.geometry.places[number]
        xs, ys = place[:, 0, 0], place[:, :, 1].mean(axis=1)
        shown = np.sin(middle_s[xs.astype(int)] * (3 + number)) * 1.7
        value = (row.centre - ys) / row.height * 4.0
        assert np.median(np.abs(value - shown)) < 0.05, number
    assert [e.text for e in tree.iter(f"{SVG}text") if e.text and e.text.startswith("C")]


def _points(text: str) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    return np.array(re.findall(r"[-\d.e+]+", text), dtype=np.float64).reshape(-1, 2)


def test_the_picture_of_pixels_shows_a_trace(scene: Scene, tmp_path: Path) -> None:
    path = tmp_path / "traces.PNG"
    saving.save(path, scene.plot, list)
    image = QImage(str(path))
    ratio = scene.plot.devicePixelRatioF()
    assert image.size() == scene.plot.size() * ratio
    plot, row = scene.state.geometry.plot, scene.state.geometry.places[0]
    colour = theme.colour("accent")
    x = round((plot.left() + plot.width() / 3) * ratio)
    near = [
        y
        for y in range(round(plot.top() * ratio), round(plot.top() * ratio + row.height))
        if _distance(image.pixelColor(x, y), colour) < 60
    ]
    assert near, "no trace in the first row"


def _distance(a: QColor, b: QColor) -> int:
    return abs(a.red() - b.red()) + abs(a.green() - b.green()) + abs(a.blue() - b.blue())


def test_a_spectrum_as_a_table_and_as_lines(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    data = rng.standard_normal((2000, 3)).astype(np.float32)
    found = spectrum(data, 250.0, ("Fz", "Cz", "=1+1"), "µV")
    assert found is not None
    view = SpectrumView()
    view.resize(400, 300)
    view.show()
    view.show_spectra((found,))
    QApplication.processEvents()
    table, lines = tmp_path / "spectrum.csv", tmp_path / "spectrum.svg"
    saving.save(table, view.graphics, lambda: saving.spectrum_rows(found))
    with table.open(encoding="utf-8", newline="") as file:
        heading, *rows = list(csv.reader(file))
    assert heading[:2] == ["frequency (Hz)", "Fz (µV²/Hz)"]
    read = np.array(rows, dtype=np.float64)
    np.testing.assert_allclose(read[:, 0], found.hz)
    np.testing.assert_allclose(read[:, 1:], found.power, rtol=1e-6)
    saving.save(lines, view.graphics, list)
    texts = {element.text for element in ElementTree.parse(lines).iter(f"{SVG}text")}
    assert {"10", "20", "δ", "α"} <= {part for text in texts for part in (text or "").split()}
    picture = tmp_path / "spectrum.png"
    saving.save(picture, view.graphics, list)
    image = QImage(str(picture))
    assert image.size() == view.graphics.size() * view.graphics.devicePixelRatioF()
    text = theme.colour("text")
    mean = to_decibels(found.power.mean(axis=1))
    hits = 0
    for hz in (10.0, 20.0, 30.0, 40.0, 50.0):
        place = QPointF(hz, float(np.interp(hz, found.hz, mean)))
        at = view.graphics.mapFromScene(view.plot.vb.mapViewToScene(place))
        near = [image.pixelColor(at.x() + dx, at.y() + dy) for dx in (0, 1) for dy in (-1, 0, 1)]
        hits += any(_distance(colour, text) < 60 for colour in near)
    assert hits >= 4, "the mean is not where its values are"
    assert to_decibels(np.array([100.0, 0.0])).tolist() == [20.0, -120.0]
    view.close()
    view.deleteLater()


def test_the_wheel_a_drag_and_keys_choose_a_part_of_a_spectrum(qtbot: QtBot) -> None:
    rng = np.random.default_rng(3)
    found = spectrum(rng.standard_normal((2000, 2)).astype(np.float32), 250.0, ("Fz", "Cz"), "µV")
    assert found is not None
    view = SpectrumView()
    qtbot.addWidget(view)
    view.resize(400, 300)
    view.show()
    view.show_spectra((found,))
    QApplication.processEvents()

    def hertz() -> list[float]:
        view.show_spectra((found,))  # what comes new leaves what was chosen
        low, high = view.plot.viewRange()[0]
        return [round(low, 3), round(high, 3)]

    assert hertz() == [0, 60]
    viewport = view.graphics.viewport()
    middle = view.graphics.mapFromScene(view.plot.vb.sceneBoundingRect().center())
    wheel = QWheelEvent(
        QPointF(middle),
        QPointF(viewport.mapToGlobal(middle)),
        QPoint(),
        QPoint(0, 240),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(viewport, wheel)
    near = hertz()
    assert 0 < near[0] < 30 < near[1] < 60, "around the pointer"
    QTest.mousePress(viewport, Qt.MouseButton.LeftButton, pos=middle)
    for step in range(1, 5):
        QTest.mouseMove(viewport, middle + QPoint(10 * step, 0))
        QTest.qWait(10)  # pyqtgraph takes a move every few milliseconds
    QTest.mouseRelease(viewport, Qt.MouseButton.LeftButton, pos=middle + QPoint(40, 0))
    dragged = hertz()
    assert dragged[0] < near[0], "it goes with the hand"
    assert dragged[1] - dragged[0] == pytest.approx(near[1] - near[0], abs=0.01)
    QTest.mouseDClick(view, Qt.MouseButton.LeftButton)
    assert hertz() == [0, 60]
    view.setFocus()
    QTest.keyClick(view, Qt.Key.Key_Plus)
    assert hertz() == [6, 54]
    QTest.keyClick(view, Qt.Key.Key_Right)
    assert hertz() == [15.6, 63.6]
    QTest.keyClick(view, Qt.Key.Key_Home)
    assert hertz() == [0, 60]


def test_impedances_as_a_table_and_as_circles(qtbot: QtBot, tmp_path: Path) -> None:
    head = HeadMap()
    qtbot.addWidget(head)
    head.resize(300, 300)
    head.show()
    kohm = {"Fp1": 4.2, "Cz": 63.5, "REF": 1.5}
    head.show_impedances(kohm)
    QApplication.processEvents()
    table, lines = tmp_path / "impedances.csv", tmp_path / "impedances.svg"
    saving.save(table, head.graphics, lambda: saving.impedance_rows(head.kohm))
    with table.open(encoding="utf-8", newline="") as file:
        heading, *rows = list(csv.reader(file))
    assert heading == ["electrode", "impedance (kΩ)"]
    assert {label: float(value) for label, value in rows} == kohm, "that without a place, too"
    saving.save(lines, head.graphics, list)
    texts = {element.text for element in ElementTree.parse(lines).iter(f"{SVG}text")}
    assert {"Fp1", "4", "Cz", "64"} <= texts
    picture = tmp_path / "impedances.png"
    saving.save(picture, head.graphics, list)
    at = head.graphics.mapFromScene(head._view.mapViewToScene(QPointF(0.1, -0.02)))
    colour = QImage(str(picture)).pixelColor(at.x(), at.y())
    assert _distance(colour, theme.mixed("failed", 0.35)) < 20, "Cz is too high"


def test_what_cannot_be_saved_is_said(scene: Scene, tmp_path: Path) -> None:
    assert "png, svg, csv" in saved(tmp_path / "plot.jpg", scene.plot, list)
    assert saved(tmp_path / "none" / "plot.csv", scene.plot, list).startswith("not saved")
    assert saved(tmp_path / "plot.csv", scene.plot, list).startswith("saved")
