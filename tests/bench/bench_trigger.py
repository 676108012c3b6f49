"""From marker to trigger line: a device process, a real outlet, a pseudo-terminal.

python -m tests.bench.bench_trigger [--markers 1000]

Two times, p99 ≤ 1 ms each on an idle machine: until the driver has written, as it stands in the
session (marker time to write time), and until the byte was read at the other end of the line. For
comparison, on the same markers: a process that does nothing but pull them. Where that one is late,
the machine is not idle.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import threading
import time
import tty

import numpy as np

from tests.bench import private_lsl

LIMIT_MS = 1.0
PERIOD_S = 0.03
BARE = """
import json, sys, pylsl
(info,) = pylsl.resolve_byprop("name", "protocol", timeout=10)
inlet = pylsl.StreamInlet(info)
inlet.open_stream(5)
lags = []
for _ in range(int(sys.argv[1])):
    _, stamp = inlet.pull_sample(timeout=10)
    lags.append(pylsl.local_clock() - stamp)
print(json.dumps(lags))
"""


def figures(name: str, lags_s: list[float]) -> bool:
    """Print one row; say whether the figure is reached."""
    p50, p99, most = np.percentile(np.array(lags_s) * 1e3, [50, 99, 100])
    print(f"{name:34}{len(lags_s):8}{p50:9.3f}{p99:9.3f}{most:9.3f}{LIMIT_MS:10.1f}")
    return bool(p99 <= LIMIT_MS)


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--markers", type=int, default=1000)
    wanted = parser.parse_args().markers
    private_lsl()
    import pylsl

    from acquire.processes.device_link import DeviceLink
    from acquire.processes.messages import Open
    from acquire.rig.video import VideoOptions

    master, slave = os.openpty()
    tty.setraw(slave)
    settings = {"name": "box", "port": os.ttyname(slave), "source": "protocol", "pulse_ms": 5}
    outlet = pylsl.StreamOutlet(pylsl.StreamInfo("protocol", "Markers", 1, 0.0, "string", "p"))
    process = DeviceLink("box", "trigger-out-serial", lambda _, e: print(e.text), print)
    process.start(Open("trigger-out-serial", settings, None, None, VideoOptions("auto")), None)
    seen: list[float] = []

    def watch() -> None:
        while len(seen) < wanted:
            if os.read(master, 1) != b"\x00":
                seen.append(pylsl.local_clock())

    try:
        while not (process.snapshot.runs and outlet.have_consumers()):
            time.sleep(0.05)
        (lag,) = pylsl.resolve_byprop("name", "box", timeout=10)
        inlet = pylsl.StreamInlet(lag, max_buflen=600)
        inlet.open_stream(5)
        bare = subprocess.Popen(
            [sys.executable, "-c", BARE, str(wanted)], stdout=subprocess.PIPE, text=True
        )
        time.sleep(3)
        watcher = threading.Thread(target=watch)
        watcher.start()
        sent: list[float] = []
        for k in range(wanted):
            time.sleep(PERIOD_S)
            sent.append(pylsl.local_clock())
            outlet.push_sample([f'{{"event": "onset", "code": {k % 255 + 1}}}'], sent[-1])
        watcher.join()
        rows: list[list[float]] = []
        while len(rows) < wanted:
            rows += inlet.pull_chunk(timeout=1.0)[0]
        del inlet
        pulled = json.loads(bare.communicate(timeout=30)[0])
    finally:
        process.close(5.0)
    print(f"{'lag':34}{'markers':>8}{'p50 ms':>9}{'p99 ms':>9}{'max ms':>9}{'limit ms':>10}")
    figures("marker to a bare inlet", pulled)
    reached = figures("marker to write (in the session)", [row[2] - row[1] for row in rows])
    reached &= figures("marker to byte at the far end", list(np.subtract(seen, sent)))
    print("reached" if reached else "MISSED")
    return 0 if reached else 1


if __name__ == "__main__":
    sys.exit(main())
