"""What is typed: labels that exist are offered, others are said; notes keep their time."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QStringListModel, Qt
from PySide6.QtGui import QGuiApplication, QInputMethodEvent, QShortcut
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QCompleter, QLineEdit, QMainWindow, QMenu
from pytestqt.qtbot import QtBot

from acquire.engine.status import Phase
from gui.client.client import EngineClient
from gui.events.alarm_bar import AlarmBar
from gui.menu import main_menu, shortcuts
from gui.texts import tr
from gui.widgets import theme
from gui.widgets.chosen import RECENT, recent_rigs, remember_rig
from gui.window.label_proposals import LabelProposals
from gui.window.marker_line import MarkerLine
from gui.window.top_bar import TopBar
from tests.gui.window.statuses import recording_status
from tests.gui.windows import wait_until

pytestmark = pytest.mark.usefixtures("qapp")


def offered(completer: QCompleter) -> list[str]:
    model = completer.model()
    assert isinstance(model, QStringListModel)
    return model.stringList()


def test_participants_and_the_next_session_are_offered(qtbot: QtBot) -> None:
    bar = TopBar()
    qtbot.addWidget(bar)
    proposals = LabelProposals(EngineClient(None), bar)
    proposals.take(
        [
            {"participant": "07", "sessions": ["01", "02"], "next_session": "03"},
            {"participant": "71", "sessions": ["01"], "next_session": "02"},
        ]
    )
    assert offered(proposals.participants) == ["07", "71"]
    assert offered(proposals.sessions) == []
    bar.participant.setText("07")
    assert offered(proposals.sessions) == ["03", "02", "01"]
    bar.participant.setText("08")
    assert offered(proposals.sessions) == []


def test_what_a_label_cannot_have_is_said(qtbot: QtBot) -> None:
    bar = TopBar()
    qtbot.addWidget(bar)
    told: list[str] = []
    bar.refused.connect(told.append)
    QTest.keyClicks(bar.participant, "Mue-ller_01-")
    assert bar.participant.text() == "Mueller01"
    assert "letters A to Z and digits" in told[-1]
    assert told[-1].endswith("left out: -_")  # not the last of them alone
    bar.participant.clear()
    QTest.keyClicks(bar.participant, "a_b")
    assert told[-1].endswith("left out: _")


def paste(field: QLineEdit, text: str) -> None:
    QGuiApplication.clipboard().setText(text)
    field.paste()


def commit(field: QLineEdit, text: str) -> None:
    event = QInputMethodEvent()
    event.setCommitString(text)
    QApplication.sendEvent(field, event)


@pytest.mark.parametrize("enter", [paste, commit])
@pytest.mark.parametrize(
    ("text", "label", "left_out"),
    [
        ("Müller-01", "Mller01", "ü-"),
        ("王小明7", "7", "王小明"),
        ("שלום", "", "שלום"),
        ("P" * 65, "P" * 64, "P"),
    ],
)
def test_of_what_comes_at_once_the_letters_that_a_label_can_have_are_taken(
    qtbot: QtBot, enter: Callable[[QLineEdit, str], None], text: str, label: str, left_out: str
) -> None:
    bar = TopBar()
    qtbot.addWidget(bar)
    bar.participant.setText("03")  # of the participant before: it must not stay
    bar.participant.selectAll()
    with qtbot.waitSignal(bar.refused) as told:
        enter(bar.participant, text)
    assert bar.participant.text() == label
    assert told.args[0].endswith(f"left out: {left_out}")


def test_a_study_has_more_letters_but_not_as_its_first(qtbot: QtBot) -> None:
    bar = TopBar()
    qtbot.addWidget(bar)
    bar.study.selectAll()
    paste(bar.study, "-fear_of-heights 2")
    assert bar.study.text() == "fear_of-heights2"
    assert bar.study.cursorPosition() == len(bar.study.text())


def test_rigs_that_were_opened_are_offered_again(qtbot: QtBot, tmp_path: Path) -> None:
    rigs = [tmp_path / f"rig & {n}.toml" for n in range(RECENT + 1)]
    for rig in rigs[1:]:
        rig.touch()
    for rig in (*rigs, rigs[3]):
        remember_rig(str(rig))
    assert recent_rigs()[:2] == (str(rigs[3]), str(rigs[-1]))
    assert len(recent_rigs()) == RECENT
    opened: list[str] = []
    menu = QMenu()
    qtbot.addWidget(menu)
    main_menu._list_rigs(menu, opened.append)
    menu.actions()[0].trigger()
    assert opened == [str(rigs[3])]


def test_the_list_of_shortcuts_has_no_key_twice(qtbot: QtBot) -> None:
    keys = [key for keys, _ in shortcuts.shortcuts() for key in keys.split(", ")]
    assert len(keys) == len(set(keys))
    assert ("Ctrl+R", tr("Record")) in shortcuts.shortcuts()


def test_a_note_has_the_time_of_its_first_letter(qtbot: QtBot) -> None:
    times = iter(range(100))
    line = MarkerLine(lambda: float(next(times)))
    qtbot.addWidget(line)
    told: list[tuple[str, object]] = []
    line.note.connect(lambda text, time: told.append((text, time)))
    QTest.keyClicks(line.notes, "moved")
    QTest.keyClick(line.notes, Qt.Key.Key_Return)
    QTest.keyClicks(line.notes, "yawned")
    QTest.keyClick(line.notes, Qt.Key.Key_Return)
    assert told == [("moved", 0.0), ("yawned", 1.0)]


def compose(field: QLineEdit, text: str) -> None:
    QApplication.sendEvent(field, QInputMethodEvent(text, []))


@pytest.mark.parametrize("enter", [paste, commit])
def test_what_comes_by_no_key_is_stamped_when_it_comes(
    qtbot: QtBot, enter: Callable[[QLineEdit, str], None]
) -> None:
    """A marker in Chinese, or pasted, had the time of Enter: no key tells of its letters."""
    times = iter((3.0, 7.0))
    line = MarkerLine(lambda: next(times))
    qtbot.addWidget(line)
    told: list[tuple[str, object]] = []
    line.marker.connect(lambda text, time: told.append((text, time)))
    line.note.connect(lambda text, time: told.append((text, time)))
    for field in (line.text, line.notes):
        if enter is commit:
            compose(field, "wei")  # its time is that of the first letter, not of the word
        enter(field, "微笑")
        QTest.keyClick(field, Qt.Key.Key_Return)
    assert told == [("微笑", 3.0), ("微笑", 7.0)]


def test_what_was_typed_and_dropped_leaves_no_time_behind(qtbot: QtBot) -> None:
    times = iter(range(100))
    line = MarkerLine(lambda: float(next(times)))
    qtbot.addWidget(line)
    told: list[tuple[str, object]] = []
    line.marker.connect(lambda text, time: told.append((text, time)))
    compose(line.text, "wei")  # at 0
    compose(line.text, "")
    QTest.keyClicks(line.text, "ab")
    QTest.keyClick(line.text, Qt.Key.Key_Escape)
    before = next(times)
    QTest.keyClicks(line.text, "smile")
    QTest.keyClick(line.text, Qt.Key.Key_Return)
    ((text, time),) = told
    assert text == "smile"
    assert isinstance(time, float)
    assert time > before


def test_a_key_that_is_held_is_one_order(qtbot: QtBot) -> None:
    """Held a second, a marker's key set thirty; F8 called alarms read that nobody had seen."""
    line, bar, alarm = MarkerLine(lambda: 0.0), TopBar(), AlarmBar()
    menu = main_menu.menu_button(
        QMainWindow(), [main_menu.Entry("Send a test trigger", lambda: None, "Ctrl+T")], print
    )
    for widget in (line, bar, alarm, menu):
        qtbot.addWidget(widget)
    actions = [*line.actions(), *menu.menu().actions()]
    once = [action for action in actions if not action.shortcut().isEmpty()]
    assert len(once) == 8 + 2
    assert not any(action.autoRepeat() for action in once)
    keys = bar.findChildren(QShortcut) + alarm.findChildren(QShortcut)
    assert len(keys) == 3
    assert not any(key.autoRepeat() for key in keys)


