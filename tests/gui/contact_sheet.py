"""States of the window as pictures, and what code can say of each (`tests.gui.picture_faults`).

python -m tests.gui.contact_sheet FOLDER [--language zh_CN] [--few]; the scale is QT_SCALE_FACTOR's.
Each state is drawn in light and dark on a real engine with the simulated rig; then one sheet of
all. Ends with 1 where something is cut, covered, faint, or does not show that it has the focus.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QLocale, QPoint, Qt
from PySide6.QtGui import QFontDatabase, QImage, QPainter
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDockWidget

from gui.events.alarm_bar import Alarm
from gui.texts import install, tr
from gui.window.app import WindowOrder
from gui.window.window import RecorderWindow
from tests.gui.picture_faults import faint, faults, settle, token_faults, unfocused
from tests.gui.windows import Names, click, dress, idle, press_record, wait_until, window

THUMB = 480
State = tuple[str, Callable[[RecorderWindow], None]]


def ready(found: RecorderWindow) -> None:
    idle(found)
    wait_until(lambda: len(found.panel.streams.rows.rows) >= 4, what="streams")
    wait_until(lambda: found.cameras.tiles, what="camera")
    QTest.qWait(4000)  # traces, and a first look at them


def gate(found: RecorderWindow) -> None:
    click(found.bar.record)


def recording(found: RecorderWindow) -> None:
    found.gate.hide()
    found.bar.participant.setText("07")
    press_record(found)
    QTest.qWait(1500)


def marked(found: RecorderWindow) -> None:
    QTest.keyClicks(found.markers.text, "sneezed")
    QTest.keyClick(found.markers.text, Qt.Key.Key_Return)
    wait_until(lambda: "sneezed" in found.markers.message.text(), what="the marker")


def alarm(found: RecorderWindow) -> None:
    text = "gaze: effective rate 59.1 Hz, nominal 60: check the USB hub"
    found.alarm.add(Alarm("warning", text))


def failed(found: RecorderWindow) -> None:
    found.alarm.add(
        Alarm("error", "face: its process died; 143 frames are lost; it is started again")
    )


def frozen(found: RecorderWindow) -> None:
    found.viewer.time.set_frozen(True)
    QTest.mouseMove(found.viewer, QPoint(300, 120))


def scrolling(found: RecorderWindow) -> None:
    found.viewer.time.set_frozen(False)
    found.signals.bar.scrolling.setChecked(True)
    QTest.qWait(500)


def saved(found: RecorderWindow) -> None:
    found.signals.bar.scrolling.setChecked(False)
    found.recording.stop()
    idle(found)
    wait_until(lambda: found.saved.isVisible(), what="the card")


def checked(found: RecorderWindow) -> None:
    def verdict() -> bool:
        last = found.status.last if found.status else None
        return last is not None and last.verdict is not None

    wait_until(verdict, what="the verdict")
    QTest.qWait(300)


def raise_dock(name: str) -> Callable[[RecorderWindow], None]:
    def show(found: RecorderWindow) -> None:
        dock = found.findChild(QDockWidget, name)
        assert dock is not None
        dock.show()
        dock.raise_()
        QTest.qWait(7000 if name == "spectrum" else 800)

    return show


def marking(found: RecorderWindow) -> None:
    wait_until(lambda: found.sessions.rows, what="a session")
    found.sessions.table.selectRow(0)
    found.sessions.mark.ask(found.sessions.rows[0])


def playing(found: RecorderWindow) -> None:
    found.sessions.mark.hide()
    panel = found.protocol
    wait_until(lambda: panel.loader.choice.findData("demo") >= 0, what="protocols")
    panel.loader.choice.setCurrentIndex(panel.loader.choice.findData("demo"))
    click(panel.loader.preview)
    wait_until(lambda: panel.info.state == "running", what="the preview")
    wait_until(lambda: panel.mirror.image is not None, what="the mirror")


def face_box(found: RecorderWindow) -> None:
    found.client.post("protocol/abort", {}, lambda answer: None, lambda problem: None)
    wait_until(lambda: not found.protocol.plays, what="the end of the preview")
    next(iter(found.cameras.tiles.values())).guide.setChecked(True)
    QTest.qWait(1500)


def small(found: RecorderWindow) -> None:
    found.resize(1024, 700)
    QTest.qWait(300)


STATES: tuple[State, ...] = (
    ("opening", lambda found: None),
    ("ready", ready),
    ("gate", gate),
    ("recording", recording),
    ("marked", marked),
    ("warning", alarm),
    ("failure", failed),
    ("frozen", frozen),
    ("scrolling", scrolling),
    ("saved", saved),
    ("checked", checked),
    ("sessions", raise_dock("sessions")),
    ("not usable", marking),
    ("spectrum", raise_dock("spectrum")),
    ("impedances", raise_dock("impedances")),
    ("channels", raise_dock("channels")),
    ("protocol", raise_dock("protocol")),
    ("playing", playing),
    ("face", face_box),
    ("small", small),
)
FEW = ("opening", "ready", "gate", "recording", "failure", "saved", "small")
"""What is looked at each time that the tests run: the others wait longer, or for these."""


# Drawing.


def draw(folder: Path, suffix: str, states: tuple[State, ...] = STATES) -> int:
    """Draw the states; gives how many faults were found."""
    said, pictures = list[str](), list[tuple[str, QImage]]()
    with tempfile.TemporaryDirectory() as temporary:
        data, names = Path(temporary), Names()
        with window(WindowOrder(names.rig(data), data_dir=data / "data")) as found:
            found.resize(1280, 800)
            for name, bring in states:
                bring(found)
                for dark in (False, True):
                    dress(dark)
                    QTest.qWait(250)
                    look = f"{name} {'dark' if dark else 'light'}{suffix}"
                    settle()
                    image = found.grab().toImage()
                    image.save(str(folder / f"{look.replace(' ', '-')}.png"))
                    pictures.append((look, image))
                    found_here = {*faults(found), *faint(found, image), *unfocused(found)}
                    said += [f"{look}: {fault}" for fault in sorted(found_here)]
            dress(False)
    sheet(pictures).save(str(folder / f"sheet{suffix.replace(' ', '-')}.png"))
    for dark in (False, True):
        dress(dark)
        said += token_faults()
    print(*said, sep="\n")
    return len(said)


def sheet(pictures: list[tuple[str, QImage]]) -> QImage:
    """Put all pictures on one."""
    across, high = 6, THUMB * 10 // 16 + 20
    made = QImage(across * THUMB, -(-len(pictures) // across) * high, QImage.Format.Format_RGB32)
    made.fill(Qt.GlobalColor.gray)
    painter = QPainter(made)
    for number, (name, image) in enumerate(pictures):
        x, y = number % across * THUMB, number // across * high
        painter.drawText(x + 4, y + 14, name)
        small = image.scaledToWidth(THUMB - 4, Qt.TransformationMode.SmoothTransformation)
        small.setDevicePixelRatio(1.0)
        painter.drawImage(x, y + 20, small)
    painter.end()
    return made


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--language", default="en")
    parser.add_argument("--font", help="a font file for that language")
    parser.add_argument("--few", action="store_true", help="a few of the states")
    options = parser.parse_args()
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    application = QApplication(sys.argv[:1])
    if options.font:
        QFontDatabase.addApplicationFont(options.font)
    install(application, QLocale(options.language))
    options.folder.mkdir(parents=True, exist_ok=True)
    scale = application.primaryScreen().devicePixelRatio()
    suffix = f" {options.language} {scale:g}x"
    print(tr("Record"), suffix)
    states = tuple(s for s in STATES if not options.few or s[0] in FEW)
    return 1 if draw(options.folder, suffix, states) else 0


if __name__ == "__main__":
    from tests.bench import private_lsl

    private_lsl()
    sys.exit(main())
