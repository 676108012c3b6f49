"""The window and a real player on two monitors; `test_two_screens` runs it on its own X server.

Each monitor is half of the server's screen. What lies on a half is told from its colour.
"""

from __future__ import annotations

import subprocess
import sys
from functools import partial
from pathlib import Path

from PySide6.QtCore import QPoint
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication

from gui.window.app import WindowOrder
from gui.window.window import RecorderWindow
from tests.bench import private_lsl
from tests.gui.windows import Names, click, idle, wait_until, window

WIDTH, HEIGHT = 800, 1000
RED = "#c81e1e"
PROTOCOL = f"""\
[protocol]
name = "red"
background = "{RED}"
[[block]]
name = "b"
[[block.step]]
kind = "rating"
scales = ["valence"]
"""


def split_the_screen() -> None:
    """Make two monitors of the one there is."""
    for name, left, output in (("left", 0, "screen"), ("right", WIDTH, "none")):
        place = f"{WIDTH}/210x{HEIGHT}/260+{left}+0"
        subprocess.run(["xrandr", "--setmonitor", name, place, output], check=True)


def is_red(monitor: int) -> bool:
    """Whether the participant's page is on a monitor: in the corners without text and patch."""
    seen = QGuiApplication.screens()[monitor].grabWindow(0).toImage()
    corners = [(20, 20), (WIDTH - 20, 20), (20, HEIGHT - 20)]
    return all(seen.pixelColor(x, y).name() == RED for x, y in corners)


def is_proposed(found: RecorderWindow, monitor: int) -> bool:
    """Whether the participant's page would come up there."""
    return found.protocol.loader.screens.order["screen"] == monitor


def plays_on(found: RecorderWindow, monitor: int) -> None:
    """Load the protocol where it is proposed, see where it is, and end it."""
    panel = found.protocol
    click(panel.loader.load)
    wait_until(lambda: panel.info.state == "loaded" or panel.problem.text(), what="loaded")
    assert not panel.problem.text(), panel.problem.text()
    wait_until(lambda: is_red(monitor), what=f"the participant's page on monitor {monitor}")
    assert not is_red(1 - monitor), "the operator's monitor is left alone"
    found.client.post("protocol/abort")
    wait_until(lambda: panel.info.state == "aborted", what="aborted")


def main(folder: Path) -> None:
    """Try the proposal with the window on either monitor."""
    split_the_screen()
    private_lsl()
    application = QApplication(sys.argv[:1])
    names = [screen.name() for screen in application.screens()]
    assert names == ["left", "right"], names
    rig = Names().rig(folder, '[[device]]\nname = "{eeg}"\ndriver = "simulated-eeg"\n')
    file = folder / "red.toml"
    file.write_text(PROTOCOL)
    with window(WindowOrder(rig, data_dir=folder / "data")) as found:
        found.resize(780, 800)
        idle(found)
        found.protocol.loader.choice.addItem("red", str(file))
        found.protocol.loader.choice.setCurrentIndex(found.protocol.loader.choice.count() - 1)
        for monitor in (0, 1):
            found.move(QPoint(monitor * WIDTH + 10, 10))
            other = 1 - monitor
            wait_until(partial(is_proposed, found, other), what=f"monitor {other} is proposed")
            plays_on(found, other)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
