"""Finds the engine of a rig, or starts it, and finds it again when it was lost."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, QUrl, Signal
from PySide6.QtNetwork import QNetworkAccessManager, QNetworkReply, QNetworkRequest

from acquire.errors import AcquireError
from acquire.server.data_lock import owner
from acquire.serving.problem import Problem
from gui.client.client import EngineClient, words
from gui.client.engine_process import EngineProcess
from gui.texts import tr

POLL_MS = 50
"""Between two looks at whether the engine that was started listens: a user waits for it."""
LOOK_MS = 500
"""Between two looks for another engine after one was lost."""
PROBE_MS = 1000
"""An engine that does not answer for so long hangs, and one is started."""


class EngineLink(QObject):
    """Keeps a client attached to the engine of one rig."""

    ended = Signal(str)
    """The engine that was started here ended; the text says why and what to do."""
    attached = Signal(str)

    def __init__(self, client: EngineClient) -> None:
        super().__init__()
        self.client = client
        self.process: EngineProcess | None = None
        self._rig: Path | None = None
        self._data_dir: Path | None = None
        self._override: Path | None = None
        self._text: str | None = None  # of the rig that was opened, until it is known what runs
        self._told_end = False  # that the engine which was started here has ended
        self._network = QNetworkAccessManager(self)
        self._asked: QNetworkReply | None = None  # of whom it is wanted whether it still listens
        self._poll = QTimer(self, interval=POLL_MS)
        self._poll.timeout.connect(self._look_at_process)
        self._look = QTimer(self, interval=LOOK_MS)
        self._look.timeout.connect(self._look_for_another)
        client.lost.connect(self._on_lost)
        client.unreached.connect(self._on_unreached)
        client.connected.connect(self._look.stop)

    def attach(self, url: str) -> None:
        """Use the engine at an address; never start one."""
        self.client.attach(url)
        self.attached.emit(url)

    def open(self, rig: Path, text: str, data_dir: Path, override: Path | None) -> None:
        """Use the engine that records into `data_dir`, or start one for the rig file."""
        self._rig, self._data_dir, self._override, self._text = rig, data_dir, override, text
        self._asked = None
        if (engine := owner(data_dir)) is None:
            self.start()
        else:
            self._probe(engine.url)  # it may have ended since

    def _probe(self, url: str) -> None:
        request = QNetworkRequest(QUrl(f"{url}/healthz"))
        request.setTransferTimeout(PROBE_MS)
        reply = self._asked = self._network.get(request)

        def answered() -> None:
            reply.deleteLater()
            if self._asked is not reply:  # the window was closed, or another rig opened
                return
            if reply.error() == QNetworkReply.NetworkError.NoError:
                self.attach(url)
            else:
                self.start()

        reply.finished.connect(answered)

    def start(self) -> None:
        """Start an engine for the rig that was opened."""
        if self._rig is None:
            return
        try:
            self.process = EngineProcess(self._rig, self._override)
        except AcquireError as error:
            self.ended.emit(str(error))
            return
        self._poll.start()

    def runs_another(self, path: str | None, text: str) -> str:
        """Say that the engine does not run the rig that was opened; asked once it is known.

        A data folder has one engine, and all rigs have the same data folder unless they name one.

        Args:
            path: the rig file that the engine runs.
            text: what is in it, as the engine has it.
        """
        wanted, self._text = self._text, None  # from now on what runs was chosen here
        if wanted is None or wanted == text:
            return ""
        same = path is not None and Path(path) == self._rig
        return tr(
            "{} does not run: an engine that records into {} runs {}. End it (menu: End the engine "
            "and close) and open the file again, or give it a data_dir of its own"
        ).format(self._rig, self._data_dir, tr("another text of it") if same else path or "–")

    @property
    def can_start(self) -> bool:
        """Whether the engine is gone and one can be started here."""
        gone = self.process is None or self.process.code is not None
        return self._rig is not None and gone and not self.client.is_connected

    def end_engine(self) -> bool:
        """End the engine although it was not started here; whether there is a way to."""
        if self.process is not None and self.process.code is None:
            self.process.end()
            return True
        daemon = owner(self._data_dir) if self._data_dir is not None else None
        if daemon is None or daemon.url != self.client.url:
            return False
        os.kill(daemon.pid, signal.SIGTERM)
        return True

    def close(self, *, end_engine: bool) -> None:
        """Leave; the engine goes on unless it was started here and is to end."""
        self._asked = None
        self._poll.stop()
        self._look.stop()
        self.client.close()
        if self.process is not None and self.process.code is None:
            if end_engine:
                self.process.end()
            self.process.forget()

    def _look_at_process(self) -> None:
        assert self.process is not None
        if (url := self.process.url) is not None:
            self._poll.stop()
            self.attach(url)
        elif self.process.code is not None:
            self._poll.stop()
            self._told_end = True
            self.ended.emit(self.process.error)
            self._look.start()  # another may have been started at the same moment

    def _on_unreached(self, problem: Problem) -> None:
        text = words(problem)
        if problem.code == "no-token":  # its remedy is for programs
            token = tr("{}; name the file that it is in by --token-file")
            text = token.format(problem.text)
        self.ended.emit(f"{self.client.url}: {text}")

    def _on_lost(self, url: str) -> None:
        self._look.start()
        self._tell_lost(url)

    def _tell_lost(self, url: str) -> None:
        code = self.process.code if self.process is not None else None
        self._told_end = code is not None
        if code is not None and code < 0:
            why = tr("The engine was killed (signal {})").format(-code)
        elif code is not None:
            why = tr("The engine ended with code {}").format(code)
        else:
            # It hangs, or is cut off: nobody has ended what it records.
            text = tr("The engine at {} does not answer; it may be recording still")
            self.ended.emit(text.format(url))
            return
        remedy = tr("what was recorded until then is on the disk; start the engine again")
        self.ended.emit(f"{why}; {remedy}")

    def _look_for_another(self) -> None:
        if self._data_dir is None or self.client.is_connected:
            return
        # It is lost a moment before it has ended: only then another can be started.
        if self.process is not None and self.process.code is not None and not self._told_end:
            self._tell_lost(self.client.url)
        engine = owner(self._data_dir)
        if engine is not None and engine.url != self.client.url:
            self.attach(engine.url)
