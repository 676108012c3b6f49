"""The texts of the windows: English in the code, other languages by Qt's translation."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QCoreApplication, QLibraryInfo, QLocale, QTranslator

from recordings.said import Said

FOLDER = Path(__file__).parent / "translations"
CONTEXT = "unisono"
LANGUAGES = {"en": "English", "zh_CN": "简体中文"}
"""Locales that the window speaks, each by its own name."""
_TRANSLATIONS = QLibraryInfo.LibraryPath.TranslationsPath


def tr(text: str) -> str:
    """Give a text in the user's language; what has no translation stays English."""
    return QCoreApplication.translate(CONTEXT, text)


def tr_said(text: str) -> str:
    """Give a sentence of another package in the user's language; one that is none is as it is."""
    if not isinstance(text, Said):
        return text
    return tr(text.template).format(*(tr_said(v) if isinstance(v, str) else v for v in text.values))


def tr_error(error: Exception) -> str:
    """Give what an error says in the user's language."""
    first = error.args[0] if error.args else ""
    return tr_said(first) if isinstance(first, Said) else str(error)


def speaks_english() -> bool:
    """Whether no translation is in use."""
    return tr("Record") == "Record"


def install(application: QCoreApplication, locale: QLocale) -> QTranslator | None:
    """Use the translation for a language; None where there is none: then it is English."""
    translator = QTranslator(application)
    if not translator.load(locale, "unisono", "_", str(FOLDER)):
        return None
    application.installTranslator(translator)
    # Qt's own words, in file dialogs and menus of text fields.
    own = QTranslator(application)
    if own.load(locale, "qtbase", "_", QLibraryInfo.path(_TRANSLATIONS)):
        application.installTranslator(own)
    return translator
