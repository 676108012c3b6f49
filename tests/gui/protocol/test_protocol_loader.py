"""A protocol file that somebody has chosen is called by its name, and is there once."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from gui.client.client import EngineClient
from gui.protocol.protocol_loader import ProtocolLoader

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
