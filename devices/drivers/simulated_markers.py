"""`simulated-markers`: the world's stimulus events, as a stimulus player would publish them.

Each marker is JSON text with the keys of the `protocol` stream. Its time is the true LSL time of
the event, however late it arrives; only where the fault plan gives the device a clock of its own
(offset or drift) does it come with device times instead.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

import numpy as np

from devices.base import Chunk, Clock, Device, StreamSpec, wait
from devices.marker_codes import marker_spec
from devices.simulation.faults import Link
from devices.simulation.simulated_signal import SimulatedSettings
from devices.simulation.world import CLIP_END, World, WorldEvent

_AHEAD_S = 10.0  # how far to look for the next event: intervals are 2…4 s
_FLIP_S = 1 / 60  # requested this long before it is presented


class SimulatedMarkers(Device):
    """Publishes clip onsets (code 101…148) and clip ends (code 100)."""

    Settings = SimulatedSettings
    summary = "simulated stimulus player: clip onsets and ends as JSON markers"
    simulated = True

    def __init__(self, settings: SimulatedSettings, clock: Clock) -> None:
        super().__init__(settings, clock)
        self._link = Link(settings.faults, settings.seed, settings.name)
        self._world = World(settings.seed)
        self._from: float | None = None  # events before this LSL time are dealt with
        self._lost = 0
        self._torn = False

    def open(self) -> Sequence[StreamSpec]:
        """Start, or go on after an unplugging, which costs the markers in between."""
        now = self.clock.now()
        self._link.open(now)
        if self._torn and self._from is not None:
            self._lost += len(self._world.times("stimulus", self._from, now))
        self._from = now if self._from is None else max(now, self._from)
        self._torn = False
        desc = {"simulated": "yes", "seed": str(self.settings.seed)}
        return (marker_spec(self.settings.name, "Unisono", "simulated-markers", **desc),)

    def read(self) -> Iterator[Chunk | None]:
        """Yield one marker a chunk, when it arrives."""
        while True:
            event = self._next()
            arrival = self._link.arrival(event.time, event.index)
            gone = self._link.unplug_time
            yield from wait(self.clock, min(arrival, gone))
            if arrival >= gone:
                self._torn = True
                raise self._link.lose()
            self._from = float(np.nextafter(event.time, np.inf))
            if self._link.dropped(np.array([event.index]))[0]:
                self._lost += 1
                yield None
            else:
                yield self._chunk(event, arrival)

    def close(self) -> None:
        """Nothing to free."""

    def _next(self) -> WorldEvent:
        assert self._from is not None, "open() comes first"
        return self._world.events("stimulus", self._from, self._from + _AHEAD_S)[0]

    def _chunk(self, event: WorldEvent, arrival: float) -> Chunk:
        lost, self._lost = self._lost, 0
        times, own = np.array([event.time]), None
        if self.settings.faults.clock_faulty:
            times, own = np.array([arrival]), self._link.device_time(times)
        text = np.array([[_text(event)]], dtype=object)
        return Chunk(self.settings.name, times, text, device_times=own, lost=lost)


def _text(event: WorldEvent) -> str:
    return json.dumps(
        {
            "event": "end" if event.code == CLIP_END else "onset",
            "trial": event.index // 2,
            "step": "clip",
            "stimulus": f"clip-{event.index // 2 % 48 + 1:02d}",
            "code": event.code,
            "frame": None,
            "requested": event.time - _FLIP_S,
            "presented": event.time,
        }
    )
