"""What OpenCV can open as a camera here, and why it could not."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from devices.base import Plugged

CLASS = Path("/sys/class/video4linux")  # one folder for each video node of Linux


class NoSource(Exception):
    """No camera has that name."""


def find(camera: int | str) -> int | str:
    """Give the index, path or address that a rig means.

    Raises:
        NoSource: it is a name, and no camera has it, or several have.
    """
    if isinstance(camera, int) or "/" in camera or os.sep in camera:
        return camera
    there = nodes()
    if called := [index for index, name in there if camera == name]:
        if len(called) == 1:
            return called[0]
        listed = " and ".join(f"/dev/video{index}" for index in called)
        raise NoSource(
            f"{len(called)} cameras of that name: {listed}; name one by its path in "
            "/dev/v4l/by-path, which stays with the USB socket"
        )
    if Path(camera).exists():
        return camera
    listed = " or ".join(repr(name) for _, name in there)
    hint = f"there are: {listed}" if there else "use an index, a path or an address"
    raise NoSource(f"no camera of that name; {hint}")


def found() -> Sequence[Plugged]:
    """List the cameras, without opening one."""
    return tuple(_found(index, name) for index, name in nodes())


def nodes() -> list[tuple[int, str]]:
    """Give index and name of Linux's video nodes; of a camera's several nodes the first."""
    there = []
    for folder in sorted(CLASS.glob("video*"), key=lambda path: (len(path.name), path.name)):
        with contextlib.suppress(OSError, ValueError):
            if int((folder / "index").read_text()) == 0:
                number = int(folder.name.removeprefix("video"))
                there.append((number, (folder / "name").read_text().strip()))
    return there


def _found(index: int, name: str) -> Plugged:
    lines = ("[[device]]", 'name = "face"', 'driver = "camera-opencv"', f"camera = {index}")
    return Plugged(f"/dev/video{index}", name, "\n".join(lines) + "\n")


def is_address(source: int | str) -> bool:
    """Whether a camera is reached over the network."""
    return isinstance(source, str) and "://" in source


def silent(source: int | str, otherwise: str) -> str:
    """Say what is to be done about a camera that does not answer; `otherwise` is for a cable."""
    if not is_address(source):
        return otherwise
    return (
        "check that it is switched on, that its address, port, user and password are right, and "
        "that this computer reaches it (open the address in a browser or in VLC)"
    )


def why_not(source: int | str) -> str:
    """Say why OpenCV could not open it; it does not say so itself."""
    path = Path(f"/dev/video{source}") if isinstance(source, int) else Path(source)
    if is_address(source):
        return "cannot be opened; " + silent(source, "")
    if sys.platform == "linux":
        if not path.exists():
            there = " or ".join(f"{index} ({name})" for index, name in nodes())
            return f"there is no {path}; " + (f"there are: {there}" if there else "plug it in")
        if not os.access(path, os.R_OK):
            return f"{path} may not be read; add yourself to its group (often `video`)"
    return "cannot be opened; check that it is there and that no other program is using it"
