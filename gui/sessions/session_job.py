"""What is done with a session in a process of its own: copied, repaired, exported.

It is a command of this program, as in a terminal. While anything records it is held still, and goes
on afterwards; the end of the window ends it, and the same order goes on or begins anew.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator

from PySide6.QtCore import QObject, QProcess, Signal

from acquire.own_program import command
from acquire.processes.steering import GO, REST
from gui.texts import tr

END_MS = 3000


class SessionJob(QObject):
    """At most one at a time."""

    said = Signal(str)
    """What it is doing, line by line."""
    ended = Signal(bool, str)
    """Whether it did it; its last line, or why not."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._process: QProcess | None = None
        self._last, self._error = "", ""
        self._rests = self._cancelled = False

    @property
    def runs(self) -> bool:
        """Whether one runs."""
        return self._process is not None

    def start(self, *arguments: str) -> None:
        """Run a command of the program; one that runs already is left alone."""
        if self._process is not None:
            return
        self._last, self._error, self._cancelled, self._rests = "", "", False, False
        self._process = process = QProcess(self)
        if os.name == "posix":  # out of reach of a Ctrl-C that is meant for the window
            parameters = QProcess.UnixProcessParameters()
            parameters.flags = QProcess.UnixProcessFlag.CreateNewSession
            process.setUnixProcessParameters(parameters)
        process.readyReadStandardOutput.connect(self._hear)
        process.readyReadStandardError.connect(self._hear_error)
        process.finished.connect(self._on_finished)
        process.errorOccurred.connect(self._on_error)
        program, *words = command("acquire.processes.held", *arguments)
        process.start(program, words)

    def rest(self, resting: bool) -> None:
        """Hold it still, or let it go on; on Windows it goes on."""
        process = self._process
        if process is None or resting == self._rests or sys.platform == "win32":
            return
        self._rests = resting
        process.write(REST if resting else GO)
        if resting:
            self.said.emit(tr("rests while it records"))

    def cancel(self) -> None:
        """End it."""
        if self._process is None:
            return
        self._cancelled = True
        self._process.closeWriteChannel()

    def close(self) -> None:
        """End it, and wait for that."""
        if (process := self._process) is not None:
            self.cancel()
            process.waitForFinished(END_MS)

    def _hear(self) -> None:
        for line in self._lines(QProcess.ProcessChannel.StandardOutput):
            if not line.startswith(" "):  # else it only adds to the one before
                self._last = line.strip()
            self.said.emit(line.strip())

    def _hear_error(self) -> None:
        for line in self._lines(QProcess.ProcessChannel.StandardError):
            if line.startswith("error: "):
                self._error = line.removeprefix("error: ")
            if line:
                self.said.emit(line)

    def _lines(self, channel: QProcess.ProcessChannel) -> Iterator[str]:
        """Give the lines that are whole; one may arrive in pieces."""
        assert self._process is not None
        self._process.setReadChannel(channel)
        while self._process.canReadLine():
            yield bytes(self._process.readLine().data()).decode("utf-8", "replace").rstrip()

    def _on_error(self, error: QProcess.ProcessError) -> None:
        if error is QProcess.ProcessError.FailedToStart and self._process is not None:
            self._error = self._process.errorString()
            self._finish(well=False)

    def _on_finished(self, code: int, status: QProcess.ExitStatus) -> None:
        self._finish(well=code == 0 and status is QProcess.ExitStatus.NormalExit)

    def _finish(self, *, well: bool) -> None:
        assert self._process is not None
        self._process.deleteLater()
        self._process = None
        if self._cancelled:
            self.ended.emit(False, tr("ended; order it again to go on"))
        else:
            self.ended.emit(well, self._last if well else self._error or self._last)
