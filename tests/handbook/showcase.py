"""The pictures of what works: the window, the review, the report, the page of the daemon."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from PySide6.QtCore import QLocale, Qt
from PySide6.QtGui import QFontDatabase
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from gui.texts import install
from gui.window.app import WindowOrder
from gui.window.window import RecorderWindow
from tests.gui.review.reviewing import review
from tests.gui.windows import idle, press_record, wait_until, window

RIG = """\
[rig]
name = "face-lab"
[[device]]
name = "face"
driver = "simulated-camera"
width = 320
height = 240
rate_hz = 100
[[device]]
name = "eeg"
driver = "simulated-eeg"
[[device]]
name = "physio"
driver = "simulated-physio"
"""
CHINESE = Path("/usr/share/fonts/truetype/wqy/wqy-microhei.ttc")
HEADLESS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--hide-scrollbars",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def recording(folder: Path) -> Iterator[tuple[str, QWidget]]:
    """Record some seconds: the window, then the review of what was recorded."""
    rig = folder / "rig.toml"
    rig.write_text(RIG)
    with window(WindowOrder(rig, data_dir=folder / "data")) as found:
        found.resize(1440, 900)
        idle(found)
        QTest.qWait(9000)
        found.bar.participant.setText("07")
        press_record(found)
        QTest.qWait(5000)
        QTest.keyClicks(found.markers.text, "smiled")
        QTest.keyClick(found.markers.text, Qt.Key.Key_Return)
        QTest.qWait(4000)
        yield "window", found
        found.recording.stop()
        wait_until(lambda: found.status and found.status.state == "idle", what="idle")
        wait_until(partial(is_checked, found), 60.0, "the verdict")
    (session,) = (path.parent for path in (folder / "data").rglob("session.json"))
    with review(session, folder / "cache") as shown:
        shown.resize(1280, 900)
        for _ in range(30):
            QTest.keyClick(shown.stage, Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier)
        QTest.qWait(2500)
        yield "review", shown


def is_checked(found: RecorderWindow) -> bool:
    last = found.status.last if found.status is not None else None
    return last is not None and last.verdict is not None


def chinese(folder: Path) -> Iterator[tuple[str, QWidget]]:
    """The window of the Chinese first session."""
    application = QApplication.instance()
    assert isinstance(application, QApplication)
    QFontDatabase.addApplicationFont(str(CHINESE))
    translator = install(application, QLocale("zh_CN"))
    assert translator is not None
    rig = folder / "rig.toml"
    rig.write_text(RIG)
    try:
        with window(WindowOrder(rig, data_dir=folder / "data")) as found:
            found.resize(1280, 800)
            idle(found)
            QTest.qWait(5000)
            found.bar.participant.setText("07")
            press_record(found)
            QTest.qWait(6000)
            yield "first-session-zh", found
            found.recording.stop()
            idle(found)
    finally:
        application.removeTranslator(translator)


def report(folder: Path, picture: Path) -> None:
    """The report of a session, as a browser shows it."""
    (page,) = (folder / "data").rglob("report.html")
    browser = shutil.which("chromium")
    assert browser is not None, "chromium is not installed: make system"
    subprocess.run(
        [
            browser,
            *HEADLESS,
            f"--user-data-dir={folder / 'browser'}",
            "--window-size=1100,1150",
            f"--screenshot={picture}",
            page.as_uri(),
        ],
        check=True,
        capture_output=True,
        timeout=120,
    )
    assert picture.is_file(), "chromium made no picture"
