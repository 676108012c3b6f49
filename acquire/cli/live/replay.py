"""`unisono replay`: a rig of one device, the `replay` driver, run until its recording is over."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from acquire.cli.live.run import run_rig
from acquire.errors import ConfigError
from acquire.processes.messages import OVER
from acquire.rig.file import parse_rig


def replay(path: Path, seconds: float | None, **settings: Any) -> int:
    """Publish a recording with settings of the driver `replay`; gives the exit code.

    Raises:
        AcquireError, RecordingError: it cannot be replayed.
    """
    # TOML strings, arrays and numbers are written as in JSON.
    rig = (
        '[[device]]\nname = "replay"\ndriver = "replay"\n'
        f"path = {json.dumps(str(path.absolute()))}\n"
        + "".join(f"{key} = {json.dumps(value)}\n" for key, value in settings.items())
    )
    try:
        parsed = parse_rig(rig)
    except ConfigError as error:
        raise ConfigError(f"{path}: cannot be replayed: {error}") from error
    # Its delay, a gap in the recording, a stream that ended before others: as it should be.
    return run_rig(parsed, seconds, last_event=OVER, untold={"silent"})
