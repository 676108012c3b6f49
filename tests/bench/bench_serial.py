"""What a serial sensor costs: 2 kHz × 8 channels over a pseudo-terminal, in a device process.

python -m tests.bench.bench_serial [--seconds 20]

Figure: ≤ 10 % of one core for the whole device process (parser, clock model, outlet), nothing lost.
"""

from __future__ import annotations

import argparse
import os
import struct
import subprocess
import sys
import time
import tty
from typing import Any

import numpy as np
import psutil

from tests.bench import private_lsl

RATE_HZ, CHANNELS, LIMIT = 2000, 8, 0.10
BURST_S = 0.004
SENSOR = "import sys; from tests.bench.bench_serial import play; play(*sys.argv[1:])"


def packet(k: int) -> bytes:
    from devices.serial import checksums

    payload = struct.pack("<H8h", k % 65536, *((k + c) % 30000 for c in range(CHANNELS)))
    check = checksums.compute("crc8", np.frombuffer(payload, np.uint8)[None])[0]
    return b"\xa5\x5a" + payload + bytes([int(check)])


def line(k: int) -> bytes:
    return f"{k},".encode() + b",".join(b"%.4f" % ((k + c) % 30000) for c in range(8)) + b"\n"


def play(kind: str, fd: str, seconds: str) -> None:
    """Send at the true rate, in bursts of 4 ms as a USB adapter makes them."""
    make = packet if kind == "serial-packets" else line
    count = int(float(seconds) * RATE_HZ)
    data = [make(k) for k in range(count)]
    start, per = time.monotonic(), int(BURST_S * RATE_HZ)
    for k in range(0, count, per):
        time.sleep(max(0.0, start + k / RATE_HZ - time.monotonic()))
        os.write(int(fd), b"".join(data[k : k + per]))


def described(kind: str) -> dict[str, Any]:
    if kind == "serial-packets":
        values = [{"name": f"c{i}", "type": "i16", "scale": 0.1} for i in range(CHANNELS)]
        counter = {"name": "n", "type": "u16", "role": "counter"}
        return {"sync": [0xA5, 0x5A], "fields": [counter, *values], "checksum": "crc8"}
    columns = [{"label": f"c{i}", "scale": 0.1} for i in range(CHANNELS)]
    return {"columns": [{"label": "n", "role": "counter"}, *columns]}


def measure(kind: str, seconds: float) -> bool:
    from acquire.processes.device_link import DeviceLink
    from acquire.processes.messages import Open
    from acquire.rig.video import VideoOptions

    lost = 0

    def on_loss(_: str, loss: Any) -> None:
        nonlocal lost
        lost += loss.count

    master, slave = os.openpty()
    tty.setraw(slave)
    settings = {"name": "s", "port": os.ttyname(slave), "baud": 921600, "rate_hz": RATE_HZ}
    process = DeviceLink("s", kind, lambda _, e: print(e.text), on_loss)
    order = Open(kind, settings | described(kind), None, None, VideoOptions("auto"))
    process.start(order, None)
    try:
        while not process.snapshot.runs:
            time.sleep(0.05)
        arguments = [sys.executable, "-c", SENSOR, kind, str(master), str(seconds + 6)]
        sensor = subprocess.Popen(arguments, pass_fds=[master])
        while not process.snapshot.host or not process.snapshot.host.samples.get("s"):
            time.sleep(0.05)
        time.sleep(2)
        me = psutil.Process(process._process.pid)
        before, first = me.cpu_times(), process.snapshot.host.samples["s"]
        began = time.monotonic()
        time.sleep(seconds)
        after, took = me.cpu_times(), time.monotonic() - began
        got = process.snapshot.host.samples["s"] - first
        sensor.kill()
        sensor.wait()
    finally:
        process.close(5.0)
        os.close(master)
        os.close(slave)
    share = (after.user + after.system - before.user - before.system) / took
    print(f"{kind:16}{got / took:12.0f}{lost:8}{share:12.1%}{LIMIT:8.0%}")
    return share <= LIMIT and lost == 0


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=20.0)
    seconds = parser.parse_args().seconds
    private_lsl()
    print(f"{'driver':16}{'samples/s':>12}{'lost':>8}{'of a core':>12}{'limit':>8}")
    reached = [measure(kind, seconds) for kind in ("serial-packets", "serial-lines")]
    print("reached" if all(reached) else "MISSED")
    return 0 if all(reached) else 1


if __name__ == "__main__":
    sys.exit(main())
