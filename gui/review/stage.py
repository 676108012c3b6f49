"""Pictures, signals and lanes of one open session, with one cursor through them all."""

from __future__ import annotations

import time as clocks
from collections.abc import Callable, Sequence

from PySide6.QtCore import QEvent, Qt, QTimer, Signal
from PySide6.QtWidgets import QSplitter, QVBoxLayout, QWidget

from gui.review.camera_tile import CameraTile
from gui.review.keys import Command
from gui.review.pane import Position
from gui.review.picture_area import Look, Mode
from gui.review.playhead import Playhead
from gui.review.signals.overview import Overview
from gui.review.signals.plot import Row, SignalPlot
from gui.texts import tr
from gui.widgets.focus_ring import FocusRing
from recordings.errors import RecordingError
from recordings.review.frame_rows import FrameRows
from recordings.review.lanes import Lane
from recordings.review.picture_ring import BUDGET_BYTES
from recordings.review.session import ReviewSession

WAIT_S = 0.045
"""A picture that is not decoded yet is waited for so long, before the window says that it waits."""
FLICKER_MS = 250


class Stage(QWidget):
    """Everything that is seen of a session; keys come in as commands."""

    moved = Signal(object)
    """The cursor is at another `Position`."""
    selected = Signal(object)
    played = Signal()
    mode_wanted = Signal(object)
    told = Signal(str)
    """A word to the user, for a moment."""

    def __init__(self, session: ReviewSession) -> None:
        super().__init__()
        self.session = session
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(tr("Pictures and signals"))
        self._ring = FocusRing(self)
        budget = BUDGET_BYTES // max(1, len(session.cameras))
        self.tiles = {
            name: CameraTile(camera, budget, session.start)
            for name, camera in session.cameras.items()
        }
        self.main = next((n for n, t in self.tiles.items() if len(t.rows)), "")
        self.playhead = Playhead(self._main_rows(), self._is_ready)
        self.plot = SignalPlot(session.start, session.stop)
        self.overview = Overview(session.start, session.stop)
        self._lay_out()
        for tile in self.tiles.values():
            tile.pressed.connect(self._on_tile)
            tile.set_main(tile.camera.name == self.main)
        self.playhead.moved.connect(self._on_moved)
        self.playhead.selected.connect(self._on_selected)
        self.playhead.played.connect(self.played)
        self.plot.time_asked.connect(self.playhead.go_to)
        self.plot.range_asked.connect(self.playhead.select)
        self.overview.time_asked.connect(self.playhead.go_to)
        self._flicker = QTimer(self, interval=FLICKER_MS)
        self._flicker.timeout.connect(self._on_flicker)
        self.show_lanes(())
        self._on_moved()

    def _lay_out(self) -> None:
        pictures = QSplitter(Qt.Orientation.Horizontal)
        for tile in self.tiles.values():
            pictures.addWidget(tile)
        split = QSplitter(Qt.Orientation.Vertical)
        if self.tiles:
            split.addWidget(pictures)
        split.addWidget(self.plot)
        split.setStretchFactor(0, 3)
        split.setStretchFactor(1, 2)
        split.setSizes([540, 320])
        for splitter in (pictures, split):
            splitter.setChildrenCollapsible(False)
        box = QVBoxLayout(self)
        box.setContentsMargins(8, 8, 8, 4)
        box.setSpacing(4)
        box.addWidget(split, 1)
        box.addWidget(self.overview)

    def _main_rows(self) -> FrameRows:
        return self.tiles[self.main].rows if self.main else self.session.rows_without_camera()

    # What others ask.

    @property
    def position(self) -> Position:
        """Where the cursor is."""
        rows, at = self.playhead.rows, self.playhead.at
        stored, device = int(rows.stored[at]), int(rows.devices[at])
        return Position(
            camera=self.main,
            time=self.playhead.time,
            row=int(rows.numbers[at]),
            stored=stored if stored >= 0 else None,
            device=device if device >= 0 else None,
        )

    @property
    def is_painted(self) -> bool:
        """Whether all cameras show the moment of the cursor, or say why they do not."""
        return not any(t.is_waiting or not t.area.is_painted for t in self.tiles.values())

    def show_lanes(self, lanes: Sequence[Lane]) -> None:
        """Show these lanes of a pane below those of the session; Tab stops at their marks too."""
        every = (*self.session.lanes, *lanes)
        self.playhead.lanes = every
        self.plot.show_lanes(every)
        self.overview.show_lanes([lane for lane in every if lane.name != "markers"])

    def show_rows(self, rows: Sequence[Row]) -> None:
        """Show these channels."""
        self.plot.show_rows(rows)
        self._on_moved()

    def set_main(self, name: str) -> None:
        """Let the cursor go by the stamps of another camera."""
        if name == self.main or name not in self.tiles or not len(self.tiles[name].rows):
            return
        self.main = name
        self.playhead.use(self.tiles[name].rows)
        for tile in self.tiles.values():
            tile.set_main(tile.camera.name == name)
        self._on_moved()

    def set_look(self, look: Look) -> None:
        """Show all pictures in another way."""
        for tile in self.tiles.values():
            tile.set_look(look)
        on = look.mode is Mode.FLICKER
        if on != self._flicker.isActive():
            self._flicker.start() if on else self._flicker.stop()

    def renew_signals(self) -> None:
        """Draw anew what is drawn from pyramids, which have grown."""
        if any(not row.signal.is_raw(self.plot.length_s) for row in self.plot.rows):
            self.plot.renew()

    def run(self, command: Command) -> None:
        """Do what a key or a button asks for."""
        if (move := _MOVES.get(command)) is not None:
            self.playhead.move(move)
        elif (action := self._actions().get(command)) is not None:
            action()

    def close_rings(self) -> None:
        """End all threads that decode."""
        self.playhead.stop()
        self._flicker.stop()
        for tile in self.tiles.values():
            tile.close_ring()

    # Commands.

    def _actions(self) -> dict[Command, Callable[[], object]]:
        head, plot = self.playhead, self.plot
        return {
            Command.NEXT_SECOND: lambda: head.seconds(1.0),
            Command.PREVIOUS_SECOND: lambda: head.seconds(-1.0),
            Command.FIRST: head.first,
            Command.LAST: head.last,
            Command.PLAY: head.toggle,
            Command.SHUTTLE_BACK: lambda: head.shuttle(-1),
            Command.SHUTTLE_STOP: head.stop,
            Command.SHUTTLE_ON: lambda: head.shuttle(1),
            Command.FASTER: lambda: head.faster(1),
            Command.SLOWER: lambda: head.faster(-1),
            Command.NEXT_EVENT: lambda: head.to_event(1),
            Command.PREVIOUS_EVENT: lambda: head.to_event(-1),
            Command.BOUNDARY_EARLIER: lambda: head.move_boundary(-1),
            Command.BOUNDARY_LATER: lambda: head.move_boundary(1),
            Command.SELECT_FROM: head.select_from,
            Command.SELECT_TO: head.select_to,
            Command.LOOP: self._loop,
            Command.DESELECT: head.deselect,
            Command.PIN: self._pin,
            Command.FLICKER: lambda: self.mode_wanted.emit(Mode.FLICKER),
            Command.DIFFERENCE: lambda: self.mode_wanted.emit(Mode.DIFFERENCE),
            Command.GHOST: lambda: self.mode_wanted.emit(Mode.GHOST),
            Command.BESIDE: lambda: self.mode_wanted.emit(Mode.BESIDE),
            Command.PLAIN: lambda: self.mode_wanted.emit(Mode.PLAIN),
            Command.FACE: self._zoom_to_face,
            Command.WHOLE: self._show_whole,
            Command.LONGER: lambda: self._zoom_time(1.5),
            Command.SHORTER: lambda: self._zoom_time(1 / 1.5),
            Command.LARGER: lambda: plot.enlarge(1.25),
            Command.SMALLER: lambda: plot.enlarge(1 / 1.25),
        }

    def _loop(self) -> None:
        if self.playhead.selection is None:
            self.told.emit(tr("nothing is selected: [ and ], or drag with Shift over the signals"))
        self.playhead.loop()

    def _pin(self) -> None:
        pinned = [tile.pin() for tile in self.tiles.values()]
        if not any(pinned):
            self.told.emit(tr("there is no picture here to pin"))

    def _zoom_to_face(self) -> None:
        if not self.main:
            return
        try:
            said = self.tiles[self.main].zoom_to_face()
        except RecordingError as error:
            said = str(error)
        if said:
            self.told.emit(said)

    def _show_whole(self) -> None:
        for tile in self.tiles.values():
            tile.area.set_box(None)

    def _zoom_time(self, factor: float) -> None:
        self.plot.zoom(factor)
        self._show_place()

    # What happens.

    def _is_ready(self, at: int, step: int) -> bool:
        return not self.main or self.tiles[self.main].is_ready(at, step)

    def _on_moved(self) -> None:
        """Show all cameras at the cursor, waiting a moment for what is not decoded yet."""
        time, deadline = self.playhead.time, clocks.monotonic() + WAIT_S
        places = []
        for name, tile in self.tiles.items():
            at, step = self.playhead.at, self.playhead.step
            if name != self.main:  # it goes on as it went just now, unless the cursor jumped
                at = tile.rows.at(time)
                step = at - tile.at if step else 0
            tile.is_ready(at, step)  # all begin to decode before one is waited for
            places.append((tile, at, step))
        for tile, at, step in places:
            tile.show_row(at, step, time, max(0.0, deadline - clocks.monotonic()))
        self.plot.show_cursor(time)
        self._show_place()
        self.moved.emit(self.position)

    def _show_place(self) -> None:
        left = self.session.start + self.plot.left_s
        self.overview.show_place(self.playhead.time, (left, left + self.plot.length_s))

    def _on_selected(self) -> None:
        self.plot.show_selection(self.playhead.selection)
        self.selected.emit(self.playhead.selection)

    def _on_tile(self, name: str) -> None:
        self.setFocus(Qt.FocusReason.MouseFocusReason)

    def _on_flicker(self) -> None:
        for tile in self.tiles.values():
            tile.area.flip()

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802
        """Follow the system between light and dark."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self.plot.dress()
            self.overview.dress()


_MOVES = {
    Command.NEXT_FRAME: 1,
    Command.PREVIOUS_FRAME: -1,
    Command.NEXT_TEN: 10,
    Command.PREVIOUS_TEN: -10,
}
