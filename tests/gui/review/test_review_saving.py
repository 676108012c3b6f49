"""The signals of a session as a file: what is read back from it is what the session holds."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from defusedxml import ElementTree
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog, QGraphicsItem

from gui.plots import saving
from gui.plots.save_dialog import saved
from gui.review.signals import rows as signal_rows
from gui.review.window import ReviewWindow
from gui.signals.display_filter import FilterSettings
from gui.widgets import theme
from recordings.review.lanes import Lane, Mark
from tests.gui.review.reviewing import review
from tests.gui.review.walking import session
from tests.gui.windows import wait_until
from tests.recordings.strip_session import START, Made

pytestmark = pytest.mark.usefixtures("qapp")
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    return session(tmp_path_factory.mktemp("review"))


def table(path: Path) -> tuple[list[str], list[list[str]]]:
    with path.open(encoding="utf-8", newline="") as file:
        heading, *rows = list(csv.reader(file))
    return heading, rows


def ask(window: ReviewWindow, path: Path) -> str:
    """Save by the keyboard, as a user does; gives what the window says."""
    window.activateWindow()
    wait_until(window.isActiveWindow, what="a window that has the keyboard")
    QTest.keyClick(window.stage, Qt.Key.Key_S, Qt.KeyboardModifier.ControlModifier)
    (dialog,) = window.findChildren(QFileDialog)
    dialog.fileSelected.emit(str(path))
    dialog.close()
    wait_until(lambda: not window.findChildren(QFileDialog), what="the end of the dialog")
    return window.foot.doing.text()


def test_the_table_holds_the_samples_of_the_span_and_what_lies_in_the_lanes(
    made: Made, tmp_path: Path
) -> None:
    path = tmp_path / "signals.csv"
    with review(made.folder) as window:
        plot = window.stage.plot
        lane = Lane("coded", (Mark(START + 1.1, START + 1.6, '=a "smile", 2', "accent"),))
        window.show_lanes((lane, Lane("other", (Mark(START, START + 0.5, "before", "accent"),))))
        plot.show_span(START + 1.25, 1.0)
        left = plot.start + plot.left_s
        assert str(path) in ask(window, path)
        heading, rows = table(path)
        names = [f"{row.signal.name}/{row.channel.label}" for row in plot.rows]
        assert sorted(h.partition(" (")[0] for h in heading[1 : 1 + len(names)]) == sorted(names)
        assert heading[1 + len(names) :] == [lane.name for lane in plot.lanes]
        assert {row[heading.index("coded")] for row in rows} == {"", '=a "smile", 2'}
        (mark,) = (row for row in rows if row[heading.index("coded")])
        assert float(mark[0]) == pytest.approx(START + 1.1, abs=1e-6), "where it begins"
        assert not any(row[heading.index("other")] for row in rows), "it ended before"
        for row in plot.rows:
            times, values = row.signal.stream.read(
                left, np.nextafter(left + 1.0, np.inf), channels=[row.channel.index]
            )
            column = next(
                n
                for n, h in enumerate(heading)
                if h.partition(" (")[0] == f"{row.signal.name}/{row.channel.label}"
            )
            told = np.array([(r[0], r[column]) for r in rows if r[column]], np.float64)
            assert len(told) > 50
            np.testing.assert_allclose(told[:, 0], times, atol=1e-6)
            np.testing.assert_allclose(told[:, 1], values[:, 0], rtol=1e-6)


def test_what_is_filtered_is_called_so_and_is_as_it_is_drawn(made: Made, tmp_path: Path) -> None:
    path = tmp_path / "signals.csv"
    with review(made.folder) as window:
        plot = window.stage.plot
        plot.set_filters(FilterSettings(high_pass_hz=1.0))
        plot.show_span(START + 1.0, 1.0)
        assert plot.are_filtered
        saving.save(path, plot, lambda: signal_rows.signal_rows(plot))
        heading, rows = table(path)
        number = next(n for n, row in enumerate(plot.rows) if row.channel.kind == "EEG")
        row = plot.rows[number]
        column = next(
            n
            for n, h in enumerate(heading)
            if h.startswith(f"{row.signal.name}/{row.channel.label}")
        )
        assert "filtered" in heading[column]
        told = np.array([r[column] for r in rows if r[column]], np.float64)
        times, values = plot._data[number]
        shown = (times >= plot.left_s) & (times <= plot.left_s + plot.length_s)
        np.testing.assert_allclose(told, values[shown], rtol=1e-6, atol=1e-9)


def test_the_pictures_show_the_traces(made: Made, tmp_path: Path) -> None:
    lines, pixels = tmp_path / "signals.svg", tmp_path / "signals.png"
    with review(made.folder) as window:
        plot = window.stage.plot
        plot.show_span(START + 1.0, 1.0)
        ask(window, lines)
        sizes = [plot.size()]  # what is decoded meanwhile may move its edge by a pixel
        ask(window, pixels)
        sizes.append(plot.size())
        tree = ElementTree.parse(lines)
        assert not list(tree.iter(f"{SVG}image")), "pixels in a picture of lines"
        assert plot.trace_item.cacheMode() != QGraphicsItem.CacheMode.NoCache, "kept as before"
        texts = {e.text for e in tree.iter(f"{SVG}text")}
        assert {row.channel.label for row in plot.rows} <= texts
        drawn = [e for tag in ("path", "polyline") for e in tree.iter(f"{SVG}{tag}")]
        longest = sorted(len(e.get("d", e.get("points", ""))) for e in drawn)[-len(plot.rows) :]
        assert min(longest) > 500, "a trace is no line"
        image = QImage(str(pixels))
        assert image.size() in [size * plot.devicePixelRatioF() for size in sizes]
        colour = theme.signal_colour(plot.rows[0].channel.kind)
        near = [
            image.pixelColor(x, y)
            for x in range(100, image.width() - 110, 7)
            for y in range(image.height())
        ]
        assert any(abs(c.red() - colour.red()) + abs(c.green() - colour.green()) < 40 for c in near)


def test_more_than_a_table_holds_is_refused_in_words(
    made: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signal_rows, "MOST_VALUES", 100)
    path = tmp_path / "signals.csv"
    with review(made.folder) as window:
        assert "shorter" in ask(window, path)
        plot = window.stage.plot
        assert "100" in saved(path, plot, lambda: signal_rows.signal_rows(plot))
    assert not path.exists()
