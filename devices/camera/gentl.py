"""GenTL producers (.cti files) and the cameras behind them, through Harvesters.

A producer is a shared library that a camera vendor's software installs; the environment variable
GENICAM_GENTL64_PATH lists the folders that hold them.
"""

from __future__ import annotations

import ctypes
import logging
import os
from collections.abc import Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

from devices.base import DeviceError, Plugged

VARIABLE = "GENICAM_GENTL64_PATH"
INSTALL = "pip install unisono[genicam]"
REMEDY = (
    "install the camera vendor's software, which brings a .cti file, and set `cti` to it or "
    f"{VARIABLE} to its folder"
)


def missing() -> str | None:
    """Say what is not installed."""
    try:
        import genicam.gentl  # noqa: F401
        import harvesters.core  # noqa: F401
    except ImportError as error:
        return f"Harvesters cannot be imported ({error}); install it with: {INSTALL}"
    return None


def producers(device: str, cti: Path | None) -> list[Path]:
    """Give the producer that the rig names, or all that the environment lists.

    Raises:
        DeviceError: there is none, or the file is not a GenTL producer.
    """
    if cti is not None:
        path = cti.expanduser()
        if not path.is_file():
            raise DeviceError(f"{device}: cti: there is no file {path}; {REMEDY}")
        if reason := _unloadable(path):
            raise DeviceError(f"{device}: cti: {path} is no GenTL producer: {reason}; {REMEDY}")
        return [path]
    folders = [Path(one) for one in os.environ.get(VARIABLE, "").split(os.pathsep) if one]
    files = sorted({file for folder in folders for file in folder.glob("*.cti")})
    usable = [file for file in files if not _unloadable(file)]
    if usable:
        return usable
    place = f"{VARIABLE} = {os.environ[VARIABLE]!r} holds none" if folders else f"no {VARIABLE}"
    raise DeviceError(f"{device}: no GenTL producer: `cti` is not set, and {place}; {REMEDY}")


def _unloadable(path: Path) -> str | None:
    """Say why a file is no producer: Harvesters would take any library, and crash on it."""
    try:
        library = ctypes.CDLL(str(path))
    except OSError as error:
        return str(error)
    if all(hasattr(library, name) for name in ("GCInitLib", "TLOpen", "DSQueueBuffer")):
        return None
    return "the library has none of GenTL's functions"


class Cameras:
    """The cameras of some producers; `close` lets go of them all."""

    def __init__(self, files: Sequence[Path]) -> None:
        from harvesters.core import Harvester

        # It has a handler of its own that writes tracebacks for what is raised anyway.
        logging.getLogger("harvesters").setLevel(logging.CRITICAL + 1)
        self._harvester = Harvester()
        for file in files:
            self._harvester.add_file(str(file))

    def search(self) -> list[Any]:
        """Give a `harvesters.core.DeviceInfo` for each camera.

        Raises:
            DeviceError: the producer fails; Harvesters does not say why.
        """
        self._harvester.update()
        if not self._harvester.has_revised_device_info_list:
            files = ", ".join(self._harvester.files)
            raise DeviceError(f"{files} cannot be searched: another program or device has it")
        return list(self._harvester.device_info_list)

    def acquire(self, info: Any) -> Any:
        """Open a camera; gives a `harvesters.core.ImageAcquirer`."""
        return self._harvester.create(info)

    def close(self) -> None:
        """Close every camera and every producer."""
        self._harvester.reset()


def text(info: Any, key: str) -> str:
    """Give what a producer says about a camera: not all say all."""
    from genicam.gentl import GenericException

    try:
        return str(getattr(info, key) or "")
    except (GenericException, AttributeError):
        return ""


def choose(device: str, there: Sequence[Any], wanted: int | str | None) -> Any:
    """Give the camera meant by an index, id, serial number, model or name.

    Raises:
        DeviceError: there is none, or there are several; the message lists what there is.
    """
    keys = ("id_", "serial_number", "user_defined_name", "display_name", "model")
    if isinstance(wanted, str):
        meant = [info for info in there if wanted in {text(info, key) for key in keys}]
    else:
        meant = list(there[wanted or 0 :][:1])
    if len(meant) == 1:
        return meant[0]
    which = "camera" if wanted is None else f"camera {wanted!r}"
    listed = " or ".join(f"{text(i, 'id_')!r} (serial {text(i, 'serial_number')})" for i in there)
    if meant:
        raise DeviceError(f"{device}: {which} is meant by {len(meant)}; use an id of {listed}")
    hint = f"there are: {listed}" if there else "the producer sees none; check power and cable"
    raise DeviceError(f"{device}: no {which}; {hint}")


def found() -> Sequence[Plugged]:
    """List the cameras of the producers that the environment names."""
    if missing() is None:
        with suppress(DeviceError), closing(Cameras(producers("", None))) as cameras:
            return tuple(_found(info) for info in cameras.search())
    return ()


def _found(info: Any) -> Plugged:
    camera = text(info, "id_")
    parts = [text(info, key) for key in ("vendor", "model", "serial_number", "tl_type")]
    lines = ("[[device]]", 'name = "face"', 'driver = "camera-genicam"', f'camera = "{camera}"')
    return Plugged(camera, " ".join(part for part in parts if part), "\n".join(lines) + "\n")
