"""The participant's screen: which one, and whether the whole of it."""

from __future__ import annotations

from PySide6.QtGui import QGuiApplication, QShowEvent, QWindow
from PySide6.QtWidgets import QCheckBox, QComboBox, QWidget

from gui.texts import tr
from gui.widgets.flow_row import FlowRow


class ScreenChoice(QWidget):
    """The screens of this computer; the one without this window is proposed."""

    def __init__(self) -> None:
        super().__init__()
        self._chosen = False  # by hand: what is proposed gives way
        self._followed: QWindow | None = None  # the window whose screen is looked at
        self.screens = QComboBox()
        self.screens.setAccessibleName(tr("The participant's screen"))
        self.screens.setToolTip(tr("The screen on which the protocol is shown"))
        self.screens.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.windowed = QCheckBox(tr("in a window"))
        self.windowed.setToolTip(tr("To try it: no frame is shown at an exact time in a window"))
        self.screens.activated.connect(self._on_chosen)
        row = FlowRow(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.screens)
        row.addWidget(self.windowed)
        application = QGuiApplication.instance()
        assert isinstance(application, QGuiApplication)
        application.screenAdded.connect(self.refresh)
        application.screenRemoved.connect(self.refresh)

    @property
    def order(self) -> dict[str, object]:
        """What the player is told."""
        return {
            "screen": max(0, self.screens.currentIndex()),
            "windowed": self.windowed.isChecked(),
        }

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802
        """Look which screens there are, now and when the window goes to another one."""
        super().showEvent(event)
        handle = self.window().windowHandle()
        if handle is not self._followed:
            handle.screenChanged.connect(self.refresh)
            self._followed = handle
        self.refresh()

    def refresh(self, *_: object) -> None:
        """List the screens, and propose one."""
        names = [
            f"{number}: {s.name()} {s.size().width()} × {s.size().height()}"
            for number, s in enumerate(QGuiApplication.screens(), 1)
        ]
        listed = [self.screens.itemText(n) for n in range(self.screens.count())]
        if names != listed:
            self._chosen = False
            self.screens.clear()
            self.screens.addItems(names)
        if not self._chosen:
            self.screens.setCurrentIndex(self._proposed())

    def _proposed(self) -> int:
        middle = self.window().frameGeometry().center()
        screens = QGuiApplication.screens()
        others = [n for n, screen in enumerate(screens) if not screen.geometry().contains(middle)]
        return others[0] if others else 0

    def _on_chosen(self) -> None:
        self._chosen = True
