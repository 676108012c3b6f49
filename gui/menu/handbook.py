"""The handbook beside the window: the pages of `docs`, which come with the program."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QDialog, QHBoxLayout, QPushButton, QTextBrowser, QVBoxLayout, QWidget

from gui.texts import tr

FIRST = "first-session.md"


def folder() -> Path | None:
    """Say where the pages lie: in the installed package, or beside the packages of a checkout."""
    package = Path(__file__).parents[1]
    places = (package / "handbook", package.parent / "docs")
    return next((place for place in places if (place / FIRST).is_file()), None)


class Pages(QTextBrowser):
    """Shows pages of the folder; a link to elsewhere is the system's browser's."""

    def __init__(self, pages: Path) -> None:
        super().__init__()
        self._pages = pages.resolve()
        self.setOpenLinks(False)
        self.setAccessibleName(tr("Handbook"))
        self.anchorClicked.connect(self._follow)
        self._open(self._pages / tr("first-session.md"))

    def _follow(self, link: QUrl) -> None:
        target = self.source().resolved(link)
        path = Path(target.toLocalFile()).resolve() if target.isLocalFile() else None
        if path is not None and path.suffix == ".md" and path.is_relative_to(self._pages):
            self._open(path, link.fragment())
        elif target.scheme() in ("http", "https"):
            QDesktopServices.openUrl(target)

    def _open(self, path: Path, anchor: str = "") -> None:
        self.setSource(QUrl.fromLocalFile(str(path)))
        if anchor:
            self.scrollToAnchor(anchor)


def show(parent: QWidget) -> QDialog | None:
    """Show it; nothing is held meanwhile. None: the pages are not there."""
    pages = folder()
    if pages is None:
        return None
    dialog = QDialog(parent)
    dialog.setWindowTitle(tr("Handbook"))
    browser = Pages(pages)
    back = QPushButton(tr("◂ Back"))
    start = QPushButton(tr("First page"))
    back.clicked.connect(browser.backward)
    back.setEnabled(False)
    browser.backwardAvailable.connect(back.setEnabled)
    start.clicked.connect(browser.home)
    row = QHBoxLayout()
    row.addWidget(back)
    row.addWidget(start)
    row.addStretch(1)
    column = QVBoxLayout(dialog)
    column.addLayout(row)
    column.addWidget(browser, 1)
    dialog.resize(820, 640)
    dialog.setModal(False)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.show()
    return dialog
