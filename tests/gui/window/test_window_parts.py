"""Settings, rig file, filters, protocol and welcome page, by clicking on the real daemon."""

from __future__ import annotations

import math
import tomllib
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QCheckBox,
    QComboBox,
    QDockWidget,
    QLineEdit,
    QTabBar,
    QWidget,
)
from pytestqt.qtbot import QtBot

from gui.client.client import EngineClient
from gui.plots.head_map import position
from gui.protocol.protocol_loader import ProtocolLoader
from gui.protocol.protocol_panel import ASK_MS
from gui.rig.rig_text import devices_in, from_found, with_eeg, with_settings
from gui.rig.settings_form import SettingsForm
from gui.signals.display_filter import FilterSettings
from gui.widgets import theme
from gui.window import parts
from gui.window.app import WindowOrder
from gui.window.first_page import FirstPage
from gui.window.window import RecorderWindow
from tests.acquire.program import unique
from tests.acquire.sources import Source, Sources
from tests.gui.windows import Names, click, hold, idle, light, picture, record, wait_until, window
from tests.recordings.simulated_session import Plan, make_session

pytestmark = pytest.mark.usefixtures("qapp")


def form_of(found: RecorderWindow, device: str) -> SettingsForm:
    def there() -> bool:
        dock = found.findChild(QDockWidget, f"settings {device}")
        return dock is not None and dock.isVisible() and isinstance(dock.widget(), SettingsForm)

    wait_until(there, what="the form")
    dock = found.findChild(QDockWidget, f"settings {device}")
    assert dock is not None
    form = dock.widget()
    assert isinstance(form, SettingsForm)
    return form


def test_everything_beside_the_recording(tmp_path: Path, qtbot: QtBot) -> None:
    names = Names()
    rig = names.rig(tmp_path)
    with window(WindowOrder(rig, data_dir=tmp_path / "data")) as found:
        idle(found)
        wait_until(lambda: len(found.viewer.signals()) == 2, what="signals")
        tile = found.cameras.tiles[names.face, names.face]
        wait_until(lambda: tile.view.image is not None, what="a preview")
        tile.guide.setChecked(True)
        wait_until(lambda: "face in the box" in tile.face.text(), what="the drawn face")
        assert "focus" in tile.focus.text()

        found.panel.device_wanted.emit(names.eeg, "settings")
        form = form_of(found, names.eeg)
        field = form.fields["channels"].widget
        assert isinstance(field, QLineEdit)
        assert field.text() == "8"
        field.setText("many")
        click(form.apply)
        assert "channels: 'many' is no number" in form.problem.text()
        field.setText("400")
        click(form.apply)
        wait_until(lambda: "64" in form.problem.text(), what="the limit")
        assert "GET" not in form.problem.text()
        picture(found, "settings")
        field.setText("6")
        click(form.save)
        wait_until(lambda: "channels = 6" in rig.read_text(), what="the rig file")
        wait_until(
            lambda: any(len(s.channels) == 11 for s in found.viewer.signals()),
            what="6 + 5 channels",
        )
        idle(found)
        form.closed.emit()

        found.rigs.edit()
        wait_until(lambda: found.rigs.editor is not None, what="editor")
        editor = found.rigs.editor
        assert editor is not None
        QTest.keyClicks(editor.eeg["reference"], "FCz")
        wait_until(lambda: 'reference = "FCz"' in editor.text.toPlainText())
        picture(found, "rig")
        editor.text.appendPlainText("nonsense = = 1")
        wait_until(lambda: "not TOML" in editor.verdict.text(), what="verdict")
        assert not editor.save.isEnabled()
        dock = found.findChild(QDockWidget, "rig file")
        assert dock is not None
        found.rigs.edit()
        assert "nonsense" in editor.text.toPlainText(), "what was typed is lost"
        assert not found.close(), "what was typed would be lost without a word"
        assert "not saved" in str(found.alarm.shown)
        click(found.alarm.read)
        editor.text.undo()
        dock.hide()

        found.signals.bar.filters.set(FilterSettings(1.0, 45.0, 50.0, "average"))
        wait_until(lambda: all(s.filter for s in found.viewer.signals()), what="filters")
        found.rigs.test_trigger()
        wait_until(lambda: "marker 1 set;" in found.markers.message.toolTip(), what="test trigger")
        found.resize(1440, 900)
        wait_until(
            lambda: "/min" in " ".join(found.viewer.state.readouts.values()), what="heart rate"
        )
        record(found, "09")
        picture(found, "filters")
        found.recording.stop()
        idle(found)


