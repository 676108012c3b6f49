"""Two windows, one keyboard: the participant's keys reach the player, the operator's the window."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit, QPushButton, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from acquire.server.api.protocol_models import ProtocolInfo
from gui.protocol.handed_keys import HandedKeys
from gui.widgets.enter_presses import PRESSES
from gui.window.app import WindowOrder
from gui.window.window import RecorderWindow
from tests.acquire.program import load
from tests.gui.windows import Names, hold, idle, record, wait_until, window

pytestmark = pytest.mark.usefixtures("qapp")

PROTOCOL = """\
[protocol]
name = "questions"
stop_key = "q"
[[block]]
name = "b"
"""
QUESTION = '[[block.step]]\nkind = "rating"\nscales = ["valence"]\n'


class Stand:
    """A window with a field, a button and an empty place, and what it hands on."""

    def __init__(self, qtbot: QtBot) -> None:
        self.window, self.heard = QWidget(), list[tuple[str, str, float | None]]()
        self.field, self.button, self.place = QLineEdit(), QPushButton("Stop"), QWidget()
        self.place.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        layout = QVBoxLayout(self.window)
        for widget in (self.field, self.button, self.place):
            layout.addWidget(widget)
        qtbot.addWidget(self.window)
        self.window.show()
        self.keys = HandedKeys(self.window, lambda: 12.5, lambda *heard: self.heard.append(heard))

    def press(self, widget: QWidget, key: Qt.Key, text: Qt.KeyboardModifier | None = None) -> None:
        widget.setFocus()
        QTest.keyClick(widget, key, text or Qt.KeyboardModifier.NoModifier)


def test_a_picture_that_is_pressed_keeps_enter_and_space(qtbot: QtBot) -> None:
    stand = Stand(qtbot)
    stand.place.setProperty(PRESSES, True)
    stand.keys.watch(True)
    for key in (Qt.Key.Key_Space, Qt.Key.Key_Return, Qt.Key.Key_5):
        stand.press(stand.place, key)
    assert [name for name, _, _ in stand.heard] == ["5"]
    stand.keys.watch(False)


def test_keys_are_handed_on_while_a_page_waits_and_only_then(qtbot: QtBot) -> None:
    stand = Stand(qtbot)
    stand.press(stand.place, Qt.Key.Key_5)
    assert stand.heard == []
    stand.keys.watch(True)
    for key in (Qt.Key.Key_5, Qt.Key.Key_Left, Qt.Key.Key_Space, Qt.Key.Key_Return):
        stand.press(stand.place, key)
    assert [name for name, _, _ in stand.heard] == ["5", "left", "space", "enter"]
    assert stand.heard[0] == ("5", "5", 12.5)
    stand.keys.watch(False)
    stand.press(stand.place, Qt.Key.Key_5)
    assert len(stand.heard) == 4


def test_what_is_typed_here_stays_here(qtbot: QtBot) -> None:
    stand = Stand(qtbot)
    pressed: list[bool] = []
    stand.button.clicked.connect(lambda: pressed.append(True))
    stand.keys.watch(True)
    for key in (Qt.Key.Key_5, Qt.Key.Key_A):
        stand.press(stand.field, key)
    stand.press(stand.button, Qt.Key.Key_Space)
    stand.press(stand.place, Qt.Key.Key_Escape)
    stand.press(stand.place, Qt.Key.Key_5, Qt.KeyboardModifier.ControlModifier)
    assert stand.heard == []
    assert stand.field.text() == "5a"
    assert pressed == [True]


@pytest.mark.parametrize("questions", [10, pytest.param(100, marks=pytest.mark.soak)])
def test_as_many_answers_as_markers(tmp_path: Path, qtbot: QtBot, questions: int) -> None:
    """None is lost, and none goes the other's way."""
    names = Names()
    rig = names.rig(tmp_path, '[[device]]\nname = "{eeg}"\ndriver = "simulated-eeg"\n')
    file = tmp_path / "questions.toml"
    file.write_text(PROTOCOL + questions * QUESTION)
    with window(WindowOrder(rig, data_dir=tmp_path / "data")) as found:
        idle(found)
        record(found, "01")
        found.client.post(
            "protocol/load", {"protocol": str(file), "participant": "01", "windowed": True}
        )
        wait_until(lambda: found.protocol.info.state == "loaded", what="loaded")
        found.client.post("protocol/start")
        player = Player(found)
        for number in range(questions):
            player.wait_for_a_question()
            found.markers.text.setFocus()
            QTest.keyClicks(found.markers.text, f"m{number}")
            QTest.keyClick(found.markers.text, Qt.Key.Key_Return)
            found.viewer.setFocus()
            QTest.keyClick(found.viewer, Qt.Key(Qt.Key.Key_1.value + number % 9))
        wait_until(lambda: found.protocol.info.state == "ended", what="the end")
        assert found.status is not None
        folder = Path(found.status.session or "")
        hold(found.bar.stop, lambda: found.status and found.status.state == "idle")
    recorded = load(folder / "recording.xdf")
    heard = [json.loads(text) for text in recorded["protocol"].strings]
    answers = [mark for mark in heard if mark["event"] == "answer"]
    assert [mark["value"] for mark in answers] == [1 + n % 9 for n in range(questions)]
    assert {mark["via"] for mark in answers} == {"window"}
    assert all(0 < mark["rt_s"] < 60 for mark in answers)
    texts = [json.loads(text)["text"] for text in recorded["markers"].strings]
    assert texts == [f"m{n}" for n in range(questions)]


class Player:
    """What the player says of itself, asked for again and again."""

    def __init__(self, found: RecorderWindow) -> None:
        self._found = found
        self._since: float | None = None
        self._info: ProtocolInfo | None = None

    def wait_for_a_question(self) -> None:
        """Wait until one is on that was not on before, and until the window knows."""
        wait_until(self._is_new, what="a question")
        assert self._info is not None
        self._since = self._info.since
        wait_until(lambda: self._found.status and self._found.status.listening, what="status")

    def _is_new(self) -> bool:
        self._found.client.get("protocol", self._take)
        info = self._info
        return info is not None and info.listening and info.since not in (None, self._since)

    def _take(self, found: object) -> None:
        self._info = ProtocolInfo.model_validate(found)
