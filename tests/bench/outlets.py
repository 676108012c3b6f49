"""Outlets for the recorder benches, in a process of their own: channel 0 counts the samples.

python -m tests.bench.outlets W1 SECONDS
"""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass

import numpy as np
import pylsl


@dataclass(frozen=True)
class Source:
    """One outlet; rate 0 = markers, one a second."""

    name: str
    channels: int
    rate_hz: float
    format: str = "float32"
    chunk: int = 20


WORKLOADS: dict[str, tuple[Source, ...]] = {
    "W1": (
        Source("eeg", 69, 1000),
        Source("physio", 16, 1000),
        Source("frames", 1, 150, "int32", 3),
        Source("markers", 1, 0, "string", 1),
    ),
    "W2": tuple(Source(f"wide-{k}", 256, 2000, chunk=40) for k in range(8)),
    "W3": (Source("fast", 64, 20_000, chunk=400),),
    "W4": tuple(Source(f"many-{k}", 8, 250, chunk=5) for k in range(32)),
}


class Pusher:
    """Pushes one source on its schedule."""

    def __init__(self, source: Source, start: float) -> None:
        info = pylsl.StreamInfo(
            source.name,
            "Markers" if source.rate_hz == 0 else "Bench",
            source.channels,
            source.rate_hz,
            source.format,
            f"bench-{source.name}",
        )
        self.source = source
        self.outlet = pylsl.StreamOutlet(info, source.chunk, 60)
        self.sent = 0
        self.start = start
        self.period = source.chunk / source.rate_hz if source.rate_hz else 1.0
        dtype = np.int32 if source.format == "int32" else np.float32
        self.buffer = np.zeros((source.chunk, source.channels), dtype)

    @property
    def due(self) -> float:
        return self.start + (self.sent // self.source.chunk + 1) * self.period

    def push(self) -> None:
        if self.source.rate_hz == 0:
            self.outlet.push_sample([str(self.sent)])
        else:
            self.buffer[:, 0] = np.arange(self.sent, self.sent + self.source.chunk) % (1 << 23)
            self.outlet.push_chunk(self.buffer)
        self.sent += self.source.chunk


def main() -> None:
    sources = WORKLOADS[sys.argv[1]]
    start = time.monotonic()
    pushers = [Pusher(source, start) for source in sources]
    print("ready", flush=True)
    end = start + float(sys.argv[2])
    while (first := min(pushers, key=lambda p: p.due)).due < end:
        if (left := first.due - time.monotonic()) > 0:
            time.sleep(left)
        first.push()


if __name__ == "__main__":
    main()
