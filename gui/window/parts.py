"""Where the parts of the recorder window are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDockWidget, QMainWindow, QToolButton, QVBoxLayout, QWidget

from gui.texts import tr
from gui.widgets.scroll_column import ScrollColumn

if TYPE_CHECKING:
    from gui.window.window import RecorderWindow

MIN_CAMERAS = 180


def lay_out(window: RecorderWindow, menu: QToolButton) -> None:
    """Put every part where it is as long as nobody has moved it."""
    _stack(window.centre, (window.pages, window.markers)).setStretch(0, 1)
    window.setCentralWidget(window.centre)
    top = QWidget()
    _stack(top, (window.bar, window.alarm, window.gate))
    window.setMenuWidget(top)
    window.bar.add_menu(menu)
    area = Qt.DockWidgetArea
    add_dock(window, "rig", tr("Rig"), window.panel, area.LeftDockWidgetArea)
    events = add_dock(window, "events", tr("Events"), window.events, area.BottomDockWidgetArea)
    window.resizeDocks([events], [132], Qt.Orientation.Vertical)
    _lay_out_right(window)
    window.setCorner(Qt.Corner.BottomLeftCorner, area.LeftDockWidgetArea)
    window.setCorner(Qt.Corner.BottomRightCorner, area.RightDockWidgetArea)


def _lay_out_right(window: RecorderWindow) -> None:
    right = Qt.DockWidgetArea.RightDockWidgetArea
    add_dock(window, "cameras", tr("Cameras"), ScrollColumn(window.cameras), right)
    spectra = add_dock(window, "spectrum", tr("Spectrum"), window.spectra, right)
    impedances = add_dock(window, "impedances", tr("Impedances"), window.impedances, right)
    protocol = add_dock(window, "protocol", tr("Protocol"), ScrollColumn(window.protocol), right)
    window.tabifyDockWidget(protocol, spectra)
    window.tabifyDockWidget(spectra, impedances)
    protocol.raise_()
    impedances.hide()


def _stack(parent: QWidget, widgets: tuple[QWidget, ...]) -> QVBoxLayout:
    layout = QVBoxLayout(parent)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(0)
    for widget in widgets:
        layout.addWidget(widget)
    return layout


def add_dock(
    window: QMainWindow, name: str, title: str, widget: QWidget, area: Qt.DockWidgetArea
) -> QDockWidget:
    """Add a part that can be moved, floated and closed."""
    dock = QDockWidget(title, window)
    dock.setObjectName(name)
    dock.setWidget(widget)
    window.addDockWidget(area, dock)
    return dock


def make_room(window: QMainWindow) -> None:
    """Give the cameras as much height as they ask for and what is below them leaves."""
    names = ("cameras", "protocol", "spectrum", "impedances")
    found = [window.findChild(QDockWidget, name) for name in names]
    cameras, *tabs = (dock for dock in found if dock is not None)
    # Behind a tab a dock has no height that could be changed.
    below = next((dock for dock in tabs if not dock.visibleRegion().isEmpty()), tabs[0])
    room = cameras.height() + below.height()
    wanted = cameras.sizeHint().height()
    height = max(min(wanted, MIN_CAMERAS), min(wanted, room * 3 // 5))
    window.resizeDocks([cameras, below], [height, room - height], Qt.Orientation.Vertical)


def show_page(window: RecorderWindow, page: QWidget, *, alone: bool) -> None:
    """Show a page in the middle; `alone`: nothing else, there is no rig yet."""
    window.pages.setCurrentWidget(page)
    window.markers.setVisible(not alone)  # there is nothing yet that would record them
    for dock in window.findChildren(QDockWidget):
        dock.setVisible(not alone)
