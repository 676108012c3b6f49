"""What the rig file says of a camera's frames: codec, ring, gate."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

OnOverload = Literal["auto", "count", "degrade"]


@dataclass(frozen=True, slots=True)
class VideoOptions:
    """How a camera's frames are stored."""

    codec: str = "auto"
    ring_s: float = 1.0
    gate: GateSettings | None = None
    on_overload: OnOverload = "auto"

    @property
    def degrades(self) -> bool:
        """Whether the codec gives way to a cheaper one before frames are lost for it.

        Who names a codec gets that one; who leaves it to us wants the frames.
        """
        return self.on_overload == "degrade" or (self.on_overload, self.codec) == ("auto", "auto")


MARKER_S = 0.3
"""How late a marker may be heard after the moment it is stamped with."""


class GateSettings(BaseModel):
    """`gate` of a camera: store only what lies in trials."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    source: str = Field(min_length=1, description="the stream that the codes come from")
    start_codes: tuple[int, ...] = Field(min_length=1, description="codes that begin a trial")
    stop_codes: tuple[int, ...] = Field(min_length=1, description="codes that end it")
    pre_s: float = Field(default=0.0, ge=0, le=30, description="s stored before it, from memory")
    post_s: float = Field(default=0.0, ge=0, le=600, description="s stored after it")

    @property
    def hold_s(self) -> float:
        """How long a frame may have to wait in memory."""
        return self.pre_s + MARKER_S
