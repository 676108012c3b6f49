"""Markers that an operator or a script inserts: the stream `markers`, recorded with the rest."""

from __future__ import annotations

import json
import threading

import numpy as np

from acquire.errors import ControlError
from acquire.lsl.clock import local_clock
from acquire.lsl.outlet import Outlet
from devices.marker_codes import marker_spec

SPEC = marker_spec("markers", "Unisono")

PAST_S = 60.0
"""A marker may be stamped so long ago; older ones are a mistake in somebody's clock."""
AHEAD_S = 0.05
"""So far in the future is another computer's rounding, and is taken for now."""


class Markers:
    """The outlet. A row is JSON text {text, code, time}; `time` is the LSL time that was asked for.

    The stamp equals `time`, unless a later marker has already been sent: stamps never fall.
    """

    def __init__(self, origin: str) -> None:
        # Callers of the API push at once, and stamps must not fall from one to the next.
        self._lock = threading.Lock()
        self._outlet = Outlet(SPEC, "daemon", origin=origin)
        self.uid = self._outlet.uid

    def push(self, text: str, code: int | None, time: float | None) -> float:
        """Publish a marker now, or as of LSL time `time` in seconds; gives the stamp it got.

        Raises:
            ControlError: `time` lies in the future, or more than 60 s ago.
        """
        with self._lock:
            now = local_clock()
            when = now if time is None else min(time, now)
            if time is not None and not now - PAST_S <= time <= now + AHEAD_S:
                raise ControlError(
                    f"marker time {time:.3f} is {time - now:+.3f} s from now on the LSL clock; "
                    f"give an LSL time (pylsl.local_clock) of the last {PAST_S:g} s, or none"
                )
            row = json.dumps({"text": text, "code": code, "time": when}, ensure_ascii=False)
            stamps = self._outlet.push(np.array([when]), np.array([[row]], dtype=object))
            return float(stamps[0])

    def close(self) -> None:
        """Withdraw the stream."""
        self._outlet.close()
