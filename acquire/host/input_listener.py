"""The host's side of `Device.inputs` and `take`: streams that a device listens to.

Markers are taken the moment they arrive: a thread for each stream waits inside liblsl. Streams with
a rate are fetched every 10 ms, because a thread that wakes a thousand times a second costs a core
more than it gains. Stamps are brought to this computer's LSL clock.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

import numpy as np
import pylsl
from pylsl.util import LostError

from acquire.lsl.origin import is_anothers
from acquire.lsl.streams import FoundStream, Resolver
from devices.arrays import Array, F64Array
from devices.base import Chunk, DeviceError, StreamQuery
from devices.marker_codes import codes_in
from recordings.stream_kinds import PLAYER_STREAM

log = logging.getLogger(__name__)

LOOK_S = 0.2
"""How often it looks while a stream is missing."""
MISSED_S = 10.0
"""A stream that has not been there for so long is told: its name may be mistaken."""
IDLE_S = 1.0
CONNECT_S = 3.0
WAIT_S = 0.25
"""How long a marker inlet waits before it looks whether it is to end."""
FETCH_S = 0.010
BUFFER_S = 30
"""What waits while the device is busy; beyond that liblsl drops the oldest."""

Take = Callable[[Chunk], None]
Hear = Callable[[str, Sequence[str]], None]
Tell = Callable[[Literal["info", "warning"], str, str], None]


def _any_channels(stream: str, labels: Sequence[str]) -> None:
    """Be content with whatever channels a stream has."""


@dataclass(frozen=True, slots=True)
class Wish:
    """Somebody wants what comes on the streams that a query names."""

    query: StreamQuery
    take: Take
    hear: Hear = _any_channels

    def fits(self, found: FoundStream) -> bool:
        """Say whether a stream is meant."""
        name, kind = self.query.name, self.query.type
        named = name is not None or kind is not None
        return named and name in (None, found.key.name) and kind in (None, found.key.type)


def codes_to(take_code: Callable[[float, int], None]) -> Take:
    """Make a `take` that passes on the codes of markers and when they were."""

    def take(chunk: Chunk) -> None:
        for row, code in codes_in(chunk.data):
            take_code(float(chunk.times[row]), code)

    return take


class Listener:
    """Connects to the streams that are wished for, and again when they come back.

    `tell(level, code, text)` hears, once for each text, what a `take` could not do (`not-taken`),
    which streams are not there (`input-missing`), and that such a one has come (`input-found`).
    """

    def __init__(
        self,
        wishes: Sequence[Wish],
        tell: Tell,
        own: Callable[[], Iterable[str]] = tuple,
        origin: str = "",
    ) -> None:
        """Prepare to listen; streams with the LSL uids of `own` are the device's: left out.

        `origin` says which engine's streams are meant where another has some of the same name.
        """
        self._wishes = tuple(wishes)
        self._tell = tell
        self._own = own
        self._origin = origin
        self._served: set[Wish] = set()  # those that a stream of this engine has fitted
        self._found: set[StreamQuery] = set()  # those that any stream has fitted
        self._missed: set[StreamQuery] = set()  # those of which that was told
        self._complaints: set[str] = set()
        self._take_lock = threading.Lock()  # one take at a time, whatever stream it is from
        self._sources: dict[str, _Source] = {}
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="listening", daemon=True)

    def start(self) -> None:
        """Begin to look for the streams."""
        if self._wishes:
            self._thread.start()

    def close(self) -> None:
        """Disconnect; to be called before the process closes its outlets."""
        self._closing.set()
        if self._thread.ident is not None:
            self._thread.join(CONNECT_S + 1.0)  # first: it may be beginning another source
        for source in list(self._sources.values()):
            source.join()

    @property
    def connected(self) -> list[str]:
        """Names of the streams that it hears."""
        return [s.found.key.name for s in list(self._sources.values()) if s.alive]

    def _run(self) -> None:
        resolver = Resolver()
        patient_until = time.monotonic() + MISSED_S
        while not self._closing.is_set():
            for uid in [uid for uid, source in self._sources.items() if not source.alive]:
                del self._sources[uid]
            mine = set(self._own())
            for found in resolver.found():
                wishes = [wish for wish in self._wishes if wish.fits(found)]
                if found.uid not in mine:
                    self._found.update(wish.query for wish in wishes)
                if found.uid not in mine and not is_anothers(found.key.source_id, self._origin):
                    self._served.update(wishes)
                if wishes and found.uid not in self._sources and found.uid not in mine:
                    source = _Source(
                        found,
                        partial(self._hear, found, wishes),
                        partial(self._take, found, wishes),
                    )
                    self._sources[found.uid] = source
                    source.start(self._closing)
            if self._missed or time.monotonic() > patient_until:
                self._tell_of_missing()
            self._closing.wait(IDLE_S if self._complete() else LOOK_S)

    def _tell_of_missing(self) -> None:
        for query in {wish.query for wish in self._wishes}:
            if query.name == PLAYER_STREAM:  # it comes with a protocol, and not each day has one
                continue
            named = repr(query.name) if query.name is not None else f"of type {query.type!r}"
            if query in self._missed & self._found:
                self._missed.remove(query)
                self._tell("info", "input-found", f"the stream {named} that it listens to is there")
            elif query not in self._missed | self._found:
                self._missed.add(query)
                remedy = "start its program, or correct the name in the rig file"
                self._tell(
                    "warning", "input-missing", f"no stream {named} is there to listen to; {remedy}"
                )

    def _complete(self) -> bool:
        alive = [source.found for source in self._sources.values() if source.alive]
        return all(any(wish.fits(found) for found in alive) for wish in self._wishes)

    def _is_meant(self, found: FoundStream, wish: Wish) -> bool:
        """Say whether a wish is for this stream, and not for one of another engine.

        Another engine's is heard as long as there has been no other: a rig may well have none of
        its own. Once there was one it is not, even while ours is being started anew.
        """
        return wish not in self._served or not is_anothers(found.key.source_id, self._origin)

    def _hear(
        self, found: FoundStream, wishes: list[Wish], stream: str, labels: Sequence[str]
    ) -> None:
        for wish in (wish for wish in wishes if self._is_meant(found, wish)):
            self._try(stream, partial(wish.hear, stream, labels))

    def _take(self, found: FoundStream, wishes: list[Wish], chunk: Chunk) -> None:
        for wish in (wish for wish in wishes if self._is_meant(found, wish)):
            self._try(chunk.stream, partial(wish.take, chunk))

    def _try(self, stream: str, action: Callable[[], None]) -> None:
        try:
            with self._take_lock:
                action()
        except Exception as error:  # a driver's fault must not end the listening
            log.debug("take failed", exc_info=True)
            known = isinstance(error, DeviceError)
            text = str(error) if known else f"{type(error).__name__}: {error}"
            if text not in self._complaints:
                self._complaints.add(text)
                self._tell("warning", "not-taken", f"cannot take what {stream} sends: {text}")


class _Source:
    """One stream that is heard, in a thread of its own."""

    def __init__(self, found: FoundStream, hear: Hear, take: Take) -> None:
        self.found = found
        self._hear = hear
        self._take = take
        self._thread: threading.Thread | None = None

    def start(self, closing: threading.Event) -> None:
        """Connect and hear until the stream is lost or `closing` is set."""
        self._thread = threading.Thread(
            target=self._run, args=(closing,), name="listening", daemon=True
        )
        self._thread.start()

    @property
    def alive(self) -> bool:
        """Whether it still hears or tries to."""
        return self._thread is not None and self._thread.is_alive()

    def join(self) -> None:
        """Wait for the end of its thread."""
        if self._thread is not None:
            self._thread.join(CONNECT_S + 1.0)

    def _run(self, closing: threading.Event) -> None:
        # No `recover`: it would move silently to a restarted outlet, even one of another rate.
        inlet = pylsl.StreamInlet(self.found.info, max_buflen=BUFFER_S, recover=False)
        try:
            # The first estimate takes 640 ms: before the stream is open, no marker waits for it.
            inlet.time_correction(CONNECT_S)
            inlet.open_stream(CONNECT_S)
            labels = inlet.info(CONNECT_S).get_channel_labels() or []
            self._hear(self.found.key.name, [label or "" for label in labels])
            fetch = self._markers if self.found.rate_hz == 0 else self._signal
            while not closing.is_set():
                fetch(inlet, closing)
        except (LostError, RuntimeError) as error:  # pylsl's TimeoutError is one of the latter
            log.debug("%s: %s", self.found.key.name, error)
        finally:
            del inlet

    def _markers(self, inlet: Any, closing: threading.Event) -> None:
        row, stamp = inlet.pull_sample(timeout=WAIT_S)
        if stamp is not None:
            data = np.array([row], dtype=object if self.found.dtype == "string" else np.float64)
            self._give(inlet, np.array([stamp]), data)

    def _signal(self, inlet: Any, closing: threading.Event) -> None:
        rows, stamps = inlet.pull_chunk(timeout=0.0, max_samples=4096)
        if stamps:
            dtype = object if self.found.dtype == "string" else np.float64
            self._give(inlet, np.array(stamps), np.array(rows, dtype=dtype))
        else:
            closing.wait(FETCH_S)  # not in `pull_chunk`: that waits until its buffer is full

    def _give(self, inlet: Any, stamps: F64Array, data: Array) -> None:
        offset = inlet.time_correction(CONNECT_S)  # cached by liblsl: 1 µs
        self._take(Chunk(self.found.key.name, stamps + offset, data))
