"""`photodiode`: when a patch on the screen lights up, out of any analog channel of any stream.

It has no wire of its own: it listens to the stream that an amplifier or a serial sensor publishes,
and publishes markers with the interpolated times of the edges, in the LSL clock.
"""

from __future__ import annotations

import json
import queue
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any

import numpy as np
from pydantic import Field, model_validator

from devices.base import (
    Chunk,
    Clock,
    Device,
    DeviceError,
    Notice,
    Settings,
    StreamQuery,
    StreamSpec,
)
from devices.marker_codes import marker_spec
from devices.triggers.light_edges import Edge, EdgeDetector
from devices.triggers.light_levels import Levels

BEAT_S = 0.05
UNSURE, SURE = 0.8, 0.9
"""A share of clear samples below the one is told, and above the other it is over."""
_WAITING = 1000
"""Chunks that may wait; they do not, as long as the host reads."""


class PhotodiodeSettings(Settings):
    """Where the light's signal is; without `threshold` its levels are found."""

    source: str = Field(min_length=1, description="the stream")
    channel: Annotated[int, Field(ge=0)] | Annotated[str, Field(min_length=1)] = Field(
        default=0, description="of that stream: a label, or counted from 0"
    )
    threshold: float | None = Field(
        default=None,
        allow_inf_nan=False,
        description="between dark and light, in the signal's unit; else it is found",
    )
    hysteresis: float | None = Field(
        default=None, gt=0, description="how far around `threshold` nothing changes; goes with it"
    )
    hold_ms: float = Field(
        default=6.0, ge=0, le=1000, description="darkness shorter than this is flicker"
    )
    dark_is_high: bool = Field(default=False, description="the sensor's signal falls with light")
    offsets: bool = Field(default=True, description="also publish when the light goes off")

    @model_validator(mode="after")
    def _both(self) -> PhotodiodeSettings:
        if (self.threshold is None) != (self.hysteresis is None):
            raise ValueError("threshold and hysteresis go together: give both or neither")
        return self


class Photodiode(Device):
    """Markers `flash_on` and `flash_off` from a light sensor's signal."""

    Settings = PhotodiodeSettings
    summary = "onsets of a light patch from any analog channel of any LSL stream"

    def __init__(self, settings: PhotodiodeSettings, clock: Clock) -> None:
        super().__init__(settings, clock)
        self._chunks: queue.Queue[Chunk] = queue.Queue(_WAITING)
        self._dropped = 0
        self._sign = -1.0 if settings.dark_is_high else 1.0
        levels = None
        if settings.threshold is not None and settings.hysteresis is not None:
            middle, half = settings.threshold * self._sign, settings.hysteresis / 2
            levels = Levels(middle - half, middle + half)
        self._detector = EdgeDetector(levels, hold_s=settings.hold_ms * 1e-3)
        self._onsets = 0
        self._unsure = self._weaker_told = False
        self._channel = settings.channel if isinstance(settings.channel, int) else None

    def inputs(self) -> Sequence[StreamQuery]:
        """Listen to the analog stream."""
        return (StreamQuery(name=self.settings.source),)

    def open(self) -> Sequence[StreamSpec]:
        """Announce the markers."""
        self.close()
        s = self.settings
        desc = {"source": s.source, "channel": str(s.channel)}
        return (marker_spec(s.name, "Unisono", "photodiode", **desc),)

    def hear(self, stream: str, labels: Sequence[str]) -> None:
        """Find the channel by its label."""
        wanted = self.settings.channel
        if isinstance(wanted, int):
            return
        if wanted not in labels:
            known = ", ".join(filter(None, labels)) or "none"
            self._channel = None
            raise DeviceError(f"no channel {wanted!r} in {stream}; its labels are: {known}")
        self._channel = labels.index(wanted)

    def take(self, chunk: Chunk) -> None:
        """Keep samples until `read` comes to them."""
        if self._channel is None:  # `hear` has said why
            return
        if self._channel >= chunk.data.shape[1]:
            raise DeviceError(
                f"channel {self._channel} of {chunk.stream}: it has "
                f"{chunk.data.shape[1]}, counted from 0"
            )
        if chunk.data.dtype == object:
            raise DeviceError(f"{chunk.stream} is a stream of text, not of a light sensor")
        try:
            self._chunks.put_nowait(chunk)
        except queue.Full:
            self._dropped += 1

    def read(self) -> Iterator[Chunk | Notice | None]:
        """Yield the edges as they are found, and a notice where the levels do not fit."""
        while True:
            try:
                chunk = self._chunks.get(timeout=BEAT_S)
            except queue.Empty:
                yield None
                continue
            values = chunk.data[:, self._channel].astype(np.float64) * self._sign
            fine = np.isfinite(values)
            edges = self._detector.feed(chunk.times[fine], values[fine])
            self._onsets += sum(edge.rising for edge in edges)
            kept = [edge for edge in edges if edge.rising or self.settings.offsets]
            yield self._marker(kept) if kept else None
            yield from self._doubt()

    def _doubt(self) -> Iterator[Notice]:
        """Tell once that dark and light are not clear, once that they are, and of weak light."""
        share = self._detector.weakened
        if share is not None and not self._weaker_told:
            yield Notice(
                "warning",
                "light-unclear",
                f"the light changes by {share:.0%} of what it did, which is taken for no flash: "
                "press the sensor to the screen, then send it the command calibrate",
            )
        self._weaker_told = share is not None
        confidence = self._detector.confidence
        limit = SURE if self._unsure else UNSURE
        unsure = self._onsets > 0 and confidence < limit
        if unsure == self._unsure or self._detector.levels is None:  # being found: nothing is known
            return
        self._unsure = unsure
        if unsure:
            yield Notice(
                "warning",
                "light-unclear",
                f"{confidence:.0%} of the signal is clearly dark or clearly light (limit "
                f"{UNSURE:.0%}): flashes may be missed; press the sensor to the screen, "
                "then send it the command calibrate",
            )
        else:
            yield Notice("info", "light-clear", "dark and light are clear again")

    def _marker(self, edges: list[Edge]) -> Chunk:
        texts = [[json.dumps({"event": "flash_on" if e.rising else "flash_off"})] for e in edges]
        lost, self._dropped = self._dropped, 0
        times = np.array([edge.time for edge in edges])
        return Chunk(self.settings.name, times, np.array(texts, dtype=object), lost=lost)

    def close(self) -> None:
        """Forget what has not been looked at."""
        while True:
            try:
                self._chunks.get_nowait()
            except queue.Empty:
                return

    def command(self, name: str, args: Mapping[str, Any]) -> dict[str, Any]:
        """`calibrate` finds the levels anew; `status` tells them."""
        if name not in ("calibrate", "status"):
            return super().command(name, args)
        if name == "calibrate":
            self._detector.recalibrate()
        levels = self._detector.levels
        return {
            "calibrated": levels is not None,
            "threshold": levels.middle * self._sign if levels else None,
            "onsets": self._onsets,
            "confidence": round(self._detector.confidence, 3),
        }
