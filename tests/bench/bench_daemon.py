"""What the daemon's network side costs, while workload W1 is recorded.

python -m tests.bench.bench_daemon [--seconds 30] [--cycles 500]

W1 comes from a process of its own; the daemon records it and is asked over HTTP. Figures: status
p99 ≤ 20 ms; start command → first sample kept ≤ 0.2 s; 24 clients that ask once a second cost
≤ 10 % of a core; nothing lost while the API is sent nonsense; a split loses and doubles no sample;
memory grows ≤ 5 MB over the start/stop cycles.
"""

from __future__ import annotations

import argparse
import contextlib
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import psutil

from tests.acquire.daemon_program import Daemon
from tests.bench import private_lsl

CLIENTS = 24
RIG = "".join(f'[[expect]]\nname = "{name}"\n' for name in ("eeg", "physio", "frames", "markers"))
NONSENSE = (
    ("POST", "/api/recording/start", b"{]"),
    ("PUT", "/api/rig", b"x" * 5000),
    ("GET", "/api/sessions/..%2f..%2fetc/report", b""),
    ("POST", "/api/markers", b'{"text": 5}'),
    ("PATCH", "/api/status", b""),
)


@contextlib.contextmanager
def source(seconds: float) -> Iterator[None]:
    """Publish W1."""
    command = [sys.executable, "-m", "tests.bench.outlets", "W1", str(seconds)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.readline()
    try:
        yield
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def cpu_share(process: psutil.Process, seconds: float) -> float:
    """Percent of one core over the next seconds."""
    before = process.cpu_times()
    time.sleep(seconds)
    after = process.cpu_times()
    return 100 * (after.user - before.user + after.system - before.system) / seconds


def status_times(daemon: Daemon, seconds: float) -> np.ndarray:
    """How long an answer takes, ms."""
    took, end = [], time.monotonic() + seconds
    while time.monotonic() < end:
        began = time.perf_counter()
        daemon.get("status")
        took.append(1e3 * (time.perf_counter() - began))
        time.sleep(0.02)
    return np.array(took)


@contextlib.contextmanager
def clients(daemon: Daemon) -> Iterator[None]:
    """Have many clients ask once a second each, over connections that stay."""
    import httpx

    ending = threading.Event()

    def ask(number: int) -> None:
        with httpx.Client(base_url=daemon.url) as http:
            ending.wait(number / CLIENTS)
            while not ending.is_set():
                http.get("/api/status")
                ending.wait(1.0)

    threads = [threading.Thread(target=ask, args=(n,)) for n in range(CLIENTS)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        ending.set()
        for thread in threads:
            thread.join()


def count_errors(folders: list[Path]) -> tuple[int, int]:
    """Count the samples of channel 0 that are lost and doubled over all sessions, in order."""
    from recordings.xdf.reader import read_xdf

    counts: dict[str, list[np.ndarray]] = {}
    for folder in folders:
        with read_xdf(folder / "recording.xdf") as recording:
            for stream in recording.streams:
                if stream.info.rate_hz:
                    counts.setdefault(stream.name, []).append(stream.read(channels=[0])[:, 0])
    steps = [np.diff(np.concatenate(parts).astype(np.int64)) for parts in counts.values()]
    lost = sum(int(np.sum(np.maximum(s - 1, 0))) for s in steps)
    return lost, sum(int(np.sum(s < 1)) for s in steps)


def record(daemon: Daemon, seconds: float) -> dict[str, tuple[float, float]]:
    """Measure while a recording runs; figure → (value, limit)."""
    process = psutil.Process(daemon.process.pid)
    started = daemon.post("recording/start", {"participant": "01"})
    times = status_times(daemon, seconds)
    quiet = cpu_share(process, seconds)
    with clients(daemon):
        asked = cpu_share(process, seconds)
    for number in range(100):
        method, path, body = NONSENSE[number % len(NONSENSE)]
        assert daemon.http.request(method, path, content=body).status_code >= 400
    split = daemon.post("recording/split")
    time.sleep(1.0)
    stopped = daemon.post("recording/stop")
    lost, doubled = count_errors([Path(split["before"]["session"]), Path(stopped["session"])])
    assert started["session"] == split["before"]["session"]
    print(f"status median {np.median(times):.1f} ms, max {times.max():.1f} ms")
    print(f"recording alone {quiet:.1f} % of a core, with {CLIENTS} clients {asked:.1f} %")
    return {
        "status p99, ms": (float(np.percentile(times, 99)), 20.0),
        f"{CLIENTS} clients, % of a core": (asked - quiet, 10.0),
        "lost over nonsense and split": (lost, 0),
        "doubled": (doubled, 0),
    }


def cycles(daemon: Daemon, count: int) -> dict[str, tuple[float, float]]:
    """Start and stop again and again."""
    from acquire.lsl.clock import local_clock

    process = psutil.Process(daemon.process.pid)
    starts, memory = [], []
    for number in range(count):
        ordered = local_clock()
        started = daemon.post("recording/start", {"participant": "02", "session": f"{number:04d}"})
        starts.append(started["first_sample"] - ordered)
        time.sleep(0.2)
        daemon.post("recording/stop")
        memory.append(process.memory_full_info().uss / 1e6)
    settled = memory[len(memory) // 5]
    print(
        f"memory after {len(memory) // 5} cycles {settled:.1f} MB, at the end {memory[-1]:.1f} MB"
    )
    return {
        "start → first sample, max s": (max(starts), 0.2),
        f"growth over {count} cycles, MB": (memory[-1] - settled, 5.0),
    }


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--cycles", type=int, default=500)
    options = parser.parse_args()
    private_lsl()
    with tempfile.TemporaryDirectory() as folder:
        length = 4 * options.seconds + 2.0 * options.cycles + 60
        with source(length), Daemon(Path(folder), rig=RIG) as daemon:
            daemon.idle()
            found = record(daemon, options.seconds) | cycles(daemon, options.cycles)
            daemon.end()
    for name, (value, limit) in found.items():
        print(f"{name}: {value:.3g} (limit {limit:g}){'' if value <= limit else '  MISSED'}")
    return int(any(value > limit for value, limit in found.values()))


if __name__ == "__main__":
    sys.exit(main())
