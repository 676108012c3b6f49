"""A list of streams or devices: light, name, value, and the reason in words below."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import (
    QAbstractListModel,
    QEvent,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QRect,
    QSignalBlocker,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionButton,
    QStyleOptionViewItem,
)

from gui.client.status_text import Row
from gui.widgets import theme
from gui.widgets.empty_text import paint_empty
from gui.widgets.plain_label import plain
from recordings import palette

Index = QModelIndex | QPersistentModelIndex
ROW = Qt.ItemDataRole.UserRole
_PAD = 8
_BOX = 24
_GLYPH = 18
LINES = 3
"""How many lines the reason of a row may take."""


class RowModel(QAbstractListModel):
    """Rows; what has not changed is not drawn again."""

    ticked = Signal(str, bool)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.rows: list[Row] = []

    def show(self, rows: Sequence[Row]) -> None:
        """Show these rows."""
        if [r.key for r in rows] != [r.key for r in self.rows]:
            self.beginResetModel()
            self.rows = list(rows)
            self.endResetModel()
            return
        for at, (old, new) in enumerate(zip(self.rows, rows, strict=True)):
            if old != new:
                self.rows[at] = new
                index = self.index(at)
                roles = [Qt.ItemDataRole.SizeHintRole] if bool(old.note) != bool(new.note) else []
                self.dataChanged.emit(index, index, [ROW, *roles])

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008, N802
        """Count the rows."""
        return 0 if parent.isValid() else len(self.rows)

    def flags(self, index: Index) -> Qt.ItemFlag:
        """Say what can be done with a row."""
        found = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        if self.rows[index.row()].checked is not None:
            found |= Qt.ItemFlag.ItemIsUserCheckable
        return found

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Give what a row shows; the display text is for screen readers."""
        row = self.rows[index.row()]
        if role == ROW:
            return row
        if role == Qt.ItemDataRole.DisplayRole:
            return " ".join(filter(None, (row.title, row.value, row.health, row.note)))
        if role == Qt.ItemDataRole.ToolTipRole:
            return plain(f"{row.title} · {row.value}" + (f"\n{row.note}" if row.note else ""))
        if role == Qt.ItemDataRole.CheckStateRole and row.checked is not None:
            return Qt.CheckState.Checked if row.checked else Qt.CheckState.Unchecked
        return None

    def setData(self, index: Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:  # noqa: N802
        """Ask for a row to be ticked; it shows once that is so."""
        if role != Qt.ItemDataRole.CheckStateRole:
            return False
        self.ticked.emit(self.rows[index.row()].key, Qt.CheckState(value) == Qt.CheckState.Checked)
        return True


class _Delegate(QStyledItemDelegate):
    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:  # noqa: N802
        row: Row = index.data(ROW)
        height = max(theme.TARGET, option.fontMetrics.height() + 12)
        if row.note:
            width = self._text_width(option, row)
            height += _height(
                option.fontMetrics, shortened(row.note, option.fontMetrics, width), width
            )
        return QSize(120, height)

    @staticmethod
    def _text_width(option: QStyleOptionViewItem, row: Row) -> int:
        view = option.widget
        width = view.viewport().width() if isinstance(view, QListView) else 220
        return width - 2 * _PAD - _GLYPH - (_BOX if row.checked is not None else 0)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        row: Row = index.data(ROW)
        self.initStyleOption(option, index)
        style = option.widget.style()
        style.drawPrimitive(
            QStyle.PrimitiveElement.PE_PanelItemViewItem, option, painter, option.widget
        )
        rect = option.rect.adjusted(_PAD, 0, -_PAD, 0)
        head = QRect(rect.left(), rect.top(), rect.width(), theme.TARGET)
        if row.checked is not None:
            box = QStyleOptionButton()
            box.rect = QRect(head.left() - 2, head.top() + 8, 18, 18)
            box.state = QStyle.StateFlag.State_Enabled | (
                QStyle.StateFlag.State_On if row.checked else QStyle.StateFlag.State_Off
            )
            style.drawPrimitive(QStyle.PrimitiveElement.PE_IndicatorCheckBox, box, painter)
            head.setLeft(head.left() + _BOX)
        painter.save()
        self._draw_text(painter, option, row, head)
        painter.restore()

    def _draw_text(
        self, painter: QPainter, option: QStyleOptionViewItem, row: Row, head: QRect
    ) -> None:
        middle = Qt.AlignmentFlag.AlignVCenter
        light = theme.colour({"missing": "failed", "other": "muted"}.get(row.health, row.health))
        painter.setPen(light)
        painter.drawText(head, middle, palette.GLYPHS.get(row.health, "·"))
        name = head.adjusted(_GLYPH, 0, 0, 0)
        metrics = QFontMetrics(option.font)
        value = metrics.horizontalAdvance(row.value)
        painter.setPen(theme.colour("muted"))
        painter.drawText(name, middle | Qt.AlignmentFlag.AlignRight, row.value)
        painter.setPen(theme.colour("text"))
        room = name.width() - value - 8
        painter.drawText(
            name, middle, metrics.elidedText(row.title, Qt.TextElideMode.ElideMiddle, room)
        )
        if row.note:
            painter.setPen(light)
            below = QRect(name.left(), head.bottom() - 3, name.width(), option.rect.height())
            below.setBottom(option.rect.bottom())
            note = shortened(row.note, metrics, below.width())
            painter.drawText(below, Qt.TextFlag.TextWordWrap, note)


def shortened(text: str, metrics: QFontMetrics, width: int) -> str:
    """Give as many words as `LINES` lines hold; the tooltip and the details have them all."""
    while _height(metrics, text, width) > LINES * metrics.lineSpacing() and len(text) > 1:
        text = text[:-2].rstrip() + "…"
    return text


def _height(metrics: QFontMetrics, text: str, width: int) -> int:
    return metrics.boundingRect(QRect(0, 0, width, 1000), Qt.TextFlag.TextWordWrap, text).height()


class RowList(QListView):
    """The view; Space ticks, arrows choose."""

    chosen = Signal(str)
    ticked = Signal(str, bool)

    def __init__(self, name: str, empty: str) -> None:
        super().__init__()
        self.empty = empty  # what it says instead of rows
        self.rows = RowModel(self)
        self.rows.ticked.connect(self.ticked)
        self.setModel(self.rows)
        self.setItemDelegate(_Delegate(self))
        self.setAccessibleName(name)
        self.setUniformItemSizes(False)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.selectionModel().currentChanged.connect(self._on_current)

    @property
    def current(self) -> str:
        """The key of the chosen row, or an empty string."""
        row = self.currentIndex().row()
        return self.rows.rows[row].key if 0 <= row < len(self.rows.rows) else ""

    def show_rows(self, rows: Sequence[Row]) -> None:
        """Show these rows; what was chosen stays chosen."""
        before, picked = self.current, self.selectionModel()
        flag = picked.SelectionFlag.NoUpdate
        if picked.isSelected(self.currentIndex()):
            flag = picked.SelectionFlag.ClearAndSelect
        self.rows.show(rows)
        if before and not self.currentIndex().isValid():
            # That is no news: a row of another list may have been chosen since.
            with QSignalBlocker(self):
                for at, row in enumerate(rows):
                    if row.key == before:
                        picked.setCurrentIndex(self.rows.index(at), flag)
        if rows and self.hasFocus() and not self.currentIndex().isValid():
            # As Qt does where the focus comes to a list with rows: else nothing shows where it is.
            self.setCurrentIndex(self.rows.index(0))

    def _on_current(self, current: QModelIndex, previous: QModelIndex) -> None:
        if current.isValid():
            self.chosen.emit(self.current)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        """Say so where there is nothing."""
        super().paintEvent(event)
        if not self.rows.rows:
            paint_empty(self, self.empty)

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802
        """Draw anew where light and dark change."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self.viewport().update()
