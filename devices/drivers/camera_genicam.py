"""`camera-genicam`: any camera with a GenTL producer (XIMEA, Basler, FLIR, Allied Vision…).

The producer is the vendor's; Harvesters drives it. A frame's number and time come from the GenTL
buffer, or from chunk data where the rig names chunks. Harvesters throws incomplete buffers away
before anybody sees them; it tells that it did, and they become frames with a fault.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import Field

from devices.arrays import U8Array
from devices.base import Clock, Device, DeviceError, DeviceLost, Frame, Plugged, VideoSpec
from devices.camera import gentl
from devices.camera.genapi_nodes import GenapiNodes
from devices.camera.genicam_configurator import Configurator, change_for
from devices.camera.genicam_frames import FrameMaker
from devices.camera.genicam_nodes import SILENT_S, GenicamSettings, Value

FETCH_S = 0.1
BUFFER_S = 0.25
BUFFER_BYTES = 64 << 20
"""Buffers hold this long or this much, whichever is less, and never fewer than four frames."""
_CHECK = "check its power, its cable, and that no other program took it over"


class GenicamCameraSettings(GenicamSettings):
    """`cti` is the vendor's GenTL producer; without it GENICAM_GENTL64_PATH tells.

    The chunks are names of nodes, usually ChunkTimestamp, ChunkFrameID and ChunkExposureTime;
    they are switched on. `chunk_timestamp` counts `timestamp_hz` ticks a second.
    """

    cti: Path | None = None
    chunk_timestamp: str | None = None
    chunk_frame_id: str | None = None
    chunk_exposure: str | None = None
    timestamp_hz: float = Field(default=1e9, gt=0)
    buffers: int | None = Field(default=None, ge=3, le=10_000)

    @property
    def chunks(self) -> tuple[str, ...]:
        """The nodes to read with every frame."""
        names = (self.chunk_timestamp, self.chunk_frame_id, self.chunk_exposure)
        return tuple(name for name in names if name is not None)


class GenicamCamera(Device):
    """One camera; pictures are views of GenTL buffers, queued again after the next frame."""

    Settings = GenicamCameraSettings
    summary = "cameras with a GenTL producer (.cti) through Harvesters"

    settings: GenicamCameraSettings

    def __init__(self, settings: GenicamCameraSettings, clock: Clock) -> None:
        self.settings = settings
        self._clock = clock
        self._lock = threading.Lock()  # commands come from another thread than open and close
        self._cameras: gentl.Cameras | None = None
        self._acquirer: Any = None
        self._nodes: GenapiNodes | None = None
        self._buffer: Any = None  # the one whose picture the reader has
        self._incomplete = 0  # thrown away since the last whole frame
        self._frame_id = 0
        self._maker = FrameMaker(settings)
        self._id = ""
        self._spec: VideoSpec | None = None
        self._changed: dict[str, float] = {}  # by commands; done again after a loss

    @classmethod
    def unavailable(cls) -> str | None:
        """Say whether Harvesters is missing."""
        return gentl.missing()

    @classmethod
    def found(cls) -> Sequence[Plugged]:
        """List the cameras of the producers in GENICAM_GENTL64_PATH."""
        return gentl.found()

    def open(self) -> Sequence[VideoSpec]:
        """Load the producer, find the camera, configure it and start it.

        Raises:
            DeviceError: no producer, no such camera, busy, or it refuses a setting.
        """
        from genicam import genapi
        from genicam import gentl as api

        with self._lock:
            self._close()
            try:
                spec = self._open()
            except (DeviceError, api.GenericException, genapi.GenericException) as error:
                self._close()
                text = str(error) if isinstance(error, DeviceError) else self._say(_plain(error))
                raise DeviceError(text) from error
            self._spec = spec
        return (spec,)

    def read(self) -> Iterator[Frame | None]:
        """Yield frames as they arrive."""
        alive = self._clock.now()
        while True:
            self._buffer = self._fetch()
            arrival = self._clock.now()
            if self._buffer is not None or self.settings.triggered:
                alive = arrival
            elif arrival - alive > self._silence_s:
                yield from self._maker.rest()
                raise DeviceLost(self._say(f"sent no frame for {self._silence_s:g} s; {_CHECK}"))
            try:
                frames = self._frames(arrival) if self._buffer else self._maker.overdue(arrival)
                yield from frames or (None,)
            finally:
                self._give_back()

    def close(self) -> None:
        """Stop the camera and let go of it and of the producer."""
        with self._lock:
            self._close()

    def command(self, name: str, args: Mapping[str, Any]) -> dict[str, Any]:
        """Carry out `exposure` (exposure_us) or `gain` (gain_db); answers what the camera took."""
        key, value = change_for(self.settings.name, name, args)
        with self._lock:
            if self._nodes is None:
                raise DeviceError(self._say("is not open at the moment; try again when it is back"))
            self._changed[key] = took = self._change(key, value)
        return {key: took}

    def _change(self, key: str, value: float) -> float:
        assert self._nodes is not None
        configurator = Configurator(self.settings.name, self._nodes)
        if key == "gain_db":
            return configurator.set_gain(value)
        self._maker.exposure_us = took = configurator.set_exposure(value)
        return took

    # Opening and closing.

    def _open(self) -> VideoSpec:
        s = self.settings
        self._cameras = gentl.Cameras(gentl.producers(s.name, s.cti))
        try:
            there = self._cameras.search()
        except DeviceError as error:
            raise DeviceError(self._say(str(error))) from error
        info = gentl.choose(s.name, there, self._id or s.camera)
        self._acquirer = self._acquire(info)
        self._id = gentl.text(info, "id_")
        self._nodes = GenapiNodes(self._acquirer.remote_device.node_map, s.name)
        configurator = Configurator(s.name, self._nodes)
        configured = configurator.configure(s)
        for name in s.chunks:
            self._enable_chunk(configurator, name)
        self._maker.start(configured, wraps=gentl.text(info, "tl_type") == "GEV")
        for key, value in self._changed.items():
            self._change(key, value)
        self._start(configured.rate_hz)
        identity = {"serial_number": gentl.text(info, "serial_number"), "camera_id": self._id}
        return self._spec or VideoSpec(
            name=s.name,
            width=configured.width,
            height=configured.height,
            pixel_format=configured.pixel_format,
            rate_hz=configured.rate_hz,
            manufacturer=gentl.text(info, "vendor"),
            model=gentl.text(info, "model"),
            desc={key: value for key, value in identity.items() if value}
            | configured.desc
            | {"camera_timestamp": s.timestamp_at},
        )

    def _acquire(self, info: Any) -> Any:
        from genicam import gentl as api

        assert self._cameras is not None
        try:
            return self._cameras.acquire(info)
        except (api.AccessDeniedException, api.ResourceInUseException, api.BusyException) as error:
            raise DeviceError(
                self._say(
                    f"camera {gentl.text(info, 'id_')!r} is held by another program "
                    f"({_plain(error)}); close that program"
                )
            ) from error

    def _enable_chunk(self, configurator: Configurator, name: str) -> None:
        """Switch one chunk on; its selector is its name without the word Chunk."""
        configurator.set("ChunkModeActive", True, "ChunkModeActive")
        configurator.set("ChunkSelector", name.removeprefix("Chunk"), f"chunk {name}")
        configurator.set("ChunkEnable", True, "ChunkEnable")

    def _start(self, rate_hz: float) -> None:
        ia = self._acquirer
        # The payload may be far more than a picture: Viky's is always 10 MB.
        room = BUFFER_BYTES // max(1, int(self._payload()))
        wanted = self.settings.buffers or max(4, min(room, round(BUFFER_S * rate_hz)))
        ia.num_buffers = max(wanted, ia.min_num_buffers)
        ia.add_callback(ia.Events.INCOMPLETE_BUFFER, _counter(self))
        self._silence_s = max(SILENT_S, 5 / rate_hz)
        self._incomplete = 0
        ia.start()

    def _payload(self) -> Value:
        assert self._nodes is not None
        has = self._nodes.kind("PayloadSize") is not None
        return self._nodes.get("PayloadSize") if has else self._maker.bytes

    def _close(self) -> None:
        from genicam import gentl as api

        self._give_back()
        acquirer, cameras = self._acquirer, self._cameras
        self._acquirer = self._cameras = self._nodes = None
        steps = [acquirer.stop, acquirer.destroy] if acquirer is not None else []
        for step in [*steps, *([cameras.close] if cameras is not None else [])]:
            with contextlib.suppress(api.GenericException):  # it may be gone already
                step()

    # Frames.

    def _fetch(self) -> Any:
        from genicam import gentl as api

        try:
            return self._acquirer.try_fetch(timeout=FETCH_S)
        except api.GenericException as error:
            raise DeviceLost(self._say(f"is gone ({_plain(error)}); {_CHECK}")) from error

    def _frames(self, arrival: float) -> list[Frame]:
        buffer, s = self._buffer, self.settings
        frame_id = self._chunk(s.chunk_frame_id, int(buffer.frame_id))
        broken: list[Frame] = []
        for number in range(self._frame_id + 1, self._frame_id + 1 + self._incomplete):
            broken += self._maker.broken(number, arrival, "incomplete")
        self._frame_id, self._incomplete = int(frame_id), 0
        image = self._image(buffer)
        if isinstance(image, str):
            return [*broken, *self._maker.broken(int(frame_id), arrival, image)]
        exposure = self._chunk(s.chunk_exposure, None)
        stamp_ns = self._stamp_ns(buffer)
        return [*broken, *self._maker.whole(int(frame_id), stamp_ns, arrival, image, exposure)]

    def _image(self, buffer: Any) -> U8Array | str:
        """Give the picture, or say what is wrong with it."""
        parts = buffer.payload.components
        data = parts[0].data if parts else None
        if data is None:
            return "a payload without a picture"
        flat = np.asarray(data).reshape(-1).view(np.uint8)
        if len(flat) < self._maker.bytes:
            return f"{len(flat)} bytes of {self._maker.bytes}"
        return flat[: self._maker.bytes].reshape(self._maker.shape)

    def _stamp_ns(self, buffer: Any) -> int:
        """Give the time stamp of the chunk or of the buffer, in ns; 0 where there is none."""
        from genicam import gentl as api

        s = self.settings
        if s.chunk_timestamp is not None:
            return round(float(self._chunk(s.chunk_timestamp, 0)) * 1e9 / s.timestamp_hz)
        with contextlib.suppress(api.GenericException):
            return int(buffer.timestamp_ns)
        return 0

    def _chunk(self, name: str | None, otherwise: Any) -> Any:
        if name is None or self._nodes is None:
            return otherwise
        return self._nodes.get(name)

    def _give_back(self) -> None:
        buffer, self._buffer = self._buffer, None
        if buffer is not None and self._acquirer is not None:
            buffer.queue()

    def _say(self, text: str) -> str:
        which = f" (camera {self._id})" if self._id else ""
        return f"{self.settings.name}{which}: {text}"


def _counter(camera: GenicamCamera) -> Any:
    from harvesters.core import Callback

    class Counter(Callback):  # type: ignore[misc]
        def emit(self, context: object = None) -> None:
            camera._incomplete += 1

    return Counter()


def _plain(error: Exception) -> str:
    """Give an SDK's message in one line."""
    return " ".join(str(error).split())
