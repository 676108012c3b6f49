"""The faults of the runbook, rehearsed on the real window with simulated devices.

Each yields the widget that shows what an operator would see, at the moment when it shows it.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDockWidget, QWidget

from gui.window.app import WindowOrder
from gui.window.window import RecorderWindow
from tests.acquire.program import module_of
from tests.acquire.small_disk import MB, disk, fill
from tests.gui.windows import click, idle, press_record, wait_until, window

EEG = '[[device]]\nname = "eeg"\ndriver = "simulated-eeg"\nchannels = 8\nrate_hz = 250\n{more}\n'
FAST = '[[device]]\nname = "eeg"\ndriver = "simulated-eeg"\n'
FACE = (
    '[[device]]\nname = "face"\ndriver = "simulated-camera"\nwidth = 320\nheight = 240\n'
    "rate_hz = 50\n{more}\n"
)
RIG = '[rig]\nname = "face-lab"\n'
RECORDING_S = 12.0
"""By the fault plans below the fault comes so long after the device was opened, at the earliest."""
CLIP = """\
[protocol]
name = "films"
[[block]]
name = "clips"
stimuli = ["*"]
order = "fixed"
[[block.step]]
kind = "clip"
[[block.step]]
kind = "rating"
scales = ["valence"]
"""
STAND_IN = '[[stimulus]]\nname = "{name}"\ngenerate = {{ duration_s = 30 }}\n'
MISSING = '[[stimulus]]\nname = "{name}"\nfile = "{name}.mp4"\n'


WATCH = """
import time, pylsl
outlet = pylsl.StreamOutlet(pylsl.StreamInfo("watch", "PPG", 1, 50, "float32", "watch"))
while True:
    outlet.push_sample([0.0], time.time())
    time.sleep(0.02)
"""
"""A wearable's program that stamps by the time of day."""


@dataclass(frozen=True)
class Stage:
    """A window on a rig in a folder of its own."""

    folder: Path
    found: RecorderWindow

    def record(self, participant: str = "07") -> None:
        self.found.bar.participant.setText(participant)
        press_record(self.found)
        QTest.qWait(1500)

    def alarm(self, *words: str) -> None:
        def said() -> bool:
            return any(all(w in a.text for w in words) for a in self.found.alarm.unread)

        try:
            wait_until(said, 40.0, " ".join(words))
        except AssertionError as error:
            unread = "; ".join(alarm.text for alarm in self.found.alarm.unread)
            raise AssertionError(f"{error}; there is: {unread or 'nothing'}") from error
        QTest.qWait(700)

    def until_ill(self, stream: str) -> None:
        """Wait until the list at the left says that a stream does not come."""

        def ill() -> bool:
            status = self.found.status
            return status is not None and any(
                s.name == stream and s.health != "alive" for s in status.streams
            )

        wait_until(ill, 40.0, f"{stream} is silent")
        QTest.qWait(700)

    def stop(self) -> None:
        self.found.recording.stop()
        wait_until(lambda: self.found.status and self.found.status.state == "idle", what="idle")

    def dock(self, name: str) -> None:
        dock = self.found.findChild(QDockWidget, name)
        assert dock is not None
        dock.show()
        dock.raise_()
        QTest.qWait(600)

    def load(self, protocol: str) -> None:
        path = self.folder / "films.toml"
        path.write_text(protocol)
        self.dock("protocol")
        panel = self.found.protocol
        panel.loader.choice.addItem("films", str(path))
        panel.loader.choice.setCurrentIndex(panel.loader.choice.count() - 1)
        panel.loader.screens.windowed.setChecked(True)
        click(panel.loader.load)


@contextmanager
def stage(folder: Path, rig: str, data_dir: Path | None = None) -> Iterator[Stage]:
    """Open the window on a rig and wait until it runs."""
    file = folder / "rig.toml"
    file.write_text(RIG + rig)
    with window(WindowOrder(file, data_dir=data_dir or folder / "data")) as found:
        found.resize(1280, 800)
        idle(found)
        QTest.qWait(2500)
        yield Stage(folder, found)
        if found.status is not None and found.status.state == "recording":
            found.recording.stop()
            idle(found)


def silent_sensor(folder: Path) -> Iterator[QWidget]:
    plan = f"faults = {{ unplug_at_s = {RECORDING_S}, unplug_for_s = 600 }}"
    with stage(folder, EEG.format(more=plan) + FACE.format(more="")) as on:
        on.record()
        on.alarm("eeg")
        on.until_ill("eeg")
        yield on.found


