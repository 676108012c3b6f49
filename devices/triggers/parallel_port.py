"""The parallel port: its registers, through ppdev on Linux and inpout on Windows.

Not tried on hardware. Registers and inverted bits by IEEE 1284, ioctl numbers by linux/ppdev.h,
functions of the DLL by highrez.co.uk's InpOut32.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
import sys
from pathlib import Path
from typing import Any, Protocol

from devices.base import DeviceError, DeviceLost

STATUS_INVERTED = 0x80  # pin 11, Busy, reads the other way round

_PPCLAIM, _PPRELEASE, _PPEXCL = 0x708B, 0x708C, 0x708F
_PPRSTATUS, _PPRDATA, _PPWDATA, _PPDATADIR = 0x80017081, 0x80017085, 0x40017086, 0x40047090


class ParallelPort(Protocol):
    """Eight data lines (pins 2 to 9) and five status lines (pins 15, 13, 12, 10, 11)."""

    def write(self, data: int) -> None:
        """Set the data lines."""

    def read_data(self) -> int:
        """Return the data lines, 0…255; they must have been turned to input."""

    def read_status(self) -> int:
        """Return the raw status register."""

    def check(self) -> None:
        """See whether the port is still there, without a change of its lines.

        Raises:
            DeviceLost: it has gone.
        """

    def close(self) -> None:
        """Let go of the port."""


def status_code(register: int) -> int:
    """Return the five status lines as a code 0…31, pin 15 the lowest bit, pin 11 the highest."""
    return ((register ^ STATUS_INVERTED) >> 3) & 0x1F


def unavailable() -> str | None:
    """Say why this computer has no parallel port that can be used, None where it has."""
    if sys.platform == "win32":
        dll = _dll_name()
        try:
            ctypes.WinDLL(dll)
        except OSError:
            return f"{dll} is missing: install InpOut32 from highrez.co.uk, or put the DLL on PATH"
        return None
    if sys.platform.startswith("linux"):
        if any(Path("/dev").glob("parport*")):
            return None
        return "no /dev/parport0: is there a parallel port? if so: sudo modprobe parport_pc ppdev"
    return f"parallel ports are not supported on {sys.platform}; use a serial trigger box"


def open_port(address: str, *, reading: bool = False) -> ParallelPort:
    """Open a port: `/dev/parport0` on Linux, an address such as 0x378 on Windows.

    Raises:
        DeviceError: it cannot be opened; the message names the remedy.
    """
    if sys.platform == "win32":
        return _Inpout(address, reading)
    return _Ppdev(address, reading)


class _Ppdev:
    _ioctl: Any

    def __init__(self, path: str, reading: bool) -> None:
        self._path = Path(path)
        if sys.platform != "win32":  # only Linux has this port; the type checker knows no more
            import fcntl

            self._ioctl = fcntl.ioctl
        try:
            self._fd = os.open(path, os.O_RDWR)
        except OSError as error:
            raise DeviceError(_explain(error, path)) from error
        try:
            with contextlib.suppress(OSError):  # not every driver can be had alone
                self._ioctl(self._fd, _PPEXCL)
            self._ioctl(self._fd, _PPCLAIM)
            self._ioctl(self._fd, _PPDATADIR, int(reading).to_bytes(4, sys.byteorder))
        except OSError as error:
            os.close(self._fd)
            raise DeviceError(_explain(error, path)) from error

    def write(self, data: int) -> None:
        self._do(_PPWDATA, data)

    def read_data(self) -> int:
        return self._do(_PPRDATA)

    def read_status(self) -> int:
        return self._do(_PPRSTATUS)

    def _do(self, request: int, data: int = 0) -> int:
        buffer = bytearray([data])
        try:
            self._ioctl(self._fd, request, buffer)
        except OSError as error:
            raise DeviceLost(f"the parallel port {self._path} has gone: {error}") from error
        return buffer[0]

    def check(self) -> None:
        self.read_status()
        # A card that is taken out may leave a handle that still answers.
        if not self._path.exists():
            raise DeviceLost(f"the parallel port {self._path} has gone: no such file any more")

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._ioctl(self._fd, _PPRELEASE)
        with contextlib.suppress(OSError):
            os.close(self._fd)


def _explain(error: OSError, path: str) -> str:
    match error.errno:
        case errno.ENOENT | errno.ENXIO | errno.ENODEV:
            there = ", ".join(sorted(map(str, Path("/dev").glob("parport*")))) or "none"
            return f"no parallel port {path}; there are: {there}; sudo modprobe parport_pc ppdev"
        case errno.EACCES | errno.EPERM:
            return f"no permission to open {path}; sudo usermod -aG lp $USER, then log in again"
        case errno.EBUSY:
            return f"{path} is taken: by the printer driver? sudo rmmod lp"
    return f"{path} is no parallel port: {error}"


def _dll_name() -> str:
    return "inpoutx64.dll" if sys.maxsize > 1 << 32 else "inpout32.dll"


class _Inpout:
    def __init__(self, address: str, reading: bool) -> None:
        try:
            self._base = int(address, 0)
        except ValueError as error:
            raise DeviceError(f"{address!r} is no address; on Windows one is 0x378") from error
        self._dll: Any = getattr(ctypes, "WinDLL")(_dll_name())  # noqa: B009 - on Windows alone
        if not self._dll.IsInpOutDriverOpen():
            raise DeviceError("inpout's driver is not running; start once as administrator")
        if reading:  # bit 5 of the control register turns the data lines round
            self._dll.Out32(self._base + 2, self._dll.Inp32(self._base + 2) | 0x20)

    def write(self, data: int) -> None:
        self._dll.Out32(self._base, data)

    def read_data(self) -> int:
        return int(self._dll.Inp32(self._base)) & 0xFF

    def read_status(self) -> int:
        return int(self._dll.Inp32(self._base + 1)) & 0xFF

    def check(self) -> None:
        if not self._dll.IsInpOutDriverOpen():
            raise DeviceLost("inpout's driver has gone; start it once as administrator")
        # An address that nobody answers reads as ones, in every register.
        registers = [int(self._dll.Inp32(self._base + k)) & 0xFF for k in range(3)]
        if registers == [0xFF] * 3:
            raise DeviceLost(
                f"no parallel port answers at {self._base:#x}; the device manager has its address"
            )

    def close(self) -> None:
        """Nothing to free."""
