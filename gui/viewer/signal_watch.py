"""What is found out about the signals that are shown, brought to where it is seen."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from gui.plots.spectrum import SpectrumView
from gui.signals.signal_monitor import Findings, SignalMonitor
from gui.viewer.viewer import Viewer


class SignalWatch(QObject):
    """Has them looked at; spectra are computed only while they are seen."""

    _found = Signal(object)

    def __init__(self, viewer: Viewer, spectra: SpectrumView) -> None:
        super().__init__(viewer)
        self._viewer, self._spectra = viewer, spectra
        self._monitor = SignalMonitor(viewer.live, viewer.chosen, self._found.emit)
        self._found.connect(self._show)

    def start(self, mains_hz: float) -> None:
        """Begin; `mains_hz` is the frequency of the mains."""
        self._monitor.mains_hz = mains_hz
        self._monitor.start()

    def close(self) -> None:
        """End."""
        self._monitor.close()

    def see_spectra(self, seen: bool) -> None:
        """Learn that the spectra have come to the front, or gone behind another part."""
        if seen and not self._monitor.wants_spectra:
            self._monitor.wants_spectra = True
            self._monitor.look_now()

    def _show(self, found: Findings) -> None:
        # A dock behind a tab is visible to Qt, too.
        self._monitor.wants_spectra = not self._spectra.visibleRegion().isEmpty()
        self._viewer.learn(found)
        if self._monitor.wants_spectra:
            self._spectra.show_spectra(found.spectra)
