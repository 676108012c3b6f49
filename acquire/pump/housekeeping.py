"""What is done for streams and files beside the pump's turns: clock offsets, and syncs to disk."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager

from acquire.lsl.clock import local_clock
from acquire.pump.distributor import Distributor
from acquire.pump.live_stream import LiveStream
from acquire.take.take import Take
from recordings.errors import RecordingError

HOUSEKEEPING_S = 1.0
"""How often data are synced to the disk; liblsl makes a clock offset every 2 s."""
OPENING_S = 0.1
"""How often clock offsets are asked for while a stream has none yet."""


class Housekeeping:
    """Knows what to do each second; the pump gives it a thread."""

    def __init__(
        self,
        streams: Callable[[], Sequence[LiveStream]],
        distributor: Distributor,
        pump_lock: AbstractContextManager[object],
    ) -> None:
        self._streams, self._distributor = streams, distributor
        self._pump_lock = pump_lock
        # A file is synced outside of the pump's lock, as a disk may take a second for it; and
        # nobody closes it meanwhile.
        self._sync_lock = threading.Lock()

    @property
    def pause_s(self) -> float:
        """How long to wait until the next time."""
        streams = [s for s in self._streams() if s.inlet is not None]
        return HOUSEKEEPING_S if all(s.estimate is not None for s in streams) else OPENING_S

    def note_offsets(self) -> None:
        """Write the clock offsets that are new."""
        for stream in self._streams():
            if _measure(stream):
                with self._pump_lock:
                    self._write_offset(stream)

    def note_last_offsets(self) -> None:
        """Do so where the pump's lock is held already, by who ends a take."""
        for stream in self._streams():
            if _measure(stream):
                self._write_offset(stream)

    def _write_offset(self, stream: LiveStream) -> None:
        assert stream.estimate is not None
        self._distributor.note_offset(stream, stream.estimate)

    def sync(self) -> None:
        """Have the files of all takes written to the disk."""
        with self._sync_lock:
            for take in self._distributor.takes:
                if take.xdf.error is None:
                    try:
                        take.xdf.file.sync()
                    except RecordingError as error:
                        take.xdf.error = error

    def finish(self, take: Take) -> None:
        """Close the file of a take that has everything."""
        with self._sync_lock:
            take.xdf.finish()


def _measure(stream: LiveStream) -> bool:
    """Ask for a stream's clock offset; whether there was a new one."""
    inlet = stream.inlet
    estimate = inlet.offset() if inlet is not None else None
    if estimate is None:
        return False
    stream.estimate = estimate
    stream.first_estimate = stream.first_estimate or estimate
    stream.watch.measured_offset(local_clock())
    return True
