"""From a driver's chunks to an outlet: device clock mapped, losses kept."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from acquire.host.event_limit import Told
from acquire.lsl.config import BUFFER_S
from acquire.lsl.device_clock import ClockModel
from acquire.lsl.outlet import Outlet
from acquire.processes.loss_log import LossLog, missed
from devices.arrays import F64Array
from devices.base import Chunk, StreamSpec

_UNFIT = "no whole number, or out of range); it is rounded or cut to the range"
_CUT = "rounded or cut to its format"
_NO_TEXT = "no text, or not in UTF-8); it is written as one"
_WRITTEN = "no texts, and written as such"


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
        texts = spec.dtype == "string"
        self._unfit, self._cut = (_NO_TEXT, _WRITTEN) if texts else (_UNFIT, _CUT)
        self._was_away = False
        self._without_time = 0  # samples whose device time was none: their arrival stands for it

    def reopened(self) -> None:
        """Learn that the device was away: what comes next comes after a gap."""
        self._was_away = True

    def publish(self, chunk: Chunk) -> list[Told]:
        """Map the chunk's times to the LSL clock and push it; give what is to be said of it."""
        before = self.bad_stamps, self.outlet.bad_values
        self._publish(chunk)
        return [*self._of_stamps(before[0]), *self._of_values(before[1])]

    def _publish(self, chunk: Chunk) -> None:
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
            away = missed(self.spec.rate_hz, before, float(stamps[0]))
            # A device that numbers its samples knows better, if it knows at all; what one without
            # a number calls lost is what it has seen since it is back.
            lost = (lost or away) if self.spec.counts_losses else max(lost, away)
        self._losses.add(chunk.stream, float(stamps[0]), lost)
        self.samples += count

    def _stamps(self, chunk: Chunk) -> F64Array:
        if chunk.device_times is None:
            return chunk.times
        # The newest sample waited least: it says most about the delay.
        pair = float(chunk.device_times[-1]), float(chunk.times[-1])
        if all(map(math.isfinite, pair)):  # what is no number would stay in the model for ever
            self._model.observe(*pair, self.spec.name, leads=self.spec.rate_hz > 0)
        stamps = self._model.map(np.asarray(chunk.device_times, np.float64))
        known = np.isfinite(stamps)
        if known.all():
            return stamps
        self._without_time += int(np.count_nonzero(~np.isfinite(chunk.device_times)))
        return np.where(known, stamps, chunk.times)

    def _of_stamps(self, before: int) -> Iterator[Told]:
        if self.bad_stamps and not before:
            text = (
                f"{self.spec.name}: its driver gave a time that is no number; the sample has the "
                "time of its arrival, or else the one before it, and so will others, without a "
                "further word: mend the driver"
            )
            yield "warning", "stamps-nan", text

    def _of_values(self, before: int) -> Iterator[Told]:
        """Tell of the first value that the format cannot hold, and each time that they are tenfold.

        A recording that ends before the device does is to know how many they are, too.
        """
        count = self.outlet.bad_values
        if count and not before:
            text = (
                f"{self.spec.name}: its driver gave a value that {self.spec.dtype} cannot hold "
                f"({self._unfit}, and so will others: mend the driver"
            )
            yield "warning", "values-unfit", text
        if count >= 10 and len(str(count)) > len(str(before)):
            text = f"{self.spec.name}: {count:,} values so far were {self._cut}"
            yield "info", "values-unfit", text

    def all_unfit(self) -> str | None:
        """Say how many values were not what the format can hold; None where all were."""
        count = self.outlet.bad_values
        return f"{self.spec.name}: {count:,} values in all were {self._cut}" if count else None

    @property
    def bad_stamps(self) -> int:
        """How many times of the driver's were no numbers."""
        return self._without_time + self.outlet.bad_stamps