def test_the_sessions_are_listed_once_their_tab_is_clicked(tmp_path: Path, qtbot: QtBot) -> None:
    """Nothing is recorded in this window: whoever looks for yesterday's session finds it."""
    names = Names()
    yesterday = make_session(tmp_path / "data", Plan(seconds=1.0))
    with window(WindowOrder(names.rig(tmp_path), data_dir=tmp_path / "data")) as found:
        idle(found)
        assert not found.sessions.rows
        bar, tab = next(
            (bar, number)
            for bar in found.findChildren(QTabBar)
            for number in range(bar.count())
            if bar.tabText(number) == "Sessions"
        )
        QTest.mouseClick(bar, Qt.MouseButton.LeftButton, pos=bar.tabRect(tab).center())
        wait_until(lambda: found.sessions.rows, what="the session")
        assert found.sessions.rows[0].session == str(yesterday)


def test_tab_goes_to_all_that_is_seen_and_to_nothing_else(tmp_path: Path, qtbot: QtBot) -> None:
    names = Names()
    with window(WindowOrder(names.rig(tmp_path), data_dir=tmp_path / "data")) as found:
        idle(found)
        found.panel.devices.setCurrentIndex(found.panel.devices.rows.index(0))
        wait_until(lambda: found.cameras.tiles, what="camera")
        start, reached = found.focusWidget(), list[QWidget]()
        while not reached or reached[-1] is not start:
            assert len(reached) < 100, [type(w).__name__ for w in reached]
            QTest.keyClick(found.focusWidget(), Qt.Key.Key_Tab)
            reached.append(found.focusWidget())
            assert not parts.is_behind(reached[-1]), "behind the tab of another part"
            shown = not reached[-1].visibleRegion().isEmpty() or reached[-1].findChildren(QWidget)
            assert shown, "a bar of tabs that is nowhere"
        assert found.sessions.filter not in reached
        buttons = [w for w in reached if isinstance(w, QAbstractButton)]
        names_read = [
            QAccessible.queryAccessibleInterface(button).text(QAccessible.Text.Name)
            for button in buttons
        ]
        assert all(names_read)
        assert len(set(names_read)) == len(names_read), names_read


