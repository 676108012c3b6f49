"""What the rig file says of another computer that devices run on."""

from __future__ import annotations

import ipaddress
import re
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

NODE_PORT = 8766
"""Where a node listens unless told otherwise."""
NODE_NAME = r"^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$"
_ADDRESS = re.compile(
    r"(?:\[(?P<v6>[0-9A-Fa-f:.%A-Za-z]{2,64})\]|(?P<host>[A-Za-z0-9_.-]+))(?::(?P<port>[0-9]{1,5}))?"
)

_IPV6 = re.compile(r"[0-9A-Fa-f:.]{2,45}(?:%[A-Za-z0-9_.-]{1,20})?")


class NodeTable(BaseModel):
    """`[[node]]`: another computer that devices of this rig run on."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    name: str = Field(pattern=NODE_NAME, description="what devices and messages call it")
    address: str = Field(
        min_length=1, max_length=255, description=f"host, or host:port ({NODE_PORT} if not given)"
    )
    fingerprint: str = Field(
        pattern=r"^[0-9a-f]{64}$",
        description="SHA-256 of its certificate; `unisono pair` writes it",
    )
    transfer: Literal["between", "while-recording", "by-hand"] = Field(
        default="between",
        description="when its files are fetched: while nothing records, always, or by "
        "`unisono collect` alone",
    )
    transfer_mb_per_s: float = Field(
        default=20.0, gt=0, description="how fast, at most, while something records"
    )
    release: bool = Field(
        default=False, description="delete its files there once they are here and verified"
    )

    @field_validator("address")
    @classmethod
    def _is_an_address(cls, address: str) -> str:
        host_and_port(address)
        return address

    @property
    def place(self) -> tuple[str, int]:
        """Host and port."""
        return host_and_port(self.address)


def host_and_port(address: str) -> tuple[str, int]:
    """Take an address apart: `host`, `host:port`, `[IPv6]:port`, or `IPv6` with [ ] or without.

    Raises:
        ValueError: it is none.
    """
    if _is_ipv6(address):
        return address, NODE_PORT
    match = _ADDRESS.fullmatch(address)
    if match is None or not 0 < int(match["port"] or NODE_PORT) < 65536:
        raise ValueError("give a host, or host:port; an IPv6 address with a port stands in [ ]")
    return match["v6"] or match["host"], int(match["port"] or NODE_PORT)


def _is_ipv6(text: str) -> bool:
    try:
        return bool(_IPV6.fullmatch(text)) and ipaddress.ip_address(text).version == 6
    except ValueError:
        return False
