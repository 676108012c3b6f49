"""The functions of libaravis 0.8 that `camera-aravis` calls, typed, with errors as exceptions.

https://aravisproject.github.io/aravis/aravis-stable/ documents them. Nothing is loaded before
`load`. Objects are passed as addresses; who creates one releases it with `unref`.
"""

from __future__ import annotations

import ctypes
import functools
import re
import sys
from collections.abc import Callable, Sequence
from ctypes import POINTER, byref, c_char_p, c_double, c_int, c_int64, c_size_t, c_uint, c_uint64
from typing import Any

from devices.base import DeviceError
from devices.camera.genicam_nodes import Kind, Limits, Value

_SONAMES = {
    "linux": ("libaravis-0.8.so.0", "libgobject-2.0.so.0", "libglib-2.0.so.0"),
    "darwin": ("libaravis-0.8.0.dylib", "libgobject-2.0.0.dylib", "libglib-2.0.0.dylib"),
    "win32": ("libaravis-0.8-0.dll", "libgobject-2.0-0.dll", "libglib-2.0-0.dll"),
}
REMEDY = (
    "install it with: apt install libaravis-0.8-0 (Debian, Ubuntu), dnf install aravis (Fedora), "
    "brew install aravis (macOS)"
)

PACKET_SOCKET_DISABLED = 1
"""For `arv_camera_gv_set_stream_options`."""
SOCKET_BUFFER_FIXED = 0
"""For a GigE Vision stream's property `socket-buffer`: as large as its `socket-buffer-size`."""

IMAGE = 1
"""What `arv_buffer_get_payload_type` says of a picture without anything beside it."""
SUCCESS = 0
FAULTS = {
    1: "cleared before it was filled",
    2: "not all packets came in time",
    3: "packets are missing",
    4: "a packet with a wrong number came",
    5: "the picture does not fit the announced size",
    6: "still being filled",
    7: "aborted before it was complete",
    8: "a kind of payload that cannot be read",
}
"""What `arv_buffer_get_status` says, in words."""


Address = ctypes.c_void_p


class _Error(ctypes.Structure):
    _fields_ = (("domain", ctypes.c_uint32), ("code", c_int), ("message", c_char_p))


_ERR = POINTER(POINTER(_Error))
_TEXT = c_char_p

