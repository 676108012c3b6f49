"""A disk that is soon full."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from recordings.layout import free_bytes

MB = 1_000_000


@contextmanager
def disk(folder: Path, size: int) -> Iterator[Path]:
    """Mount a disk of `size` bytes."""
    path = folder / "disk"
    path.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size}", "none", str(path)]
    if (
        sys.platform != "linux"
        or subprocess.run(mount, check=False, capture_output=True).returncode
    ):
        pytest.skip("cannot mount a small disk here (it takes root on Linux)")
    try:
        yield path
    finally:
        subprocess.run(["umount", "-l", str(path)], check=True)


def fill(path: Path, leave: int) -> None:
    """Have somebody else fill the disk but for `leave` bytes."""
    with (path / "filler").open("wb") as file:
        while (free := free_bytes(path) - leave) > 0:
            try:
                file.write(bytes(min(free, MB)))
                file.flush()
            except OSError:  # the recorder was faster
                return
