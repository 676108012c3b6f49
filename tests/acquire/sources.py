"""Plain pylsl outlets in a process of their own: third-party programs, as the recorder sees them.

Channel c of sample k of a regular stream is k + c, and its stamp is start + k / rate, to the bit;
or, of a source `on_arrival`, the time at which its chunk is sent. What is due while it is halted is
sent when it resumes: a stall with its backlog.
``python -m tests.acquire.sources '[{"name": …}, …]'`` says `ready`, and then obeys lines on its
standard input; it ends with the end of that.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import select
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

ROOT = Path(__file__).parents[2]
CHUNK_S = 0.02


@dataclass(frozen=True)
class Source:
    """One outlet; a pulse goes to every source of rate 0."""

    name: str
    type: str = "Test"
    channels: int = 2
    rate_hz: float = 250.0
    format: str = "float32"
    source_id: str | None = None  # the name, unless given
    on_arrival: bool = False  # stamped when it is sent


class Sources:
    """A running process with outlets."""

    def __init__(self, *sources: Source, prefix: Sequence[str] = ()) -> None:
        description = json.dumps([asdict(s) for s in sources])
        self.process = subprocess.Popen(
            [*prefix, sys.executable, "-m", "tests.acquire.sources", description],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=ROOT,
            bufsize=0,
        )
        try:
            assert self.hear() == "ready"
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def tell(self, line: str) -> None:
        """Give a command."""
        assert self.process.stdin
        self.process.stdin.write(line.encode() + b"\n")

    def hear(self) -> str:
        """Wait for an answer."""
        assert self.process.stdout
        return self.process.stdout.readline().decode().strip()

    def ask(self, line: str) -> str:
        """Give a command and wait for its answer."""
        self.tell(line)
        return self.hear()

    def kill(self) -> None:
        """Kill -9: the program crashed."""
        self.process.kill()
        self.close()

    def close(self) -> None:
        """End it."""
        for pipe in (self.process.stdin, self.process.stdout):
            assert pipe
            pipe.close()
        try:
            self.process.wait(60)
        finally:
            self.process.kill()


# What runs in the process.


class _Timespec(ctypes.Structure):
    _fields_ = (("seconds", ctypes.c_long), ("nanoseconds", ctypes.c_long))


def true_time() -> float:
    """Read the wall clock by a system call of its own: faketime and time namespaces miss it."""
    spec = _Timespec()
    number = {"x86_64": 228, "aarch64": 113}[os.uname().machine]
    if ctypes.CDLL(None).syscall(number, 0, ctypes.byref(spec)):
        raise OSError("clock_gettime")
    return float(spec.seconds + spec.nanoseconds * 1e-9)


def both_clocks() -> tuple[float, float]:
    """Read the LSL clock and the true time together: the best of several tries."""
    import pylsl

    def read() -> tuple[float, float, float]:
        before = true_time()
        lsl = pylsl.local_clock()
        after = true_time()
        return after - before, lsl, (before + after) / 2

    _, lsl, true = min(read() for _ in range(20))
    return lsl, true


class _Pusher:
    def __init__(self, source: Source, start: float) -> None:
        import pylsl

        info = pylsl.StreamInfo(
            source.name,
            source.type,
            source.channels,
            source.rate_hz,
            source.format,
            source.name if source.source_id is None else source.source_id,
        )
        self.source = source
        self.start = start
        self.sent = 0
        self.halted = False
        self.outlet = pylsl.StreamOutlet(info, 0, 60)
        self.chunk = max(1, round(source.rate_hz * CHUNK_S))

    @property
    def due(self) -> float:
        """When the next chunk is complete."""
        if not self.source.rate_hz or self.halted:
            return float("inf")
        return self.start + (self.sent + self.chunk - 1) / self.source.rate_hz

    def push(self) -> None:
        import numpy as np

        numbers = np.arange(self.sent, self.sent + self.chunk)
        rows = (numbers[:, None] + np.arange(self.source.channels)).astype(self.source.format)
        if self.source.on_arrival:
            self.outlet.push_chunk(rows)
        else:
            stamps = [self.start + k / self.source.rate_hz for k in numbers.tolist()]
            self.outlet.push_chunk(rows, stamps)
        self.sent += self.chunk

    def pulse(self) -> float:
        """Push the true time of this moment, stamped with the LSL time of it."""
        lsl, true = both_clocks()
        self.outlet.push_sample([true] * self.source.channels, lsl)
        return true


def _lines(until: float) -> Iterator[str]:
    """Read what was typed, until LSL time `until` at most; raise EOFError at the end."""
    import pylsl

    while (left := until - pylsl.local_clock()) > 0:
        if select.select([0], [], [], min(left, 1.0))[0]:
            data = os.read(0, 4096)
            if not data:
                raise EOFError
            yield from data.decode().split()


def _obey(line: str, pushers: list[_Pusher]) -> None:
    if line == "pulse":
        print(*[p.pulse() for p in pushers if not p.source.rate_hz], flush=True)
    elif line == "listeners":
        print(sum(p.outlet.have_consumers() for p in pushers), flush=True)
    elif line == "halt":
        for pusher in pushers:
            pusher.halted = True
        print(*[p.sent for p in pushers], flush=True)
    elif line == "resume":
        for pusher in pushers:
            pusher.halted = False
    else:
        raise ValueError(line)


def main(description: list[dict[str, Any]]) -> None:
    import pylsl

    start = pylsl.local_clock()
    pushers = [_Pusher(Source(**s), start) for s in description]
    print("ready", flush=True)
    while True:
        first = min(pushers, key=lambda p: p.due)
        for line in _lines(min(first.due, pylsl.local_clock() + 0.1)):
            _obey(line, pushers)
        if pylsl.local_clock() >= first.due:
            first.push()


if __name__ == "__main__":
    with contextlib.suppress(EOFError):
        main(json.loads(sys.argv[1]))
