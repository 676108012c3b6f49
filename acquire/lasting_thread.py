"""A thread that does not end in silence: what it trips over is said, and it goes on."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

log = logging.getLogger(__name__)

AGAIN_S = 0.5
"""How long it rests after a failure: what fails at once again must not take a core."""


class LastingThread(threading.Thread):
    """Runs `work` until that returns; after an exception, again.

    Args:
        name: for whoever looks at threads.
        work: what it does; it returns once `closing` is set.
        closing: says that it is to end.
        complain: hears each failure, in this thread.
    """

    def __init__(
        self,
        name: str,
        work: Callable[[], None],
        closing: threading.Event,
        complain: Callable[[str], None],
    ) -> None:
        super().__init__(name=name, daemon=True)
        self._work, self._closing, self._complain = work, closing, complain
        self._heard: set[str] = set()  # a failure that repeats is said once

    def run(self) -> None:
        """Work, and again after a failure."""
        while True:
            try:
                self._work()
            except Exception as error:
                log.debug("%s", self.name, exc_info=True)
                self._say(f"{type(error).__name__}: {error}")
            else:
                return
            if self._closing.wait(AGAIN_S):
                return

    def end(self, timeout_s: float | None = None) -> None:
        """Set `closing` and wait for the end; never started, it has none to wait for.

        Whoever closes may have failed before the start, and joining such a thread is an error.
        """
        self._closing.set()
        if self.ident is not None:
            self.join(timeout_s)

    def _say(self, text: str) -> None:
        if text in self._heard:
            return
        self._heard.add(text)
        try:
            self._complain(f"{self.name}: {text}; it goes on; please report this with the log")
        except Exception:  # who hears it is as broken; the thread must outlive that, too
            log.exception("%s: %s", self.name, text)
