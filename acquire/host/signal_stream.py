"""From a driver's chunks to an outlet: device clock mapped, losses kept."""

from __future__ import annotations

import math

import numpy as np

from acquire.lsl.config import BUFFER_S
from acquire.lsl.device_clock import ClockModel
from acquire.lsl.outlet import Outlet
from acquire.processes.loss_log import LossLog
from devices.arrays import F64Array
from devices.base import Chunk, StreamSpec


class SignalStream:
    """Publishes the chunks of one signal stream."""

    def __init__(
        self,
        spec: StreamSpec,
        device: str,
        model: ClockModel,
        losses: LossLog,
        buffer_s: int = BUFFER_S,
        origin: str = "",
    ) -> None:
        self.spec = spec
        self.outlet = Outlet(spec, device, buffer_s, origin)
        self.samples = 0
        self._model = model
        self._losses = losses
        self._was_away = False
        self._without_time = 0  # samples whose device time was none: their arrival stands for it

    def reopened(self) -> None:
        """Learn that the device was away: what comes next comes after a gap."""
        self._was_away = True

    def publish(self, chunk: Chunk) -> None:
        """Map the chunk's times to the LSL clock and push it."""
        count = len(chunk.times)
        if count == 0:
            # A chunk that only tells of a loss has no time: noted where the stream stands.
            self._losses.add(chunk.stream, self.outlet.last_stamp, chunk.lost)
            return
        before = self.outlet.last_stamp
        stamps = self.outlet.push(self._stamps(chunk), chunk.data)
        lost = chunk.lost
        if self._was_away:
            self._was_away = False
            lost = lost or self._missed(before, float(stamps[0]))
        self._losses.add(chunk.stream, float(stamps[0]), lost)
        self.samples += count

    def _stamps(self, chunk: Chunk) -> F64Array:
        if chunk.device_times is None:
            return chunk.times
        # The newest sample waited least: it says most about the delay.
        pair = float(chunk.device_times[-1]), float(chunk.times[-1])
        if all(map(math.isfinite, pair)):  # what is no number would stay in the model for ever
            self._model.observe(*pair)
        stamps = self._model.map(np.asarray(chunk.device_times, np.float64))
        unknown = ~np.isfinite(stamps)
        if unknown.any():
            self._without_time += int(unknown.sum())
            stamps = np.where(unknown, chunk.times, stamps)
        return stamps

    @property
    def bad_stamps(self) -> int:
        """How many times of the driver's were no numbers."""
        return self._without_time + self.outlet.bad_stamps

    def _missed(self, before: float, after: float) -> int:
        """Count what its rate would have given between two stamps; few drivers can know it."""
        if not self.spec.rate_hz or math.isinf(before):
            return 0
        return max(0, round((after - before) * self.spec.rate_hz) - 1)
