"""The tokens of `recordings.palette` as a Qt palette and style sheet."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from string import Template

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QFont, QGuiApplication, QIcon, QPalette
from PySide6.QtWidgets import QApplication, QWidget

from recordings import palette as looks

SPACE = 4
"""Every distance is a multiple of so many pixels."""
TARGET = 32
"""What can be touched is at least so high."""

_LOOK = "look"


def tokens() -> Mapping[str, str]:
    """Give the colours: dark or light as the system is, unless the user has chosen."""
    look = chosen()
    dark = QGuiApplication.styleHints().colorScheme() == Qt.ColorScheme.Dark
    return looks.DARK if look == "dark" or (dark and look != "light") else looks.LIGHT


def chosen() -> str | None:
    """Give the look that was chosen: `dark`, `light`, or None, which is the system's."""
    application = QApplication.instance()
    look = application.property(_LOOK) if application is not None else None
    return look if look in ("dark", "light") else None


def choose(application: QApplication, look: str | None) -> None:
    """Use `dark`, `light`, or what the system has (None)."""
    application.setProperty(_LOOK, look)
    _dress(application)


def icon() -> QIcon:
    """Give the program's icon."""
    return QIcon(str(Path(__file__).parent / "unisono.svg"))


def colour(name: str) -> QColor:
    """Give one colour."""
    return QColor(tokens()[name])


def signal_colour(kind: str) -> QColor:
    """Give the colour of a signal of that kind."""
    if kind in looks.SIGNALS:
        return QColor(looks.SIGNALS[kind])
    return colour("text" if kind == "Markers" else "accent")


def mixed(token: str, share: float) -> QColor:
    """Mix a token with the panel's colour: `share` of the token."""
    a, b = colour(token), colour("panel")
    return QColor.fromRgbF(
        a.redF() * share + b.redF() * (1 - share),
        a.greenF() * share + b.greenF() * (1 - share),
        a.blueF() * share + b.blueF() * (1 - share),
    )


def tabular(font: QFont) -> QFont:
    """Give the same font with figures of one width: nothing moves when a value changes."""
    font = QFont(font)
    font.setFeature(QFont.Tag("tnum"), 1)
    return font


def apply(application: QApplication) -> None:
    """Dress the application, now and whenever the system changes between light and dark."""
    application.setStyle("Fusion")
    application.setFont(tabular(application.font()))
    _dress(application)
    QGuiApplication.styleHints().colorSchemeChanged.connect(lambda _: _dress(application))


def mark(widget: QWidget, name: str, value: object) -> None:
    """Set a property that the style sheet looks at."""
    if widget.property(name) != value:
        widget.setProperty(name, value)
        widget.style().unpolish(widget)
        widget.style().polish(widget)


def _dress(application: QApplication) -> None:
    t = tokens()
    palette = QPalette()
    roles = {
        QPalette.ColorRole.Window: "ground",
        QPalette.ColorRole.Base: "panel",
        QPalette.ColorRole.AlternateBase: "ground",
        QPalette.ColorRole.Button: "panel",
        QPalette.ColorRole.ToolTipBase: "panel",
        QPalette.ColorRole.WindowText: "text",
        QPalette.ColorRole.Text: "text",
        QPalette.ColorRole.ButtonText: "text",
        QPalette.ColorRole.ToolTipText: "text",
        QPalette.ColorRole.PlaceholderText: "muted",
        QPalette.ColorRole.Highlight: "accent",
        QPalette.ColorRole.Link: "accent",
        QPalette.ColorRole.Mid: "line",
        QPalette.ColorRole.Dark: "line",
    }
    for role, name in roles.items():
        palette.setColor(role, QColor(t[name]))
    palette.setColor(QPalette.ColorRole.HighlightedText, QColor(t["ground"]))
    for role in (QPalette.ColorRole.WindowText, QPalette.ColorRole.Text):
        palette.setColor(QPalette.ColorGroup.Disabled, role, QColor(t["muted"]))
    palette.setColor(
        QPalette.ColorGroup.Disabled, QPalette.ColorRole.ButtonText, QColor(t["muted"])
    )
    application.setPalette(palette)
    sheet = Template((Path(__file__).parent / "window.qss").read_text(encoding="utf-8"))
    extra = {
        "folder": Path(__file__).parent.as_posix(),
        "tint": mixed("recording", 0.16).name(),
        "alarm": mixed("failed", 0.22).name(),
        "caution": mixed("warning", 0.20).name(),
        "hover": mixed("accent", 0.12).name(),
        "chosen": mixed("accent", 0.24).name(),
    }
    application.setStyleSheet(sheet.substitute(t, **extra))
