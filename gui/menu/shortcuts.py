"""The list of all shortcuts, beside everything else."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QGridLayout, QVBoxLayout, QWidget

from gui.texts import tr
from gui.widgets.plain_label import PlainLabel


def shortcuts() -> list[tuple[str, str]]:
    """List keys and what they do, the most needed first."""
    return [
        ("Ctrl+R", tr("Record")),
        ("Ctrl+.", tr("Stop")),
        ("Ctrl+M", tr("Type a marker")),
        ("Shift+F1 … Shift+F8", tr("Set a marker at once")),
        ("Ctrl+N", tr("Type a note")),
        ("F8", tr("Say that an alarm was read")),
        ("Esc", tr("Close the start gate; drop what was typed")),
        ("Ctrl+F", tr("Freeze the signals, or let them go on")),
        ("Ctrl+L", tr("Scroll instead of sweep")),
        ("Ctrl+Left, Ctrl+Right", tr("Show less or more time")),
        ("Ctrl++, Ctrl+-, Ctrl+0", tr("Larger, smaller, automatic scales")),
        ("Page Down, Page Up", tr("In the signals: channels page by page, or all")),
        ("Ctrl+K", tr("Choose and order channels; there Alt+Up, Alt+Down move them")),
        ("Ctrl+S", tr("Save the signals that are shown")),
        ("Ctrl+T", tr("Send a test trigger")),
        ("Ctrl+O", tr("Open a rig")),
        ("Ctrl+E", tr("Edit this rig")),
        ("F10", tr("Menu")),
        ("Ctrl+,", tr("Preferences")),
        ("Ctrl+F1", tr("Handbook")),
        ("F1", tr("This list")),
        ("Ctrl+Q", tr("Close the window")),
    ]


def show(parent: QWidget) -> QDialog:
    """Show it; nothing is held meanwhile."""
    dialog = QDialog(parent)
    dialog.setWindowTitle(tr("Shortcuts"))
    grid = QGridLayout()
    grid.setHorizontalSpacing(24)
    for row, (keys, text) in enumerate(shortcuts()):
        grid.addWidget(PlainLabel(keys, muted=True), row, 0)
        grid.addWidget(PlainLabel(text), row, 1)
    column = QVBoxLayout(dialog)
    column.setContentsMargins(16, 12, 16, 12)
    column.addLayout(grid)
    dialog.setModal(False)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.show()
    return dialog
