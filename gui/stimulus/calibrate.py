"""Measures a screen: ``python -P -m gui.stimulus.calibrate JSON`` prints one line of JSON.

The photodiode patch is toggled every so many frames; the times of the swaps give the refresh rate
and its jitter, the flashes that a photodiode's marker stream tells of give the lag to the light.
"""

from __future__ import annotations

import json
import socket
import sys
import time
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import pylsl
from PySide6.QtCore import QPointF, QRect, QSize
from PySide6.QtGui import QColor, QGuiApplication, QPainter

from acquire.errors import AcquireError, ConfigError
from acquire.lsl.config import configuration, configure
from acquire.player.marks import Picture
from devices.arrays import F64Array
from gui.stimulus.__main__ import NO_DISPLAY, make_window, wait_shown
from gui.stimulus.screen_calibration import (
    Calibration,
    lag_figures,
    now_utc,
    remember,
    swap_figures,
    verdicts,
)
from gui.stimulus.screens import find_screen, pixels_per_mm, screen_key, warnings
from gui.stimulus.stage import Scene, corner
from gui.widgets.display import check_display

TOGGLE_FRAMES = 15
SETTLE_FRAMES = 30
"""The first frames of a window are uneven, and not counted."""
RESOLVE_S = 5.0
"""How long the photodiode's stream may take to be found, and to answer."""
TAIL_S = 0.5
"""The last flash is still on its way: light, photodiode, network."""
BUFFER_S = 60


@dataclass(frozen=True, slots=True)
class CalibrationOrder:
    """What is to be measured."""

    screen: int = 0
    windowed: bool = False
    frames: int = 300
    refresh_hz: float | None = None
    photodiode: str | None = None  # an LSL marker stream with flash_on and flash_off
    patch_mm: float = 15.0
    light_port: int | None = None


class FlashStage:
    """Shows nothing but the patch."""

    wants_pointer = False
    wants_text = False

    def __init__(self, size: QSize, side: int, frames: int, light_port: int | None) -> None:
        self._size = size
        self._patch = corner(size, side, "bottom-right")
        self._left = frames + SETTLE_FRAMES
        self._light = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._port = light_port
        self._lit = False
        self.swaps: list[float] = []
        self.toggles: list[float] = []

    def scene(self, due: float) -> Scene:
        """Toggle the patch now and then."""
        lit = len(self.swaps) // TOGGLE_FRAMES % 2 == 1
        return Scene(Picture(patch=lit), None, QPointF(0, 0))

    def paint(self, painter: QPainter, scene: Scene) -> None:
        """Paint the patch."""
        painter.fillRect(QRect(0, 0, self._size.width(), self._size.height()), QColor("black"))
        painter.fillRect(self._patch, QColor("white" if scene.picture.patch else "black"))

    def swapped(self, scene: Scene, due: float, presented: float) -> None:
        """Note a swap."""
        self.swaps.append(presented)
        if scene.picture.patch != self._lit:
            self._lit = scene.picture.patch
            self.toggles.append(presented)
            if self._port is not None:
                text = f"{presented!r} {int(self._lit)}".encode()
                self._light.sendto(text, ("127.0.0.1", self._port))

    @property
    def is_done(self) -> bool:
        """Whether there are enough frames."""
        return len(self.swaps) >= self._left

    def key(self, name: str, text: str, time: float) -> None:
        """Hear Escape: enough."""
        if name == "escape":
            self._left = 0

    def compose(self, text: str) -> None:
        """Ignore an input method."""

    def pointer(self, at: QPointF, time: float, *, pressed: bool, held: bool) -> None:
        """Ignore the mouse."""

    def resize(self, size: QSize, ratio: float) -> None:
        """Have the patch in its corner again."""
        side = round(self._patch.width())
        self._size, self._patch = size, corner(size, side, "bottom-right")

    def leave(self, time: float) -> bool:
        """Hear that somebody closes the window: enough."""
        self._left = 0
        return False

    def close(self) -> None:
        """Close its side pipe."""
        self._light.close()


def measure(order: CalibrationOrder) -> Calibration:
    """Measure a screen.

    Raises:
        AcquireError: there is no such screen or stream, or too little was measured.
    """
    check_display(NO_DISPLAY)
    application = QGuiApplication.instance() or QGuiApplication(sys.argv[:1])
    assert isinstance(application, QGuiApplication)
    screen = find_screen(order.screen)
    inlet = _photodiode(order.photodiode) if order.photodiode else None
    window = make_window(screen, windowed=order.windowed)
    if not wait_shown(window):
        raise ConfigError(f"the window did not appear on screen {screen.name()}")
    side = round(order.patch_mm * pixels_per_mm(screen))
    stage = FlashStage(window.size(), side, order.frames, order.light_port)
    rate = screen.refreshRate() if screen.refreshRate() > 10 else 60.0

    def each() -> bool:
        if stage.is_done:
            application.exit()
        return stage.is_done

    window.begin(stage, 1.0 / rate, each)
    application.exec()
    window.close()
    stage.close()
    swaps = np.array(stage.swaps[SETTLE_FRAMES:])
    if len(swaps) < 60:
        raise ConfigError(
            f"only {len(swaps)} frames were shown; 60 are needed: do not press Escape"
        )
    lags: dict[str, Any] = {}
    if inlet is not None:
        time.sleep(TAIL_S)
        lags = lag_figures(np.array(stage.toggles), _edges(inlet))
    found = Calibration(
        screen=screen_key(screen, window.kind),
        measured=now_utc(),
        frames=len(swaps),
        nominal_hz=rate,
        **swap_figures(swaps),  # type: ignore[arg-type]
        **lags,
    )
    rate_hz = order.refresh_hz
    return replace(found, warnings=(*warnings(screen, rate_hz), *verdicts(found, rate_hz)))


def _photodiode(name: str) -> pylsl.StreamInlet:
    configure(configuration())
    found = pylsl.resolve_byprop("name", name, 1, RESOLVE_S)
    if not found:
        raise ConfigError(
            f"--photodiode {name}: no such stream on the network; start its rig: unisono run …"
        )
    inlet = pylsl.StreamInlet(found[0], BUFFER_S)
    inlet.open_stream(RESOLVE_S)
    inlet.time_correction(RESOLVE_S)
    return inlet


def _edges(inlet: pylsl.StreamInlet) -> F64Array:
    rows, stamps = inlet.pull_chunk(0.0, 10_000)
    offset = inlet.time_correction()
    flashes = [s + offset for s, row in zip(stamps, rows, strict=True) if "flash" in row[0]]
    return np.array(flashes)


def main() -> None:
    """Measure, keep, print."""
    try:
        found = measure(CalibrationOrder(**json.loads(sys.argv[1])))
        result = {**asdict(found), "file": str(remember(found))}
    except AcquireError as error:
        result = {"error": " ".join(str(error).split())}
    sys.stdout.write(json.dumps(result) + "\n")


if __name__ == "__main__":
    main()
