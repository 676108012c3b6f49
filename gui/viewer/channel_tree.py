"""A tree of streams and their channels, in which both can be ticked and moved by mouse and keys."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QDrag, QDragMoveEvent, QDropEvent, QKeyEvent
from PySide6.QtWidgets import QAbstractItemView, QTreeWidget, QTreeWidgetItem

_STEPS = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}


class ChannelTree(QTreeWidget):
    """Moves nothing itself: it asks for it. A channel stays within its stream."""

    move_wanted = Signal(object, object)
    """Items of one stream, or streams, and the item before which they shall be; None = the end."""

    def __init__(self) -> None:
        super().__init__()
        self.setColumnCount(2)
        self.setHeaderHidden(True)
        self.setUniformRowHeights(True)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setDragDropMode(QAbstractItemView.DragDropMode.InternalMove)
        self.setDropIndicatorShown(True)
        self.setAutoExpandDelay(-1)

    def items(self) -> Iterator[QTreeWidgetItem]:
        """Go through all streams, each with its channels behind it."""
        for stream in children(self.invisibleRootItem()):
            yield stream
            yield from children(stream)

    def picked(self) -> list[QTreeWidgetItem]:
        """List what is selected beside the current item, in the order of the tree."""
        current: QTreeWidgetItem | None = self.currentItem()  # Qt gives None where none is
        parent = current.parent() if current is not None else None
        return [i for i in self.items() if i.isSelected() and i.parent() is parent]

    def step(self, by: int) -> None:
        """Ask for what is picked to be one further up (-1) or down (1), past what is listed."""
        if not (picked := self.picked()):
            return
        ends = picked[0] if by < 0 else picked[-1]
        if (beside := _next(ends, by, _is_listed)) is not None:
            before = beside if by < 0 else _next(beside, 1, _is_any)
            self.move_wanted.emit(picked, before)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        """Alt with an arrow moves; Space ticks all that is picked."""
        by = _STEPS.get(Qt.Key(event.key()), 0)
        if by and event.modifiers() & Qt.KeyboardModifier.AltModifier:
            self.step(by)
        elif event.key() == Qt.Key.Key_Space and len(picked := self.picked()) > 1:
            checked = Qt.CheckState.Checked
            off = picked[0].checkState(0) == checked
            for item in picked:
                item.setCheckState(0, Qt.CheckState.Unchecked if off else checked)
        else:
            super().keyPressEvent(event)

    def startDrag(self, actions: Qt.DropAction) -> None:  # noqa: N802
        """Drag what is picked; Qt's own takes away afterwards what it believes to have moved."""
        if picked := self.picked():
            drag = QDrag(self)
            drag.setMimeData(self.mimeData(picked))
            drag.setPixmap(self.viewport().grab(self.visualItemRect(picked[0])))
            drag.exec(actions, Qt.DropAction.MoveAction)

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:  # noqa: N802
        """Say by the pointer where nothing can be dropped."""
        super().dragMoveEvent(event)
        if self._place(event.position().toPoint()) is None:
            event.ignore()

    def dropEvent(self, event: QDropEvent) -> None:  # noqa: N802
        """Ask for what was dragged to be where it was dropped."""
        if (place := self._place(event.position().toPoint())) is not None:
            self.move_wanted.emit(self.picked(), place[0])
        event.accept()

    def _place(self, point: QPoint) -> tuple[QTreeWidgetItem | None] | None:
        """Give the item before which something is dropped, (None,) at the end; None = nowhere."""
        if not (picked := self.picked()):
            return None
        parent: QTreeWidgetItem | None = picked[0].parent()
        item: QTreeWidgetItem | None = self.itemAt(point)
        if item is None:  # below everything
            last = self.topLevelItem(self.topLevelItemCount() - 1)
            return (None,) if parent is None or parent is last else None
        if item is parent:
            return (parent.child(0),)
        is_below = point.y() >= self.visualItemRect(item).center().y()
        if parent is None and (stream := item.parent()) is not None:
            item, is_below = stream, True
        if item.parent() is not parent:
            return None
        return (_next(item, 1, _is_any),) if is_below else (item,)


def children(item: QTreeWidgetItem) -> list[QTreeWidgetItem]:
    """List what is directly below an item."""
    below = (item.child(n) for n in range(item.childCount()))
    return [child for child in below if child is not None]


def _is_any(item: QTreeWidgetItem) -> bool:
    return True


def _is_listed(item: QTreeWidgetItem) -> bool:
    return not item.isHidden()


def _next(
    item: QTreeWidgetItem, by: int, wanted: Callable[[QTreeWidgetItem], bool]
) -> QTreeWidgetItem | None:
    """Give the nearest one beside an item, `by` = -1 above or 1 below, that is wanted."""
    parent = item.parent() or item.treeWidget().invisibleRootItem()
    beside = children(parent)
    at = parent.indexOfChild(item)
    others = beside[at + 1 :] if by > 0 else beside[:at][::-1]
    return next((other for other in others if wanted(other)), None)