def test_what_was_not_sent_is_given_back_with_its_time(qtbot: QtBot) -> None:
    """A note that no engine took was gone with the line that it was typed into."""
    line = MarkerLine(lambda: 5.0)
    qtbot.addWidget(line)
    told: list[tuple[str, object]] = []
    line.note.connect(lambda text, time: told.append((text, time)))
    line.notes.give_back("yawned", 3.0)
    line.notes.give_back("another", 4.0)
    QTest.keyClick(line.notes, Qt.Key.Key_Return)
    assert told == [("yawned", 3.0)]
    QTest.keyClicks(line.notes, "new")
    line.notes.give_back("yawned", 3.0)
    assert line.notes.text() == "new", "what is being typed is left alone"


def test_record_is_seen_in_a_narrow_window(qtbot: QtBot, qapp: QApplication) -> None:
    """Of a recording that has failed the bar needs more than the window's least width."""
    theme.apply(qapp)
    window, bar = QMainWindow(), TopBar()
    qtbot.addWidget(window)
    window.setMenuWidget(bar)
    window.resize(880, 300)
    bar.show_status(recording_status().model_copy(update={"state": Phase.FAILED}), None)
    window.show()
    wait_until(lambda: bar.width() == 880, what="its width")
    assert bar.record.geometry().right() < bar.width()
