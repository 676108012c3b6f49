"""The engine's end of one device process: start it, ask it, hear it, end it."""

from __future__ import annotations

import logging
import subprocess
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from acquire.errors import ControlError
from acquire.lsl.clock import local_clock
from acquire.plain_text import plain
from acquire.processes.child import start_child
from acquire.processes.last_words import LastWords
from acquire.processes.lifeline import Lifeline
from acquire.processes.link import DeviceSnapshot, Link
from acquire.processes.messages import (
    Answer,
    Close,
    DeviceState,
    Ends,
    Finish,
    HostEvent,
    Loss,
    Request,
)

log = logging.getLogger(__name__)

KILLED = "signal 9"
GONE = "its process is gone"
LOOK_S = 1.0
"""How long a process may say nothing before it is looked at: a device says something 10 times a
second."""
LOOKS = 3
"""So many looks without a word from one that tells its state: it is stopped, or has no turn."""
MUTE_S = 5.0
"""How long a process that has closed its pipe may take to end: a driver may have closed it."""


class DeviceLink(Link):
    """One device process."""

    module = "acquire.host.device_host"
    """What the process runs."""

    def __init__(
        self,
        name: str,
        driver: str,
        on_event: Callable[[str, HostEvent], None],
        on_loss: Callable[[str, Loss], None],
    ) -> None:
        super().__init__(DeviceSnapshot(name, driver, DeviceState.CLOSED), on_event, on_loss)
        # One message goes down at a time: the window, the keeper and a stop order at once, and a
        # message is longer than what the system writes in one piece. `start` holds it until `Open`
        # is sent: nothing may come before that.
        self._send_lock = threading.Lock()
        self._closing = False
        self._is_silent = False  # and that was told
        self._pipe: Connection | None = None  # None: never started
        self._listener: threading.Thread | None = None
        self._lifelines: list[Lifeline] = []  # of its processes, and of what outlives them

    def start(self, order: Any, cwd: Path | None) -> None:
        """Start the process and have it open the device; see `Link`."""
        if self._listener is not None:  # what it still says is of the process before
            self._listener.join()
        self._change(state=DeviceState.OPENING, error=None, opened=None, host=None)
        self._closing = self._is_silent = False
        with self._send_lock:
            pair: Any = Pipe(duplex=True)  # on Windows of another class with the same methods
            ours, theirs = pair
            self._pipe = ours
            lifeline = Lifeline()
            words = LastWords()
            self._lifelines = [*(one for one in self._lifelines if not one.wait_cut(0)), lifeline]
            try:
                self._process = start_child(self.module, theirs, cwd, lifeline, words)
            finally:
                theirs.close()
                lifeline.let_go()
            name = f"device {self.name}"
            self._listener = threading.Thread(
                target=self._listen, args=(ours, words), name=name, daemon=True
            )
            self._listener.start()
            self._send(Request(next(self._numbers), order))

    @property
    def alive(self) -> bool:
        """Whether it has been started and has not ended."""
        return self._pipe is not None and self._process.poll() is None

    def finish(self, timeout_s: float) -> Ends:
        """Have the device end, and its streams stay; see `Link`."""
        self._closing = True
        return self._publish_all(timeout_s)

    def _publish_all(self, timeout_s: float) -> Ends:
        try:
            ends: Ends = self.request(Finish(), timeout_s)
        except ControlError:  # it hangs, or has died
            return {}
        return ends

    def wait_written(self, timeout_s: float) -> bool:
        """Wait for the encoders of processes that have died; see `Link`."""
        deadline = time.monotonic() + timeout_s
        ended = self._lifelines[:-1] if self.alive else self._lifelines
        return all(line.wait_cut(deadline - time.monotonic()) for line in ended)

    def close(self, timeout_s: float) -> None:
        """Have it close the device and end; kill it when it has not by then."""
        if self._pipe is None:
            return
        self._closing = True
        self._post(Close(), Future())
        try:
            self._process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._listener is not None:
            self._listener.join()  # all that it said is heard before it counts as closed
        with self._send_lock:  # nobody is in the middle of a message
            self._pipe.close()
        self._lifelines = [one for one in self._lifelines if not one.wait_cut(0)]
        self._change(state=DeviceState.CLOSED)

    def _post(self, body: Any, future: Future[Any]) -> None:
        number = self._expect(future)
        with self._send_lock:
            sent = self._send(Request(number, body))
        if not sent:
            self._answer(Answer(number, error=f"{self.name}: {GONE}"))

    def _send(self, request: Request) -> bool:
        if self._pipe is None:
            return False
        try:
            self._pipe.send(request)
        except OSError:
            return False
        return True

    def _listen(self, pipe: Connection, words: LastWords) -> None:
        looks = 0  # since it said something
        while True:
            try:
                if not pipe.poll(LOOK_S):
                    if self._is_left(pipe):
                        break
                    looks += 1
                    if looks == LOOKS:
                        self._guard(self._falls_silent)
                    continue
                message = pipe.recv()
                if looks >= LOOKS:
                    self._guard(self._speaks_again)
                looks = 0
            except (EOFError, OSError):
                break
            except Exception as error:  # it cannot be read here; the next one may be
                self._complain(error)
                continue
            self._guard(partial(self._hear, message))
            self._guard(words.shorten)
        self._guard(partial(self._ended, words))

    def _falls_silent(self) -> None:
        """Tell that a process which tells its state 10 times a second does so no more."""
        if self._closing or self._snapshot.host is None or self._snapshot.error is not None:
            return
        self._is_silent = True
        text = (
            f"{self.name}: its process has said nothing for {LOOKS * LOOK_S:g} s: it is stopped, "
            "or gets no turn; what its device gives meanwhile comes late, or not at all"
        )
        # At once: whoever sees the state asks why.
        self._change(state=DeviceState.STALLED, trouble=text)
        self._hear(HostEvent(local_clock(), "warning", "device-hangs", text))

    def _speaks_again(self) -> None:
        if not self._is_silent:
            return
        self._is_silent = False
        text = f"{self.name}: its process answers again"
        self._hear(HostEvent(local_clock(), "info", "device-hangs-over", text))

    def _is_left(self, pipe: Connection) -> bool:
        """Whether the process has ended and all that it said is heard.

        The pipe's own end does not come where something that it has started holds it open.
        """
        return self._process.poll() is not None and not pipe.poll(0)

    def _guard(self, step: Callable[[], None]) -> None:
        """Do it; what one message trips over must not keep those after it from being heard."""
        try:
            step()
        except Exception as error:
            self._complain(error)

    def _complain(self, error: Exception) -> None:
        log.debug("%s", self.name, exc_info=error)
        said = f"{self.name}: {type(error).__name__}: {error}; please report this with the log"
        event = HostEvent(local_clock(), "error", "internal", plain(said))
        try:
            self._on_event(self.name, event)
        except Exception:  # whoever hears it is what broke: this thread must outlive that
            log.debug("nobody hears: %s", said, exc_info=True)

    def _ended(self, words: LastWords) -> None:
        """The pipe has ended: nobody will answer any more."""
        self._nobody_answers(GONE)
        if self._closing:
            words.close()
            return
        try:
            code = self._process.wait(MUTE_S)
            how = f"signal {-code}" if code < 0 else f"exit code {code}"
        except subprocess.TimeoutExpired:  # one that lives on would never be started again
            self._process.kill()
            self._process.wait()
            how = "killed: it had closed its connection to the engine, and went on"
        said = words.close()
        if self._closing:
            return
        if how == KILLED:  # from outside, or for want of memory: what it said before is not why
            said = ""
        self._died(f"{self.name}: its process ended ({how}); its streams are gone{said}")
