"""The menu of the display filters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtGui import QActionGroup
from PySide6.QtWidgets import QMenu, QToolButton

from gui.signals.display_filter import FilterSettings
from gui.texts import tr

HIGH_PASS = (None, 0.1, 0.3, 0.5, 1.0, 5.0)
LOW_PASS = (None, 15.0, 30.0, 45.0, 70.0, 100.0)
NOTCH = (None, 50.0, 60.0)


def is_offered(settings: FilterSettings) -> bool:
    """Say whether the menu has these: what a settings file holds may come from anywhere."""
    return (
        settings.high_pass_hz in HIGH_PASS
        and settings.low_pass_hz in LOW_PASS
        and settings.notch_hz in NOTCH
    )


class FilterButton(QToolButton):
    """Chooses the filters; what is recorded stays as it is."""

    changed = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.settings = FilterSettings()
        self._electrodes: tuple[str, ...] = ()
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.setToolTip(tr("Display filters; never on what is recorded"))
        self.setMenu(QMenu(self))
        self.menu().aboutToShow.connect(self._fill)
        self._name()

    def know_electrodes(self, labels: Sequence[str]) -> None:
        """Know which channels can be a reference."""
        self._electrodes = tuple(labels)

    def set(self, settings: FilterSettings) -> None:
        """Use other filters."""
        self.settings = settings
        self._name()
        self.changed.emit(settings)

    def _name(self) -> None:
        parts = [
            f"≥{self.settings.high_pass_hz:g}" if self.settings.high_pass_hz else "",
            f"≤{self.settings.low_pass_hz:g}" if self.settings.low_pass_hz else "",
            f"≠{self.settings.notch_hz:g}" if self.settings.notch_hz else "",
            f"−{self.settings.reference}" if self.settings.reference else "",
        ]
        shown = " ".join(filter(None, parts))
        self.setText(tr("Filters: {} ▾").format(shown) if shown else tr("Filters ▾"))

    def _fill(self) -> None:
        menu = self.menu()
        menu.clear()
        self._add(menu, tr("High-pass"), "high_pass_hz", HIGH_PASS)
        self._add(menu, tr("Low-pass"), "low_pass_hz", LOW_PASS)
        self._add(menu, tr("Notch, with harmonics"), "notch_hz", NOTCH)
        references = ("", "average", *self._electrodes)
        self._add(menu, tr("Reference of EEG"), "reference", references)
        menu.addSeparator()
        menu.addAction(tr("No filter")).triggered.connect(
            lambda _=False: self.set(FilterSettings())
        )

    def _add(self, menu: QMenu, title: str, name: str, values: Sequence[Any]) -> None:
        part = menu.addMenu(title)
        group = QActionGroup(part)
        for value in values:
            text = value if value else tr("as recorded")
            action = part.addAction(f"{text:g} Hz" if isinstance(value, float) else str(text))
            action.setCheckable(True)
            action.setChecked(getattr(self.settings, name) == value)
            group.addAction(action)
            action.triggered.connect(
                lambda _=False, v=value: self.set(replace(self.settings, **{name: v}))
            )
