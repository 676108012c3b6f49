"""Opens a file or folder with the system's program, and says where that cannot be."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices

from gui.texts import tr


def open_here(path: Path) -> str:
    """Open what lies on this computer; empty, or why it is not opened.

    A file manager that is asked for what is gone says nothing, or something in a window of its own.
    """
    if not path.exists():
        return tr("{} is not there any more: moved, deleted, or its disk is unplugged").format(path)
    if not QDesktopServices.openUrl(QUrl.fromLocalFile(str(path))):
        return tr("This system has no program that opens {}").format(path)
    return ""
