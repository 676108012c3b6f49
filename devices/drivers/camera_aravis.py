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
from collections.abc import Sequence
from ctypes import byref, c_size_t
from typing import Literal

import numpy as np
from pydantic import Field

from devices.base import Clock, DeviceError, Frame, Plugged, VideoSpec
from devices.camera import aravis_api
from devices.camera.aravis_api import Api, AravisError, AravisNodes
from devices.camera.aravis_search import REACH, discover, find
from devices.camera.genicam_device import GenicamDevice
from devices.camera.genicam_nodes import GenicamSettings

POP_US = 100_000
RECEIVE_BYTES = 4 << 20
"""What is asked for to hold packets that nobody could fetch yet, as far as the system allows. By
itself Aravis asks for the bytes of one picture; a packet takes up to three times its own in there.
"""


class AravisSettings(GenicamSettings):
    """`camera` may be an IP address as well: then nothing is searched on the network."""

    packet_size: Literal["auto"] | int | None = Field(
        default=None, description="GigE: bytes, or `auto` to try what the network carries"
    )
    packet_delay_ns: int | None = Field(
        default=None, ge=0, description="GigE: pause between packets"
    )
    buffers: int | None = Field(
        default=None, ge=2, le=10_000, description="frames that wait in the driver; else 0.25 s"
    )


class AravisCamera(GenicamDevice):
    """One camera; a buffer is the address that the library gives it."""

    Settings = AravisSettings
    summary = "GigE Vision and USB3 Vision cameras through Aravis"
    settings: AravisSettings

    def __init__(self, settings: AravisSettings, clock: Clock) -> None:
        super().__init__(settings, clock)
        self._camera = self._device = self._stream = 0
        self._on_control_lost = aravis_api.ControlLost(lambda *_: self._lost.set())
        self._handler = 0

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

    # Opening and closing.

    def _errors(self) -> tuple[type[Exception], ...]:
        return (AravisError,)

    def _open(self) -> VideoSpec:
        api = aravis_api.load()
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
        nodes = AravisNodes(api, self._device, self.settings.name)
        configured = self._configure(nodes, wraps=gige)
        self._tune_network(api, gige)
        self._create_stream(api, gige, configured.rate_hz)
        api.arv_camera_start_acquisition(self._camera)
        names = ("DeviceVendorName", "DeviceModelName", "DeviceSerialNumber", "DeviceVersion")
        vendor, model, serial, version = (
            str(nodes.get(name)) if nodes.kind(name) else "" for name in names
        )
        identity = {"serial_number": serial, "device_version": version}
        return self._described(configured, vendor, model, identity)

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

    def _create_stream(self, api: Api, gige: bool, rate_hz: float) -> None:
        payload = api.arv_camera_get_payload(self._camera)
        if gige:
            # Where it may (as root), Aravis takes packets from a raw socket. Until its filter
            # is set, all that the computer receives is taken for the camera's: frames that nobody
            # sent get numbers, and after the begin of a TCP connection on loopback up to 100 true
            # frames are discarded as late. In 0.8.26 and its main branch, src/arvgvstream.c:
            # `_ring_buffer_loop` makes the ring before it binds and filters the socket.
            api.arv_camera_gv_set_stream_options(self._camera, aravis_api.PACKET_SOCKET_DISABLED)
        self._stream = api.arv_camera_create_stream(self._camera, None, None)
        if gige:
            api.set_property(self._stream, "socket-buffer", aravis_api.SOCKET_BUFFER_FIXED)
            api.set_property(self._stream, "socket-buffer-size", max(RECEIVE_BYTES, payload))
        for _ in range(self._buffers(self.settings.buffers, payload, rate_hz)):
            api.arv_stream_push_buffer(self._stream, api.arv_buffer_new_allocate(payload))

    def _close(self) -> None:
        if not self._camera:
            return
        api = aravis_api.load()
        if self._handler:
            api.g_signal_handler_disconnect(self._device, self._handler)
        self._give_back()
        stream, camera = self._stream, self._camera
        self._camera = self._device = self._stream = self._handler = 0
        self._nodes = None
        if not self._lost.is_set():
            _release(api, stream, camera, stop=bool(stream))
            return
        # Aravis waits some 8 s for the answers of a camera that is gone; opening it again need not.
        release = functools.partial(_release, api, stream, camera)
        threading.Thread(target=release, name="aravis release", daemon=True).start()

    # Frames.

    def _fetch(self) -> int | None:
        return aravis_api.load().arv_stream_timeout_pop_buffer(self._stream, POP_US) or None

    def _frames(self, arrival: float) -> list[Frame]:
        api, buffer = aravis_api.load(), self._buffer
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
        if api.arv_buffer_get_payload_type(buffer) == aravis_api.IMAGE:  # others are of one size
            width, height = (
                ask(buffer)
                for ask in (api.arv_buffer_get_image_width, api.arv_buffer_get_image_height)
            )
            if (text := self._maker.misfit(width, height)) is not None:
                return self._maker.broken(frame_id, arrival, text)
        raw = (ctypes.c_uint8 * self._maker.bytes).from_address(address)
        image = np.ctypeslib.as_array(raw).reshape(self._maker.shape)
        stamp_ns = api.arv_buffer_get_timestamp(buffer)
        return self._maker.whole(frame_id, stamp_ns, arrival, image)

    def _give_back(self) -> None:
        buffer, self._buffer = self._buffer, None
        if buffer is not None and self._stream:
            aravis_api.load().arv_stream_push_buffer(self._stream, buffer)


def _release(api: Api, stream: int, camera: int, stop: bool = False) -> None:
    if stop:
        with contextlib.suppress(AravisError):
            api.arv_camera_stop_acquisition(camera)
    if stream:
        api.g_object_unref(stream)
    api.g_object_unref(camera)
