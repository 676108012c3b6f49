"""What an amplifier over the network costs beside `simulated-eeg` with the same data.

python -m tests.bench.bench_amplifiers [--seconds 60] [--times 3]

Figure: the whole device process of each driver takes ≤ 1.5 × the CPU of `simulated-eeg`'s with as
many channels and samples (median of three runs, side by side), and loses nothing. The stand-ins run
in processes of their own, which are not counted. 69 channels at 1 kHz; 256 channels at 2 kHz are
compared with `simulated-eeg`'s 69 at 2 kHz, times 256/69.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time
from typing import Any

import psutil

from tests.bench import private_lsl

LIMIT = 1.5
DRIVERS = ("brain-products-rda", "curry", "scan", "biopac")
WIDE = ("brain-products-rda", "curry", "scan")
SERVER = "import sys; from tests.bench.bench_amplifiers import serve; serve(*sys.argv[1:])"


def serve(kind: str, channels: str, rate: str) -> None:
    """Play rows of random numbers to whoever connects; say the port."""
    import numpy as np

    from acquire.cli.live.simulate import STAND_INS
    from devices.base import Channel
    from devices.simulation.servers.serving import Packet, Signals

    count, rate_hz = int(channels), float(rate)
    names = (*(f"E{i}" for i in range(count - 1)), "Trigger")
    described = tuple(Channel(n, "", "Trigger" if n == "Trigger" else "EEG") for n in names)
    signals = Signals(described, rate_hz, None if kind == "biopac" else count - 1)
    if kind == "biopac":
        from devices.simulation.servers.biopac_server import BiopacServer

        server: Any = BiopacServer(signals, "127.0.0.1", 0)
    else:
        server = STAND_INS[kind].make(signals, "127.0.0.1", 0)
    print(json.dumps(server.port), flush=True)
    size = round(rate_hz * 0.02)
    rows = np.random.default_rng(1).normal(0, 20, (size, count)).astype(np.float32)
    rows[:, -1] = 0
    start, first = time.monotonic(), 0
    while True:
        time.sleep(max(0.0, start + first / rate_hz - time.monotonic()))
        server.turn(Packet(first, rows))
        first += size


def device_cpu(driver: str, settings: dict[str, Any], seconds: float) -> tuple[float, int]:
    """Run a device process and give its CPU seconds, and what it lost."""
    from acquire.processes.device_link import DeviceLink
    from acquire.processes.messages import Open
    from acquire.rig.video import VideoOptions

    lost = 0

    def on_loss(_: str, loss: Any) -> None:
        nonlocal lost
        lost += loss.lost if hasattr(loss, "lost") else loss.count

    link = DeviceLink("amp", driver, lambda _, event: print(event.text), on_loss)
    link.start(Open(driver, {"name": "amp", **settings}, None, None, VideoOptions("auto")), None)
    try:
        assert link.wait_open(30), link.snapshot.error
        time.sleep(2.0)  # imports and the first connection are not what is measured
        (process,) = (
            p for p in psutil.Process().children() if "acquire.host.device_host" in p.cmdline()
        )
        before = process.cpu_times()
        time.sleep(seconds)
        after = process.cpu_times()
    finally:
        link.close(5.0)
    return sum(after[:2]) - sum(before[:2]), lost


def driver_cpu(driver: str, channels: int, rate: float, seconds: float) -> tuple[float, int]:
    command = [sys.executable, "-c", SERVER, driver, str(channels), str(rate)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            port = json.loads(server.stdout.readline())
            return device_cpu(driver, {"host": "127.0.0.1", "port": port}, seconds)
        finally:
            server.kill()


def compare(driver: str, channels: int, rate: float, seconds: float, times: int) -> bool:
    ratios, percents, lost = [], [], 0
    for _ in range(times):
        theirs, lost_now = driver_cpu(driver, channels, rate, seconds)
        ours, _ = device_cpu("simulated-eeg", {"rate_hz": rate, "seed": 1}, seconds)
        ratios.append(theirs / (ours * channels / 69))
        percents.append(theirs / seconds * 100)
        lost += lost_now
    ratio = statistics.median(ratios)
    good = ratio <= LIMIT and not lost
    print(
        f"{driver}, {channels} channels at {rate:g} Hz: {statistics.median(percents):.1f} % of a "
        f"core, {ratio:.2f} x simulated-eeg (limit {LIMIT}), {lost} lost {'' if good else 'MISSED'}"
    )
    return good


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--times", type=int, default=3)
    given = parser.parse_args()
    private_lsl()
    good = [compare(d, 69, 1000.0, given.seconds, given.times) for d in DRIVERS]
    good += [compare(d, 256, 2000.0, given.seconds, given.times) for d in WIDE]
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main())
