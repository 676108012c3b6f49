"""GenICam cameras in common: their settings, and what can be asked of their nodes.

A node is one feature of a camera, named in its GenICam description: Width, ExposureTime,
TriggerMode. `genicam_configurator` sets them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from pydantic import Field

from devices.base import Settings

SILENT_S = 2.0
"""A free-running camera that sends nothing for this long, or for five frames, is lost."""

Value = bool | int | float | str
Kind = Literal["boolean", "integer", "float", "enumeration", "string", "command"]


class GenicamSettings(Settings):
    """What is not given stays as the camera has it."""

    camera: int | str | None = Field(
        default=None,
        description="index in the order of discovery, serial number, id or model; else the first",
    )
    width: int | None = Field(default=None, gt=0, description="pixels")
    height: int | None = Field(default=None, gt=0, description="pixels")
    offset_x: int | None = Field(default=None, ge=0, description="pixels")
    offset_y: int | None = Field(default=None, ge=0, description="pixels")
    pixel_format: str | None = Field(default=None, description="GenICam's name, such as BayerRG8")
    rate_hz: float | None = Field(default=None, gt=0, description="frames a second")
    exposure_us: float | None = Field(
        default=None, gt=0, description="setting it switches the automatic off"
    )
    gain_db: float | None = Field(default=None, description="setting it switches the automatic off")
    timestamp_at: Literal["exposure-start", "exposure-middle", "exposure-end"] = Field(
        default="exposure-start",
        description="the moment that the camera's time stamp marks; its manual tells",
    )
    nodes: Mapping[str, Value] = Field(
        default_factory=dict, description="other features by GenICam name, set last"
    )

    @property
    def triggered(self) -> bool:
        """Whether an outside signal starts the frames, so that `rate_hz` is only nominal."""
        return self.nodes.get("TriggerMode") == "On"


@dataclass(frozen=True, slots=True)
class Limits:
    """What a numeric node takes, right now; `step` is 0 where it has none."""

    low: float
    high: float
    step: float = 0.0

    def __str__(self) -> str:
        steps = f" in steps of {self.step:g}" if self.step else ""
        return f"{self.low:.10g} to {self.high:.10g}{steps}"


class Nodes(Protocol):
    """A camera's nodes; every method raises `DeviceError` when the camera does not answer."""

    def names(self) -> Sequence[str]:
        """Name all nodes, for suggestions."""

    def kind(self, name: str) -> Kind | None:
        """Say what a node is; None where the camera does not have it, or not now."""

    def get(self, name: str) -> Value:
        """Read a node."""

    def set(self, name: str, value: Value) -> None:
        """Write a node; run it, if it is a command."""

    def limits(self, name: str) -> Limits:
        """Give the limits of an integer or float node."""

    def entries(self, name: str) -> Sequence[str]:
        """Give the values that an enumeration takes."""


@dataclass(frozen=True, slots=True)
class Configured:
    """What is true of a camera after `configure`; `notes` are the values that it rounded."""

    width: int
    height: int
    pixel_format: str
    rate_hz: float
    exposure_us: float | None
    gain_db: float | None
    notes: tuple[str, ...]

    @property
    def desc(self) -> dict[str, str]:
        """Entries for the stream's description."""
        entries = {"exposure_us": self.exposure_us, "gain_db": self.gain_db}
        desc = {key: f"{value:g}" for key, value in entries.items() if value is not None}
        return desc | ({"rounded_by_camera": "; ".join(self.notes)} if self.notes else {})
