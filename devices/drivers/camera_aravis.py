"""`camera-aravis`: GigE Vision and USB3 Vision cameras through libaravis 0.8.

A frame's device time is the camera's own time stamp, moved to the middle of the exposure; the time
of arrival is when the last packet was there. A frame with packets missing has a fault and no
picture. Ids that never came are counted in `lost`; the driver never drops a frame by itself, but
when nobody fetches frames the camera finds no free buffer, which shows as a gap in the ids, too.
"""

from __future__ import annotations

import contextlib
import ctypes
import functools
import threading
from collections.abc import Iterator, Mapping, Sequence
from ctypes import byref, c_size_t
from typing import Any, Literal

import numpy as np
from pydantic import Field

from devices.base import Clock, Device, DeviceError, DeviceLost, Frame, Plugged, VideoSpec
from devices.camera import aravis_api
from devices.camera.aravis_api import Api, AravisError, AravisNodes
from devices.camera.aravis_search import REACH, discover, find
from devices.camera.genicam_configurator import Configurator, change_for
from devices.camera.genicam_frames import FrameMaker
from devices.camera.genicam_nodes import SILENT_S, Configured, GenicamSettings

POP_US = 100_000
BUFFER_S = 0.25
BUFFER_BYTES = 64 << 20
"""Buffers hold this long or this much, whichever is less, and never fewer than four frames."""
_CHECK = "check its power, its cable, and that no other program took it over"


class AravisSettings(GenicamSettings):
    """`camera` may be an IP address as well: then nothing is searched on the network.

    `packet_size` (bytes, or "auto" to try what the network carries) and `packet_delay_ns` are for
    GigE Vision; `buffers` is how many frames wait in the driver.
    """

    packet_size: Literal["auto"] | int | None = None
    packet_delay_ns: int | None = Field(default=None, ge=0)
    buffers: int | None = Field(default=None, ge=2, le=10_000)