# name: (result, arguments); _ERR as the last argument turns errors into `AravisError`.
_ARAVIS: dict[str, tuple[Any, list[Any]]] = {
    "arv_update_device_list": (None, []),
    "arv_get_n_devices": (c_uint, []),
    "arv_get_device_id": (_TEXT, [c_uint]),
    "arv_get_device_address": (_TEXT, [c_uint]),
    "arv_get_device_vendor": (_TEXT, [c_uint]),
    "arv_get_device_model": (_TEXT, [c_uint]),
    "arv_get_device_serial_nbr": (_TEXT, [c_uint]),
    "arv_get_device_protocol": (_TEXT, [c_uint]),
    "arv_camera_new": (Address, [_TEXT, _ERR]),
    "arv_camera_get_device": (Address, [Address]),
    "arv_camera_is_gv_device": (c_int, [Address]),
    "arv_camera_gv_set_packet_size": (None, [Address, c_int, _ERR]),
    "arv_camera_gv_get_packet_size": (c_uint, [Address, _ERR]),
    "arv_camera_gv_auto_packet_size": (c_uint, [Address, _ERR]),
    "arv_camera_gv_set_packet_delay": (None, [Address, c_int64, _ERR]),
    "arv_camera_gv_set_stream_options": (None, [Address, c_int]),
    "arv_camera_get_payload": (c_uint, [Address, _ERR]),
    "arv_camera_create_stream": (Address, [Address, Address, Address, _ERR]),
    "arv_camera_start_acquisition": (None, [Address, _ERR]),
    "arv_camera_stop_acquisition": (None, [Address, _ERR]),
    "arv_gv_device_is_controller": (c_int, [Address]),
    "arv_buffer_new_allocate": (Address, [c_size_t]),
    "arv_buffer_get_status": (c_int, [Address]),
    "arv_buffer_get_payload_type": (c_int, [Address]),
    "arv_buffer_get_image_width": (c_int, [Address]),
    "arv_buffer_get_image_height": (c_int, [Address]),
    "arv_buffer_get_timestamp": (c_uint64, [Address]),
    "arv_buffer_get_frame_id": (c_uint64, [Address]),
    "arv_buffer_get_data": (Address, [Address, POINTER(c_size_t)]),
    "arv_stream_push_buffer": (None, [Address, Address]),
    "arv_stream_timeout_pop_buffer": (Address, [Address, c_uint64]),
    "arv_device_set_access_check_policy": (None, [Address, c_int]),
    "arv_device_get_genicam_xml": (Address, [Address, POINTER(c_size_t)]),
    "arv_device_get_feature": (Address, [Address, _TEXT]),
    "arv_device_is_feature_available": (c_int, [Address, _TEXT, _ERR]),
    "arv_device_execute_command": (None, [Address, _TEXT, _ERR]),
    "arv_device_set_boolean_feature_value": (None, [Address, _TEXT, c_int, _ERR]),
    "arv_device_get_boolean_feature_value": (c_int, [Address, _TEXT, _ERR]),
    "arv_device_set_string_feature_value": (None, [Address, _TEXT, _TEXT, _ERR]),
    "arv_device_get_string_feature_value": (_TEXT, [Address, _TEXT, _ERR]),
    "arv_device_set_integer_feature_value": (None, [Address, _TEXT, c_int64, _ERR]),
    "arv_device_get_integer_feature_value": (c_int64, [Address, _TEXT, _ERR]),
    "arv_device_get_integer_feature_bounds": (
        None,
        [Address, _TEXT, POINTER(c_int64), POINTER(c_int64), _ERR],
    ),
    "arv_device_get_integer_feature_increment": (c_int64, [Address, _TEXT, _ERR]),
    "arv_device_set_float_feature_value": (None, [Address, _TEXT, c_double, _ERR]),
    "arv_device_get_float_feature_value": (c_double, [Address, _TEXT, _ERR]),
    "arv_device_get_float_feature_bounds": (
        None,
        [Address, _TEXT, POINTER(c_double), POINTER(c_double), _ERR],
    ),
    "arv_device_dup_available_enumeration_feature_values_as_strings": (
        POINTER(_TEXT),
        [Address, _TEXT, POINTER(c_uint), _ERR],
    ),
    **{
        f"arv_gc_{kind}_get_type": (c_size_t, [])
        for kind in ("boolean", "command", "enumeration", "integer", "float", "string")
    },
}
_GOBJECT: dict[str, tuple[Any, list[Any]]] = {
    "g_object_unref": (None, [Address]),
    "g_type_check_instance_is_a": (c_int, [Address, c_size_t]),
    "g_signal_connect_data": (ctypes.c_ulong, [Address, _TEXT, Address, Address, Address, c_int]),
    "g_signal_handler_disconnect": (None, [Address, ctypes.c_ulong]),
    "g_value_init": (Address, [Address, c_size_t]),
    "g_value_set_int": (None, [Address, c_int]),
    "g_object_set_property": (None, [Address, _TEXT, Address]),
}
_GLIB: dict[str, tuple[Any, list[Any]]] = {
    "g_error_free": (None, [POINTER(_Error)]),
    "g_free": (None, [Address]),
}

_GValue = c_uint64 * 3
_G_TYPE_INT = 6 << 2

_FEATURES = "Integer|Float|Enumeration|Boolean|Command|String"
"""What has a meaning to people; registers have it only where a category lists them."""

ControlLost = ctypes.CFUNCTYPE(None, Address, Address)
"""The type of a handler of a device's signal `control-lost`; it runs in a thread of aravis."""


class AravisError(Exception):
    """What a function of the library reported."""


