"""The program's icon in the forms that Windows and macOS ask for."""

from __future__ import annotations

import os
from importlib.resources import files
from pathlib import Path

from PySide6.QtCore import QByteArray, Qt
from PySide6.QtGui import QGuiApplication, QImage, QPainter
from PySide6.QtSvg import QSvgRenderer

from acquire.errors import ConfigError

_SIZE = 256


def write(path: Path) -> Path:
    """Draw the icon into a `.ico`, `.icns` or `.png` file.

    Raises:
        ConfigError: it cannot be written.
    """
    if QGuiApplication.instance() is None:
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
        QGuiApplication([])
    image = QImage(_SIZE, _SIZE, QImage.Format.Format_ARGB32)
    image.fill(Qt.GlobalColor.transparent)
    drawing = QSvgRenderer(QByteArray((files("gui.widgets") / "unisono.svg").read_bytes()))
    painter = QPainter(image)
    drawing.render(painter)
    painter.end()
    path.parent.mkdir(parents=True, exist_ok=True)
    if not image.save(str(path)):
        raise ConfigError(f"{path}: the icon cannot be written; check the folder's permissions")
    return path
