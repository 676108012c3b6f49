"""What is chosen once for every rig: it is kept, and it holds."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QLocale, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QApplication, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from gui.menu import handbook, preferences
from gui.rig.error_place import line_of
from gui.widgets import chosen, theme
from gui.window.app import WindowOrder
from gui.window.first_page import FirstPage
from gui.window.welcome import Welcome
from tests.gui.windows import Names, click, idle, wait_until, window

pytestmark = pytest.mark.usefixtures("qapp")


@pytest.fixture
def parent(qtbot: QtBot, qapp: QApplication) -> Iterator[QWidget]:
    """Something to stand beside; what was chosen is forgotten afterwards."""
    widget = QWidget()
    qtbot.addWidget(widget)
    yield widget
    chosen.stored().clear()
    theme.choose(qapp, None)


def test_the_language_that_was_chosen_is_spoken_at_the_next_start(parent: QWidget) -> None:
    dialog = preferences.show(parent)
    assert dialog.language.currentText() == "As the system"
    dialog.language.setCurrentIndex(dialog.language.findText("简体中文"))
    dialog.language.activated.emit(dialog.language.currentIndex())
    assert "next time" in dialog.note.text()
    assert chosen.locale() == QLocale("zh_CN")
    assert preferences.show(parent).language.currentText() == "简体中文"
    chosen.remember_language(None)
    assert chosen.locale() == QLocale()


def test_a_look_is_worn_at_once(parent: QWidget) -> None:
    dialog = preferences.show(parent)
    dialog.look.setCurrentIndex(dialog.look.findData("dark"))
    dialog.look.activated.emit(dialog.look.currentIndex())
    assert theme.chosen() == "dark"
    assert chosen.remembered_look() == "dark"


def test_new_rigs_record_into_the_folder_that_was_chosen(parent: QWidget, tmp_path: Path) -> None:
    dialog = preferences.show(parent)
    dialog.folder.setText("data")
    dialog.folder.editingFinished.emit()
    assert "whole path" in dialog.note.text()
    (tmp_path / "file").touch()
    dialog.folder.setText(str(tmp_path / "file" / "data"))
    dialog.folder.editingFinished.emit()
    assert "No folder can be made" in dialog.note.text()
    assert chosen.remembered_data_dir() == "~/unisono"
    dialog.folder.setText(str(tmp_path / 'a "b" data'))
    dialog.folder.editingFinished.emit()
    page = Welcome(tmp_path)
    page.simulated.click()
    (file,) = tmp_path.glob("*.toml")
    assert tomllib.loads(file.read_text())["rig"]["data_dir"] == str(tmp_path / 'a "b" data')
    page.deleteLater()


def test_the_handbook_shows_its_pages_and_nothing_else(
    parent: QWidget, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: opened.append(url.toString()))
    dialog = handbook.show(parent)
    assert dialog is not None
    pages = dialog.findChild(handbook.Pages)
    assert pages is not None
    assert "rig" in pages.toPlainText()
    pages.anchorClicked.emit(QUrl("window.md#after-stop"))
    assert pages.source().fileName() == "window.md"
    assert "The recorder window" in pages.toPlainText()
    (tmp_path / "x.md").write_text("secret")
    for link in (f"file://{tmp_path}/x.md", "../pyproject.toml", "javascript:alert(1)"):
        pages.anchorClicked.emit(QUrl(link))
        assert pages.source().fileName() == "window.md"
    assert opened == []
    pages.anchorClicked.emit(QUrl("https://labstreaminglayer.org"))
    assert opened == ["https://labstreaminglayer.org"]
    back = next(b for b in dialog.findChildren(QPushButton) if "Back" in b.text())
    back.click()
    assert pages.source().fileName() == handbook.FIRST


def test_a_rig_with_a_mistake_is_mended_in_the_window(tmp_path: Path, qtbot: QtBot) -> None:
    names = Names()
    rig = names.rig(
        tmp_path, '[[device]]\nname = "{eeg}"\ndriver = "simulated-eeg"\nrate_hz = "fast"\n'
    )
    text = rig.read_text()
    with window(WindowOrder(rig, data_dir=tmp_path / "data")) as found:
        page = found.pages.currentWidget()
        assert isinstance(page, FirstPage)
        editor = page.editor
        wait_until(editor.isVisible, what="the editor")
        assert "rate_hz" in editor.verdict.text()
        assert editor.text.textCursor().blockNumber() == line_of(text, editor.verdict.text())
        assert not editor.save.isEnabled()
        assert not editor.run.isVisible()
        editor.text.setPlainText(text.replace('"fast"', "250"))
        wait_until(editor.save.isEnabled, what="good")
        click(editor.save)
        idle(found)
        assert found.pages.currentWidget() is found.signals
    assert "rate_hz = 250" in rig.read_text()


def test_a_name_that_no_folder_can_have_is_refused(parent: QWidget) -> None:
    dialog = preferences.show(parent)
    dialog.folder.setText(f"/{'x' * 300}")
    dialog.folder.editingFinished.emit()
    assert "No folder can be made" in dialog.note.text()
