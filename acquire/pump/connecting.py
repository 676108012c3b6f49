"""Connections that are being made: each in a thread of its own, so that none waits for another.

An outlet whose program hangs is seen on the network and never answers; it costs its own thread the
time that it may take, and the others nothing.
"""

from __future__ import annotations

import queue
import threading
from dataclasses import dataclass

from acquire.lsl.clock import local_clock
from acquire.lsl.inlet import Inlet
from acquire.lsl.streams import FoundStream

CONNECT_S = 6.0
"""How long a stream that was seen may take to answer, in all."""
AT_ONCE = 16
"""Connections that are tried at the same time; what was never tried comes first."""
AGAIN_S = 0.5
"""How long one that did not answer is left alone, while others wait for their turn."""
FRESH_S = 1.5
"""For so long a first try holds up a recording that is about to begin."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """How one try ended: an inlet and the description as XML, or an error in words."""

    found: FoundStream
    device: str | None
    inlet: Inlet | None
    xml: str = ""
    error: str = ""


class Connecting:
    """The tries of one discovery; used by its thread alone, but for `close`."""

    def __init__(self) -> None:
        self._done: queue.SimpleQueue[Attempt] = queue.SimpleQueue()
        self._running: dict[str, tuple[float, threading.Thread]] = {}  # uid → since when
        self._failed: dict[str, float] = {}  # uid → when

    @property
    def is_fresh(self) -> bool:
        """Whether a stream is being tried for the first time, and not for long."""
        now = local_clock()
        return any(
            now - since < FRESH_S and uid not in self._failed
            for uid, (since, _) in list(self._running.items())
        )

    def turn(self, uid: str) -> tuple[bool, float]:
        """Sort what is being tried first, then what was never tried, then who failed long ago."""
        return uid not in self._running, self._failed.get(uid, 0.0)

    def begin(self, wanted: dict[str, tuple[FoundStream, str | None]]) -> None:
        """Try what is not being tried, as far as there is room."""
        now = local_clock()
        waiting = [
            uid
            for uid in wanted
            if uid not in self._running and now - self._failed.get(uid, -AGAIN_S) >= AGAIN_S
        ]
        waiting.sort(key=self.turn)
        for uid in waiting[: AT_ONCE - len(self._running)]:
            thread = threading.Thread(
                target=self._try, args=wanted[uid], name="connecting", daemon=True
            )
            self._running[uid] = now, thread
            thread.start()

    def _try(self, found: FoundStream, device: str | None) -> None:
        inlet = None
        try:
            inlet = Inlet(found)
            xml = inlet.open(CONNECT_S)
        except Exception as error:  # pylsl's TimeoutError and LostError; no memory, no descriptor
            if inlet is not None:
                inlet.close()
            text = str(error) or type(error).__name__
            self._done.put(Attempt(found, device, None, error=text))
        else:
            self._done.put(Attempt(found, device, inlet, xml))

    def ended(self) -> list[Attempt]:
        """Give what has ended since the last call."""
        attempts = []
        while not self._done.empty():
            attempt = self._done.get()
            uid = attempt.found.uid
            self._running.pop(uid, None)
            if attempt.inlet is None:
                self._failed[uid] = local_clock()
            else:
                self._failed.pop(uid, None)
            attempts.append(attempt)
        return attempts

    def close(self) -> None:
        """Wait for all, and let go of what nobody has taken: inlets go before outlets."""
        for _, thread in list(self._running.values()):
            thread.join()  # each gives up by itself; one left behind would open an inlet too late
        for attempt in self.ended():
            if attempt.inlet is not None:
                attempt.inlet.close()