class AravisCamera(Device):
    """One camera; pictures are views of the library's buffers, given back after the next frame."""

    Settings = AravisSettings
    summary = "GigE Vision and USB3 Vision cameras through Aravis"

    def __init__(self, settings: AravisSettings, clock: Clock) -> None:
        self.settings = settings
        self._clock = clock
        self._lock = threading.Lock()  # commands come from another thread than open and close
        self._camera = self._device = self._stream = 0
        self._held = 0  # the buffer whose picture the reader has
        self._lost = threading.Event()
        self._on_control_lost = aravis_api.ControlLost(lambda *_: self._lost.set())
        self._handler = 0
        self._maker = FrameMaker(settings)
        self._id = ""  # of the camera first opened: after a loss, that one or none
        self._spec: VideoSpec | None = None
        self._changed: dict[str, float] = {}  # by commands; done again after a loss

    @classmethod
    def unavailable(cls) -> str | None:
        """Say whether libaravis is missing."""
        try:
            aravis_api.load()
        except (OSError, AttributeError) as error:
            return f"libaravis 0.8 cannot be loaded ({error}); {aravis_api.REMEDY}"
        return None

    @classmethod
    def found(cls) -> Sequence[Plugged]:
        """List the cameras on USB and on the network; takes about a second."""
        if cls.unavailable():
            return ()
        return tuple(listed.found() for listed in discover(aravis_api.load()))

    def open(self) -> Sequence[VideoSpec]:
        """Find the camera, take control of it, configure it and start it.

        Raises:
            DeviceError: it is absent or busy, or refuses a setting.
        """
        with self._lock:
            self._close()
            try:
                spec = self._open(aravis_api.load())
            except (AravisError, DeviceError) as error:
                self._close()
                text = str(error) if isinstance(error, DeviceError) else self._say(str(error))
                raise DeviceError(text) from error
            self._spec = spec
        return (spec,)

    def read(self) -> Iterator[Frame | None]:
        """Yield frames as they arrive."""
        api = aravis_api.load()
        alive = self._clock.now()
        while True:
            self._held = api.arv_stream_timeout_pop_buffer(self._stream, POP_US) or 0
            arrival = self._clock.now()
            if self._held or self.settings.triggered:
                alive = arrival
            if self._lost.is_set() or arrival - alive > self._silence_s:
                self._lost.set()
                yield from self._maker.rest()
                raise DeviceLost(self._say(f"sends nothing any more; {_CHECK}"))
            try:
                frames = self._frames(api, arrival) if self._held else self._maker.overdue(arrival)
                yield from frames or (None,)
            finally:
                self._give_back(api)

    def close(self) -> None:
        """Stop the camera and let go of it."""
        with self._lock:
            self._close()

    def command(self, name: str, args: Mapping[str, Any]) -> dict[str, Any]:
        """Carry out `exposure` (exposure_us) or `gain` (gain_db); answers what the camera took."""
        key, value = change_for(self.settings.name, name, args)
        with self._lock:
            if not self._camera:
                raise DeviceError(self._say("is not open at the moment; try again when it is back"))
            self._changed[key] = took = self._change(key, value)
        return {key: took}

    def _nodes(self) -> AravisNodes:
        return AravisNodes(aravis_api.load(), self._device, self.settings.name)

    def _change(self, key: str, value: float) -> float:
        configurator = Configurator(self.settings.name, self._nodes())
        if key == "gain_db":
            return configurator.set_gain(value)
        self._maker.exposure_us = took = configurator.set_exposure(value)
        return took

    # Opening and closing.

    def _open(self, api: Api) -> VideoSpec:
        key = self._id or find(api, self.settings.name, self.settings.camera)
        try:
            self._camera = api.arv_camera_new(key.encode())
        except AravisError as error:
            raise DeviceError(self._say(f"camera {key!r}: {error}; {REACH}")) from error
        self._device = api.arv_camera_get_device(self._camera)
        self._id = key
        gige = bool(api.arv_camera_is_gv_device(self._camera))
        if gige and not api.arv_gv_device_is_controller(self._device):
            raise DeviceError(
                self._say(
                    "another program controls it; close that program, or wait some seconds "
                    "if it was killed"
                )
            )
        self._watch(api)
        nodes = self._nodes()
        configured = Configurator(self.settings.name, nodes).configure(self.settings)
        self._maker.start(configured, wraps=gige)
        for name, value in self._changed.items():
            self._change(name, value)
        self._tune_network(api, gige)
        self._start(api, configured.rate_hz)
        return self._spec or self._describe(nodes, configured)

    def _watch(self, api: Api) -> None:
        self._lost.clear()
        self._handler = api.g_signal_connect_data(
            self._device, b"control-lost", self._on_control_lost, None, None, 0
        )

    def _tune_network(self, api: Api, gige: bool) -> None:
        s = self.settings
        if not gige:
            return
        if s.packet_size == "auto":
            api.arv_camera_gv_auto_packet_size(self._camera)
        elif s.packet_size is not None:
            api.arv_camera_gv_set_packet_size(self._camera, s.packet_size)
            took = api.arv_camera_gv_get_packet_size(self._camera)
            if took != s.packet_size:
                raise DeviceError(
                    self._say(f"packet_size = {s.packet_size} was set, but the camera has {took}")
                )
        if s.packet_delay_ns is not None:
            api.arv_camera_gv_set_packet_delay(self._camera, s.packet_delay_ns)

    def _start(self, api: Api, rate_hz: float) -> None:
        payload = api.arv_camera_get_payload(self._camera)
        self._stream = api.arv_camera_create_stream(self._camera, None, None)
        self._silence_s = max(SILENT_S, 5 / rate_hz)
        wanted = round(BUFFER_S * rate_hz)
        count = self.settings.buffers or max(4, min(wanted, BUFFER_BYTES // max(1, payload)))
        for _ in range(count):
            api.arv_stream_push_buffer(self._stream, api.arv_buffer_new_allocate(payload))
        api.arv_camera_start_acquisition(self._camera)

    def _describe(self, nodes: AravisNodes, configured: Configured) -> VideoSpec:
        names = ("DeviceVendorName", "DeviceModelName", "DeviceSerialNumber", "DeviceVersion")
        vendor, model, serial, version = (
            str(nodes.get(name)) if nodes.kind(name) else "" for name in names
        )
        identity = {"serial_number": serial, "device_version": version, "camera_id": self._id}
        return VideoSpec(
            name=self.settings.name,
            width=configured.width,
            height=configured.height,
            pixel_format=configured.pixel_format,
            rate_hz=configured.rate_hz,
            manufacturer=vendor,
            model=model,
            desc={key: value for key, value in identity.items() if value}
            | configured.desc
            | {"camera_timestamp": self.settings.timestamp_at},
        )

    def _close(self) -> None:
        if not self._camera:
            return
        api = aravis_api.load()
        if self._handler:
            api.g_signal_handler_disconnect(self._device, self._handler)
        self._give_back(api)
        stream, camera = self._stream, self._camera
        self._camera = self._device = self._stream = self._handler = 0
        if not self._lost.is_set():
            _release(api, stream, camera, stop=bool(stream))
            return
        # Aravis waits some 8 s for the answers of a camera that is gone; opening it again need not.
        release = functools.partial(_release, api, stream, camera)
        threading.Thread(target=release, name="aravis release", daemon=True).start()

    # Frames.

    def _frames(self, api: Api, arrival: float) -> list[Frame]:
        buffer = self._held
        frame_id = api.arv_buffer_get_frame_id(buffer)
        status = api.arv_buffer_get_status(buffer)
        if status != aravis_api.SUCCESS:
            fault = aravis_api.FAULTS.get(status, f"status {status}")
            return self._maker.broken(frame_id, arrival, fault)
        size = c_size_t()
        address = api.arv_buffer_get_data(buffer, byref(size))
        if size.value < self._maker.bytes:
            short = f"{size.value} bytes of {self._maker.bytes}"
            return self._maker.broken(frame_id, arrival, short)
        raw = (ctypes.c_uint8 * self._maker.bytes).from_address(address)
        image = np.ctypeslib.as_array(raw).reshape(self._maker.shape)
        stamp_ns = api.arv_buffer_get_timestamp(buffer)
        return self._maker.whole(frame_id, stamp_ns, arrival, image)

    def _give_back(self, api: Api) -> None:
        buffer, self._held = self._held, 0
        if buffer and self._stream:
            api.arv_stream_push_buffer(self._stream, buffer)

    def _say(self, text: str) -> str:
        which = f" (camera {self._id})" if self._id else ""
        return f"{self.settings.name}{which}: {text}"


def _release(api: Api, stream: int, camera: int, stop: bool = False) -> None:
    if stop:
        with contextlib.suppress(AravisError):
            api.arv_camera_stop_acquisition(camera)
    if stream:
        api.g_object_unref(stream)
    api.g_object_unref(camera)
