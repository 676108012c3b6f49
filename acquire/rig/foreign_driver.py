"""Whether a driver of somebody else's can be loaded, tried in a process of its own.

The engine loads a driver to check the rig file: whatever is in that module runs there. What ends a
process (`os._exit`, a library that crashes) or never comes back would take the engine, and all that
it records, along; no `except` catches it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from acquire.own_program import NO_WINDOW, command
from devices import registry
from devices.base import ELSEWHERE, DeviceError

_PATIENCE_S: Final = 60.0  # a large library takes its time on a slow disk
_ALIVE: Final = b"unisono: alive\n"


def try_apart(name: str, folder: Path | None, settings: dict[str, Any]) -> None:
    """Load a driver and check its settings in another process, unless it is one of ours.

    What it raises there is not told: the caller meets it again.

    Raises:
        DeviceError: the process ended, or has not come back after a minute.
    """
    place = registry.place_of(name, folder)
    if place is None:
        return
    changed = place.stat().st_mtime_ns if isinstance(place, Path) else 0
    order = json.dumps([name, str(folder) if folder else None, settings], default=str)
    fault = _fault(order, changed)
    if fault:
        raise DeviceError(f"driver {name!r}, {place}: {fault}; repair or remove it")


@lru_cache(maxsize=256)
def _fault(order: str, changed: int) -> str:
    """Say what a driver does to the process that loads it; empty = it survives.

    `changed` is when its file was: it is tried again then.
    """
    del changed
    try:
        done = subprocess.run(
            command(__name__),
            input=order.encode(),
            capture_output=True,
            timeout=_PATIENCE_S,
            creationflags=NO_WINDOW,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"has not been loaded after {_PATIENCE_S:g} s"
    if done.stdout.endswith(_ALIVE):
        return ""
    how = f"signal {-done.returncode}" if done.returncode < 0 else f"status {done.returncode}"
    return f"ends the process that loads it ({how})"


def _main() -> None:
    name, folder, settings = json.load(sys.stdin)
    with suppress(BaseException):  # raised again, and told, where it is loaded in earnest
        driver = registry.find(name, Path(folder) if folder else None)
        driver.unavailable()
        driver.Settings.model_validate(settings, context={ELSEWHERE: False})
    sys.stdout.flush()
    sys.stdout.buffer.write(_ALIVE)
    sys.stdout.buffer.flush()
    os._exit(0)  # no matter what it has left to do at the end, or which of its threads go on


if __name__ == "__main__":
    _main()
