"""States of the window as pictures, and what code can say of each: nothing cut or covered.

python -m tests.gui.contact_sheet FOLDER [--language zh_CN]; the scale is QT_SCALE_FACTOR's. Each
state is drawn in light and dark on a real engine with the simulated rig; then one sheet of all.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from PySide6.QtCore import QLocale, QPoint, QRect, Qt
from PySide6.QtGui import QFontDatabase, QImage, QPainter
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QApplication,
    QCheckBox,
    QDockWidget,
    QLabel,
    QPushButton,
    QToolButton,
    QWidget,
)

from gui.events.alarm_bar import Alarm
from gui.texts import install, tr
from gui.widgets import theme
from gui.widgets.short_label import ShortLabel
from gui.window.app import WindowOrder
from gui.window.window import RecorderWindow
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
    found.viewer.set_frozen(True)
    QTest.mouseMove(found.viewer, QPoint(300, 120))


def scrolling(found: RecorderWindow) -> None:
    found.viewer.set_frozen(False)
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


def face_box(found: RecorderWindow) -> None:
    found.sessions.mark.hide()
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
    ("protocol", raise_dock("protocol")),
    ("face", face_box),
    ("small", small),
)


# What code can say.


def faults(top: QWidget) -> Iterator[str]:
    """Name what is cut and what lies over another, in what can be seen."""
    for widget in top.findChildren(QWidget):
        if widget.visibleRegion().isEmpty():
            continue
        if isinstance(widget, QLabel | QPushButton | QToolButton | QCheckBox) and _is_cut(widget):
            yield f"cut: {type(widget).__name__} {widget.text()[:60]!r}"
        if widget.layout() is not None:
            yield from _overlaps(widget)


def _is_cut(widget: QLabel | QPushButton | QToolButton | QCheckBox) -> bool:
    if isinstance(widget, ShortLabel) or not widget.text():
        return False
    if isinstance(widget, QLabel) and widget.wordWrap():
        return widget.heightForWidth(widget.width()) > widget.height() + 1
    return widget.sizeHint().width() > widget.width() + 1


def _overlaps(parent: QWidget) -> Iterator[str]:
    layout = parent.layout()
    assert layout is not None
    children = [item.widget() for n in range(layout.count()) if (item := layout.itemAt(n))]
    seen = [w for w in children if w is not None and not w.visibleRegion().isEmpty()]
    for number, one in enumerate(seen):
        for other in seen[number + 1 :]:
            both: QRect = one.geometry() & other.geometry()
            if both.width() > 1 and both.height() > 1:
                yield f"overlap: {type(one).__name__} and {type(other).__name__}"


def contrast(front: str, back: str) -> float:
    """Give the contrast of two tokens, as WCAG defines it."""

    def light(name: str) -> float:
        colour = theme.colour(name)
        parts = (colour.redF(), colour.greenF(), colour.blueF())
        lin = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return 0.2126 * lin[0] + 0.7152 * lin[1] + 0.0722 * lin[2]

    high, low = sorted((light(front), light(back)), reverse=True)
    return (high + 0.05) / (low + 0.05)


# Drawing.


def draw(folder: Path, suffix: str) -> int:
    """Draw all states; gives how many faults were found."""
    count, pictures = 0, list[tuple[str, QImage]]()
    with tempfile.TemporaryDirectory() as temporary:
        data, names = Path(temporary), Names()
        with window(WindowOrder(names.rig(data), data_dir=data / "data")) as found:
            found.resize(1280, 800)
            for name, bring in STATES:
                bring(found)
                for dark in (False, True):
                    dress(dark)
                    QTest.qWait(250)
                    look = f"{name} {'dark' if dark else 'light'}{suffix}"
                    image = found.grab().toImage()
                    image.save(str(folder / f"{look.replace(' ', '-')}.png"))
                    pictures.append((look, image))
                    for fault in sorted(set(faults(found))):
                        print(f"{look}: {fault}")
                        count += 1
            dress(False)
    sheet(pictures).save(str(folder / f"sheet{suffix.replace(' ', '-')}.png"))
    for dark in (False, True):
        dress(dark)
        for front in ("text", "muted", "accent", "alive", "warning", "failed"):
            if (found_contrast := contrast(front, "panel")) < 4.5:
                print(f"contrast of {front}: {found_contrast:.2f}")
                count += 1
    return count


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
    return 1 if draw(options.folder, suffix) else 0


if __name__ == "__main__":
    from tests.bench import private_lsl

    private_lsl()
    sys.exit(main())
