"""Where the parts of the recorder window are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDockWidget, QMainWindow, QTabBar, QVBoxLayout, QWidget

from gui.texts import tr
from gui.window.camera_room import CameraRoom

_HIDDEN = ("impedances", "channels")
"""Parts that are hidden until somebody wants them."""
_IN_FRONT = ("events", "protocol")
_LEFT, _RIGHT = Qt.DockWidgetArea.LeftDockWidgetArea, Qt.DockWidgetArea.RightDockWidgetArea
_BOTTOM = Qt.DockWidgetArea.BottomDockWidgetArea


def add_docks(window: QMainWindow, widgets: Mapping[str, QWidget]) -> None:
    """Put every part, by its name, where it is as long as nobody has moved it."""
    # In this order: Tab goes from widget to widget as they came into the window.
    _add_dock(window, "rig", tr("Rig"), widgets["rig"], _LEFT)
    events = _add_dock(window, "events", tr("Events"), widgets["events"], _BOTTOM)
    sessions = _add_dock(window, "sessions", tr("Sessions"), widgets["sessions"], _BOTTOM)
    window.tabifyDockWidget(events, sessions)
    window.resizeDocks([events], [132], Qt.Orientation.Vertical)
    _add_dock(window, "cameras", tr("Cameras"), widgets["cameras"])
    spectra = _add_dock(window, "spectrum", tr("Spectrum"), widgets["spectrum"])
    impedances = _add_dock(window, "impedances", tr("Impedances"), widgets["impedances"])
    protocol = _add_dock(window, "protocol", tr("Protocol"), widgets["protocol"])
    channels = _add_dock(window, "channels", tr("Channels"), widgets["channels"])
    window.tabifyDockWidget(protocol, spectra)
    window.tabifyDockWidget(spectra, impedances)
    window.tabifyDockWidget(impedances, channels)
    impedances.hide()
    channels.hide()
    _raise_first(window)
    window.setCorner(Qt.Corner.BottomLeftCorner, _LEFT)
    window.setCorner(Qt.Corner.BottomRightCorner, _RIGHT)


def _raise_first(window: QMainWindow) -> None:
    """Put in front, of the parts behind each other's tabs, what a recording needs."""
    for name in _IN_FRONT:
        if (dock := window.findChild(QDockWidget, name)) is not None:
            dock.raise_()


def stack(widgets: Iterable[QWidget], stretch: int = 0) -> QWidget:
    """Put widgets one below the other; `stretch` is the first one's."""
    parent = QWidget()
    layout = QVBoxLayout(parent)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(0)
    for widget in widgets:
        layout.addWidget(widget)
    layout.setStretch(0, stretch)
    return parent


def _add_dock(
    window: QMainWindow, name: str, title: str, widget: QWidget, area: Qt.DockWidgetArea = _RIGHT
) -> QDockWidget:
    """Add a part that can be moved, floated and closed."""
    dock = QDockWidget(title, window)
    dock.setObjectName(name)
    dock.setWidget(widget)
    window.addDockWidget(area, dock)
    return dock


def show_form(
    window: QMainWindow, room: CameraRoom, name: str, title: str, form: QWidget
) -> QDockWidget:
    """Show a form beside the signals, in the place of the one of this name before."""
    dock = window.findChild(QDockWidget, name)
    if dock is None:
        dock = _add_dock(window, name, title, form)
        if (beside := window.findChild(QDockWidget, "protocol")) is not None:
            window.tabifyDockWidget(beside, dock)
        room.lend(dock)
    elif (before := dock.widget()) is not form:
        if before is not None:
            before.deleteLater()
        dock.setWidget(form)
    room.bring(dock)
    return dock


def dock_of(widget: QWidget) -> QDockWidget:
    """Give the part of the window that a widget is in."""
    dock = _dock_of(widget)
    assert dock is not None, widget
    return dock


def _dock_of(widget: QWidget | None) -> QDockWidget | None:
    while widget is not None and not isinstance(widget, QDockWidget):
        widget = widget.parentWidget()
    return widget


def is_behind(widget: QWidget | None) -> bool:
    """Say whether a widget is in a part that lies behind another one's tab: Qt calls it visible.

    So it does a bar of tabs that it keeps for parts which have another one now.
    """
    part = widget if isinstance(widget, QTabBar) else _dock_of(widget)
    return part is not None and part.visibleRegion().isEmpty()


def show_docks(window: QMainWindow, shown: bool) -> None:
    """Show the parts around the middle, or none of them."""
    for dock in window.findChildren(QDockWidget):
        dock.setVisible(shown and dock.objectName() not in _HIDDEN)
    _raise_first(window)  # whichever was shown last is in front else
