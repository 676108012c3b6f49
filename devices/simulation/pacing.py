"""When a simulated device delivers: a schedule counted from the start, never a sum of sleeps.

Sample k is taken at ``start + k / (rate · (1 + drift))`` whatever happened before, so an hour holds
its rate to the last digit however late the process wakes up each time.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from devices.arrays import F64Array
from devices.base import Clock, wait
from devices.simulation.faults import Link

PACKET_S = 0.020  # a packet holds about this much
MAX_RUN_S = 1.0  # after a long sleep, what is late comes in runs of at most this much


@dataclass(frozen=True, slots=True)
class Run:
    """Samples first … stop − 1, none missing between them; `lost` are missing before them.

    `arrivals`, shape (stop − first,), are LSL times; samples of one packet arrive together.
    """

    first: int
    stop: int
    arrivals: F64Array
    lost: int


class Pacer:
    """Cuts an endless schedule of samples into runs that are due.

    A packet is complete with its last sample, and arrives as `Link.arrival` says. With
    `skip_after_s`, a reader that is later than that loses what is overdue (a camera does not keep
    old frames); without it everything is delivered, however late (an amplifier buffers).
    """

    def __init__(
        self,
        clock: Clock,
        link: Link,
        rate_hz: float,
        packet: int | None = None,
        skip_after_s: float = math.inf,
    ) -> None:
        self._clock = clock
        self._link = link
        self._rate = rate_hz * link.pace  # in true time
        self._packet = packet or max(1, round(rate_hz * PACKET_S))
        self._limit = max(self._packet, round(rate_hz * MAX_RUN_S))
        self._skip_after = skip_after_s
        self._start = 0.0
        self._next: int | None = None
        self._due = math.inf
        self._lost = 0
        self._torn = False

    def open(self) -> None:
        """Start the schedule, or enter it where it stands now after a `close`.

        Only what an unplugging cost counts as lost: nobody asked for what passed while closed.
        """
        now = self._clock.now()
        self._start = self._link.open(now)
        resume = max(0, math.ceil((now - self._start) * self._rate - 1e-6))
        if self._next is None:
            self._next = resume
        elif self._torn:
            self._lost += max(0, resume - self._next)
        self._next = max(self._next, resume)
        self._torn = False
        self._due = self._arrival(self._next)

    def true_times(self, first: int, stop: int) -> F64Array:
        """Return the true LSL times of samples first … stop − 1."""
        return self._start + np.arange(first, stop) / self._rate

    def device_times(self, first: int, stop: int) -> F64Array:
        """Return what the device clock read at samples first … stop − 1."""
        return self._link.device_time(self.true_times(first, stop))

    def runs(self) -> Iterator[Run | None]:
        """Yield what is due when it is due, and None while there is nothing.

        Raises:
            DeviceLost: the plug is out, by the fault plan.
        """
        while True:
            gone = self._link.unplug_time
            yield from wait(self._clock, min(self._due, gone))
            if self._due >= gone:
                self._torn = True
                raise self._link.lose()
            yield from self._split(*self._collect(self._clock.now(), gone))

    def _arrival(self, sample: int) -> float:
        number = sample // self._packet
        complete = self._start + ((number + 1) * self._packet - 1) / self._rate
        return self._link.arrival(complete, number)

    def _collect(self, now: float, gone: float) -> tuple[int, F64Array]:
        """Take the packets that have arrived: the first sample, and an arrival for each."""
        assert self._next is not None
        if now - self._due > self._skip_after:
            self._skip(now)
        first, arrivals, counts = self._next, [], []
        while self._due <= now and self._due < gone and self._next - first < self._limit:
            stop = (self._next // self._packet + 1) * self._packet
            arrivals.append(self._due)
            counts.append(stop - self._next)
            self._next = stop
            self._due = self._arrival(stop)
        return first, np.repeat(np.array(arrivals, dtype=np.float64), counts)

    def _skip(self, now: float) -> None:
        assert self._next is not None
        to = max(self._next, math.floor((now - self._start) * self._rate))
        self._lost += to - self._next
        self._next = to
        self._due = self._arrival(to)

    def _split(self, first: int, arrivals: F64Array) -> Iterator[Run | None]:
        """Leave out what the line drops; every gap starts a new run, which counts it."""
        n = len(arrivals)
        if not self._link.faults.drop_probability:
            yield Run(first, first + n, arrivals, self._take_lost()) if n else None
            return
        kept = ~self._link.dropped(np.arange(first, first + n))
        edges = np.flatnonzero(np.diff(kept, prepend=False, append=False))
        at = 0
        for a, b in edges.reshape(-1, 2).tolist():
            self._lost += a - at
            yield Run(first + a, first + b, arrivals[a:b], self._take_lost())
            at = b
        self._lost += n - at
        if not len(edges):
            yield None

    def _take_lost(self) -> int:
        lost, self._lost = self._lost, 0
        return lost
