"""Which cameras Aravis sees, and which one a rig means."""

from __future__ import annotations

import contextlib
import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass

from devices.base import DeviceError, Plugged
from devices.camera.aravis_api import Api, text

REACH = (
    "check power and cable, the camera's IP address, the firewall, that no other program has it, "
    "and for USB on Linux the udev rules of Aravis"
)


@dataclass(frozen=True, slots=True)
class Listed:
    """A camera as discovery found it."""

    id: str
    vendor: str
    model: str
    serial: str
    address: str
    protocol: str

    def __str__(self) -> str:
        return f"{self.vendor} {self.model}, serial {self.serial}, {self.protocol} {self.address}"

    def found(self) -> Plugged:
        """Give it as `unisono devices` lists it."""
        lines = ("[[device]]", 'name = "face"', 'driver = "camera-aravis"', f'camera = "{self.id}"')
        return Plugged(self.id, str(self), "\n".join(lines) + "\n")


def discover(api: Api) -> list[Listed]:
    """Ask for cameras on USB and on every network interface; takes about a second."""
    api.arv_update_device_list()
    parts = ("id", "vendor", "model", "serial_nbr", "address", "protocol")
    getters = [getattr(api, f"arv_get_device_{part}") for part in parts]
    return [Listed(*(text(get(i)) for get in getters)) for i in range(api.arv_get_n_devices())]


def find(api: Api, device: str, wanted: int | str | None) -> str:
    """Give the id of the camera meant by an index, address, id, serial number or model.

    Raises:
        DeviceError: there is none, or there are several; the message lists what there is.
    """
    if isinstance(wanted, str):
        with contextlib.suppress(ValueError):
            return str(ipaddress.ip_address(wanted))  # nothing needs to be searched
    there = discover(api)
    if isinstance(wanted, str):
        meant = [c for c in there if wanted in (c.id, c.serial, c.address, c.model)]
    else:
        meant = there[wanted or 0 :][:1]
    if len(meant) == 1:
        return meant[0].id
    which = "camera" if wanted is None else f"camera {wanted!r}"
    if meant:
        raise DeviceError(f"{device}: {which} is meant by {len(meant)}; use {_all(meant)}")
    hint = f"there are: {_all(there)}" if there else f"none answers on USB or network; {REACH}"
    raise DeviceError(f"{device}: no {which}; {hint}")


def _all(there: Sequence[Listed]) -> str:
    return " or ".join(f"{c.id!r} ({c.model}, serial {c.serial}, {c.address})" for c in there)
