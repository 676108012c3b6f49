"""A driver of somebody else's, loaded and asked in a process of its own.

Whatever is in its module runs in the process that loads it. What ends a process (`os._exit`, a
library that crashes) or never comes back would take the engine and all that it records along, or
the list of all other drivers; no `except` catches it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import suppress
from dataclasses import asdict
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any, Final

from acquire.own_program import NO_WINDOW, command
from acquire.plain_text import plain
from devices import registry
from devices.base import ELSEWHERE, DeviceError, Plugged
from devices.registry import DriverEntry

_PATIENCE_S: Final = 60.0  # a large library takes its time on a slow disk
_LOOK_PATIENCE_S: Final = 20.0  # somebody waits for the list of all drivers
_ANSWER: Final = "\nunisono: "


class _Ended(Exception):
    """The process has not answered; the message says how it ended."""


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
        raise DeviceError(_refusal(name, place, fault))


def look_apart(name: str) -> tuple[DriverEntry, tuple[Plugged, ...]]:
    """Ask an installed driver in another process whether it can run, and what it finds."""
    try:
        entry, found = _answer(json.dumps([name, None, None]), _LOOK_PATIENCE_S)
    except _Ended as error:
        reason = _refusal(name, registry.place_of(name), str(error))
        return DriverEntry(name, "", simulated=False, available=False, reason=reason), ()
    return DriverEntry(**entry), tuple(Plugged(**one) for one in found)


def _refusal(name: str, place: object, fault: str) -> str:
    return f"driver {name!r}, {place}: {fault}; repair or remove it"


@lru_cache(maxsize=256)
def _fault(order: str, changed: int) -> str:
    """Say what a driver does to the process that loads it; empty = it survives.

    `changed` is when its file was: it is tried again then.
    """
    del changed
    try:
        _answer(order, _PATIENCE_S)
    except _Ended as error:
        return str(error)
    return ""


def _answer(order: str, patience_s: float) -> Any:
    """Have a process carry out an order, and give what it answers.

    It writes into a file: a program that the driver has started holds a pipe open after its end.

    Raises:
        _Ended: the process ended without an answer, or has none in time.
    """
    with TemporaryFile() as written:
        try:
            done = subprocess.run(
                command(__name__),
                input=order.encode(),
                stdout=written,
                stderr=subprocess.DEVNULL,
                timeout=patience_s,
                creationflags=NO_WINDOW,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise _Ended(f"has not been loaded after {patience_s:g} s") from None
        written.seek(0)
        said = written.read()
    _, mark, answer = said.rpartition(_ANSWER.encode())
    if mark:
        with suppress(ValueError):  # it ended in the middle of it
            return json.loads(answer.partition(b"\n")[0])
    how = f"signal {-done.returncode}" if done.returncode < 0 else f"status {done.returncode}"
    raise _Ended(f"ends the process that loads it ({how})")


def _main() -> None:
    name, folder, settings = json.load(sys.stdin)
    answer = None
    if settings is None:
        answer = _look(name)
    else:
        with suppress(BaseException):  # raised again, and told, where it is loaded in earnest
            driver = registry.find(name, Path(folder) if folder else None)
            driver.unavailable()
            driver.Settings.model_validate(settings, context={ELSEWHERE: False})
    sys.stdout.flush()
    sys.stdout.buffer.write(f"{_ANSWER}{json.dumps(answer)}\n".encode())
    sys.stdout.buffer.flush()
    os._exit(0)  # no matter what it has left to do at the end, or which of its threads go on


def _look(name: str) -> tuple[dict[str, Any], list[dict[str, str]]]:
    """Give an installed driver and what it finds as JSON data, whatever kind its words are of."""
    entry = registry.entry(name)
    found: list[dict[str, str]] = []
    if entry.available:
        with suppress(BaseException):  # a library that fails to look hides nothing else
            found = [
                {key: _words(value) for key, value in asdict(one).items()}
                for one in registry.find(name).found()
            ]
    row = asdict(entry)
    row |= {key: _words(row[key]) for key in ("name", "summary", "reason")}
    row |= {key: bool(row[key]) for key in ("simulated", "available")}
    return row, found


def _words(value: object) -> str:
    return "\n".join(plain(line) for line in str(value).splitlines())


if __name__ == "__main__":
    _main()
