"""The closed loop: a sample in, a trigger out, through two drivers and two outlets.

python -m tests.bench.bench_loop [--rises 300]

`docs/examples/eda_trigger.py` hears a stream at 1 kHz that steps up; `trigger-out-serial` sends its
marker over a pseudo-terminal. Told: from the push of the first high sample to the byte at the far
end, p50 and p99. No limit is set: it is stated.
"""

from __future__ import annotations

import argparse
import os
import sys
import threading
import time
import tty
from pathlib import Path
from typing import Any

import numpy as np

from tests.bench import private_lsl

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"
RATE_HZ, PERIOD_S = 1000.0, 0.35


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rises", type=int, default=300)
    wanted = parser.parse_args().rises
    private_lsl()
    import pylsl

    from acquire.processes.device_link import DeviceLink
    from acquire.processes.messages import Open
    from acquire.rig.video import VideoOptions

    master, slave = os.openpty()
    tty.setraw(slave)
    info = pylsl.StreamInfo("skin", "Physio", 1, RATE_HZ, "float32", "skin")
    info.desc().append_child("channels").append_child("channel").append_child_value("label", "EDA")
    outlet = pylsl.StreamOutlet(info)
    orders: dict[str, tuple[str, dict[str, Any], Path | None]] = {
        "rise": ("eda-trigger", {"source": "skin", "rest_s": 0.1}, EXAMPLES),
        "box": ("trigger-out-serial", {"port": os.ttyname(slave), "source": "rise"}, None),
    }
    links = []
    for name, (driver, settings, folder) in orders.items():
        link = DeviceLink(name, driver, lambda _, event: print(event.text), print)
        order = Open(driver, {"name": name, **settings}, folder, None, VideoOptions("auto"))
        link.start(order, None)
        assert link.wait_open(30), link.snapshot.error
        links.append(link)
    seen: list[float] = []

    def watch() -> None:
        while len(seen) < wanted:
            if os.read(master, 1) not in (b"\x00", b""):
                seen.append(pylsl.local_clock())

    try:
        while not outlet.have_consumers():
            time.sleep(0.05)
        watcher = threading.Thread(target=watch)
        watcher.start()
        time.sleep(2.0)
        sent: list[float] = []
        start, k = pylsl.local_clock(), 0
        while len(seen) < wanted and len(sent) <= wanted + 5:
            time.sleep(max(0.0, start + k / RATE_HZ - pylsl.local_clock()))
            high = (k / RATE_HZ) % PERIOD_S > PERIOD_S - 0.02 and k > 2 * RATE_HZ
            now = pylsl.local_clock()
            if high and (not sent or now - sent[-1] > PERIOD_S / 2):
                sent.append(now)
            outlet.push_sample([5.0 + high], now)
            k += 1
        watcher.join(5)
    finally:
        for link in reversed(links):
            link.close(5.0)
    lags = (np.array(seen) - np.array(sent[: len(seen)])) * 1e3
    p50, p99 = np.percentile(lags, [50, 99])
    print(f"sample in to byte out, {len(lags)} rises: p50 {p50:.2f} ms, p99 {p99:.2f} ms")
    return 0 if len(lags) == wanted and lags.min() > 0 else 1


if __name__ == "__main__":
    sys.exit(main())
