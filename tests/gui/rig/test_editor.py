"""The rig file as it is edited: what was typed is not lost, and what came of it is said."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QDockWidget, QStackedWidget, QWidget
from pytestqt.qtbot import QtBot

from acquire.serving.problem import Problem
from gui.client.client import EngineClient
from gui.rig.control import RigControl

RIG = '[rig]\nname = "lab"\n'
pytestmark = pytest.mark.usefixtures("qapp")


class Editing:
    """The control of a rig on an engine that answers at once, or not at all."""

    def __init__(self, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
        self.place = QStackedWidget()
        qtbot.addWidget(self.place)
        self.client = EngineClient(None)
        self.said: list[str] = []
        self.orders: list[tuple[Any, Any, Any]] = []
        rig = {"path": "rig.toml", "text": RIG, "sha256": "", "parsed": {}}
        monkeypatch.setattr(self.client, "get", lambda path, done: done(rig))
        monkeypatch.setattr(
            self.client,
            "put",
            lambda path, body, done, failed: self.orders.append((body, done, failed)),
        )
        self.control = RigControl(
            self.client,
            show_form=self._show,
            take_rig=lambda found: None,
            say=self.said.append,
            rig=lambda: None,
            status=lambda: None,
            data_dir=lambda: "",
            parent=self.place,
        )

    def _show(self, name: str, title: str, form: QWidget) -> QDockWidget:
        self.place.setCurrentIndex(self.place.addWidget(form))
        self.place.show()
        return QDockWidget()


@pytest.fixture
def editing(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> Editing:
    return Editing(qtbot, monkeypatch)


def test_what_was_typed_stays_when_the_editor_is_wanted_again(editing: Editing) -> None:
    """Ctrl+E read the rig anew, and what was typed was gone; so did the search for devices."""
    control = editing.control
    control.edit()
    assert control.editor is not None
    assert not control.is_changed
    QTest.keyClicks(control.editor.text, "# mine ")
    for again in (control.edit, control.new):
        again()
        assert control.editor.text.toPlainText() == f"# mine {RIG}"
    assert "comes first" in editing.said[-1]
    control.editor.text.undo()
    assert not control.is_changed


def test_a_rig_is_ordered_once_and_what_came_of_it_is_said(editing: Editing) -> None:
    control = editing.control
    control.edit()
    editor = control.editor
    assert editor is not None
    QTest.keyClicks(editor.text, "# mine ")
    QTest.mouseClick(editor.save, Qt.MouseButton.LeftButton)
    QTest.mouseClick(editor.save, Qt.MouseButton.LeftButton)
    QTest.mouseClick(editor.run, Qt.MouseButton.LeftButton)
    ((body, done, failed),) = editing.orders
    assert body == {"text": f"# mine {RIG}", "save": True}
    failed(Problem(code="control", text="a recording runs", remedy="stop it"))
    assert "a recording runs" in editor.verdict.text()
    assert control.is_changed
    assert editor.save.isEnabled()
    done({})
    assert "Saved" in editor.verdict.text()
    assert not control.is_changed


def test_a_text_that_is_no_rig_can_be_left_alone(editing: Editing, tmp_path: Path) -> None:
    control = editing.control
    control.edit()
    editor = control.editor
    assert editor is not None
    editor.mend("[rig\n", tmp_path / "rig.toml", "not TOML")
    assert not control.is_changed, "nobody has typed it"
