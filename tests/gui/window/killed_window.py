"""The recorder window, the real command, which chooses and orders channels by itself.

python -m tests.gui.window.killed_window [--change] WORDS OF THE COMMAND

Says as JSON, a line each time it is another one, which channels are shown: stream and label, from
the top. `--change`: by keys one channel is ticked off, another one moved up, and so is a stream;
then it is killed at once.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import traceback
from types import TracebackType

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QShowEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QTreeWidgetItem

from acquire.cli.main import main as unisono
from gui.window import app
from gui.window.window import RecorderWindow

STREAMS = 2
PRESS = Qt.Key.Key_Space, Qt.KeyboardModifier.NoModifier
UP = Qt.Key.Key_Up, Qt.KeyboardModifier.AltModifier


class TalkingWindow(RecorderWindow):
    """The window, who presses its keys, and what it shows."""

    change = False

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802
        """Begin to look once it runs."""
        super().showEvent(event)
        self._told = ""
        self._timer = QTimer(self, interval=20)
        self._timer.timeout.connect(self._look)
        self._timer.start()

    def _look(self) -> None:
        shown = [(t.key.name, t.channel.label) for t in self.viewer.state.traces]
        if len({name for name, _ in shown}) < STREAMS:
            return
        told = json.dumps(shown)
        if told != self._told:
            self._told = told
            os.write(1, f"{told}\n".encode())
        if self.change:
            self._change()
            shown = [(t.key.name, t.channel.label) for t in self.viewer.state.traces]
            os.write(1, f"{json.dumps(shown)}\n".encode())
            os.kill(os.getpid(), signal.SIGKILL)  # Qt has no turn to write what it has put off

    def _change(self) -> None:
        QTest.keyClick(self, Qt.Key.Key_K, Qt.KeyboardModifier.ControlModifier)
        tree = self.channels.tree
        for number, (key, modifiers) in ((1, PRESS), (3, UP), (-1, UP)):
            tree.setCurrentItem(self._item(number))
            QTest.keyClick(tree, key, modifiers)

    def _item(self, number: int) -> QTreeWidgetItem:
        """Give a row of the list as it is now: after each change it is another one."""
        if number < 0:  # the last stream
            streams = [item for item in self.channels.tree.items() if item.parent() is None]
            return streams[number]
        return [*self.channels.tree.items()][number]


def _end(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    traceback.print_exception(kind, error, trace)
    os._exit(1)


def main() -> None:
    words = sys.argv[1:]
    TalkingWindow.change = words[0] == "--change"
    sys.excepthook = _end  # Qt would go on, and whoever reads would wait
    app.RecorderWindow = TalkingWindow  # type: ignore[attr-defined]
    sys.argv = ["unisono", *words[TalkingWindow.change :]]
    unisono()


if __name__ == "__main__":
    main()
