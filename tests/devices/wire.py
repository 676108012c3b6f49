"""A sensor at the far end of a real pseudo-terminal, sending at the pace of its baud rate."""

from __future__ import annotations

import contextlib
import os
import threading
import time
import tty
from collections.abc import Callable, Iterable, Iterator

from devices.base import Chunk, Device


class RealClock:
    """A clock that really waits."""

    def now(self) -> float:
        return time.monotonic()

    def sleep_until(self, time_: float) -> None:
        if (left := time_ - time.monotonic()) > 0:
            time.sleep(left)


class Wire:
    """Both ends of a serial line; `path` is ours, the sensor writes at the other end."""

    def __init__(self, baud: int = 115200) -> None:
        self.master, slave = os.openpty()
        tty.setraw(slave)
        self.path = os.ttyname(slave)
        os.close(slave)
        self._byte_s = 10 / baud
        self._threads: list[threading.Thread] = []
        self._stop = threading.Event()

    def send(self, data: bytes) -> None:
        """Send at once."""
        os.write(self.master, data)

    def play(self, pieces: Iterable[bytes], period_s: float) -> threading.Thread:
        """Send a piece every `period_s`, or as fast as the baud rate lets it, in a thread."""
        thread = threading.Thread(target=self._play, args=(pieces, period_s), daemon=True)
        self._threads.append(thread)
        thread.start()
        return thread

    def _play(self, pieces: Iterable[bytes], period_s: float) -> None:
        due = time.monotonic()
        with contextlib.suppress(OSError):  # unplugged
            for piece in pieces:
                if self._stop.wait(max(0.0, due - time.monotonic())):
                    return
                os.write(self.master, piece)
                due += max(period_s, len(piece) * self._byte_s)

    def received(self) -> bytes:
        """Return what the driver has written so far."""
        os.set_blocking(self.master, False)
        data = b""
        with contextlib.suppress(BlockingIOError, OSError):
            while more := os.read(self.master, 65536):
                data += more
        return data

    def unplug(self) -> None:
        """Close the sensor's end."""
        self._stop.set()
        for thread in self._threads:
            thread.join(60)
        if self.master >= 0:
            os.close(self.master)
        self.master = -1


@contextlib.contextmanager
def wire(baud: int = 115200) -> Iterator[Wire]:
    """Make a line and take it down."""
    line = Wire(baud)
    try:
        yield line
    finally:
        line.unplug()


def read_until(
    device: Device, done: Callable[[list[Chunk]], bool], limit_s: float = 60.0
) -> list[Chunk]:
    """Read chunks until `done` says so; an error of the driver comes through."""
    found: list[Chunk] = []
    end = time.monotonic() + limit_s
    for item in device.read():
        if isinstance(item, Chunk):
            found.append(item)
        if done(found):
            return found
        assert time.monotonic() < end, f"not done after {limit_s} s: {found[-3:]}"
    raise AssertionError("read() ended by itself")


def samples(found: list[Chunk]) -> int:
    """Count samples."""
    return sum(len(chunk.times) for chunk in found)
