"""What there is: streams on the network and how fast they really come, devices plugged in."""

from __future__ import annotations

import logging
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from acquire.lsl.inlet import Inlet
from acquire.lsl.streams import FoundStream, Resolver
from acquire.rig.foreign_driver import look_apart
from devices import registry
from devices.base import Plugged
from devices.registry import DriverEntry

log = logging.getLogger(__name__)

POLL_S = 0.1
CONNECT_S = 2.0


@dataclass(frozen=True, slots=True)
class StreamSeen:
    """One stream on the network; `measured_hz` is None where too little came to tell."""

    name: str
    type: str
    hostname: str
    source_id: str
    uid: str
    channels: int
    dtype: str
    rate_hz: float
    measured_hz: float | None


class _Meter:
    """Counts one stream's samples against their stamps."""

    def __init__(self, found: FoundStream) -> None:
        self.found = found
        self._inlet = Inlet(found)
        self._first = self._last = 0.0
        self._samples = 0
        try:
            self._inlet.open(CONNECT_S)
        except RuntimeError:  # pylsl's TimeoutError and LostError: seen, but not there any more
            self._inlet.lost = True

    def pull(self) -> None:
        while (pulled := self._inlet.pull()) is not None:
            stamps, _ = pulled
            if self._samples == 0:
                self._first = float(stamps[0])
            self._last = float(stamps[-1])
            self._samples += len(stamps)

    def close(self) -> StreamSeen:
        self._inlet.close()
        span = self._last - self._first
        key = self.found.key
        return StreamSeen(
            key.name,
            key.type,
            key.hostname,
            key.source_id,
            self.found.uid,
            self.found.channels,
            self.found.dtype,
            self.found.rate_hz,
            (self._samples - 1) / span if self._samples > 1 and span > 0 else None,
        )


def drivers() -> tuple[tuple[DriverEntry, ...], dict[str, tuple[Plugged, ...]]]:
    """List the drivers, and what each that can run here finds: driver → devices.

    Those of other packages are asked in processes of their own, all at the same time.
    """
    names = registry.names()
    with ThreadPoolExecutor(max_workers=len(names)) as pool:
        apart = {name: pool.submit(look_apart, name) for name in names if registry.place_of(name)}
        # Ours one after the other: modules that import each other are no work for threads.
        ours = {name: registry.entry(name) for name in names if name not in apart}
        found = {name: pool.submit(_found, name) for name, one in ours.items() if one.available}
        looked = {name: future.result() for name, future in apart.items()}
    entries = ours | {name: entry for name, (entry, _) in looked.items()}
    seen = {name: future.result() for name, future in found.items()}
    seen |= {name: devices for name, (_, devices) in looked.items()}
    return tuple(entries[name] for name in names), {n: seen[n] for n in names if seen.get(n)}


def _found(driver: str) -> tuple[Plugged, ...]:
    try:
        return tuple(registry.find(driver).found())
    except Exception:  # an SDK that fails to look must not hide what the others see
        log.debug("%s cannot look", driver, exc_info=True)
        return ()


def look(wait_s: float) -> list[StreamSeen]:
    """Watch the network for `wait_s` seconds and list every stream, by name."""
    resolver = Resolver()
    meters: dict[str, _Meter] = {}
    end = time.monotonic() + wait_s
    while time.monotonic() < end:
        for found in resolver.found():
            if found.uid not in meters:
                meters[found.uid] = _Meter(found)
        for meter in meters.values():
            meter.pull()
        time.sleep(POLL_S)
    return sorted((m.close() for m in meters.values()), key=lambda s: (s.name, s.uid))
