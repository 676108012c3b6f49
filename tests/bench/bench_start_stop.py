"""How long a warm start and a stop take, on workload W1, in one engine.

python -m tests.bench.bench_start_stop [--rounds 20]

Start: from the call to the stamp of the first sample kept (figure: ≤ 0.2 s). Stop: from the call to
files closed and footers written (≤ 0.5 s; LabRecorderCLI is in bench_recorder). Once with a bare
XDF file, and once as a session with a raw video beside it (p95 ≤ 0.5 s): 1280×1024 at 60 fps.
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

CAMERA = """
[[device]]
name = "face"
driver = "simulated-camera"
width = 1280
height = 1024
rate_hz = 60
codec = "raw"
"""


def rounds(folder: Path, count: int, rig_text: str) -> tuple[list[float], list[float]]:
    """Start and stop so often; gives the seconds that each took."""
    from acquire.engine.engine import Engine
    from acquire.lsl.clock import local_clock
    from acquire.pump.selection import Selection
    from acquire.rig.file import parse_rig
    from acquire.take.folder import Labels
    from recordings.xdf.reader import read_xdf

    starts, stops = [], []
    with_video = bool(rig_text)
    rig = parse_rig(f'[rig]\nname = "bench"\n{rig_text}')
    with Engine(rig, Selection(everything=True), None, publish_events=with_video) as engine:
        engine.open(30.0)
        for number in range(count):
            path = folder / f"{number}.xdf"
            ordered = local_clock()
            if with_video:
                engine.start(folder, Labels(participant="bench"))
            else:
                engine.takes.start_file(path)
            time.sleep(1.0)
            began = time.monotonic()
            outcome = engine.stop()
            stops.append(time.monotonic() - began)
            with read_xdf(outcome.path / "recording.xdf" if with_video else path) as recording:
                regular = [s for s in recording.streams if s.info.rate_hz > 150]
                starts.append(max(float(s.stamps[0]) for s in regular) - ordered)
    return starts, stops


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=20)
    options = parser.parse_args()
    private_lsl()
    command = [sys.executable, "-m", "tests.bench.outlets", "W1", str(120 + 6 * options.rounds)]
    source = subprocess.Popen(command, stdout=subprocess.PIPE)
    assert source.stdout is not None
    source.stdout.readline()
    missed = False
    try:
        with tempfile.TemporaryDirectory() as folder:
            for what, rig, quantile in (("XDF", "", 100), ("raw video", CAMERA, 95)):
                starts, stops = rounds(Path(folder), options.rounds, rig)
                for name, values, limit in (("start", starts, 0.2), ("stop", stops, 0.5)):
                    figure = float(np.percentile(values, quantile if name == "stop" else 100))
                    missed |= figure > limit
                    print(
                        f"{what}, {name}: median {np.median(values):.3f} s, "
                        f"p95 {np.percentile(values, 95):.3f} s, max {max(values):.3f} s "
                        f"(limit {limit})"
                    )
    finally:
        source.kill()
        source.wait()
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
