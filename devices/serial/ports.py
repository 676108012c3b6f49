"""Serial ports: which there are, which one is meant, and why one cannot be opened.

A port is named by its path (`/dev/ttyUSB0`, `COM3`, `/dev/serial/by-id/…`), by the USB numbers of
its adapter (`2341:0043`), or by the adapter's serial number (`serial=A50285BI`): the last two find
it again after it has been plugged in elsewhere. A port at another computer or a converter is named
by a URL: `socket://host:port` (bytes alone), `rfc2217://host:port` (with rate and control lines).
"""

from __future__ import annotations

import contextlib
import errno
import re
import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from devices.addresses import place_in_url
from devices.base import DeviceError, DeviceLost

if TYPE_CHECKING:
    import serial

_USB = re.compile(r"([0-9a-fA-F]{4}):([0-9a-fA-F]{4})")
READ_WAIT_S = 0.1
_SOCKET_BYTES = 1 << 16
_REMOTE = ("socket://", "rfc2217://")


@dataclass(frozen=True, slots=True)
class PortInfo:
    """A serial port of this computer; the USB numbers are None where it is not on USB."""

    path: str
    description: str = ""
    vendor: int | None = None
    product: int | None = None
    serial_number: str | None = None

    def __str__(self) -> str:
        usb = f", {self.vendor:04x}:{self.product or 0:04x}" if self.vendor is not None else ""
        number = f", serial={self.serial_number}" if self.serial_number else ""
        return f"{self.path} ({self.description or 'no description'}{usb}{number})"


def unavailable() -> str | None:
    """Say why no serial port can be used here; None where they can."""
    try:
        import serial  # noqa: F401
    except ImportError:
        return "pyserial is not installed; pip install pyserial"
    return None


def present() -> list[PortInfo]:
    """List the serial ports of this computer."""
    from serial.tools import list_ports

    return [
        PortInfo(p.device, p.description, p.vid, p.pid, p.serial_number)
        for p in sorted(list_ports.comports())
    ]


def choose(port: str, ports: Iterable[PortInfo]) -> str:
    """Return the path that `port` means, which may be a path, vendor:product, or serial=….

    Raises:
        DeviceError: no port is that, or several are.
    """
    if match := _USB.fullmatch(port):
        wanted = (int(match[1], 16), int(match[2], 16))
        fitting = [p for p in ports if (p.vendor, p.product) == wanted]
    elif port.startswith("serial="):
        fitting = [p for p in ports if p.serial_number == port.removeprefix("serial=")]
    else:
        return port
    if not fitting:
        raise DeviceError(f"no port is {port!r}; {_listing()}")
    if len(fitting) > 1:
        several = ", ".join(map(str, fitting))
        serials = {p.serial_number for p in fitting} - {None, ""}
        tells = len(serials) == len(fitting)  # two of a make may have one number, or none
        how = "serial= or path" if tells else "its path; those in /dev/serial/by-path stay"
        raise DeviceError(f"{len(fitting)} ports are {port!r}: {several}; name one by {how}")
    return fitting[0].path


def _listing() -> str:
    ports = ", ".join(map(str, present()))
    return f"there are: {ports}" if ports else "this computer has no serial port: is it plugged in?"


def explain(error: Exception, path: str) -> str:
    """Say why a port cannot be opened and what to do about it."""
    number = getattr(error, "errno", None)
    text = str(error)
    if number in (errno.ENOENT, errno.ENXIO, errno.ENODEV) or "FileNotFoundError" in text:
        return f"no port {path}; {_listing()}"
    if number == errno.EBUSY or "exclusively lock" in text or "Access is denied" in text:
        return f"{path} is taken by another program; close it there (a terminal, an IDE's monitor?)"
    if number in (errno.EACCES, errno.EPERM) or "PermissionError" in text:
        return (
            f"no permission to open {path}; on Linux: sudo usermod -aG dialout $USER, "
            "then log in again"
        )
    if number in (errno.ENOTTY, errno.EINVAL, errno.EISDIR) or "Could not configure" in text:
        return (
            f"{path} is not a serial port ({text}); {_listing()}; name one of them, "
            "or its USB numbers as vendor:product"
        )
    return f"{path} cannot be opened: {text or type(error).__name__}"