def late_sensor(folder: Path) -> Iterator[QWidget]:
    plan = f"faults = {{ stall_at_s = {RECORDING_S}, stall_for_s = 20 }}"
    with stage(folder, EEG.format(more=plan) + FACE.format(more="")) as on:
        on.record()
        on.alarm("silent")
        yield on.found


def lossy_line(folder: Path) -> Iterator[QWidget]:
    with stage(folder, EEG.format(more="faults = { drop_probability = 0.06 }")) as on:
        on.record()
        on.alarm("effective rate")
        yield on.found


def saved_with_losses(folder: Path) -> Iterator[QWidget]:
    with stage(folder, EEG.format(more="faults = { drop_probability = 0.02 }")) as on:
        on.record()
        QTest.qWait(6000)
        on.stop()
        found = on.found
        wait_until(lambda: found.saved.isVisible(), what="the card")
        wait_until(
            lambda: found.status and found.status.last and found.status.last.verdict,
            60.0,
            "the verdict",
        )
        QTest.qWait(500)
        yield found


def missing_stream(folder: Path) -> Iterator[QWidget]:
    rig = EEG.format(more="") + '[[expect]]\nname = "gaze"\ntype = "Gaze"\n'
    with stage(folder, rig) as on:
        on.found.bar.participant.setText("07")
        click(on.found.bar.record)
        QTest.qWait(300)
        yield on.found


def nameless_participant(folder: Path) -> Iterator[QWidget]:
    with stage(folder, EEG.format(more="")) as on:
        on.found.bar.participant.setText("")
        click(on.found.bar.record)
        QTest.qWait(300)
        yield on.found


def odd_label(folder: Path) -> Iterator[QWidget]:
    with stage(folder, EEG.format(more="")) as on:
        on.found.bar.participant.setFocus()
        for letter in "Müller-01":  # keyClicks knows ASCII alone
            press = QKeyEvent(QEvent.Type.KeyPress, 0, Qt.KeyboardModifier.NoModifier, letter)
            QApplication.sendEvent(on.found.bar.participant, press)
        QTest.qWait(500)
        yield on.found


def camera_away(folder: Path) -> Iterator[QWidget]:
    plan = f"faults = {{ unplug_at_s = {RECORDING_S}, unplug_for_s = 600 }}"
    with stage(folder, EEG.format(more="") + FACE.format(more=plan)) as on:
        on.record()
        on.alarm("face")
        on.until_ill("face")
        yield on.found


def full_disk(folder: Path) -> Iterator[QWidget]:
    with disk(folder, 100 * MB) as data_dir, stage(folder, FAST, data_dir) as on:
        on.found.bar.participant.setText("07")
        click(on.found.bar.record)
        if on.found.gate.isVisible():
            click(on.found.gate.anyway)
        wait_until(lambda: on.found.status and on.found.status.state == "recording", what="on")
        fill(data_dir, 2 * MB)
        wait_until(lambda: on.found.status and on.found.status.state == "failed", what="failed")
        QTest.qWait(700)
        yield on.found


def engine_gone(folder: Path) -> Iterator[QWidget]:
    with stage(folder, EEG.format(more="")) as on:
        on.record()
        process = on.found.link.process
        assert process is not None
        os.kill(process.pid, signal.SIGKILL)
        wait_until(lambda: on.found.alarm.shown and on.found.alarm.shown.action, what="gone")
        QTest.qWait(700)
        yield on.found
        click(on.found.alarm.action)
        idle(on.found)


def finished_after_a_crash(folder: Path) -> Iterator[QWidget]:
    with stage(folder, EEG.format(more="")) as on:
        on.record()
        process = on.found.link.process
        assert process is not None
        os.kill(process.pid, signal.SIGKILL)
        wait_until(lambda: on.found.alarm.shown and on.found.alarm.shown.action, what="gone")
        click(on.found.alarm.action)
        idle(on.found)
        on.dock("sessions")
        wait_until(
            lambda: [row.state for row in on.found.sessions.rows] == ["repaired"],
            60.0,
            "the session is finished",
        )
        QTest.qWait(2500)
        yield on.found


def leaving(folder: Path) -> Iterator[QWidget]:
    with stage(folder, EEG.format(more="")) as on:
        on.record()
        on.found.close()
        QTest.qWait(500)
        yield on.found


def marker_not_recorded(folder: Path) -> Iterator[QWidget]:
    with stage(folder, EEG.format(more="")) as on:
        on.found.markers.text.setFocus()
        QTest.keyClicks(on.found.markers.text, "sneezed")
        QTest.keyClick(on.found.markers.text, Qt.Key.Key_Return)
        wait_until(lambda: "not recorded" in on.found.markers.message.text(), what="said")
        yield on.found


