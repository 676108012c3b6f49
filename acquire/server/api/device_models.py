"""What goes over the control API about devices, the computers they run on, and the rig."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from acquire.node.engine.snapshot import NodeState
from acquire.processes.messages import DeviceState
from acquire.server.api.base import Asked, Told
from recordings.stream_kinds import Fate


class CommandOrder(Asked):
    """A command to a driver; which there are stands in the driver's documentation."""

    name: Annotated[str, Field(min_length=1, max_length=100)]
    args: dict[str, Any] = Field(default_factory=dict)


class CommandAnswer(Told):
    """What the driver answered."""

    answer: dict[str, Any]


class DeviceInfo(Told):
    """One device now."""

    name: str
    driver: str
    state: DeviceState
    error: str | None
    streams: tuple[str, ...]
    cameras: tuple[str, ...]
    drift_ppm: float | None  # of its own clock, where it has one
    ring_fill: float
    fates: dict[str, dict[Fate, int]]
    node: str | None = Field(default=None, description="the other computer that it runs on")
    away: str | None = Field(
        default=None, description="in words, why that computer is not heard now"
    )


class TransferInfo(Told):
    """Files of one session that are being brought from a node."""

    session: str  # its folder
    file: str
    done: int  # bytes
    total: int
    rests: bool  # while something records


class NodeStatus(Told):
    """Another computer that devices of this rig run on; what is unknown before it was reached."""

    name: str
    address: str
    state: NodeState
    reason: str  # in words, where it is not connected
    since_s: float = Field(description="for how long it has been so, s")
    version: str | None = None
    recording: bool = False
    free_bytes: int | None = None
    total_bytes: int | None = None
    bytes_per_s: float | None = Field(default=None, description="what its disk was given last")
    offset_s: float | None = Field(
        default=None, description="to add to its LSL clock, as it answers requests; ± uncertainty_s"
    )
    uncertainty_s: float | None = None
    offset_age_s: float | None = None
    kept: int = Field(default=0, description="recordings that it keeps, of whatever engine")
    transfer: TransferInfo | None = None
    problem: str | None = Field(default=None, description="why nothing can be collected from it")


class DeviceChange(Told):
    """What was asked for is so. `changed` is false where it was so before."""

    changed: bool
    device: DeviceInfo


class DeviceSettings(Told):
    """A device's settings, and the JSON schema of what its driver takes."""

    driver: str
    settings: dict[str, Any]
    json_schema: dict[str, Any]


class SettingsOrder(Asked):
    """All settings of a device but its name and driver; what is left out takes its default."""

    settings: dict[str, Any]


class RigInfo(Told):
    """The rig file that the daemon runs."""

    path: str | None
    text: str
    sha256: str
    parsed: dict[str, Any]


class RigOrder(Asked):
    """Another rig, as TOML. `save`: write it to the rig file that the daemon was started with."""

    text: str = Field(max_length=60_000)
    save: bool = False
