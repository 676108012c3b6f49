"""Read a device on the fake clock, and time an event in a signal by the shape it should have."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.optimize import minimize_scalar

from devices.arrays import Array, F64Array
from devices.base import Chunk, Device, Frame
from tests.devices.clock import FakeClock


def chunks(device: Device, clock: FakeClock, seconds: float) -> list[Chunk]:
    """Return what a device delivers in so many seconds."""
    found, end = [], clock.now() + seconds
    for item in device.read():
        if isinstance(item, Chunk):
            found.append(item)
        if clock.now() >= end:
            return found
    raise AssertionError("read() ended by itself")


def frames(device: Device, clock: FakeClock, seconds: float) -> list[Frame]:
    """Return the frames of so many seconds, without a copy of their images."""
    found, end = [], clock.now() + seconds
    for item in device.read():
        if isinstance(item, Frame):
            found.append(item)
        if clock.now() >= end:
            return found
    raise AssertionError("read() ended by itself")


def joined(found: list[Chunk]) -> tuple[F64Array, Array]:
    """Return the device times and the data of chunks in one piece."""
    own = [chunk.device_times for chunk in found if chunk.device_times is not None]
    return np.concatenate(own), np.concatenate([chunk.data for chunk in found])


def matched_time(
    times: F64Array, values: Array, near: float, wave: Callable[[F64Array], F64Array], span: float
) -> float:
    """Return when `wave`, scaled and shifted in level, fits best, within 20 ms of `near`."""
    a, b = np.searchsorted(times, (near - span, near + span))
    t, y = times[a:b] - near, values[a:b].astype(np.float64)

    def misfit(shift: float) -> float:
        design = np.column_stack([wave(t - shift), np.ones(len(t))])
        return float(((y - design @ np.linalg.lstsq(design, y)[0]) ** 2).sum())

    # The shift, not the time itself: the search stops at a relative 1e-8, 5 ms of 5e5 s.
    found = minimize_scalar(misfit, bounds=(-0.02, 0.02), method="bounded", options={"xatol": 1e-6})
    return near + float(found.x)
