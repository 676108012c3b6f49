"""What `bench_window` measures inside of the window's process."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import psutil
import pylsl
from PySide6.QtCore import QEvent, QObject, Qt, QTimer
from PySide6.QtWidgets import QApplication

from gui.window.window import RecorderWindow

BEAT_MS = 5
LATENCY_MS = 8000
"""How long delays are measured: after the processor, because that costs."""
LATENCY_STREAM = "noise-1"


class Probe(QObject):
    """Waits until all is there, measures, lets streams be lost, closes the window."""

    def __init__(self, window: RecorderWindow, settle_s: float, seconds: float) -> None:
        super().__init__()
        self._window, self._seconds = window, seconds
        self.result: dict[str, Any] = {}
        self._last_beat = time.monotonic()
        self._blocked = 0.0
        self._drawn_to = 0.0
        self._lags: list[float] = []
        self._beat = QTimer(self, interval=BEAT_MS, timerType=Qt.TimerType.PreciseTimer)
        self._beat.timeout.connect(self._on_beat)
        self._settle_s = settle_s
        QTimer.singleShot(0, self._on_shown)

    def _on_shown(self) -> None:
        print(f'{{"shown": {time.monotonic()}}}', flush=True)
        self._last_beat = time.monotonic()
        self._beat.start()
        self._wait_for_streams()

    def _wait_for_streams(self) -> None:
        signals = self._window.viewer.signals()
        if not signals or (len(signals) < 3 and len(signals[0].channels) < 512):
            QTimer.singleShot(100, self._wait_for_streams)
            return
        for stream in signals:
            self._window.viewer.choose(stream.key, range(len(stream.channels)))
        QTimer.singleShot(int(self._settle_s * 1000), self._begin)

    def _begin(self) -> None:
        self._beat.stop()  # what it costs is not the window's
        self._began = time.monotonic(), time.process_time(), self._window.viewer.frames
        QTimer.singleShot(int(self._seconds * 1000), self._end)

    def _end(self) -> None:
        t0, c0, f0 = self._began
        self.result = {
            "cpu": (time.process_time() - c0) / (time.monotonic() - t0),
            "frames": self._window.viewer.frames - f0,
            "rss_mb": psutil.Process().memory_info().rss / 1e6,
        }
        self._window.viewer.plot.viewport().installEventFilter(self)
        QTimer.singleShot(LATENCY_MS, self._lose)

    def _lose(self) -> None:
        self._window.viewer.plot.viewport().removeEventFilter(self)
        if self._lags:
            self.result["latency_ms"] = float(np.percentile(self._lags, 99)) * 1e3
        self._last_beat = time.monotonic()
        self._beat.start()
        print("measured", flush=True)
        QTimer.singleShot(8000, self._close)

    def _close(self) -> None:
        begun = time.monotonic()
        self._window.close()
        self._blocked = max(self._blocked, time.monotonic() - begun)
        process = self._window.link.process
        if process is not None:
            psutil.Process(process.pid).wait(30)
        self.result["blocked_ms"] = self._blocked * 1e3
        application = QApplication.instance()
        assert application is not None
        application.quit()

    def _on_beat(self) -> None:
        now = time.monotonic()
        self._blocked = max(self._blocked, now - self._last_beat - BEAT_MS / 1e3)
        self._last_beat = now

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802
        """See how old samples are when their pixels are painted."""
        if event.type() == QEvent.Type.Paint:
            QTimer.singleShot(0, self._painted)
        return False

    def _painted(self) -> None:
        stream = next(
            (s for s in self._window.viewer.signals() if s.key.name == LATENCY_STREAM), None
        )
        if stream is None or stream.history is None:
            return
        now = pylsl.local_clock()
        with self._window.viewer.live.lock:
            times, _ = stream.history.newest(0.5, np.array([0]))
        if self._drawn_to:
            self._lags += [now - t for t in times.tolist() if t > self._drawn_to]
        if len(times):
            self._drawn_to = float(times[-1])
