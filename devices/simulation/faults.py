"""What can be wrong with a simulated device: its clock, its line, its plug.

The device clock reads ``d(t) = clock_offset_s + t · (1 + drift_ppm · 1e-6)`` at true LSL time t: a
positive drift is a clock that runs fast. The device samples by its own clock, one sample every
1/rate of device time, so a fast clock also makes samples come early in true time.

What is measured at t arrives at ``t + latency + X``, X exponential with mean `jitter_ms`, cut off
at ten times the mean. Nothing overtakes: an arrival is never earlier than the one before.

All draws depend on (seed, device name, number) alone: a run can be repeated.
"""

from __future__ import annotations

import math
from typing import overload

from pydantic import BaseModel, ConfigDict, Field

from devices.arrays import BoolArray, F64Array, I64Array
from devices.base import DeviceLost
from devices.counter_rng import make_key, uniform, uniforms


class Faults(BaseModel):
    """The fault plan in a simulated device's settings; `…_at_s` count from its first opening."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    clock_offset_s: float = Field(
        default=0.0, allow_inf_nan=False, description="how far its clock is off"
    )
    drift_ppm: float = Field(
        default=0.0, ge=-10_000, le=10_000, description="how much too fast its clock runs"
    )
    jitter_ms: float = Field(
        default=0.0, ge=0, le=10_000, description="by how much its data come unevenly late"
    )
    latency_ms: float = Field(
        default=0.0, ge=0, le=10_000, description="by how much all its data come late"
    )
    drop_probability: float = Field(
        default=0.0, ge=0, le=1, description="share of its samples or frames that are lost"
    )
    stall_at_s: float | None = Field(
        default=None,
        ge=0,
        allow_inf_nan=False,
        description="when it holds its data back, counted from its opening",
    )
    stall_for_s: float = Field(
        default=1.0, ge=0, allow_inf_nan=False, description="for how long; then all come"
    )
    unplug_at_s: float | None = Field(
        default=None,
        ge=0,
        allow_inf_nan=False,
        description="when it is unplugged, counted from its opening",
    )
    unplug_for_s: float = Field(default=2.0, ge=0, description="for how long; inf: for good")

    @property
    def clock_faulty(self) -> bool:
        """Whether the device clock differs from the LSL clock."""
        return self.clock_offset_s != 0 or self.drift_ppm != 0


class Link:
    """One device's clock, line and plug, with the faults of its plan."""

    def __init__(self, faults: Faults, seed: int, name: str) -> None:
        self.faults = faults
        self.pace = 1.0 + faults.drift_ppm * 1e-6  # device seconds in a true second
        self.unplug_time = math.inf  # LSL time at which the plug is still to be pulled
        self._name = name
        self._start: float | None = None
        self._last_arrival = -math.inf
        self._jitter_key = make_key(seed, name, "jitter")
        self._drop_key = make_key(seed, name, "drop")

    def open(self, now: float) -> float:
        """Plug the device in and return the LSL time of the first `open`, its zero for `…_at_s`.

        Raises:
            DeviceLost: by the plan it is unplugged now.
        """
        if self._start is None:
            self._start = now
        plan = self.faults
        if plan.unplug_at_s is None:
            return self._start
        gone = self._start + plan.unplug_at_s
        back = gone + plan.unplug_for_s
        if gone <= now < back:
            raise DeviceLost(
                f"{self._name}: still unplugged, back in {back - now:.3f} s by its fault plan "
                f"(unplug_at_s = {plan.unplug_at_s:g}, unplug_for_s = {plan.unplug_for_s:g})"
            )
        self.unplug_time = gone if now < gone else math.inf
        return self._start

    def lose(self) -> DeviceLost:
        """Return the error to raise when `unplug_time` has come."""
        return DeviceLost(
            f"{self._name}: unplugged by its fault plan (unplug_at_s = "
            f"{self.faults.unplug_at_s:g}); it can be opened again after "
            f"{self.faults.unplug_for_s:g} s"
        )

    @overload
    def device_time(self, time: float) -> float: ...
    @overload
    def device_time(self, time: F64Array) -> F64Array: ...
    def device_time(self, time: float | F64Array) -> float | F64Array:
        """Return what the device clock reads at a true LSL time."""
        return self.faults.clock_offset_s + time * self.pace

    def arrival(self, time: float, number: int) -> float:
        """Return when packet `number`, complete at true time `time`, arrives; ask in order."""
        mean = self.faults.jitter_ms * 1e-3
        delay = self.faults.latency_ms * 1e-3
        if mean:
            delay += min(-mean * math.log1p(-uniform(self._jitter_key, number)), 10 * mean)
        arrival = self._after_stall(time + delay)
        self._last_arrival = max(arrival, self._last_arrival)
        return self._last_arrival

    def dropped(self, numbers: I64Array) -> BoolArray:
        """Tell which of the samples `numbers`, shape (n,), the line loses."""
        return uniforms(self._drop_key, numbers) < self.faults.drop_probability

    def _after_stall(self, arrival: float) -> float:
        """Hold back what would arrive in a stall; the device keeps it and sends it late."""
        if self.faults.stall_at_s is None or self._start is None:
            return arrival
        begin = self._start + self.faults.stall_at_s
        end = begin + self.faults.stall_for_s
        return end if begin <= arrival < end else arrival
