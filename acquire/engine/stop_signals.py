"""What ends a recording from outside: Ctrl-C, SIGTERM, a line that says stop, the time."""

from __future__ import annotations

import contextlib
import os
import queue
import signal
import sys
import threading
import time
from collections.abc import Callable
from types import FrameType

from acquire.lsl.clock import local_clock

AHEAD_S = 0.03
"""How long before the planned end the order to stop is given, so that the end is exact."""

LEFT_AT_ONCE = 2
SAME_S = 0.3
"""What comes so soon after the first signal is the same: programs that start others, such as
`timeout`, pass on what the terminal sends to all of them anyway, and keys bounce."""


class Stopper:
    """Waits for whatever comes first; a second Ctrl-C leaves at once."""

    def __init__(self) -> None:
        self.interrupted = False
        self.hear: Callable[[str], None] = lambda line: None
        """Gets the lines of standard input that do not say stop."""
        self._first = 0.0  # when the first signal came, monotonic
        self.stopped = False
        """Whether something has ended it."""
        # A signal may come while this very thread is inside `wait`. An Event would have its lock
        # then, and set() would wait for it for ever; a SimpleQueue may be entered twice:
        # https://docs.python.org/3/library/queue.html#queue.SimpleQueue.put
        self._wake: queue.SimpleQueue[None] = queue.SimpleQueue()

    def listen(self, *, stdin: bool) -> None:
        """Take over the signals, and the standard input where `stdin` says so."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._on_signal)
        hang_up = getattr(signal, "SIGHUP", None)
        # With nohup it is ignored from the start: that one is to outlive its terminal.
        if hang_up is not None and signal.getsignal(hang_up) is not signal.SIG_IGN:
            signal.signal(hang_up, self._on_signal)
        if stdin and sys.stdin is not None:
            if hasattr(signal, "SIGTTIN"):  # in the background, reading must fail, not stop us
                signal.signal(signal.SIGTTIN, signal.SIG_IGN)
            threading.Thread(target=self._read_stdin, name="stdin", daemon=True).start()

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        now = time.monotonic()
        if not self.interrupted:
            self._first, self.interrupted = now, True
            self.stop()
        elif now - self._first > SAME_S:
            with contextlib.suppress(OSError):  # nobody may read it
                os.write(2, b"interrupted a second time: left at once, nothing is closed\n")
            os._exit(LEFT_AT_ONCE)

    def _read_stdin(self) -> None:
        # os.read, not sys.stdin: a thread that waits in a buffered reader blocks the exit.
        rest = b""
        while True:
            try:
                data = os.read(0, 4096)
            except OSError:
                return
            if not data:  # a closed standard input does not stop a recording
                return
            *lines, rest = (rest + data).split(b"\n")
            rest = rest[-4096:]
            for line in lines:
                text = line.decode("utf-8", "replace").strip().lower()
                if text == "stop":
                    self.stop()
                elif text:
                    self.hear(text)

    def stop(self) -> None:
        """End the wait."""
        self.stopped = True
        self._wake.put(None)

    def wait(self, timeout_s: float) -> bool:
        """Wait; whether something has ended it."""
        if not self.stopped:
            with contextlib.suppress(queue.Empty):
                self._wake.get(timeout=max(0.0, timeout_s))
                self._wake.put(None)  # for whoever else waits
        return self.stopped

    def wait_until(self, lsl_time: float) -> bool:
        """Wait until right before an LSL time; whether something ended it before."""
        return self.wait(lsl_time - AHEAD_S - local_clock())
