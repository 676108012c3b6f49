"""The start gate as somebody sees it who waits for what is missing."""

from __future__ import annotations

import pytest
from pytestqt.qtbot import QtBot

from gui.widgets.plain_label import PlainLabel
from gui.window.gate_panel import GatePanel
from gui.window.start_gate import Finding
from tests.gui.windows import click, wait_until

pytestmark = pytest.mark.usefixtures("qapp")

SILENT = Finding("warning", "eeg: silent for 2.1 s", "What it does not send cannot be recorded.")


def said(gate: GatePanel) -> str:
    return " ".join(label.text() for label in gate.findChildren(PlainLabel) if label.isVisible())


def test_what_has_passed_by_itself_leaves_a_word_and_a_button(qtbot: QtBot) -> None:
    gate = GatePanel()
    qtbot.addWidget(gate)
    gate.ask([SILENT])
    assert "silent for 2.1 s" in said(gate)
    assert gate.anyway.text() == "Record anyway"
    gate.ask([])
    assert gate.isVisible(), "whoever pressed Record must not believe that it records"
    wait_until(lambda: "Nothing is recorded yet" in said(gate), what="a word")
    assert "silent" not in said(gate)
    assert gate.anyway.text() == "Record now"
    with qtbot.waitSignal(gate.record_anyway):
        click(gate.anyway)
    assert not gate.isVisible()
