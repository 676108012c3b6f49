"""Does anything grow while a whole session is recorded? The simulated rig with a camera, long.

python -m tests.bench.bench_soak [--minutes 10]

Unique memory (USS) of every process is read twice a minute. Figures: no process grows by more than
5 MB from a fifth of the time on; nothing is lost; the check passes or warns of latencies alone.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path

import psutil

from tests.acquire.program import Unisono, module_of, unisono, wait_for
from tests.bench import private_lsl

LIMIT_MB = 5.0
LOOK_S = 30.0
RIG = """\
[[device]]
name = "eeg"
driver = "simulated-eeg"
channels = 64
faults = { drift_ppm = 60, jitter_ms = 2 }

[[device]]
name = "physio"
driver = "simulated-physio"

[[device]]
name = "markers"
driver = "simulated-markers"

[[device]]
name = "face"
driver = "simulated-camera"
width = 320
height = 240
rate_hz = 100
"""


def look(program: Unisono, memory: dict[str, list[float]]) -> None:
    """Read the memory of every process, MB."""
    for number, process in enumerate(program.tree()):
        try:
            name = f"{number} {module_of(process) or 'engine'}"
            memory[name].append(process.memory_full_info().uss / 1e6)
        except psutil.NoSuchProcess:
            continue


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--minutes", type=float, default=10.0)
    options = parser.parse_args()
    private_lsl()
    memory: dict[str, list[float]] = defaultdict(list)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        rig = folder / "rig.toml"
        rig.write_text(RIG)
        arguments = ("--data-dir", str(folder / "data"), "--json")
        with Unisono("record", rig, *arguments, folder=folder) as program:
            wait_for(lambda: "recording" in program.stderr.splitlines(), what="recording")
            began = time.monotonic()
            end = began + 60 * options.minutes
            while time.monotonic() < end and program.process.poll() is None:
                time.sleep(LOOK_S)
                look(program, memory)
            cpu = sum(sum(p.cpu_times()[:2]) for p in program.tree()) / (time.monotonic() - began)
            for process, values in memory.items():
                begin = values[len(values) // 5]
                print(f"{process:28s} {begin:6.1f} → {values[-1]:6.1f} MB", flush=True)
            program.say("stop\n")
            result = program.wait(60 + 30 * options.minutes)  # it checks what it has recorded
        print(f"{options.minutes:g} min, {100 * cpu:.0f} % of a core, exit code {result.code}")
        report = unisono("check", result.session, "--json", folder=folder).json
    lost = sum(s["lost"] for s in report["streams"])
    grown = {n: values[-1] - values[len(values) // 5] for n, values in memory.items()}
    worst = max(grown.values())
    print(f"lost {lost} (limit 0), verdict {report['verdict']}, growth {worst:.1f} MB (limit 5)")
    return int(result.code != 0 or lost > 0 or worst > LIMIT_MB or report["verdict"] == "FAIL")


if __name__ == "__main__":
    sys.exit(main())
