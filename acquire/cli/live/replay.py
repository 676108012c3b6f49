"""`unisono replay`: a rig of one device, the `replay` driver, run until its recording is over."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from acquire.cli.live.run import run_rig
from acquire.errors import ConfigError
from acquire.processes.messages import OVER
from acquire.rig.file import parse_rig


@dataclass(frozen=True, slots=True)
class ReplayOrder:
    """What is to be replayed, and how."""

    path: Path
    speed: float = 1.0
    loop: bool = False
    streams: tuple[str, ...] = ()
    video: bool = True
    delay_s: float = 0.0
    seconds: float | None = None


def replay(order: ReplayOrder) -> int:
    """Publish a recording; gives the exit code.

    Raises:
        AcquireError, RecordingError: it cannot be replayed.
    """
    # TOML strings, arrays and numbers are written as in JSON.
    rig = (
        '[[device]]\nname = "replay"\ndriver = "replay"\n'
        f"path = {json.dumps(str(order.path.absolute()))}\n"
        f"streams = {json.dumps(order.streams)}\n"
        f"speed = {order.speed}\nloop = {json.dumps(order.loop)}\n"
        f"delay_s = {order.delay_s}\nvideo = {json.dumps(order.video)}\n"
    )
    try:
        parsed = parse_rig(rig)
    except ConfigError as error:
        raise ConfigError(f"{order.path}: cannot be replayed: {error}") from error
    # Its delay, a gap in the recording, a stream that ended before others: as it should be.
    return run_rig(parsed, order.seconds, last_event=OVER, untold={"silent"})
