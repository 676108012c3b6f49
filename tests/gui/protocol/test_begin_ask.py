"""Begin, while nothing records, asks what is meant."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from gui.protocol.begin_ask import BeginAsk
from gui.window.top_bar import TopBar
from tests.gui.window.statuses import recording_status
from tests.gui.windows import click, wait_until

pytestmark = pytest.mark.usefixtures("qapp")


def test_it_begins_with_the_recording_that_it_asked_for(qtbot: QtBot) -> None:
    ask = BeginAsk()
    qtbot.addWidget(ask)
    begun: list[str] = []
    ask.begin_wanted.connect(lambda: begun.append("begin"))
    ask.record_wanted.connect(lambda: begun.append("record"))
    ask.ask()
    click(ask.record)
    assert begun == ["record"]
    assert not ask.test.isVisible()
    ask.show_recording(False)  # the gate asks first
    assert ask.isVisible()
    ask.show_recording(True)
    assert begun == ["record", "begin"]
    assert not ask.isVisible()
    ask.show_recording(True)
    assert begun == ["record", "begin"], "once"


def test_a_recording_that_somebody_else_starts_begins_nothing(qtbot: QtBot) -> None:
    ask = BeginAsk()
    qtbot.addWidget(ask)
    begun: list[str] = []
    ask.begin_wanted.connect(lambda: begun.append("begin"))
    ask.ask()
    ask.show_recording(True)
    assert not begun
    ask.ask()
    click(ask.record)
    click(ask.leave)
    ask.show_recording(True)
    assert not begun


def test_stop_says_that_the_protocol_goes_on(qtbot: QtBot) -> None:
    bar = TopBar()
    qtbot.addWidget(bar)
    bar.show_playing(True)
    bar.show_status(recording_status(), 0.0001)
    bar.resize(1024, bar.height())
    bar.show()
    bar.stop.too_short.emit()
    QApplication.processEvents()
    assert "Abort ends it" in bar.meaning.text()
    assert "Abort ends it" in bar.stop.toolTip()
    for widget in (bar.meaning, bar.state, bar.run):  # whole, in the smallest window
        assert widget.isVisible()
        assert widget.width() >= widget.sizeHint().width(), widget
    wait_until(lambda: not bar.meaning.isVisible(), what="the end of the hint")
    assert bar.sync.isVisible()
    bar.show_playing(False)
    bar.stop.too_short.emit()
    assert not bar.meaning.isVisible()