class Api:
    """The functions as attributes: `api.arv_camera_new(b"…")`."""

    def __init__(self) -> None:
        for name, table in zip(_SONAMES[_platform()], (_ARAVIS, _GOBJECT, _GLIB), strict=True):
            library = ctypes.CDLL(name)
            for function, (result, arguments) in table.items():
                setattr(self, function, self._typed(library, function, result, arguments))

    def __getattr__(self, name: str) -> Callable[..., Any]:
        raise AttributeError(f"{name} is not in the tables of {__name__}")

    def set_property(self, target: int, name: str, value: int) -> None:
        """Set a property of an object that is an integer or an enumeration."""
        holder = _GValue()
        self.g_value_init(holder, _G_TYPE_INT)
        self.g_value_set_int(holder, value)
        self.g_object_set_property(target, name.encode(), holder)

    def _typed(
        self, library: ctypes.CDLL, name: str, result: Any, arguments: list[Any]
    ) -> Callable[..., Any]:
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments
        return self._checked(function) if arguments[-1:] == [_ERR] else function

    def _checked(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any) -> Any:
            error = POINTER(_Error)()
            result = function(*args, byref(error))
            if error:  # type: ignore[truthy-bool]  # false where the pointer is null
                message = text(error.contents.message)
                self.g_error_free(error)
                raise AravisError(message)
            return result

        return call


@functools.cache
def load() -> Api:
    """Load the library, once.

    Raises:
        OSError: it is not installed.
    """
    return Api()


def _platform() -> str:
    return sys.platform if sys.platform in _SONAMES else "linux"


def text(raw: bytes | None) -> str:
    """Give a text of the library, which may be missing."""
    return (raw or b"").decode(errors="replace")


class AravisNodes:
    """The nodes of an open device, as `genicam_nodes.Nodes`."""

    def __init__(self, api: Api, device: int, name: str) -> None:
        self._api = api
        self._device = device
        self._name = name
        # Without this a write to a read-only node goes to the camera, and looks as if it worked.
        api.arv_device_set_access_check_policy(device, 1)
        kinds: tuple[Kind, ...] = (
            *("command", "boolean", "enumeration", "integer", "float", "string"),
        )
        # An enumeration is an integer and a string, too: the order matters.
        self._kinds = [(kind, getattr(api, f"arv_gc_{kind}_get_type")()) for kind in kinds]

    def names(self) -> Sequence[str]:
        """Name the features that the camera's description defines."""
        size = c_size_t()
        xml = self._api.arv_device_get_genicam_xml(self._device, byref(size))
        source = ctypes.string_at(xml, size.value).decode(errors="replace") if xml else ""
        named = re.findall(rf'<(?:{_FEATURES}) [^>]*?Name="(\w+)"', source)
        return sorted({*named, *re.findall(r"<pFeature>(\w+)</pFeature>", source)})

    def kind(self, name: str) -> Kind | None:
        """Say what a node is."""
        node = self._api.arv_device_get_feature(self._device, name.encode())
        if not node or not self._call("is_feature_available", name):
            return None
        is_a = self._api.g_type_check_instance_is_a
        return next((kind for kind, gtype in self._kinds if is_a(node, gtype)), None)

    def get(self, name: str) -> Value:
        """Read a node."""
        kind = self._typed_as(name)
        value = self._call(f"get_{kind}_feature_value", name)
        if kind == "boolean":
            return bool(value)
        return text(value) if kind == "string" else value

    def set(self, name: str, value: Value) -> None:
        """Write a node; run it, if it is a command."""
        if self.kind(name) == "command":
            self._call("execute_command", name)
            return
        raw = value.encode() if isinstance(value, str) else value
        self._call(f"set_{self._typed_as(name)}_feature_value", name, raw)

    def limits(self, name: str) -> Limits:
        """Give the limits of an integer or float node."""
        if self.kind(name) == "integer":
            low, high = c_int64(), c_int64()
            self._call("get_integer_feature_bounds", name, byref(low), byref(high))
            step = self._call("get_integer_feature_increment", name)
            return Limits(low.value, high.value, step)
        least, most = c_double(), c_double()
        self._call("get_float_feature_bounds", name, byref(least), byref(most))
        return Limits(least.value, most.value)

    def entries(self, name: str) -> Sequence[str]:
        """Give the values that an enumeration takes."""
        count = c_uint()
        found = self._call(
            "dup_available_enumeration_feature_values_as_strings", name, byref(count)
        )
        try:
            return [text(found[i]) for i in range(count.value)]
        finally:
            self._api.g_free(found)

    def _typed_as(self, name: str) -> str:
        kind = self.kind(name)
        return "string" if kind == "enumeration" else str(kind)

    def _call(self, function: str, name: str, *args: Any) -> Any:
        try:
            return getattr(self._api, f"arv_device_{function}")(self._device, name.encode(), *args)
        except AravisError as error:
            raise DeviceError(f"{self._name}: node {name}: {error}") from error
