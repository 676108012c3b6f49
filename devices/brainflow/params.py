"""What BrainFlow's boards need, and on which systems they run: tables and pure functions, no SDK.

From BrainFlow's documentation (SupportedBoards.rst of 5.23) and its sources; for Linux also from
which boards refuse to be opened. What is said of Windows and macOS was not tried there.
"""

from __future__ import annotations

import difflib
import ipaddress
import re
import sys
from collections.abc import Collection
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, field_validator

REQUIRED: dict[str, tuple[str, ...]] = {
    "PLAYBACK_FILE_BOARD": ("master_board", "file"),
    "STREAMING_BOARD": ("master_board", "ip_address", "ip_port"),
    **dict.fromkeys(
        (
            "CYTON_BOARD", "CYTON_DAISY_BOARD", "GANGLION_BOARD", "FREEEEG32_BOARD",
            "FREEEEG128_BOARD", "NEUROPAWN_KNIGHT_BOARD", "NEUROPAWN_KNIGHT_BOARD_IMU",
            "IRONBCI_32_BOARD", "SHIMMER3_BOARD", "BRAINBIT_BLED_BOARD", "MUSE_S_BLED_BOARD",
            "MUSE_2_BLED_BOARD", "MUSE_2016_BLED_BOARD",
        ),
        ("serial_port",),
    ),
    **dict.fromkeys(
        ("GANGLION_WIFI_BOARD", "CYTON_WIFI_BOARD", "CYTON_DAISY_WIFI_BOARD"), ("ip_port",)
    ),
    "NTL_WIFI_BOARD": ("ip_port",),
    "GALEA_BOARD": ("ip_address",),
}  # fmt: skip
_REQUIRED_ON: dict[str, dict[str, tuple[str, ...]]] = {
    "linux": dict.fromkeys(
        (
            "ENOPHONE_BOARD", "EXPLORE_4_CHAN_BOARD", "EXPLORE_8_CHAN_BOARD",
            "EXPLORE_PLUS_8_CHAN_BOARD", "EXPLORE_PLUS_32_CHAN_BOARD",
        ),
        ("mac_address",),
    ),
}  # fmt: skip
"""What a board needs on one system alone: there BrainFlow cannot look for a paired device."""
_SYSTEMS = {"linux": "Linux", "win32": "Windows", "darwin": "macOS"}
_RUNS_ON: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(
        ("BRAINBIT_BOARD", "CALLIBRI_ECG_BOARD", "CALLIBRI_EEG_BOARD", "CALLIBRI_EMG_BOARD"),
        ("win32", "darwin"),
    ),
    **dict.fromkeys(("GFORCE_DUAL_BOARD", "GFORCE_PRO_BOARD"), ("win32",)),
    "UNICORN_BOARD": ("linux", "win32"),
    "PIEEG_BOARD": ("linux",),
}
"""The boards that do not run on each of the three systems."""
_ANT_NEURO = "ANT_NEURO_"
_INSTEAD = {
    "BRAINBIT_BOARD": "; with a dongle, BRAINBIT_BLED_BOARD runs here",
    "UNICORN_BOARD": "; have g.tec's Unicorn program send over UDP: driver unicorn-udp",
}


def _runs_on(board: str) -> tuple[str, ...]:
    if board.startswith(_ANT_NEURO):
        return ("linux", "win32")
    return _RUNS_ON.get(board, tuple(_SYSTEMS))


_COM = re.compile(r"COM\d+", re.IGNORECASE)
_DIGITS = re.compile(r"[\d.]+")
_PLAYED = ("PLAYBACK_FILE_BOARD", "STREAMING_BOARD")
"""What gives out the data of another board."""
Port = Annotated[int, Field(ge=0, le=65535)]
"""A port of UDP or TCP; 0: BrainFlow's own."""
_MAC = re.compile(r"(?:[0-9A-Fa-f]{2}[:-]){5}[0-9A-Fa-f]{2}")


