"""The player's process with a window: ``python -P -m gui.stimulus HANDLE``."""

from __future__ import annotations

import logging
import os
import sys

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QFontDatabase, QGuiApplication, QScreen, QWindow

from acquire.errors import AcquireError, ConfigError
from acquire.lsl.clock import local_clock
from acquire.player.host import PlayerHost
from acquire.processes.child import pipe_of
from acquire.processes.punctual import be_punctual
from gui.stimulus.clip import MAX_SOUND_S
from gui.stimulus.keyboard import Keyboard
from gui.stimulus.screens import facts, find_screen, pixels_per_mm, warnings
from gui.stimulus.sight import Sight, lose_sight
from gui.stimulus.sound import output_device
from gui.stimulus.stage import Stage
from gui.stimulus.stills import check_picture
from gui.stimulus.surface import GlSurface, RasterSurface, can_use_gl
from gui.widgets.display import check_display

SHOWN_S = 5.0
"""How long a window may take to appear."""
WINDOW = QSize(1280, 720)
NO_DISPLAY = "log in at the screen, or play --headless"
MAX_HZ = 1000.0


def main() -> None:
    """Play in a window for the engine at the other end of the pipe."""
    logging.basicConfig(level=os.environ.get("UNISONO_LOG", "CRITICAL"))
    be_punctual()
    host = PlayerHost(pipe_of(int(sys.argv[1])))
    if host.receive() is None:
        return
    try:
        check_display(NO_DISPLAY)
        application = QGuiApplication(sys.argv[:1])
        application.setApplicationName("Unisono")
        screen = find_screen(host.order.screen)
        if not QFontDatabase.families():
            raise ConfigError("no font is installed; install one, such as fonts-dejavu")
    except AcquireError as error:
        host.fail(str(error))
        return
    if host.load() and _can_draw(host):
        _play(host, application, screen)


def _can_draw(host: PlayerHost) -> bool:
    """Whether each picture can be drawn; what cannot is told."""
    try:
        for info in host.media.values():
            if not info.rate_hz:
                check_picture(info.path)
    except ConfigError as error:
        host.fail(str(error))
        return False
    return True


def make_window(screen: QScreen, *, windowed: bool) -> GlSurface | RasterSurface:
    """Show a window on a screen; the environment's UNISONO_SURFACE chooses opengl or raster."""
    wanted = os.environ.get("UNISONO_SURFACE")
    gl = wanted == "opengl" or (wanted != "raster" and can_use_gl())
    window = GlSurface() if gl else RasterSurface()
    window.setScreen(screen)
    window.setTitle("Unisono: participant")
    window.setCursor(Qt.CursorShape.BlankCursor)
    if windowed:
        room = screen.availableGeometry()
        window.resize(WINDOW.boundedTo(room.size()))
        window.setPosition(room.topLeft())
        window.show()
    else:
        window.setGeometry(screen.geometry())
        window.showFullScreen()
    return window


def wait_shown(window: QWindow) -> bool:
    """Wait until a window is on the screen; whether it is."""
    deadline = local_clock() + SHOWN_S
    while not window.isExposed() and local_clock() < deadline:
        QGuiApplication.processEvents()
    QGuiApplication.processEvents()  # the size that the system has given it
    return window.isExposed()


def _play(host: PlayerHost, application: QGuiApplication, screen: QScreen) -> None:
    order = host.order
    window = make_window(screen, windowed=order.windowed)
    if not wait_shown(window):
        host.fail(f"the window did not appear on screen {screen.name()} within {SHOWN_S:g} s")
        return
    speakers = output_device()
    if speakers is None and any(info.sound for info in host.media.values()):
        host.note("no audio device: the clips are played without their sound")
    for info in host.media.values():
        if speakers is not None and info.sound and info.duration_s > MAX_SOUND_S:
            host.note(
                f"{info.path.name}: longer than {MAX_SOUND_S / 60:g} minutes, so that it is played "
                "without its sound; cut it into parts"
            )
    if speakers is None and any(p.closed_eyes for t in host.plan.trials for p in t.pages):
        host.note("no audio device: nothing ends the rest with closed eyes; tell the participant")
    for text in warnings(screen, order.refresh_hz):
        host.note(text)
    rate = screen.refreshRate()
    rate = rate if 10.0 <= rate <= MAX_HZ else 60.0
    host.ready(rate, facts(screen, window.kind))
    keyboard, sight = Keyboard(window, host.player.run), Sight(window, host.player)
    stage = Stage(host, window.size(), pixels_per_mm(screen), window.devicePixelRatio(), speakers)

    def each() -> bool:
        if not order.simulate:
            host.has_keyboard = keyboard.look(local_clock())
        sight.look(local_clock())
        host.serve()
        if host.over:
            application.exit()  # not quit: that asks the windows, and a participant's stays
        return host.over

    def lose(lost: QScreen) -> None:
        if lost is screen:
            lose_sight(host.player, f"screen {lost.name()} is gone", "plug it in")

    application.screenRemoved.connect(lose)
    application.setQuitOnLastWindowClosed(False)  # the engine says when it is over
    window.begin(stage, 1.0 / rate, each)
    application.exec()
    stage.close()
    window.close()
    host.close()


if __name__ == "__main__":
    main()
