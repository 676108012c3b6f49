"""The pointer and the wheel over a viewer, without streams."""

from __future__ import annotations

import threading

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, QRect, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from acquire.lsl.streams import StreamKey
from gui.plots.canvas import Group
from gui.plots.traces import Trace, layout
from gui.plots.view_state import ViewState
from gui.signals.channel_info import ChannelInfo
from gui.signals.history import History
from gui.viewer.hand import Hand
from gui.viewer.viewer import Viewer

pytestmark = pytest.mark.usefixtures("qapp")
NOW = 1000.0


@pytest.fixture
def state() -> ViewState:
    """One trace in a plot of 400 x 100 pixels, the newest column at now."""
    made = ViewState(threading.Lock(), lambda: NOW)
    made.geometry.resize(QRect(0, 0, 572, 144), 1.0)
    key = StreamKey("eeg", "EEG", "eeg", "here")
    made.traces = (Trace(key, ChannelInfo(0, "Cz", "EEG", "µV")),)
    made.geometry.places = layout(made.traces, made.geometry.pixels[1])
    made.begin_image(0xFF000000, 0xFF333333)
    one = np.array([0])
    group = Group(History(1, 100.0), one, one + 50.0, one + 100.0, one.astype(np.uint32))
    made.canvas.groups = (group,)
    made.canvas.advance(NOW)
    return made


def test_a_drag_moves_through_what_is_frozen_and_never_beyond_now(state: ViewState) -> None:
    widget = QWidget()
    hand, canvas = Hand(state, widget, lambda: None, lambda: None), state.canvas
    hand.press(QPoint(200, 50))
    hand.move(QPoint(260, 50))
    assert canvas.end is None, "what is not frozen is not dragged"
    canvas.freeze(canvas.head)
    newest = canvas.end
    assert newest is not None
    hand.press(QPoint(200, 50))
    hand.move(QPoint(260, 50))
    assert canvas.end == newest - 60
    hand.move(QPoint(100, 50))
    assert canvas.end == newest
    hand.release()
    hand.move(QPoint(300, 50))
    assert canvas.end == newest


def test_the_cursor_goes_with_the_pointer_and_a_label_says_what_its_trace_is(
    state: ViewState,
) -> None:
    widget = QWidget()
    hand = Hand(state, widget, lambda: None, lambda: None)
    state.troubles = {state.traces[0].channel_key: "flat"}
    hand.move(QPoint(20, 50))
    assert state.cursor == QPoint(20, 50)
    assert widget.toolTip().startswith("Cz · EEG · eeg · flat")
    hand.move(QPoint(200, 50))
    assert widget.toolTip() == ""
    hand.leave()
    assert state.cursor is None


def wheel(widget: QWidget, *turns: tuple[int, int]) -> None:
    at = QPointF(widget.rect().center())
    for turn in turns:
        event = QWheelEvent(
            at,
            widget.mapToGlobal(at),
            QPoint(),
            QPoint(*turn),
            Qt.MouseButton.NoButton,
            Qt.KeyboardModifier.NoModifier,
            Qt.ScrollPhase.NoScrollPhase,
            False,
        )
        QApplication.sendEvent(widget, event)


def test_a_touchpad_changes_the_scale_no_faster_than_a_wheel(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It sends a tenth of a step at a time, and each was a whole one; sideways was one, too."""
    viewer = Viewer(lambda found: False)
    qtbot.addWidget(viewer)
    steps: list[int] = []
    monkeypatch.setattr(viewer, "zoom", steps.append)
    wheel(viewer, (0, 120), (0, -120), (120, 0))
    assert steps == [-1, 1]
    wheel(viewer, *[(0, 12)] * 25)
    assert steps == [-1, 1, -1, -1]
