"""The pictures of what works: window, web page, review, coding, report, a page of the player."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PySide6.QtCore import QLocale, QSize, Qt
from PySide6.QtGui import QFontDatabase, QPixmap
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QWidget
from selenium import webdriver

from acquire.protocol.file import load_protocol
from acquire.protocol.planner import make_plan
from gui.coding.app import CodingOrder
from gui.stimulus.answering import Draft
from gui.stimulus.pages import PageDrawer
from gui.texts import install
from gui.window.app import WindowOrder
from gui.window.window import RecorderWindow
from recordings.certificate import Verdict
from tests.acquire.server.api.browser import browser
from tests.gui.coding.coding import coded
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
        with looking_at(found.client.url, folder, 900, 740) as page:
            wait_until(lambda: is_shown(page), what="the page has connected")
            page.save_screenshot(str(folder / "page.png"))
        found.recording.stop()
        wait_until(lambda: found.status and found.status.state == "idle", what="idle")
        wait_until(lambda: verdict(found) is not None, 60.0, "the verdict")
        assert verdict(found) is Verdict.PASS, f"{verdict(found)}: a busy computer? draw it again"
    (session,) = (path.parent for path in (folder / "data").rglob("session.json"))
    with review(session, folder / "cache") as shown:
        shown.resize(1280, 900)
        for _ in range(30):
            QTest.keyClick(shown.stage, Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier)
        QTest.qWait(2500)
        yield "review", shown
    yield from coding(session, folder)
    yield "player", question()


def coding(session: Path, folder: Path) -> Iterator[tuple[str, QWidget]]:
    """Two expressions, as a coder has them in hand."""
    keys = Qt.Key
    with coded(CodingOrder(session, "anna", folder / "codings")) as desk:
        desk.window.resize(1280, 900)
        for onset, units, emotion in ((150, "12B", "happy"), (420, "4+L7C", "angry")):
            for row, key in ((onset, keys.Key_Return), (onset + 14, keys.Key_A)):
                desk.at(row)
                desk.press(key)
            desk.at(onset + 38)
            desk.press(keys.Key_O)
            desk.type(units)
            desk.press(keys.Key_Return)
            desk.press(keys.Key_M)
            desk.press(keys.Key_E)
            desk.type(emotion)
            desk.press(keys.Key_Return)
        desk.at(434)
        QTest.qWait(1000)
        yield "coding", desk.window


def question() -> QWidget:
    """A question, as the participant has it before them."""
    protocol = load_protocol("demo")
    pages = (page for trial in make_plan(protocol, "07").trials for page in trial.pages)
    page = next(page for page in pages if page.item is not None and page.item.kind == "sam")
    background = protocol.file.protocol.background
    drawn = PageDrawer(QSize(1280, 720), background, 4.0, 1.0).draw(page, Draft())
    shown = QLabel()
    shown.setPixmap(QPixmap.fromImage(drawn.image))
    shown.resize(1280, 720)
    return shown


def verdict(found: RecorderWindow) -> Verdict | None:
    """The verdict on what was recorded last, once it is there."""
    last = found.status.last if found.status is not None else None
    return last.verdict if last is not None else None


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
    with looking_at(page.as_uri(), folder, 1100, 1150) as found:
        found.save_screenshot(str(picture))


@contextmanager
def looking_at(address: str, folder: Path, width: int, height: int) -> Iterator[webdriver.Chrome]:
    """Show an address to a browser of this size, pixels."""
    size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
    with browser(folder / "browser") as found:
        found.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        found.get(address)
        yield found


def is_shown(page: webdriver.Chrome) -> bool:
    """Whether the daemon's page shows the recording and a picture of the camera."""
    script = """
        const picture = document.querySelector("#cameras img");
        return document.querySelector("#state").innerText.includes("RECORDING")
            && document.querySelector("#streams").innerText.includes("eeg")
            && (picture?.naturalWidth ?? 0) > 0;
    """
    return bool(page.execute_script(script))
