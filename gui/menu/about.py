"""Which versions run here: what a report of a fault needs, to be copied."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version

import pylsl
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMessageBox, QWidget

import acquire
from gui.texts import tr

_PACKAGES = (
    "pylsl",
    "PySide6_Essentials",
    "pyqtgraph",
    "numpy",
    "opencv-python",
    "brainflow",
    "pyserial",
)


def text() -> str:
    """List program, packages and system, one a line."""
    lines = [f"Unisono {acquire.__version__}"]
    for name in _PACKAGES:
        try:
            lines.append(f"{name} {version(name)}")
        except PackageNotFoundError:  # run from a folder, or another build of OpenCV
            lines.append(f"{name} –")
    lines.append(f"liblsl {pylsl.library_version() / 100:.2f}")
    lines.append(f"Python {platform.python_version()}, {platform.platform()}")
    return "\n".join(lines)


def show(parent: QWidget) -> QMessageBox:
    """Show it beside everything else: nothing is held meanwhile."""
    box = QMessageBox(parent)
    box.setWindowTitle(tr("About Unisono"))
    box.setTextFormat(Qt.TextFormat.PlainText)
    box.setText(tr("Record a face, a brain and a body on one clock"))
    box.setInformativeText(text())
    box.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    box.setModal(False)
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    box.show()
    return box
