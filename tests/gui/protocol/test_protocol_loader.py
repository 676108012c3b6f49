"""A protocol file that somebody has chosen is called by its name, and is there once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from acquire.server.api.protocol_models import ProtocolInfo
from acquire.serving.problem import Problem
from gui.client.client import EngineClient
from gui.protocol.protocol_loader import ProtocolLoader
from gui.protocol.protocol_panel import ProtocolPanel, _now

pytestmark = pytest.mark.usefixtures("qapp")


def test_a_chosen_file_is_seen_by_its_name(qtbot: QtBot, tmp_path: Path) -> None:
    """Its path stood there, and of that its beginning."""
    loader = ProtocolLoader(EngineClient(None))
    qtbot.addWidget(loader)
    path = str(tmp_path / "faces.toml")
    for _ in range(2):
        loader.choose_file(path)
    assert loader.choice.count() == 1
    assert loader.choice.currentText() == "faces.toml"
    assert loader.choice.currentData() == path
    assert path in loader.choice.itemData(0, Qt.ItemDataRole.ToolTipRole)


def test_a_protocol_is_gone_on_with_from_the_trial_that_is_chosen(
    qtbot: QtBot, tmp_path: Path
) -> None:
    loader = ProtocolLoader(EngineClient(None))
    qtbot.addWidget(loader)
    path = str(tmp_path / "faces.toml")
    loader.choose_file(path)
    loader.trial.setValue(31)
    wanted: list[dict[str, object]] = []
    loader.load_wanted.connect(wanted.append)
    loader.load.click()
    loader.load_from.click()
    assert [(order["protocol"], order.get("first_trial")) for order in wanted] == [
        (path, None),
        (path, 31),
    ]


def test_the_panel_says_with_which_trial_a_protocol_begins() -> None:
    info = ProtocolInfo(state="loaded", trial=31, trials=48)
    assert "begins with trial 31 of 48" in _now(info)
    assert "begins with" not in _now(info.model_copy(update={"trial": 1}))


def test_the_engine_that_is_back_leaves_the_choice_alone(
    qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another protocol was chosen than the operator had: the first of those that are shipped."""
    client = EngineClient(None)
    monkeypatch.setattr(client, "get", lambda path, done, failed: done({"protocols": ["a", "b"]}))
    loader = ProtocolLoader(client)
    qtbot.addWidget(loader)
    client.connected.emit()
    path = str(tmp_path / "faces.toml")
    loader.choose_file(path)
    client.connected.emit()
    assert loader.choice.currentData() == path
    assert [loader.choice.itemData(n) for n in range(loader.choice.count())] == ["a", "b", path]


def test_a_protocol_is_loaded_once_however_often_it_is_clicked(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second click loaded it anew under what had been begun meanwhile."""
    client = EngineClient(None)
    orders: list[tuple[Any, ...]] = []
    monkeypatch.setattr(client, "post", lambda *order: orders.append(order))
    panel = ProtocolPanel(client)
    qtbot.addWidget(panel)
    panel.loader.choice.addItem("demo", "demo")
    for button in (panel.loader.load, panel.loader.load, panel.loader.preview):
        button.click()
    ((path, body, done, _),) = orders
    assert (path, body["protocol"]) == ("protocol/load", "demo")
    done({"state": "loaded"})
    panel.loader.load.click()
    assert len(orders) == 2
    orders[1][3](Problem(code="control", text="it is refused", remedy="wait"))
    assert "it is refused" in panel.problem.text()
    panel.show_gone()
    assert panel.problem.text() == "", "the next engine has refused nothing"
    panel.loader.load.click()
    assert len(orders) == 3