def test_the_welcome_page_leads_to_a_rig(
    tmp_path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gui.window.app.user_config_dir", lambda *_, **__: str(tmp_path))
    with window(WindowOrder(data_dir=tmp_path / "data")) as found:
        page = found.pages.currentWidget()
        picture(found, "welcome")
        offered = {action.text(): action for action in found.menu_button.menu().actions()}
        of_engine = [offered[text] for text in ("Edit this rig…", "Send a test trigger")]
        assert not any(action.isEnabled() for action in of_engine), "there is no engine yet"
        assert offered["Open a rig…"].isEnabled()
        assert isinstance(page, FirstPage)
        click(page.welcome.simulated)
        assert (tmp_path / "simulated.toml").is_file()
        idle(found)
        assert all(action.isEnabled() for action in of_engine)
        assert found.pages.currentWidget() is found.signals
        assert found.focusWidget() is found.bar.participant, "what is typed first"
        for part in (found.events, found.protocol):
            assert not part.visibleRegion().isEmpty(), "behind another's tab"


def test_a_file_that_is_no_protocol_costs_not_the_one_that_is_loaded(
    tmp_path: Path, qtbot: QtBot
) -> None:
    """While a recording runs its streams were gone for it, with an alarm and a red light."""
    names = Names()
    rig = names.rig(tmp_path, '[[device]]\nname = "{eeg}"\ndriver = "simulated-eeg"\n')
    with window(WindowOrder(rig, data_dir=tmp_path / "data")) as found:
        idle(found)
        panel = found.protocol
        order = {"protocol": "demo", "headless": True}
        found.client.post("protocol/load", order, lambda answer: None)
        wait_until(lambda: panel.info.state == "loaded", what="loaded")
        wait_until(lambda: light(found, "protocol-frames") == "alive", what="its light")
        record(found, "01", anyway=True)
        panel.loader.choice.addItem("x", str(tmp_path / "none.toml"))
        panel.loader.choice.setCurrentIndex(panel.loader.choice.count() - 1)
        panel.loader.load.click()
        wait_until(lambda: "no such protocol file" in panel.problem.text(), what="why not")
        QTest.qWait(3 * ASK_MS)
        assert panel.info.state == "loaded"
        assert light(found, "protocol-frames") == "alive"
        assert not found.alarm.isVisible()
        # What another one orders, by `ctl` or from another window, was obeyed since.
        found.client.post("protocol/start", {}, lambda answer: None)
        wait_until(lambda: panel.info.state == "running", what="running")
        assert panel.problem.isHidden()
        found.client.post("protocol/abort", {}, lambda answer: None)
        wait_until(lambda: panel.info.state == "aborted", what="aborted")
        found.recording.stop()
        idle(found)


def test_a_protocol_is_run_by_clicking(tmp_path: Path, qtbot: QtBot) -> None:
    names = Names()
    stranger = unique("stranger")
    rig = names.rig(tmp_path, '[[device]]\nname = "{eeg}"\ndriver = "simulated-eeg"\n')
    with (
        Sources(Source(stranger, "Gaze")),
        window(WindowOrder(rig, data_dir=tmp_path / "data")) as found,
    ):
        idle(found)
        panel = found.protocol
        wait_until(lambda: panel.loader.choice.findData("demo") >= 0, what="shipped protocols")
        panel.loader.choice.addItem("x", str(tmp_path / "none.toml"))
        panel.loader.choice.setCurrentIndex(panel.loader.choice.count() - 1)
        click(panel.loader.load)
        wait_until(lambda: "no such protocol file" in panel.problem.text(), what="why not")
        QTest.qWait(3 * ASK_MS)  # what the engine says meanwhile does not wipe it away
        assert "no such protocol file" in panel.problem.text()
        panel.loader.choice.setCurrentIndex(panel.loader.choice.findData("demo"))
        click(panel.loader.load)
        assert not panel.problem.isVisible()
        wait_until(lambda: panel.info.state == "loaded", what="loaded")
        wait_until(lambda: panel.following.text().startswith("next: "), what="what comes first")
        assert panel.loader.screens.screens.count() == 1
        click(panel.orders.buttons["start"])
        assert panel.begin.isVisible(), "nothing is recorded"
        assert panel.info.state == "loaded"
        click(panel.begin.test)
        assert not panel.begin.isVisible()
        wait_until(lambda: panel.info.state == "running", what="running")
        wait_until(lambda: panel.mirror.image is not None, what="the mirror")
        first = panel.mirror.image
        wait_until(lambda: panel.mirror.image is not first, what="the mirror goes on")
        picture(found, "protocol")
        click(panel.orders.buttons["pause"])
        wait_until(lambda: panel.info.state == "paused", what="paused")
        click(panel.orders.buttons["resume"])
        wait_until(lambda: panel.info.state == "running", what="running again")
        hold(panel.orders.buttons["abort"], lambda: panel.info.state == "aborted")
        assert panel.loader.isVisible()
        panel.loader.trial.setValue(2)
        click(panel.loader.preview)
        wait_until(lambda: panel.info.state == "running", what="the preview runs")
        assert panel.info.only_trial == 2
        assert panel.title.text().endswith(": preview of trial 2")
        assert not panel.loader.isVisible()
        hold(panel.orders.buttons["abort"], lambda: panel.info.state == "aborted")
        assert not panel.orders.buttons["start"].isEnabled(), (
            "a preview is not begun as the protocol"
        )
        rows = [r for r in found.panel.streams.rows.rows if r.title == stranger]
        assert [r.health for r in rows] == ["other"]


SCHEMA = {
    "properties": {
        "name": {"type": "string"},
        "on": {"type": "boolean", "default": True},
        "mode": {"enum": ["a", "b"], "default": "a"},
        "rate_hz": {"type": "number", "minimum": 1, "maximum": 9, "default": 5.0},
        "port": {"anyOf": [{"type": "string"}, {"type": "null"}], "default": None},
        "faults": {"$ref": "#/$defs/Faults", "default": {"jitter_ms": 0}},
        "count": {"type": "integer"},
    },
    "$defs": {"Faults": {"type": "object", "description": "What goes wrong"}},
}


def test_a_form_gives_what_was_typed(qtbot: QtBot) -> None:
    form = SettingsForm("x", "driver", {"count": 3, "rate_hz": 5.0}, SCHEMA)
    qtbot.addWidget(form)
    assert "name" not in form.fields
    before = form.values()
    assert before["on"] is True
    assert before["port"] is None
    assert before["faults"] == {"jitter_ms": 0}
    on, mode, rate = (form.fields[n].widget for n in ("on", "mode", "rate_hz"))
    assert isinstance(on, QCheckBox)
    assert isinstance(mode, QComboBox)
    assert isinstance(rate, QLineEdit)
    on.setChecked(False)
    mode.setCurrentText("b")
    rate.setText("7.5")
    after = form.values()
    assert (after["on"], after["mode"], after["rate_hz"], after["count"]) == (False, "b", 7.5, 3)


RIG = """\
# ours
[rig]
name = "x"

[[device]]
name = "eeg"   # the amplifier
driver = "simulated-eeg"
"""


def test_changes_leave_comments_alone() -> None:
    changed = with_eeg(RIG, {"reference": "FCz", "ground": "", "cap": "M"})
    assert tomllib.loads(changed)["eeg"] == {"reference": "FCz", "cap": "M"}
    changed = with_settings(changed, "eeg", {"channels": 8, "seed": None})
    assert "# the amplifier" in changed
    assert "# ours" in changed
    assert tomllib.loads(changed)["device"][0]["channels"] == 8
    assert with_eeg(RIG, {}) == RIG
    snippet = '[[device]]\nname = "cam"\ndriver = "camera-opencv"\n'
    port = "# /dev/ttyUSB0: a port, nothing known behind it.\n# [[device]]\n"
    text = from_found("r", [port, snippet, port, snippet])
    assert [d["name"] for d in tomllib.loads(text)["device"]] == ["cam", "cam-2"]
    assert "nothing known behind it" in text
    assert devices_in([port, snippet, port, snippet]) == 2


def test_electrodes_are_where_they_belong() -> None:
    assert position("Cz") == (0.0, 0.0)
    left, right = position("C3"), position("C4")
    assert left is not None
    assert right is not None
    assert left[0] == -right[0] < 0
    assert position("T3") == position("T7")
    assert position("Trigger") is None
    for label in ("Fp1", "O2", "PO8", "FT7", "P10", "Iz", "AF3"):
        found = position(label)
        assert found is not None, label
        assert math.hypot(*found) < 1.25, label


def test_the_text_of_a_spin_box_keeps_clear_of_its_border(qtbot: QtBot) -> None:
    theme.apply(QApplication.instance())  # type: ignore[arg-type]
    loader = ProtocolLoader(EngineClient())
    qtbot.addWidget(loader)
    loader.show()
    line = loader.trial.lineEdit()
    left = line.geometry().left() + line.textMargins().left() + line.contentsMargins().left()
    assert left >= 2 * theme.SPACE
