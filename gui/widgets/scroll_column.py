"""A column that scrolls where it is higher than its place: a dock never makes the window grow."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QPoint, QSize, Qt, QTimer, Signal
from PySide6.QtWidgets import QApplication, QScrollArea, QWidget


class ScrollColumn(QScrollArea):
    """Scrolls up and down only: the width is what its content needs at least."""

    room_wanted = Signal()  # its content needs more height than before

    def __init__(self, content: QWidget, *, least: int) -> None:
        """Show `content`; `least` pixels of its height are always seen."""
        super().__init__()
        self._content, self._least = content, least
        self._needed = 0  # pixels of height, when its content was laid out last
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setWidget(content)
        content.installEventFilter(self)
        application = QApplication.instance()
        assert isinstance(application, QApplication)
        application.focusChanged.connect(self._on_focus)
        content.setAutoFillBackground(False)
        self.viewport().setAutoFillBackground(False)

    def _on_focus(self, before: QWidget | None, now: QWidget | None) -> None:
        """Scroll to what is typed into: it may have opened below what is seen."""
        if now is not None and self._content.isAncestorOf(now):
            QTimer.singleShot(0, self, lambda: self._show(now))  # once it is laid out

    def _show(self, focus: QWidget) -> None:
        if focus is QApplication.focusWidget():
            top = focus.mapTo(self._content, QPoint()).y()
            beside = 2 * self.fontMetrics().lineSpacing()  # its name above, what is said below
            for y in (top + focus.height(), top):
                self.ensureVisible(0, y, 0, beside)

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        """Be as wide as the content, and as high as can be used."""
        inner = self._content.minimumSizeHint().expandedTo(self._content.minimumSize())
        bar = self.verticalScrollBar().sizeHint().width()
        return QSize(inner.width() + bar, min(self._least, inner.height()))

    def sizeHint(self) -> QSize:  # noqa: N802
        """Prefer to show everything."""
        bar = self.verticalScrollBar().sizeHint().width()
        hint = self._content.sizeHint()
        if self._content.hasHeightForWidth():  # texts in lines, pictures: by the width they have
            hint.setHeight(self._content.heightForWidth(self.viewport().width()))
        return hint + QSize(bar, 0)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802
        """Take note of what the content needs."""
        if event.type() == QEvent.Type.LayoutRequest and watched is self._content:
            self.updateGeometry()
            before, self._needed = self._needed, self.sizeHint().height()
            if self._needed > before:
                self.room_wanted.emit()
        return super().eventFilter(watched, event)
