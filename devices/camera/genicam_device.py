"""What the drivers of GenICam cameras share, whatever library they reach the camera through."""

from __future__ import annotations

import threading
from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from devices.base import Clock, Device, DeviceError, DeviceLost, Frame, Notice, VideoSpec, one_line
from devices.camera.genicam_configurator import Configurator, change_for
from devices.camera.genicam_frames import FrameMaker
from devices.camera.genicam_nodes import SILENT_S, Configured, GenicamSettings, Nodes

BUFFER_S = 0.25
BUFFER_BYTES = 64 << 20
"""Buffers hold this long or this much, whichever is less, and never fewer than four frames."""
CHECK = "check its power, its cable, and that no other program took it over"


class GenicamDevice(Device):
    """One camera; pictures are views of its library's buffers, given back after the next frame.

    After a loss it is the camera that was opened first, or none.
    """

    settings: GenicamSettings

    def __init__(self, settings: GenicamSettings, clock: Clock) -> None:
        super().__init__(settings, clock)
        self._lock = threading.Lock()  # commands come from another thread than open and close
        self._lost = threading.Event()
        self._nodes: Nodes | None = None  # while it is open
        self._buffer: Any = None  # the one whose picture the reader has
        self._maker = FrameMaker(settings)
        self._silence_s = SILENT_S
        self._id = ""  # of the camera first opened
        self._spec: VideoSpec | None = None
        self._changed: dict[str, float] = {}  # by commands; done again after a loss

    @abstractmethod
    def _open(self) -> VideoSpec:
        """Find the camera, take control of it, configure it and start it."""

    @abstractmethod
    def _close(self) -> None:
        """Let go of it; possibly twice, possibly never opened."""

    @abstractmethod
    def _errors(self) -> tuple[type[Exception], ...]:
        """Name what its library raises while a camera is opened."""

    @abstractmethod
    def _fetch(self) -> Any:
        """Wait up to 0.1 s for a buffer; None where none came."""

    @abstractmethod
    def _frames(self, arrival: float) -> list[Frame]:
        """Make frames of the buffer that was fetched at LSL time `arrival`."""

    @abstractmethod
    def _give_back(self) -> None:
        """Let the camera have the buffer again, if there is one."""

    def open(self) -> Sequence[VideoSpec]:
        """Find the camera, take control of it, configure it and start it.

        Raises:
            DeviceError: it is absent or busy, or refuses a setting.
        """
        errors: tuple[type[Exception], ...] = (DeviceError, *self._errors())
        with self._lock:
            self._close()
            try:
                self._spec = self._open()
            except errors as error:
                self._close()
                text = str(error) if isinstance(error, DeviceError) else self._say(one_line(error))
                raise DeviceError(text) from error
        return (self._spec,)

    def read(self) -> Iterator[Frame | Notice | None]:
        """Yield frames as they arrive."""
        alive = self.clock.now()
        while True:
            self._buffer = self._fetch()
            arrival = self.clock.now()
            if self._buffer is not None or self.settings.triggered:
                alive = arrival
            if self._lost.is_set() or arrival - alive > self._silence_s:
                said = "sends nothing any more"
                if not self._lost.is_set():
                    said = f"sent no frame for {self._silence_s:g} s"
                self._lost.set()
                raise DeviceLost(self._say(f"{said}; {CHECK}"))
            try:
                held = self._buffer is not None
                frames = self._frames(arrival) if held else self._maker.overdue(arrival)
                yield from frames or (None,)
                if notice := self._maker.notice():
                    yield notice
            finally:
                self._give_back()

    def held_back(self) -> Iterator[Frame]:
        """Yield the broken frames that wait for a whole one."""
        yield from self._maker.rest()

    def close(self) -> None:
        """Stop the camera and let go of it."""
        with self._lock:
            self._close()

    def command(self, name: str, args: Mapping[str, Any]) -> dict[str, Any]:
        """Carry out `exposure` (exposure_us) or `gain` (gain_db); answers what the camera took."""
        key, value = change_for(self.settings.name, name, args)
        with self._lock:
            if self._nodes is None:
                raise DeviceError(self._say("is not open at the moment; try again when it is back"))
            self._changed[key] = took = self._change(self._nodes, key, value)
        return {key: took}

    def _change(self, nodes: Nodes, key: str, value: float) -> float:
        configurator = Configurator(self.settings.name, nodes)
        if key == "gain_db":
            return configurator.set_gain(value)
        self._maker.exposure_us = took = configurator.set_exposure(value)
        return took

    def _configure(self, nodes: Nodes, *, wraps: bool) -> Configured:
        """Set all that the rig and commands have asked for; `wraps` is as in `FrameMaker.start`."""
        self._nodes = nodes
        configured = Configurator(self.settings.name, nodes).configure(self.settings)
        self._maker.start(configured, wraps=wraps)
        for key, value in self._changed.items():
            self._change(nodes, key, value)
        self._silence_s = max(SILENT_S, 5 / configured.rate_hz)
        return configured

    def _buffers(self, wanted: int | None, payload: int, rate_hz: float) -> int:
        """Say how many buffers to have: what the rig wants, or what `payload` bytes each allow."""
        room = BUFFER_BYTES // max(1, payload)
        return wanted or max(4, min(round(BUFFER_S * rate_hz), room))

    def _described(
        self, configured: Configured, vendor: str, model: str, identity: Mapping[str, str],
        time_source: str = "",
    ) -> VideoSpec:  # fmt: skip
        """Describe the video; after a loss as it was before."""
        who = {**identity, "camera_id": self._id}
        return self._spec or VideoSpec(
            name=self.settings.name,
            width=configured.width,
            height=configured.height,
            pixel_format=configured.pixel_format,
            rate_hz=configured.rate_hz,
            manufacturer=vendor,
            model=model,
            time_source=time_source,
            desc={key: value for key, value in who.items() if value}
            | configured.desc
            | {"camera_timestamp": self.settings.timestamp_at},
        )

    def _say(self, text: str) -> str:
        which = f" (camera {self._id})" if self._id else ""
        return f"{self.settings.name}{which}: {text}"
