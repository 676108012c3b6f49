"""What the rig file says of another computer that devices run on."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from devices.addresses import host_and_port

NODE_PORT = 8766
"""Where a node listens unless told otherwise."""
NODE_NAME = r"^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$"


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
