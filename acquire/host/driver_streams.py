"""The streams of one driver: announced once, on the same outlets as often as its device is back."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

from acquire.camera.frame_stream import FrameStream
from acquire.camera.stream import CameraStream, SoundStream
from acquire.host.signal_stream import SignalStream
from acquire.lsl.clock import local_clock
from acquire.lsl.device_clock import ClockModel
from acquire.lsl.outlet import Outlet
from acquire.processes.loss_log import LossLog
from acquire.processes.messages import Open
from devices.base import Chunk, Frame, MediaSpec, SoundSpec, StreamSpec
from recordings.manifest_entries import Level

SILENT_S: Final = 2.0
PERIODS: Final = 3
"""A device that delivers nothing for so long, and for so many samples, is stalled."""

FAR_S: Final = 60.0
"""A frame that lies so far from now would be in no take: its driver stamps by another clock."""

Event = Callable[[Level, str, str], None]
"""Tells the engine what happened: level, code, text."""


class DriverStreams:
    """What a driver yields goes here.

    The driver's thread alone changes it. The other one may read what is public: it is replaced as
    a whole.
    """

    def __init__(self, order: Open, event: Event) -> None:
        self._order, self._event = order, event
        self.model = ClockModel()
        self.losses = LossLog()
        self.specs: dict[str, StreamSpec | MediaSpec] = {}  # by name, as they were first opened
        self.signals: dict[str, SignalStream] = {}
        self.media: dict[str, FrameStream] = {}
        self._told: set[tuple[str, str]] = set()  # what was told of frames: stream and code

    @property
    def _all(self) -> list[FrameStream | SignalStream]:
        return [*self.media.values(), *self.signals.values()]

    @property
    def outlets(self) -> list[Outlet]:
        """All outlets, those of cameras first."""
        return [stream.outlet for stream in self._all]

    @property
    def uids(self) -> dict[str, str]:
        """The LSL uid of each stream, by name."""
        return {stream.spec.name: stream.outlet.uid for stream in self._all}

    @property
    def patience_s(self) -> float:
        """How long nothing may come of the fastest one; for ever where there are markers alone."""
        fastest = max((stream.spec.rate_hz for stream in self._all), default=0.0)
        return max(SILENT_S, PERIODS / fastest) if fastest > 0 else math.inf

    def announce(self, specs: Sequence[StreamSpec | MediaSpec]) -> None:
        """Make the streams.

        Raises:
            RecordingError: the codec does not fit a camera, or there is not enough memory.
        """
        self.specs = {spec.name: spec for spec in specs}
        for spec in specs:
            self._make(spec)

    def _make(self, spec: StreamSpec | MediaSpec) -> None:
        order = self._order
        device = str(order.settings["name"])
        common = device, self.model, self.losses
        kept = order.buffer_s, order.origin
        if isinstance(spec, StreamSpec):
            self.signals = {**self.signals, spec.name: SignalStream(spec, *common, *kept)}
            return
        stream = (
            SoundStream(spec, *common, *kept)
            if isinstance(spec, SoundSpec)
            else CameraStream(spec, device, order.video, self.model, self.losses, *kept)
        )
        self.media = {**self.media, spec.name: stream}

    def publish(self, item: Chunk | Frame) -> None:
        """Publish what has been checked against the specs."""
        if isinstance(item, Frame):
            self.media[item.stream].publish(self._fitting(item))
            return
        for level, code, text in self.signals[item.stream].publish(item):
            self._event(level, code, text)

    def _fitting(self, frame: Frame) -> Frame:
        """Give a frame as it can be stored: in its take, and of the size that was announced."""
        camera, now, time = self.media[frame.stream], local_clock(), float(frame.time)
        if not abs(time - now) <= FAR_S:  # what is no number, too
            self._tell_once(
                frame.stream,
                "stamps-far",
                f"its driver gave a frame the time {time:g}, and the LSL clock is at {now:g}: "
                "it has the time of its arrival, and so will others, without a further word; mend "
                "the driver: self.clock.now() is that clock",
            )
            frame = replace(frame, time=now)
        if frame.image is None or not isinstance(camera, CameraStream):
            return frame
        if (misfit := camera.misfit(frame.image)) is None:
            return frame
        self._tell_once(
            frame.stream,
            "size-changed",
            f"its driver gave {misfit}: it is counted as incomplete, and so will others, without a "
            "further word; set the camera as it was, or start the device again",
        )
        return replace(frame, image=None, fault=misfit)

    def _tell_once(self, stream: str, code: str, text: str) -> None:
        if (stream, code) not in self._told:
            self._told.add((stream, code))
            self._event("warning", code, f"{stream}: {text}")

    def reopened(self) -> None:
        """Learn that the device was away: what comes next comes after a gap."""
        for stream in self._all:
            stream.reopened()

    def tell_of_all_values(self) -> None:
        """Say how many values were not what their format can hold, now that no more come."""
        for signal in self.signals.values():
            if text := signal.all_unfit():
                self._event("info", "values-unfit", text)
