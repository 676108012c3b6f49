"""What a recording is made with."""

from __future__ import annotations

from dataclasses import dataclass

from acquire.engine.cameras import Cameras
from acquire.engine.reporter import Reporter
from acquire.player.link import PlayerLink
from acquire.processes.rig_devices import RigDevices
from acquire.pump.pump import Pump


@dataclass(frozen=True, slots=True)
class Apparatus:
    """The parts of one engine that begin, watch and close its takes."""

    pump: Pump
    cameras: Cameras
    devices: RigDevices
    player: PlayerLink
    reporter: Reporter
    node_run: str | None  # the run under which the rig's nodes record; None: it has none
