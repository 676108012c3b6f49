"""How long a warm start and a stop take, on workload W1, in one engine.

python -m tests.bench.bench_start_stop [--rounds 20]

Start: from the call to the stamp of the first sample kept (figure: ≤ 0.2 s). Stop: from the call to
files closed and footers written (≤ 0.5 s; LabRecorderCLI is in bench_recorder).
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from tests.bench import private_lsl


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=20)
    options = parser.parse_args()
    private_lsl()
    from acquire.engine.engine import Engine
    from acquire.lsl.clock import local_clock
    from acquire.pump.discovery import Selection
    from acquire.rig.file import EMPTY
    from recordings.xdf.reader import read_xdf

    command = [sys.executable, "-m", "tests.bench.outlets", "W1", str(60 + 2 * options.rounds)]
    source = subprocess.Popen(command, stdout=subprocess.PIPE)
    assert source.stdout is not None
    source.stdout.readline()
    starts, stops = [], []
    try:
        with (
            tempfile.TemporaryDirectory() as folder,
            Engine(EMPTY, Selection(everything=True), None, publish_events=False) as engine,
        ):
            engine.open()
            for number in range(options.rounds):
                path = Path(folder) / f"{number}.xdf"
                ordered = local_clock()
                engine.start_file(path)
                time.sleep(1.0)
                began = time.monotonic()
                engine.stop()
                stops.append(time.monotonic() - began)
                recording = read_xdf(path)
                regular = [s for s in recording.streams if s.info.rate_hz]
                starts.append(max(float(s.stamps[0]) for s in regular) - ordered)
                recording.close()
    finally:
        source.kill()
        source.wait()
    for name, values, limit in (("start", starts, 0.2), ("stop", stops, 0.5)):
        print(f"{name}: median {np.median(values):.3f} s, max {max(values):.3f} s (limit {limit})")
    return 1 if max(starts) > 0.2 or max(stops) > 0.5 else 0


if __name__ == "__main__":
    sys.exit(main())
