"""What a serial sensor costs: 2 kHz × 8 channels over a pseudo-terminal, 68 over TCP.

python -m tests.bench.bench_serial [--seconds 20]

Figure: ≤ 10 % of one core for the whole device process (parser, clock model, outlet), over
`socket://` at 282 kB/s ≤ 5 %; nothing lost.
"""

from __future__ import annotations

import argparse
import os
import socket
import struct
import subprocess
import sys
import time
import tty
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import psutil

from tests.bench import private_lsl

RATE_HZ = 2000
BURST_S = 0.004
SENSOR = "import sys; from tests.bench.bench_serial import play; play(*sys.argv[1:])"


@dataclass(frozen=True)
class Case:
    """A driver, how many channels it reads, and whether over TCP (`socket://`)."""

    driver: str
    channels: int
    over_tcp: bool
    limit: float

    @property
    def name(self) -> str:
        return f"{self.driver}{' socket' if self.over_tcp else ''}"


CASES = (
    Case("serial-packets", 8, False, 0.10),
    Case("serial-lines", 8, False, 0.10),
    Case("serial-packets", 68, True, 0.05),  # 282 kB/s
)


def packet(k: int, channels: int) -> bytes:
    from devices.serial import checksums

    payload = struct.pack(f"<H{channels}h", k % 65536, *((k + c) % 30000 for c in range(channels)))
    check = checksums.compute("crc8", np.frombuffer(payload, np.uint8)[None])[0]
    return b"\xa5\x5a" + payload + bytes([int(check)])


def line(k: int, channels: int) -> bytes:
    values = b",".join(b"%.4f" % ((k + c) % 30000) for c in range(channels))
    return f"{k},".encode() + values + b"\n"


def play(kind: str, channels: str, fd: str, seconds: str) -> None:
    """Send at the true rate, in bursts of 4 ms as a USB adapter makes them."""
    make = packet if kind == "serial-packets" else line
    count = int(float(seconds) * RATE_HZ)
    data = [make(k, int(channels)) for k in range(count)]
    start, per = time.monotonic(), int(BURST_S * RATE_HZ)
    for k in range(0, count, per):
        time.sleep(max(0.0, start + k / RATE_HZ - time.monotonic()))
        os.write(int(fd), b"".join(data[k : k + per]))


def described(case: Case) -> dict[str, Any]:
    if case.driver == "serial-packets":
        values = [{"name": f"c{i}", "type": "i16", "scale": 0.1} for i in range(case.channels)]
        counter = {"name": "n", "type": "u16", "role": "counter"}
        return {"sync": [0xA5, 0x5A], "fields": [counter, *values], "checksum": "crc8"}
    columns = [{"label": f"c{i}", "scale": 0.1} for i in range(case.channels)]
    return {"columns": [{"label": "n", "role": "counter"}, *columns]}


@contextmanager
def wire(over_tcp: bool) -> Iterator[tuple[str, Callable[[], int]]]:
    """A port to be opened, and what gives the sensor's end once it is open."""
    if over_tcp:
        with socket.create_server(("127.0.0.1", 0)) as door:
            taken: list[socket.socket] = []

            def accept() -> int:
                taken.append(door.accept()[0])
                return taken[0].fileno()

            yield f"socket://127.0.0.1:{door.getsockname()[1]}", accept
            for one in taken:
                one.close()
        return
    master, slave = os.openpty()
    tty.setraw(slave)
    try:
        yield os.ttyname(slave), lambda: master
    finally:
        os.close(master)
        os.close(slave)


def measure(case: Case, seconds: float) -> bool:
    from acquire.processes.device_link import DeviceLink
    from acquire.processes.messages import Open
    from acquire.rig.video import VideoOptions

    lost = 0

    def on_loss(_: str, loss: Any) -> None:
        nonlocal lost
        lost += loss.count

    with wire(case.over_tcp) as (port, sensor_end):
        settings = {"name": "s", "port": port, "baud": 921600, "rate_hz": RATE_HZ}
        process = DeviceLink("s", case.driver, lambda _, e: print(e.text), on_loss)
        order = Open(case.driver, settings | described(case), None, None, VideoOptions("auto"))
        process.start(order, None)
        try:
            end = sensor_end()
            words = [case.driver, str(case.channels), str(end), str(seconds + 8)]
            sensor = subprocess.Popen([sys.executable, "-c", SENSOR, *words], pass_fds=[end])
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
    share = (after.user + after.system - before.user - before.system) / took
    print(f"{case.name:24}{got / took:12.0f}{lost:8}{share:12.1%}{case.limit:8.0%}", flush=True)
    return share <= case.limit and lost == 0


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=20.0)
    seconds = parser.parse_args().seconds
    private_lsl()
    print(f"{'driver':24}{'samples/s':>12}{'lost':>8}{'of a core':>12}{'limit':>8}")
    reached = [measure(case, seconds) for case in CASES]
    print("reached" if all(reached) else "MISSED")
    return 0 if all(reached) else 1


if __name__ == "__main__":
    sys.exit(main())
