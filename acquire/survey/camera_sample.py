"""Some frames of a camera, taken by a process of its own: a driver may crash, hang, or exit."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import fields
from pathlib import Path
from typing import Any, Final

import numpy as np

from acquire.lsl.clock import LslClock
from acquire.own_program import carry_out
from acquire.plain_text import plain
from devices import registry
from devices.arrays import Array
from devices.base import Device, DeviceError, Frame, VideoSpec
from devices.registry import words_of

FRAMES: Final = 30
"""So many different frames are taken of each camera."""
READ_S: Final = 30.0
"""How long they are waited for; fewer do as well, none do not."""
PATIENCE_S: Final = 2 * READ_S
"""What a driver may take to be loaded, opened and read, all in all."""

Sample = list[tuple[VideoSpec, list[Array]]]


def sample(
    name: str,
    driver: str,
    folder: Path | None,
    settings: dict[str, Any],
    patience_s: float,
    cwd: Path | None = None,
) -> Sample:
    """Open a device in another process, and take some frames of each of its cameras.

    `folder` has the rig's drivers; paths in the settings are relative to `cwd`.

    Raises:
        DeviceError: it cannot be opened or read, or gives no frame.
    """
    with tempfile.TemporaryDirectory(prefix="unisono-sample-") as scratch:
        answer = Path(scratch) / "answer"
        order = pickle.dumps((str(answer), driver, folder, settings))
        try:
            how = carry_out(__name__, order, subprocess.DEVNULL, patience_s, cwd)
        except subprocess.TimeoutExpired:
            raise DeviceError(f"{name}: gives no frames within {patience_s:g} s") from None
        if not answer.exists():
            raise DeviceError(f"{name}: its driver ends the process that reads it ({how})")
        found: Sample | str = pickle.loads(answer.read_bytes())  # what this very module wrote
    if isinstance(found, str):
        raise DeviceError(f"{name}: {found.removeprefix(f'{name}: ')}")
    for spec, frames in found:
        if not frames:
            raise DeviceError(f"{name}: {spec.name} gave no frame within {READ_S:g} s")
    return found


def _taken(name: str, folder: Path | None, settings: dict[str, Any]) -> Sample:
    driver = registry.find(name, folder)
    closing = threading.Event()
    device: Device = driver(driver.Settings.model_validate(settings), LslClock(closing))
    try:
        specs = {s.name: s for s in device.open() if isinstance(s, VideoSpec)}
        frames: dict[str, list[Array]] = {name: [] for name in specs}
        deadline = time.monotonic() + READ_S
        for item in device.read() if specs else ():
            if isinstance(item, Frame) and item.image is not None and item.fault is None:
                kept = frames.get(item.stream, [])
                if len(kept) < FRAMES:
                    kept.append(np.array(item.image))
            if all(len(kept) >= FRAMES for kept in frames.values()) or time.monotonic() > deadline:
                break
    finally:
        closing.set()
        device.close()
    return [(_plain(spec), frames[name]) for name, spec in specs.items()]


def _plain(spec: VideoSpec) -> VideoSpec:
    """Give a driver's own kind of description as ours: who asked knows no class of its module."""
    return VideoSpec(**{field.name: getattr(spec, field.name) for field in fields(VideoSpec)})


def _main() -> None:
    answer, *order = pickle.load(sys.stdin.buffer)  # this program's own words
    found: Sample | str
    try:
        found = _taken(*order)
    except DeviceError as error:
        found = plain(words_of(error))
    except BaseException as error:  # whatever a driver raises: sys.exit, too
        found = plain(f"{type(error).__name__}: {words_of(error)}")
    part = Path(f"{answer}.part")
    part.write_bytes(pickle.dumps(found))
    part.rename(answer)  # whole, or not there
    os._exit(0)  # no matter which of its threads go on


if __name__ == "__main__":
    _main()
