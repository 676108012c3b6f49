"""Whether all have ended who write the files of a device: an encoder outlives a device's process.

A pipe whose end the device's process hands on to its encoders: the system closes it with the last
of them, however they end. On Windows a job ends them together, and there is nothing to wait for.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from functools import partial
from multiprocessing.connection import wait
from typing import Final

VARIABLE: Final = "UNISONO_LIFELINE"
"""Where a device's process finds its end of the pipe."""


class Lifeline:
    """One process and what it starts, seen from the engine."""

    def __init__(self) -> None:
        self._ours, self._theirs = (-1, -1) if sys.platform == "win32" else os.pipe()

    @property
    def handed(self) -> dict[str, str]:
        """What the process is to find in its environment; its file descriptors are `inherited`."""
        return {VARIABLE: str(self._theirs)} if self.inherited else {}

    @property
    def inherited(self) -> list[int]:
        """The file descriptors that the process is to inherit."""
        return [self._theirs] if self._theirs >= 0 else []

    def let_go(self) -> None:
        """Leave the other end to the process, now that it is started."""
        if self._theirs >= 0:
            os.close(self._theirs)
            self._theirs = -1

    def wait_cut(self, timeout_s: float) -> bool:
        """Wait until the process and all its encoders have ended; False = not in time."""
        if self._ours >= 0 and wait([self._ours], max(0.0, timeout_s)):
            os.close(self._ours)
            self._ours = -1
        return self._ours < 0


def lifelines() -> list[int]:
    """Give the file descriptors that what this process starts is to inherit, to be waited for."""
    fd = os.environ.get(VARIABLE, "")
    return [int(fd)] if fd.isdecimal() else []


def keep_lifeline() -> None:
    """Hand it on to nobody but those who are given `lifelines`.

    What a driver starts writes no file of ours, and may live as long as it likes.
    """
    if sys.platform == "win32":  # nothing is inherited there
        return
    for fd in lifelines():
        with suppress(OSError):  # closed already, by a driver
            os.set_inheritable(fd, False)
        os.register_at_fork(after_in_child=partial(_cut, fd))


def _cut(fd: int) -> None:
    with suppress(OSError):
        os.close(fd)
