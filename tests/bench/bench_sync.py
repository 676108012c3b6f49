"""How far apart one world event is in two streams, against the truth of the simulated world.

python -m tests.bench.bench_sync [--seconds 60]

Device clocks 100 ppm fast and slow, offset by seconds to days, arrival jitter of 5 ms (mean of an
exponential). Figures: p99 ≤ 1 ms between any two signal streams, ≤ half a frame where a camera is
one of the two.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.bench import private_lsl

RATE_HZ = 200
RIG = f"""
[[device]]
name = "eeg"
driver = "simulated-eeg"
faults = {{ clock_offset_s = -30, drift_ppm = 100, jitter_ms = 5 }}
[[device]]
name = "physio"
driver = "simulated-physio"
faults = {{ clock_offset_s = 86400, drift_ppm = -100, jitter_ms = 5 }}
[[device]]
name = "face"
driver = "simulated-camera"
width = 320
height = 240
rate_hz = {RATE_HZ}
faults = {{ clock_offset_s = 1000, drift_ppm = 100, jitter_ms = 5 }}
[[device]]
name = "protocol"
driver = "simulated-markers"
"""


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=60.0)
    options = parser.parse_args()
    private_lsl()
    unisono = str(Path(sys.executable).with_name("unisono"))
    missed = 0
    with tempfile.TemporaryDirectory() as folder:
        rig = Path(folder) / "rig.toml"
        rig.write_text(f'[rig]\ndata_dir = "{folder}/data"\n{RIG}')
        command = [unisono, "record", str(rig), "--seconds", str(options.seconds), "--json"]
        command += ["--participant", "bench"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode not in (0, 1):
            print(done.stderr)
            return 1
        session = Path(json.loads(done.stdout.splitlines()[-1])["session"])
        report = json.loads((session / "report.json").read_text())
        print(f"{'pair':24}{'events':>8}{'p50 ms':>9}{'p99 ms':>9}{'max ms':>9}{'limit ms':>10}")
        for pair in report["pairs"]:
            if (truth := pair["truth"]) is None:
                continue
            video = "face" in (pair["a"], pair["b"])
            limit = 500 / RATE_HZ if video else 1.0
            missed += truth["p99_ms"] > limit
            print(
                f"{pair['a'] + ' - ' + pair['b']:24}{truth['events']:8}{truth['p50_ms']:9.3f}"
                f"{truth['p99_ms']:9.3f}{truth['max_ms']:9.3f}{limit:10.1f}"
            )
    print("reached" if not missed else "MISSED")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
