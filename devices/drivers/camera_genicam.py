"""`camera-genicam`: any camera with a GenTL producer (XIMEA, Basler, FLIR, Allied Vision…).

The producer is the vendor's; Harvesters drives it. A frame's number and time come from the GenTL
buffer, or from chunk data where the rig names chunks. Harvesters throws incomplete buffers away
before anybody sees them; it tells that it did, and they become frames with a fault.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import Field

from devices.arrays import U8Array
from devices.base import (
    ARRIVAL,
    Clock,
    DeviceError,
    DeviceLost,
    Frame,
    Plugged,
    VideoSpec,
    one_line,
)
from devices.camera import gentl
from devices.camera.genapi_nodes import GenapiNodes
from devices.camera.genicam_configurator import Configurator
from devices.camera.genicam_device import CHECK, GenicamDevice
from devices.camera.genicam_nodes import GenicamSettings

FETCH_S = 0.1
FIRST_S = 2.0
"""How long the first frame is waited for at the opening, to see whether it has a time stamp."""


class GenicamCameraSettings(GenicamSettings):
    """The chunks are names of nodes; they are switched on."""

    cti: Path | None = Field(
        default=None, description="the vendor's producer; else all in GENICAM_GENTL64_PATH"
    )
    chunk_timestamp: str | None = Field(
        default=None, description="chunk with the time, usually ChunkTimestamp"
    )
    chunk_frame_id: str | None = Field(
        default=None, description="chunk with the number, usually ChunkFrameID"
    )
    chunk_exposure: str | None = Field(
        default=None, description="chunk with the exposure, usually ChunkExposureTime"
    )
    timestamp_hz: float = Field(
        default=1e9, gt=0, description="ticks a second of `chunk_timestamp`"
    )
    buffers: int | None = Field(
        default=None, ge=3, le=10_000, description="frames that wait in the driver; else 0.25 s"
    )

    @property
    def chunks(self) -> tuple[str, ...]:
        """The nodes to read with every frame."""
        names = (self.chunk_timestamp, self.chunk_frame_id, self.chunk_exposure)
        return tuple(name for name in names if name is not None)


class GenicamCamera(GenicamDevice):
    """One camera; a buffer is one of Harvesters', queued again after the next frame."""

    Settings = GenicamCameraSettings
    summary = "cameras with a GenTL producer (.cti) through Harvesters"
    settings: GenicamCameraSettings

    def __init__(self, settings: GenicamCameraSettings, clock: Clock) -> None:
        super().__init__(settings, clock)
        self._cameras: gentl.Cameras | None = None
        self._acquirer: Any = None
        self._first: Any = None  # the first buffer, until it is read
        self._incomplete = 0  # thrown away since the last whole frame
        self._frame_id = 0

    @classmethod
    def unavailable(cls) -> str | None:
        """Say whether Harvesters is missing."""
        return gentl.missing()

    @classmethod
    def found(cls) -> Sequence[Plugged]:
        """List the cameras of the producers in GENICAM_GENTL64_PATH."""
        return gentl.found()

    # Opening and closing.

    def _errors(self) -> tuple[type[Exception], ...]:
        from genicam import genapi
        from genicam import gentl as api

        return api.GenericException, genapi.GenericException

    def _open(self) -> VideoSpec:
        s = self.settings
        self._lost.clear()
        self._cameras = gentl.Cameras(gentl.producers(s.name, s.cti))
        try:
            there = self._cameras.search()
        except DeviceError as error:
            raise DeviceError(self._say(str(error))) from error
        info = gentl.choose(s.name, there, self._id or s.camera)
        self._acquirer = self._acquire(info)
        self._id = gentl.text(info, "id_")
        nodes = GenapiNodes(self._acquirer.remote_device.node_map, s.name)
        configured = self._configure(nodes, wraps=gentl.text(info, "tl_type") == "GEV")
        for name in s.chunks:
            self._enable_chunk(Configurator(s.name, nodes), name)
        self._start(nodes, configured.rate_hz)
        serial = {"serial_number": gentl.text(info, "serial_number")}
        vendor, model = gentl.text(info, "vendor"), gentl.text(info, "model")
        source = "" if self._tells_its_time() else ARRIVAL
        return self._described(configured, vendor, model, serial, source)

    def _tells_its_time(self) -> bool:
        """Whether the first frame, which stays to be read, has a stamp; true where none came."""
        deadline = self.clock.now() + (0.0 if self.settings.triggered else FIRST_S)
        while self._first is None and self.clock.now() < deadline:
            self._first = self._fetched()
        try:
            return self._first is None or self._stamp_ns(self._first) > 0
        except DeviceError:  # of this frame: the next one may have it
            return True

    def _acquire(self, info: Any) -> Any:
        from genicam import gentl as api

        assert self._cameras is not None
        try:
            return self._cameras.acquire(info)
        except (api.AccessDeniedException, api.ResourceInUseException, api.BusyException) as error:
            raise DeviceError(
                self._say(
                    f"camera {gentl.text(info, 'id_')!r} is held by another program "
                    f"({one_line(error)}); close that program"
                )
            ) from error

    def _enable_chunk(self, configurator: Configurator, name: str) -> None:
        """Switch one chunk on; its selector is its name without the word Chunk."""
        configurator.set("ChunkModeActive", True, "ChunkModeActive")
        configurator.set("ChunkSelector", name.removeprefix("Chunk"), f"chunk {name}")
        configurator.set("ChunkEnable", True, "ChunkEnable")

    def _start(self, nodes: GenapiNodes, rate_hz: float) -> None:
        ia = self._acquirer
        # The payload may be far more than a picture: Viky's is always 10 MB.
        payload = self._maker.bytes
        if nodes.kind("PayloadSize") is not None:
            payload = int(nodes.get("PayloadSize"))
        wanted = self._buffers(self.settings.buffers, payload, rate_hz)
        ia.num_buffers = max(wanted, ia.min_num_buffers)
        ia.add_callback(ia.Events.INCOMPLETE_BUFFER, _counter(self))
        self._incomplete = 0
        ia.start()

    def _close(self) -> None:
        from genicam import gentl as api

        self._give_back()
        self._buffer, self._first = self._first, None
        self._give_back()
        acquirer, cameras = self._acquirer, self._cameras
        self._acquirer = self._cameras = self._nodes = None
        steps = [acquirer.stop, acquirer.destroy] if acquirer is not None else []
        for step in [*steps, *([cameras.close] if cameras is not None else [])]:
            with contextlib.suppress(api.GenericException):  # it may be gone already
                step()

    # Frames.

    def _fetch(self) -> Any:
        first, self._first = self._first, None
        return first if first is not None else self._fetched()

    def _fetched(self) -> Any:
        from genicam import gentl as api

        try:
            raw = self._acquirer.try_fetch(timeout=FETCH_S, is_raw=True)
            return self._understood(raw) if raw is not None else None
        except api.GenericException as error:
            raise DeviceLost(self._say(f"is gone ({one_line(error)}); {CHECK}")) from error

    def _understood(self, raw: Any) -> Any:
        """Make a buffer of what came; a frame whose description does not fit its bytes is one lost.

        Harvesters has an error of whatever kind for it, and would not give it back to the camera.
        """
        from genicam import gentl as api
        from harvesters.core import Buffer

        try:
            node_map = self._acquirer.remote_device.node_map
            return Buffer(module=raw, node_map=node_map, acquire=self._acquirer)
        except (api.GenericException, ValueError, LookupError, TypeError, AttributeError):
            raw.parent.queue_buffer(raw)
            self._incomplete += 1
            return None

    def _frames(self, arrival: float) -> list[Frame]:
        buffer, s = self._buffer, self.settings
        missing, exposure, stamp_ns = "", None, 0
        # Where a chunk is to tell it and does not, the buffer's may be of another count.
        next_id = self._frame_id + self._incomplete + 1
        frame_id = next_id if s.chunk_frame_id else self._own_id(buffer, next_id)
        try:
            frame_id = int(self._chunk(s.chunk_frame_id, frame_id))
            exposure = self._chunk(s.chunk_exposure, None)
            stamp_ns = self._stamp_ns(buffer)
        except DeviceError as error:  # of this frame: the next one may have it
            missing = str(error)
        broken: list[Frame] = []
        for number in range(self._frame_id + 1, self._frame_id + 1 + self._incomplete):
            broken += self._maker.broken(number, arrival, "incomplete")
        self._frame_id, self._incomplete = frame_id, 0
        image = missing or self._image(buffer)
        if isinstance(image, str):
            return [*broken, *self._maker.broken(frame_id, arrival, image)]
        return [*broken, *self._maker.whole(frame_id, stamp_ns, arrival, image, exposure)]

    def _own_id(self, buffer: Any, otherwise: int) -> int:
        """Give the number that the producer has of a frame; not all have one."""
        from genicam import gentl as api

        try:
            return int(buffer.frame_id)
        except api.GenericException:
            self._maker.without_number()
            return otherwise

    def _image(self, buffer: Any) -> U8Array | str:
        """Give the picture, or say what is wrong with it."""
        parts: Sequence[Any] = buffer.payload.components if buffer.payload is not None else ()
        data = parts[0].data if parts else None
        if data is None:
            return "a payload without a picture"
        flat = np.asarray(data).reshape(-1).view(np.uint8)
        if len(flat) < self._maker.bytes:
            return f"{len(flat)} bytes of {self._maker.bytes}"
        if (text := self._maker.misfit(*_size_of(parts[0]))) is not None:
            return text
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


def _size_of(part: Any) -> tuple[int, int]:
    """Give width and height of a part of a payload; zeros where it does not say."""
    return int(getattr(part, "width", 0)), int(getattr(part, "height", 0))


def _counter(camera: GenicamCamera) -> Any:
    from harvesters.core import Callback

    class Counter(Callback):  # type: ignore[misc]
        def emit(self, context: object = None) -> None:
            camera._incomplete += 1

    return Counter()