def player_died(folder: Path) -> Iterator[QWidget]:
    with stage(folder, EEG.format(more="")) as on:
        on.load(CLIP + STAND_IN.format(name="joy") + STAND_IN.format(name="fear"))
        panel = on.found.protocol
        wait_until(lambda: panel.info.state == "loaded", 60.0, "loaded")
        on.record()
        click(panel.orders.buttons["start"])
        wait_until(lambda: panel.info.state == "running", what="running")
        QTest.qWait(2500)
        for process in psutil.Process().children(recursive=True):
            if module_of(process) == "gui.stimulus":
                process.kill()
        on.alarm("resume goes on")
        QTest.qWait(2000)
        yield on.found


def stimuli_missing(folder: Path) -> Iterator[QWidget]:
    with stage(folder, EEG.format(more="")) as on:
        on.load(CLIP + MISSING.format(name="joy-1") + MISSING.format(name="fear-1"))
        wait_until(lambda: "not there" in on.found.protocol.problem.text(), 60.0, "why not")
        QTest.qWait(300)
        yield on.found


def begin_without_recording(folder: Path) -> Iterator[QWidget]:
    with stage(folder, EEG.format(more="")) as on:
        on.load(CLIP + STAND_IN.format(name="joy"))
        panel = on.found.protocol
        wait_until(lambda: panel.info.state == "loaded", 60.0, "loaded")
        wait_until(lambda: on.found.status and not on.found.status.missing, 30.0, "its streams")
        click(panel.orders.buttons["start"])
        wait_until(panel.begin.isVisible, what="the question")
        QTest.qWait(300)
        yield on.found


def mistaken_rig(folder: Path) -> Iterator[QWidget]:
    file = folder / "lab.toml"
    file.write_text(
        '[rig]\nname = "face-lab"\n\n'
        + EEG.format(more="").replace("rate_hz = 250", 'rate_hz = "fast"')
    )
    with window(WindowOrder(file, data_dir=folder / "data")) as found:
        found.resize(1280, 800)
        QTest.qWait(1000)
        yield found


def another_clock(folder: Path) -> Iterator[QWidget]:
    watch = subprocess.Popen([sys.executable, "-c", WATCH])
    try:
        with stage(folder, EEG.format(more="") + '[[expect]]\nname = "watch"\n') as on:
            QTest.qWait(4000)
            on.found.bar.participant.setText("07")
            click(on.found.bar.record)
            QTest.qWait(500)
            yield on.found
    finally:
        watch.kill()
        watch.wait()


def withdrawal(folder: Path) -> Iterator[QWidget]:
    with stage(folder, EEG.format(more="")) as on:
        on.record()
        QTest.qWait(2000)
        on.stop()
        on.dock("sessions")
        wait_until(lambda: on.found.sessions.rows, what="a session")
        on.found.sessions.table.selectRow(0)
        on.found.sessions._ask_withdrawal(on.found.sessions.rows[0].id)
        QTest.qWait(1500)
        yield on.found


def not_usable(folder: Path) -> Iterator[QWidget]:
    with stage(folder, EEG.format(more="")) as on:
        on.record()
        QTest.qWait(2000)
        on.stop()
        on.dock("sessions")
        wait_until(lambda: on.found.sessions.rows, what="a session")
        on.found.sessions.table.selectRow(0)
        on.found.sessions.mark.ask(on.found.sessions.rows[0])
        QTest.qWait(700)
        yield on.found


REHEARSALS: dict[str, Callable[[Path], Iterator[QWidget]]] = {
    "silent-sensor": silent_sensor,
    "late-sensor": late_sensor,
    "lossy-line": lossy_line,
    "saved-with-losses": saved_with_losses,
    "missing-stream": missing_stream,
    "nameless-participant": nameless_participant,
    "odd-label": odd_label,
    "camera-away": camera_away,
    "full-disk": full_disk,
    "engine-gone": engine_gone,
    "finished-after-a-crash": finished_after_a_crash,
    "leaving": leaving,
    "marker-not-recorded": marker_not_recorded,
    "player-died": player_died,
    "stimuli-missing": stimuli_missing,
    "begin-without-recording": begin_without_recording,
    "mistaken-rig": mistaken_rig,
    "another-clock": another_clock,
    "withdrawal": withdrawal,
    "not-usable": not_usable,
}
