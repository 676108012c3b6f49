"""Inlets: raw samples and clock offsets of one stream, without any post-processing by liblsl."""

from __future__ import annotations

import ctypes
import logging
import threading
import time
from collections import deque
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import pylsl
from pylsl.lib import lib
from pylsl.util import LostError, handle_error

from acquire.lsl.buffer import Overflows, buffer_of
from acquire.lsl.streams import FoundStream
from devices.arrays import Array, F64Array

log = logging.getLogger(__name__)

CHUNK_S = 1.0
"""How much one pull takes at most; a larger buffer only costs memory."""
CHUNK_BYTES = 1 << 19
"""And a pull that stays in the processor's cache until it is written costs less."""
PROMPT_S = 0.5
"""How often a thread that waits for markers sees whether it is to end; more often costs more."""
BURST_SAMPLES = 512
PROMPT_SAMPLES = 100_000
"""What it keeps at most; the rest stays in liblsl's buffer."""
LEAST_ANSWER_S = 0.2
_NOTHING = np.empty(0), np.empty((0, 0))


@dataclass(frozen=True, slots=True)
class OffsetEstimate:
    """What to add to a stamp to get the local LSL time, and when that was measured."""

    collection_time: float  # the sender's clock, when the estimate was made
    offset: float
    uncertainty: float  # round-trip time of the probe, s


@cache
def _time_correction_ex() -> Any:
    function = lib.lsl_time_correction_ex
    function.restype = ctypes.c_double
    function.argtypes = [
        ctypes.c_void_p,
        ctypes.POINTER(ctypes.c_double),
        ctypes.POINTER(ctypes.c_double),
        ctypes.c_double,
        ctypes.POINTER(ctypes.c_int),
    ]
    return function


class _NumericPull:
    """pylsl's `pull_chunk` into buffers that are made once, at half the cost."""

    def __init__(self, inlet: pylsl.StreamInlet, rows: int) -> None:
        self._channels = inlet.channel_count
        self._data = np.empty((rows, self._channels), np.dtype(inlet.np_dtype))
        self._stamps = np.empty(rows, np.float64)
        self._code = ctypes.c_int()
        self._pull = inlet.do_pull_chunk
        self._arguments = (
            inlet.obj,
            ctypes.c_void_p(self._data.ctypes.data),
            ctypes.c_void_p(self._stamps.ctypes.data),
            ctypes.c_size_t(self._data.size),
            ctypes.c_size_t(rows),
            ctypes.c_double(0.0),
            ctypes.byref(self._code),
        )

    def __call__(self) -> tuple[F64Array, Array]:
        count = self._pull(*self._arguments) // self._channels
        handle_error(self._code)
        return self._stamps[:count], self._data[:count]