class Params(BaseModel):
    """BrainFlow's connection parameters, by BrainFlow's names."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    serial_port: str = Field(default="", description="of the board, or of its dongle")
    mac_address: str = Field(default="", description="Bluetooth address; on macOS a UUID")
    ip_address: str = Field(default="", description="of the board, or of its stream")
    ip_address_aux: str = Field(default="", description="of its auxiliary stream")
    ip_address_anc: str = Field(default="", description="of its ancillary stream")
    ip_port: Port = Field(default=0, description="to `ip_address`")
    ip_port_aux: Port = Field(default=0, description="to `ip_address_aux`")
    ip_port_anc: Port = Field(default=0, description="to `ip_address_anc`")
    ip_protocol: int = Field(default=0, ge=0, le=2, description="0 none, 1 UDP, 2 TCP")
    other_info: str = Field(default="", description="whatever else the board wants")
    timeout: int = Field(default=0, ge=0, description="for finding it, s; 0: BrainFlow's own")
    serial_number: str = Field(default="", description="which of several")
    file: str = Field(default="", description="PLAYBACK_FILE_BOARD: what is played")
    file_aux: str = Field(default="", description="its auxiliary data")
    file_anc: str = Field(default="", description="its ancillary data")
    master_board: str | int = Field(
        default="", description="of what is played or streamed: the board that it was"
    )

    @field_validator("mac_address")
    @classmethod
    def _looks_like_one(cls, value: str) -> str:
        # macOS names Bluetooth devices by a UUID instead.
        if value and not _MAC.fullmatch(value) and len(value) != 36:
            raise ValueError(f"{value!r} is no MAC address; one looks like F4:0E:11:75:76:78")
        return value

    @field_validator("ip_address", "ip_address_aux", "ip_address_anc")
    @classmethod
    def _is_an_address(cls, value: str) -> str:
        if _DIGITS.fullmatch(value):
            ipaddress.IPv4Address(value)  # says what is wrong with it
        return value

    @field_validator("master_board")
    @classmethod
    def _measures(cls, value: str | int) -> str | int:
        if value in _PLAYED:
            raise ValueError("the board that measured, not another that gives out its data")
        return value

    def problem(self, board: str, platform: str = sys.platform) -> str | None:
        """Say what this board needs and has not been given, or why it cannot run on a system.

        `platform` is as in `sys.platform`; of one that is not known, only what all of them need.
        """
        if platform in _SYSTEMS and platform not in (where := _runs_on(board)):
            there = " and ".join(_SYSTEMS[system] for system in where)
            return (
                f"BrainFlow does not support {board} on {_SYSTEMS[platform]}, only on {there}"
                f"{_INSTEAD.get(board, '')}"
            )
        if missing := [name for name in REQUIRED.get(board, ()) if not getattr(self, name)]:
            return f"{board} needs {', '.join(f'params.{name}' for name in missing)}"
        only_here = _REQUIRED_ON.get(platform, {}).get(board, ())
        if missing := [name for name in only_here if not getattr(self, name)]:
            names = ", ".join(f"params.{name}" for name in missing)
            return f"on {_SYSTEMS[platform]} {board} needs {names}; pair it, and see bluetoothctl"
        port = self.serial_port
        if platform == "darwin" and port.startswith("/dev/tty."):
            return f"params.serial_port {port!r}: macOS needs its twin {'/dev/cu.' + port[9:]!r}"
        if platform == "win32" and port.startswith("/dev/"):
            return f"params.serial_port {port!r}: on Windows a port has a name like 'COM3'"
        if platform in ("linux", "darwin") and _COM.fullmatch(port):
            like = "/dev/cu.usbserial-…" if platform == "darwin" else "/dev/ttyUSB0"
            return (
                f"params.serial_port {port!r}: that is a name of Windows; on "
                f"{_SYSTEMS[platform]} a port is called like {like!r}"
            )
        return None


def unknown_board(name: str, known: Collection[str]) -> str | None:
    """Say that BrainFlow has no board of that name, and which is like it; None = it has."""
    boards = [board for board in known if board != "NO_BOARD"]
    if name in boards:
        return None
    near = difflib.get_close_matches(name, boards, n=3) or ["SYNTHETIC_BOARD", "CYTON_BOARD"]
    return f"BrainFlow knows no board {name!r}; did you mean {' or '.join(near)}?"
