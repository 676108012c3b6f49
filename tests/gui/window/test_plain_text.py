"""Names and alarms come from anywhere: the window shows them letter by letter."""

from __future__ import annotations

import ast
from html import unescape
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QTextDocument
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

import gui
from acquire.server.api.models import EventInfo
from acquire.server.api.protocol_models import ProtocolInfo
from gui.client.client import EngineClient
from gui.events.alarm_bar import Alarm, AlarmBar
from gui.events.event_list import EventList
from gui.plots.spectrum import SpectrumView
from gui.protocol.protocol_panel import ProtocolPanel
from gui.sessions.job_line import JobLine
from gui.signals.spectra import spectrum
from gui.widgets.plain_label import PlainLabel, plain
from gui.widgets.short_label import ShortLabel
from gui.window.gate_panel import GatePanel
from gui.window.start_gate import Finding
from recordings.manifest_entries import Event

EVIL = '<h1>all is well</h1><img src="http://127.0.0.1:9/x.png"> &amp; eeg'


@pytest.mark.usefixtures("qapp")
def test_an_alarm_shows_what_a_stream_is_called() -> None:
    bar = AlarmBar()
    bar.add(Alarm("warning", f"{EVIL}: silent for 2.0 s"))
    assert bar.text.textFormat() is Qt.TextFormat.PlainText
    assert EVIL in bar.text.text()
    bar.deleteLater()


def test_one_long_word_makes_no_line_of_the_events_wider(qtbot: QtBot) -> None:
    """It made all of them so: what else had happened went on beyond the edge."""
    events = EventList()
    qtbot.addWidget(events)
    events.resize(300, 200)
    events.show()
    for number, text in enumerate(("C:\\data\\" + "x" * 400, "a stream is silent " * 9)):
        event = Event(time=1.0, source="eeg", level="info", code="note", text=text)
        events.add(EventInfo(number=number, event=event))
    qtbot.wait(50)
    assert events.horizontalScrollBar().maximum() == 0


@pytest.mark.usefixtures("qapp")
def test_one_long_word_makes_no_panel_wider() -> None:
    """The name of a clip that is not there made the window wider than the screen."""
    panel = ProtocolPanel(EngineClient(None))
    panel.show()
    before = panel.minimumSizeHint().width()
    film = "C:\\lab\\films\\" + "an_expression_of_joy_" * 12 + ".mp4"
    panel.show_info(ProtocolInfo(state="none", error=f"{film} is not there; copy it there"))
    QApplication.processEvents()
    assert panel.minimumSizeHint().width() == before
    assert panel.problem.text() == f"✖ {film} is not there; copy it there"
    panel.problem.clear()
    assert panel.problem.text() == ""
    panel.deleteLater()


@pytest.mark.usefixtures("qapp")
def test_one_long_word_makes_no_strip_before_the_start_wider() -> None:
    """The labels had their texts before they were in lines: these words stayed whole."""
    panel = GatePanel()
    folder = "C:\\lab\\" + "recordings_of_the_second_wave_" * 12
    for text, meaning in (("no disk", "x"), (f"{folder} is gone", f"give {folder} back")):
        panel.ask([Finding("error", text, meaning)])
        QApplication.processEvents()
        assert panel.minimumSizeHint().width() < 600
    panel.deleteLater()


@pytest.mark.usefixtures("qapp")
def test_a_label_breaks_its_long_words_where_it_is_in_lines_alone() -> None:
    label = PlainLabel("x" * 500)
    one_line = label.minimumSizeHint().width()
    label.setWordWrap(True)
    assert label.minimumSizeHint().width() < one_line / 4
    assert label.text() == "x" * 500
    label.setWordWrap(False)
    assert label.minimumSizeHint().width() == one_line
    label.deleteLater()


@pytest.mark.usefixtures("qapp")
def test_who_an_event_is_about_is_said_once() -> None:
    events = EventList()
    for source, text in (
        ("eeg", "eeg: silent"),
        ("eeg", "eeg2 is gone"),
        ("gaze", "gaze is gone"),
        ("engine", "stopping"),
    ):
        event = Event(time=1.0, source=source, level="info", code="note", text=text)
        events.add(EventInfo(number=1, event=event))
    told = [events.item(row).text().partition("  ")[2] for row in range(events.count())]
    assert told == ["engine: stopping", "gaze is gone", "eeg: eeg2 is gone", "eeg: silent"]
    events.deleteLater()


@pytest.mark.usefixtures("qapp")
def test_a_tooltip_shows_it_too() -> None:
    label = ShortLabel()
    label.setText(EVIL)
    document = QTextDocument()
    document.setHtml(label.toolTip())
    assert document.toPlainText() == EVIL
    assert "<img" not in label.toolTip()
    assert unescape(plain("a\nb")) == "a\nb"
    label.deleteLater()


@pytest.mark.usefixtures("qapp")
def test_so_does_the_line_that_tells_of_a_job() -> None:
    line = JobLine()
    line.tell("export", EVIL)
    document = QTextDocument()
    document.setHtml(line.text.toolTip())
    assert EVIL in document.toPlainText()
    line.deleteLater()


@pytest.mark.usefixtures("qapp")
def test_an_axis_shows_the_unit_that_a_stream_names() -> None:
    """Axes of pyqtgraph render HTML: the unit replaced the axis and would have loaded a picture."""
    data = np.random.default_rng(1).standard_normal((2000, 1)).astype(np.float32)
    found = spectrum(data, 250.0, ("Fz",), EVIL)
    assert found is not None
    view = SpectrumView()
    view.show_spectra((found,))
    for plot in (view.plot, view.bands):
        assert EVIL in plot.getAxis("bottom").label.toPlainText()
    view.deleteLater()


def test_no_label_of_the_window_is_another_one() -> None:
    """What was forgotten is found here: `QLabel` guesses what its text is."""
    folder = Path(gui.__file__).parent
    found = [
        f"{path.relative_to(folder)}:{node.lineno}"
        for path in folder.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "QLabel"
    ]
    assert found == []
    assert issubclass(ShortLabel, PlainLabel)
