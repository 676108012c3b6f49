"""Every text of the windows has a translation, and the compiled file holds them all."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from defusedxml import ElementTree
from PySide6.QtCore import QLocale, QTranslator
from PySide6.QtGui import QFont, QFontDatabase, QRawFont
from PySide6.QtWidgets import QApplication

from acquire.serving.problem import Problem
from gui.client.client import words
from gui.texts import CONTEXT, install, tr, tr_error, tr_said
from recordings.annotation.action_units import parse_units
from recordings.annotation.model import Event, Moment
from recordings.annotation.scheme import load_scheme, warnings
from tests.gui.texts_found import GUI, texts

LANGUAGES = ("zh_CN",)


def translations(language: str) -> dict[str, str]:
    tree = ElementTree.parse(GUI / "translations" / f"unisono_{language}.ts")
    return {m.findtext("source", ""): m.findtext("translation", "") for m in tree.iter("message")}


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_is_left_untranslated_and_every_value_has_its_place(language: str) -> None:
    known = translations(language)
    assert set(texts()) <= set(known), sorted(set(texts()) - set(known))
    assert set(known) <= set(texts()), f"no longer used: {sorted(set(known) - set(texts()))}"
    for source, translation in known.items():
        places = [sorted(re.findall(r"\{[^}]*\}", text)) for text in (source, translation)]
        assert places[0] == places[1], source
        assert translation, source


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_compiled_file_is_that_of_the_source(language: str, tmp_path: Path) -> None:
    source = GUI / "translations" / f"unisono_{language}.ts"
    fresh = tmp_path / "fresh.qm"
    tool = Path(sys.executable).with_name("pyside6-lrelease")
    subprocess.run([tool, source, "-qm", fresh], check=True, capture_output=True)
    one, two = QTranslator(), QTranslator()
    assert one.load(str(fresh))
    assert two.load(str(source.with_suffix(".qm")))
    for text in texts():
        assert one.translate(CONTEXT, text) == two.translate(CONTEXT, text) != ""


def test_the_language_of_the_system_is_used(qapp: QApplication) -> None:
    assert tr("Record") == "Record"
    translator = install(qapp, QLocale("zh_CN"))
    assert translator is not None
    try:
        assert tr("Record") == "录制"
        assert tr("not known") == "not known"
    finally:
        qapp.removeTranslator(translator)
    assert install(qapp, QLocale("en_GB")) is None


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_character_has_a_glyph(language: str, qapp: QApplication) -> None:
    system = QFontDatabase.WritingSystem.SimplifiedChinese
    families = QFontDatabase.families(system)
    if not families:
        pytest.skip("no font for Chinese here: fonts-wqy-microhei")
    # Qt takes from the first of them what the system's own font lacks.
    fonts = [QRawFont.fromFont(QFont(family)) for family in (families[0], qapp.font().family())]
    used = {character for text in translations(language).values() for character in text}
    # By number: as a text, most characters would be called missing (PySide 6.11).
    lacking = {
        c for c in used if c.isprintable() and not any(f.supportsCharacter(ord(c)) for f in fonts)
    }
    assert not lacking, sorted(lacking)


def test_what_other_packages_say_is_said_in_the_language_of_the_window(qapp: QApplication) -> None:
    onset, apex = (Moment(time=float(n), frame=n) for n in (9, 4))
    event = Event(id="a", camera="face", onset=onset, apex=apex, emotion="awe")
    english = warnings(event, load_scheme("mmme"))
    assert "apex is before onset" in english
    with pytest.raises(ValueError, match="'4X' is no action unit") as refused:
        parse_units("4X")
    translator = install(qapp, QLocale("zh_CN"))
    assert translator is not None
    try:
        chinese = [tr_said(text) for text in english]
        assert "顶点早于起始" in chinese
        assert "情绪 'awe' 不在方案 mmme 中" in chinese
        assert not set(chinese) & set(english)
        assert tr_error(refused.value) == "'4X' 不是动作单元；应写作 4、L12 或 R14B"
        assert tr_error(OSError(28, "full")) == "[Errno 28] full"
        problem = Problem(code="not-now", text="nothing records", remedy="start a recording")
        assert words(problem) == "现在不能这样做 · nothing records; start a recording"
    finally:
        qapp.removeTranslator(translator)
    assert tr_said(english[0]) == english[0]
    assert words(problem) == "nothing records; start a recording"