class _PromptPull:
    """Takes strings, and samples of a stream without a rate, as they come, in a thread of its own.

    liblsl gives nothing more of an outlet that is gone, and a script that marks its end and leaves
    is gone before anybody looks again. Where a stream has a rate, that would cost too much, and
    the gap shows in its stamps.
    """

    def __init__(self, inlet: pylsl.StreamInlet, rows: int, overflows: Overflows) -> None:
        self._inlet, self._rows, self._overflows = inlet, rows, overflows
        self._found: deque[tuple[float, Array]] = deque()
        # Bounds what is kept: without room the rest stays in liblsl's buffer.
        self._room = threading.Semaphore(PROMPT_SAMPLES)
        self._closing = threading.Event()
        self._lost = False
        self._thread = threading.Thread(target=self._run, name="prompt", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def end_soon(self) -> None:
        self._closing.set()

    def close(self) -> None:
        self._closing.set()
        if self._thread.ident is not None:
            self._thread.join()  # it must not use an inlet that is being closed

    def waiting(self) -> int:
        return len(self._found)

    def __call__(self) -> tuple[F64Array, Array]:
        """Give what has come; raises LostError once all of a lost stream has been given out."""
        lost = self._lost  # before the look: what came last is given out first
        if not self._found:
            if lost:
                raise LostError("the stream has been lost.")
            return _NOTHING
        found = [self._found.popleft() for _ in range(min(len(self._found), self._rows))]
        self._room.release(len(found))
        data = np.array([row for _, row in found]).reshape(len(found), self._inlet.channel_count)
        return np.array([stamp for stamp, _ in found]), data

    def _run(self) -> None:
        while not self._closing.is_set():
            if not self._room.acquire(timeout=PROMPT_S):
                continue  # liblsl keeps the rest
            try:
                row, stamp = self._inlet.pull_sample(timeout=PROMPT_S)
            except Exception as error:  # LostError, or what nobody thought of: connect anew
                log.debug("prompt pull ends: %s", error)
                self._lost = True
                return
            if stamp is None:
                self._room.release()
                continue
            self._found.append((stamp, row))
            self._overflows.look(time.monotonic(), int(self._inlet.samples_available()), (stamp,))
            self._take_burst()

    def _take_burst(self) -> None:
        """Take what came with it at once: sample by sample, a burst outruns liblsl's buffer."""
        waiting = int(self._inlet.samples_available())
        while waiting and not self._closing.is_set():
            wanted = min(waiting, BURST_SAMPLES)
            room = sum(self._room.acquire(blocking=False) for _ in range(wanted))
            try:
                rows, stamps = self._inlet.pull_chunk(0.0, room) if room else ((), ())
                rows = np.array(rows)  # of its own: the next pull may use the memory again
            except Exception:  # the next pull says what is wrong
                stamps = ()
            if len(stamps) < room:
                self._room.release(room - len(stamps))
            if not len(stamps):
                return
            self._found.extend(zip(stamps, rows, strict=True))
            waiting = int(self._inlet.samples_available())
            self._overflows.look(time.monotonic(), waiting, stamps)


class Inlet:
    """One open inlet. `pull` and `offset` may be called from different threads."""

    def __init__(self, stream: FoundStream) -> None:
        """Connect to a stream.

        `recover` is off: with it, an inlet moves silently to a restarted outlet, even to one of
        another rate.
        """
        self.stream = stream
        self.lost = False
        seconds, self.capacity = buffer_of(stream)
        self._overflows = Overflows(stream, self.capacity)
        self._lsl: pylsl.StreamInlet | None = pylsl.StreamInlet(
            stream.info, max_buflen=seconds, recover=False, as_numpy=True
        )
        # The inlet must not be destroyed while housekeeping asks it for an offset.
        self._offset_lock = threading.Lock()
        self._last_collection = 0.0
        fit = CHUNK_BYTES // stream.sample_bytes
        self._rows = min(max(64, min(int(stream.rate_hz * CHUNK_S), fit)), self.capacity)
        regular = stream.rate_hz > 0 and stream.dtype != "string"
        self._prompt = None if regular else _PromptPull(self._lsl, self._rows, self._overflows)
        self._take = _NumericPull(self._lsl, self._rows) if self._prompt is None else self._prompt

    def open(self, timeout_s: float) -> str:
        """Start the transmission and fetch the full description, as XML.

        Raises:
            LostError, TimeoutError (of pylsl): the stream went away or does not answer.
        """
        assert self._lsl is not None
        deadline = time.monotonic() + timeout_s
        self._lsl.open_stream(timeout_s)
        xml: str = self._lsl.info(max(LEAST_ANSWER_S, deadline - time.monotonic())).as_xml()
        if self._prompt is not None:
            self._prompt.start()
        return xml

    def pull(self) -> tuple[F64Array, Array] | None:
        """Take what has arrived: stamps (n,) and data (n, channels), valid until the next pull.

        Strings come as an object array of bytes. None where nothing is there; after the stream
        was lost `lost` is True and what is left has been given out.
        """
        if self._lsl is None or self.lost:
            return None
        try:
            stamps, data = self._take()
        except LostError:
            self.lost = True
            return None
        if self._prompt is None and len(stamps) == self._rows:  # else the buffer is empty now
            waiting = int(self._lsl.samples_available())
            self._overflows.look(time.monotonic(), waiting, stamps)
        return (stamps, data) if len(stamps) else None

    def new_overflows(self) -> int:
        """Count how often more came than LSL's buffers hold, since this was last asked."""
        return self._overflows.new()

    @property
    def full_pull(self) -> int:
        """How many samples a pull gives when there may be more."""
        return self._rows

    def backlog(self) -> int:
        """Count the samples that wait to be pulled."""
        if self._lsl is None:
            return 0
        prompt = self._prompt.waiting() if self._prompt is not None else 0
        return prompt + int(self._lsl.samples_available())

    def offset(self) -> OffsetEstimate | None:
        """Give each new clock offset once; None where there is none newer, or none at all.

        liblsl makes one every 2 s from the first call on. The time-out is short, because the
        first estimate takes 640 ms and nobody has to wait for it here.
        """
        remote, uncertainty = ctypes.c_double(), ctypes.c_double()
        code = ctypes.c_int()
        with self._offset_lock:
            if self._lsl is None or self.lost:
                return None
            value = _time_correction_ex()(
                self._lsl.obj,
                ctypes.byref(remote),
                ctypes.byref(uncertainty),
                0.001,
                ctypes.byref(code),
            )
        if code.value or remote.value == self._last_collection:
            return None
        self._last_collection = remote.value
        return OffsetEstimate(remote.value, value, uncertainty.value)

    def end_soon(self) -> None:
        """Have `close` wait less: a thread that waits for markers ends within `PROMPT_S`."""
        if self._prompt is not None:
            self._prompt.end_soon()

    def close(self) -> None:
        """Disconnect; inlets are destroyed before outlets, or liblsl may hang."""
        if self._prompt is not None:
            self._prompt.close()
        with self._offset_lock:
            self._lsl = self._prompt = None
            del self._take
