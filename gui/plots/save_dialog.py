"""Asks where a plot is to be saved; nothing waits for the answer."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from PySide6.QtCore import QDir, Qt
from PySide6.QtWidgets import QFileDialog, QGraphicsView, QWidget

from gui.plots import saving
from gui.texts import tr
from recordings.errors import RecordingError


def ask(
    parent: QWidget,
    stem: str,
    view: QGraphicsView,
    rows: Callable[[], Iterable[saving.Row]],
    say: Callable[[str], None],
) -> QFileDialog:
    """Open the dialog beside everything else: it must not hold a recording.

    Args:
        parent: whose plot it is.
        stem: the name that is proposed, without its ending.
        view: what is painted.
        rows: gives the numbers behind it.
        say: hears what came of it.
    """
    dialog = QFileDialog(parent, tr("Save this plot"), QDir.homePath())
    dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
    filters = {
        tr("Picture of pixels (*.png)"): "png",
        tr("Picture of lines (*.svg)"): "svg",
        tr("Table of the numbers (*.csv)"): "csv",
    }
    dialog.setNameFilters(list(filters))
    dialog.setDefaultSuffix("png")
    dialog.filterSelected.connect(lambda name: dialog.setDefaultSuffix(filters[name]))
    dialog.selectFile(stem)
    dialog.setModal(False)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.fileSelected.connect(lambda name: say(saved(Path(name), view, rows)))
    dialog.show()
    return dialog


def saved(path: Path, view: QGraphicsView, rows: Callable[[], Iterable[saving.Row]]) -> str:
    """Save a plot; say what came of it."""
    try:
        saving.save(path, view, rows)
    except (OSError, ValueError, RecordingError) as error:
        return tr("not saved: {}").format(error)
    return tr("saved: {}").format(path)
