"""Where the parts of the recorder window are."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QDockWidget,
    QMainWindow,
    QStackedWidget,
    QTabBar,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from gui.texts import tr
from gui.widgets.scroll_column import ScrollColumn
from gui.window.top_bar import TopBar

MIN_CAMERAS = 180
LEAST_CAMERAS = 48
"""Pixels of them that are seen where an alarm, the gate and a question take the room."""
CHANNELS = "channels"
_HIDDEN = ("impedances", CHANNELS)
"""Parts that are hidden until somebody wants them."""
_IN_FRONT = ("events", "protocol")
_BELOW = ("protocol", "spectrum", "impedances")
"""Parts below the cameras that leave them the height they ask for; forms and channels do not."""
_RIGHT = Qt.DockWidgetArea.RightDockWidgetArea


@dataclass(frozen=True, slots=True)
class Parts:
    """The widgets of the recorder window."""

    bar: TopBar
    alarm: QWidget
    gate: QWidget
    saved: QWidget
    menu: QToolButton
    pages: QStackedWidget
    markers: QWidget
    rig: QWidget
    events: QWidget
    sessions: QWidget
    cameras: QWidget
    spectra: QWidget
    channels: QWidget
    impedances: QWidget
    protocol: QWidget


def lay_out(window: QMainWindow, parts: Parts) -> None:
    """Put every part where it is as long as nobody has moved it."""
    # In this order: Tab goes from widget to widget as they came into the window.
    window.setCentralWidget(_stack((parts.pages, parts.markers), stretch=1))
    window.setMenuWidget(_stack((parts.bar, parts.alarm, parts.gate, parts.saved)))
    parts.bar.add_menu(parts.menu)
    left, bottom = Qt.DockWidgetArea.LeftDockWidgetArea, Qt.DockWidgetArea.BottomDockWidgetArea
    _add_dock(window, "rig", tr("Rig"), parts.rig, left)
    events = _add_dock(window, "events", tr("Events"), parts.events, bottom)
    sessions = _add_dock(window, "sessions", tr("Sessions"), parts.sessions, bottom)
    window.tabifyDockWidget(events, sessions)
    window.resizeDocks([events], [132], Qt.Orientation.Vertical)
    _lay_out_right(window, parts)
    window.setCorner(Qt.Corner.BottomLeftCorner, left)
    window.setCorner(Qt.Corner.BottomRightCorner, _RIGHT)


def _lay_out_right(window: QMainWindow, parts: Parts) -> None:
    _add_dock(window, "cameras", tr("Cameras"), ScrollColumn(parts.cameras, least=LEAST_CAMERAS))
    spectra = _add_dock(window, "spectrum", tr("Spectrum"), parts.spectra)
    impedances = _add_dock(window, "impedances", tr("Impedances"), parts.impedances)
    protocol = _add_dock(window, "protocol", tr("Protocol"), parts.protocol)
    channels = _add_dock(window, CHANNELS, tr("Channels"), parts.channels)
    window.tabifyDockWidget(protocol, spectra)
    window.tabifyDockWidget(spectra, impedances)
    window.tabifyDockWidget(impedances, channels)
    impedances.hide()
    channels.hide()
    _raise_first(window)


def _raise_first(window: QMainWindow) -> None:
    """Put in front, of the parts behind each other's tabs, what a recording needs."""
    for name in _IN_FRONT:
        if (dock := window.findChild(QDockWidget, name)) is not None:
            dock.raise_()


def _stack(widgets: Iterable[QWidget], stretch: int = 0) -> QWidget:
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


def show_form(window: QMainWindow, name: str, title: str, form: QWidget) -> QDockWidget:
    """Show a form beside the signals, in the place of the one of this name before."""
    dock = window.findChild(QDockWidget, name)
    if dock is None:
        dock = _add_dock(window, name, title, form)
        if (beside := window.findChild(QDockWidget, "protocol")) is not None:
            window.tabifyDockWidget(beside, dock)
        _give_back(window, dock)
    elif (before := dock.widget()) is not form:
        if before is not None:
            before.deleteLater()
        dock.setWidget(form)
    bring(window, dock)
    return dock


def bring(window: QMainWindow, dock: QDockWidget) -> None:
    """Show a part that is worked in: the cameras above leave it what they do not need."""
    dock.show()
    dock.raise_()
    if (cameras := window.findChild(QDockWidget, "cameras")) is not None:
        room = cameras.height() + dock.height()
        heights = [room - room * 2 // 3, room * 2 // 3]
        window.resizeDocks([cameras, dock], heights, Qt.Orientation.Vertical)


def _below(window: QMainWindow) -> QDockWidget | None:
    """Return what shares its height with the cameras; None: a form that is worked in, or nothing.

    Behind a tab a dock has no height that could be changed.
    """
    found = (window.findChild(QDockWidget, name) for name in _BELOW)
    return next((dock for dock in found if dock and not dock.visibleRegion().isEmpty()), None)


def on_room_wanted(window: QMainWindow, give_room: Callable[[], None]) -> None:
    """Have room given to the cameras when they need more, or what took it is left."""
    _column(window).room_wanted.connect(give_room)
    channels = window.findChild(QDockWidget, CHANNELS)
    assert channels is not None
    _give_back(window, channels)


def _give_back(window: QMainWindow, dock: QDockWidget) -> None:
    """Ask for the cameras' room once a part that took it is closed, or behind another's tab."""
    column = _column(window)
    dock.visibilityChanged.connect(lambda seen: None if seen else column.room_wanted.emit())


def _column(window: QMainWindow) -> ScrollColumn:
    cameras = window.findChild(QDockWidget, "cameras")
    assert cameras is not None
    column = cameras.widget()
    assert isinstance(column, ScrollColumn)
    return column


def make_room(window: QMainWindow, *, playing: bool = False) -> None:
    """Give the cameras as much height as they ask for and what is below them leaves.

    While a protocol plays, that is what shows the participant's screen whole. Nothing is taken
    from a form that is worked in: asked when this runs, as it may have come since it was wanted.
    """
    cameras, below = window.findChild(QDockWidget, "cameras"), _below(window)
    assert cameras is not None
    if below is None:
        return
    room = cameras.height() + below.height()
    wanted = cameras.sizeHint().height()
    least = min(wanted, MIN_CAMERAS)
    height = max(least, min(wanted, room * 3 // 5))
    if playing and below.objectName() == "protocol":
        height = max(least, min(height, room - below.sizeHint().height()))
    window.resizeDocks([cameras, below], [height, room - height], Qt.Orientation.Vertical)


def dock_of(widget: QWidget | None) -> QDockWidget | None:
    """Give the part of the window that a widget is in; None where it is in none."""
    while widget is not None and not isinstance(widget, QDockWidget):
        widget = widget.parentWidget()
    return widget


def is_behind(widget: QWidget | None) -> bool:
    """Say whether a widget is in a part that lies behind another one's tab: Qt calls it visible.

    So it does a bar of tabs that it keeps for parts which have another one now.
    """
    part = widget if isinstance(widget, QTabBar) else dock_of(widget)
    return part is not None and part.visibleRegion().isEmpty()


def show_page(window: QMainWindow, parts: Parts, page: QWidget, *, alone: bool) -> None:
    """Show a page in the middle; `alone`: nothing else, there is no rig yet."""
    parts.pages.setCurrentWidget(page)
    parts.markers.setVisible(not alone)  # there is nothing yet that would record them
    for dock in window.findChildren(QDockWidget):
        dock.setVisible(not alone and dock.objectName() not in _HIDDEN)
    _raise_first(window)  # whichever was shown last is in front else