class Port:
    """An open serial port, of which this program is the only user."""

    def __init__(self, port: str, *, baud: int, **options: Any) -> None:
        """Open it: 8 data bits; `options` are pyserial's (parity, stopbits, rtscts).

        Raises:
            DeviceError: it cannot be opened.
        """
        import serial

        self.path = port
        self._is_socket = port.startswith("socket://")
        self._serial: serial.Serial | None
        if "://" in port:
            self._serial = _remote(port, baud, options)
            return
        try:
            self.path = choose(port, present() if port == "" or ":" in port or "=" in port else ())
            self._serial = serial.Serial(
                self.path, baud, timeout=READ_WAIT_S, write_timeout=1.0, exclusive=True, **options
            )
        except (OSError, serial.SerialException) as error:
            raise DeviceError(explain(error, self.path)) from error
        except ValueError as error:
            raise DeviceError(
                f"{self.path}: baud {baud}: {error}; try a usual one: 115200"
            ) from error

    def read(self) -> bytes:
        """Wait up to 0.1 s for bytes, and take all that are there.

        Raises:
            DeviceLost: the port has gone.
        """
        assert self._serial is not None, "closed"
        try:
            first: bytes = self._serial.read(1)
            if self._is_socket:
                return first + self._rest_of_socket(self._serial) if first else first
            waiting = self._serial.in_waiting if first else 0
            return first + self._serial.read(waiting) if waiting else first
        except (OSError, TypeError) as error:  # TypeError: pyserial, when closed while reading
            raise DeviceLost(f"{self.path} has gone: {error}") from error

    @staticmethod
    def _rest_of_socket(port: serial.Serial) -> bytes:
        """Take what has come, without waiting; how much that is, a socket does not say."""
        port.timeout = 0
        try:
            return bytes(port.read(_SOCKET_BYTES))
        except OSError:  # its end: seen again by the next read, after these bytes
            return b""
        finally:
            port.timeout = READ_WAIT_S

    def write(self, data: bytes) -> None:
        """Write bytes; they are on their way when this returns.

        Raises:
            DeviceLost: the port has gone or takes nothing.
        """
        assert self._serial is not None, "closed"
        try:
            self._serial.write(data)
        except OSError as error:
            raise DeviceLost(f"{self.path} takes no bytes: {error}") from error

    def check(self) -> None:
        """See whether the port is still there, without reading.

        Raises:
            DeviceLost: it has gone.
        """
        assert self._serial is not None, "closed"
        try:
            self._serial.in_waiting  # noqa: B018 - asks the system
        except (OSError, TypeError) as error:
            raise DeviceLost(f"{self.path} has gone: {error}") from error

    def forget_input(self) -> None:
        """Throw away what has arrived so far."""
        assert self._serial is not None, "closed"
        with contextlib.suppress(OSError):
            self._serial.reset_input_buffer()

    def lines(self) -> tuple[bool, bool, bool, bool]:
        """Return the states of the lines CTS, DSR, DCD and RI.

        Raises:
            DeviceLost: the port has gone.
        """
        port = self._serial
        assert port is not None, "closed"
        if self._is_socket:
            raise DeviceError(
                f"{self.path} has no control lines; use rfc2217:// where the other side speaks it"
            )
        try:
            return port.cts, port.dsr, port.cd, port.ri
        except OSError as error:
            raise DeviceLost(f"{self.path}: its lines cannot be read: {error}") from error

    def close(self) -> None:
        """Give the port back."""
        port, self._serial = self._serial, None
        if port is None:
            return
        # pyserial leaves a socket open whose other side has closed: it asks to shut it down first.
        left = getattr(port, "_socket", None) if self._is_socket else None
        with contextlib.suppress(OSError):
            port.close()
        if left is not None:
            left.close()


def _remote(url: str, baud: int, options: dict[str, Any]) -> serial.Serial:
    """Open a port over the network.

    Raises:
        DeviceError: it is another kind of URL, or nobody answers there.
    """
    import serial

    if not url.startswith(_REMOTE):
        raise DeviceError(f"port {url!r}: there are {' and '.join(_REMOTE)}, or a port's path")
    place = place_in_url(url)
    if place is None or place[1] is None:  # what pyserial says of it is of its insides
        scheme = url.partition("://")[0]
        raise DeviceError(
            f"port {url!r}: write {scheme}://host:port; an IPv6 address stands in [ ]: "
            f"{scheme}://[::1]:4000"
        )
    try:
        with warnings.catch_warnings():  # pyserial starts its thread in the old way
            warnings.simplefilter("ignore", DeprecationWarning)
            return serial.serial_for_url(url, baud, timeout=READ_WAIT_S, **options)
    except (OSError, ValueError) as error:
        raise DeviceError(
            f"{url} cannot be opened ({error}); is the other side on, and its port right?"
        ) from error


def commands(value: object) -> tuple[bytes, ...]:
    """Read commands from the rig file: a text, a list of byte values, or a list of these."""
    if isinstance(value, bytes):
        return (value,)
    if isinstance(value, str):
        return (value.encode("utf-8"),) if value else ()
    if not isinstance(value, Sequence):
        raise ValueError("a command is a text or a list of byte values")
    if all(isinstance(part, int) for part in value):
        return (bytes(value),) if value else ()
    return tuple(one for part in value for one in commands(part))
