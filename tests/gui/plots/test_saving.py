"""A plot as a file: what is read back from it is what was shown."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from defusedxml import ElementTree
from PySide6.QtCore import QEvent
from PySide6.QtGui import QColor, QImage
from PySide6.QtWidgets import QApplication

from gui.plots import saving
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
    # The wheel chooses a part; new spectra leave it, a double click gives it back.
    view.plot.vb.scaleBy((0.5, 0.5))
    view.plot.vb.sigRangeChangedManually.emit(view.plot.vb.state["mouseEnabled"])
    chosen = view.plot.viewRange()
    view.show_spectra((found,))
    assert view.plot.viewRange() == chosen
    view.show_all()
    assert view.plot.viewRange()[0] == [0, 60]
    assert to_decibels(np.array([100.0, 0.0])).tolist() == [20.0, -120.0]
    view.close()
    view.deleteLater()


def test_what_cannot_be_saved_is_said(scene: Scene, tmp_path: Path) -> None:
    assert "png, svg, csv" in saved(tmp_path / "plot.jpg", scene.plot, list)
    assert saved(tmp_path / "none" / "plot.csv", scene.plot, list).startswith("not saved")
    assert saved(tmp_path / "plot.csv", scene.plot, list).startswith("saved")
