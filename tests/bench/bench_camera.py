"""Cameras at full speed beside EEG and physiology: is every frame in the file.

python -m tests.bench.bench_camera [NAME …] [--seconds 120]

The camera, the amplifiers and the recorder are real processes; the pictures are simulated. CPU is
that of the camera's process and its encoder together, per cent of one core.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import psutil

from tests.bench import private_lsl


@dataclass(frozen=True)
class Case:
    """One camera."""

    width: int
    height: int
    rate_hz: int
    pixel_format: str
    codec: str
    cpu_limit: float | None = None
    busy: bool = False


CASES = {
    "mmme-magicyuv": Case(2048, 1088, 150, "BayerRG8", "magicyuv"),
    "mmme-raw": Case(2048, 1088, 150, "BayerRG8", "raw", cpu_limit=15.0),
    "1280x1024@300": Case(1280, 1024, 300, "Mono8", "magicyuv"),
    "640x480@500": Case(640, 480, 500, "Mono8", "magicyuv"),
    "640x480@250-busy": Case(640, 480, 250, "Mono8", "magicyuv", busy=True),
}
LATE_MS = 5.0
MEMORY_MB = 150.0
"""What both processes may use beside the ring; the simulated camera's pictures are part of it."""

RIG = """
[rig]
data_dir = "{folder}"
[[device]]
name = "face"
driver = "simulated-camera"
width = {case.width}
height = {case.height}
rate_hz = {case.rate_hz}
pixel_format = "{case.pixel_format}"
codec = "{case.codec}"
[[device]]
name = "eeg"
driver = "simulated-eeg"
[[device]]
name = "physio"
driver = "simulated-physio"
"""


def _camera_processes(recorder: psutil.Process) -> list[psutil.Process]:
    """The device process that has an encoder, and the encoder."""
    living = [p for p in recorder.children(recursive=True) if p.status() != psutil.STATUS_ZOMBIE]
    encoders = [p for p in living if "acquire.camera.encoder_host" in p.cmdline()]
    return [process for e in encoders for process in (e, e.parent()) if process is not None]


def _cpu_s(processes: list[psutil.Process]) -> float:
    return sum(sum(p.cpu_times()[:2]) for p in processes)


def _ring_mb(case: Case) -> float:
    """One second of frames, which both processes share."""
    return case.width * case.height * case.rate_hz / 1e6


def _lateness_ms(session: Path) -> float:
    """How late the capture thread took frames in: p99, ms after their arrival."""
    manifest = json.loads((session / "session.json").read_text())
    return float(manifest["videos"][0]["late_p99_ms"])


def run(name: str, case: Case, seconds: float) -> bool:
    """Record one case; whether it reached its figures."""
    with tempfile.TemporaryDirectory() as folder:
        rig = Path(folder) / "rig.toml"
        rig.write_text(RIG.format(folder=folder, case=case))
        unisono = str(Path(sys.executable).with_name("unisono"))
        command = [unisono, "record", str(rig), "--participant", "bench", "--json"]
        recorder = subprocess.Popen(
            [*command, "--seconds", str(seconds)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert recorder.stderr is not None
        while (line := recorder.stderr.readline()).strip() != "recording":
            if not line:
                print(f"{name}: did not start")
                return False
        load = subprocess.Popen([sys.executable, "-c", "while True: pass"]) if case.busy else None
        processes = _camera_processes(psutil.Process(recorder.pid))
        before, began = _cpu_s(processes), time.monotonic()
        time.sleep(max(1.0, seconds - 2.0))
        cpu = 100 * (_cpu_s(processes) - before) / (time.monotonic() - began)
        ring = _ring_mb(case)
        memory = sum(p.memory_full_info().uss for p in processes) / 1e6 + ring
        out, _ = recorder.communicate()
        if load is not None:
            load.kill()
            load.wait()
        result = json.loads(out.splitlines()[-1])
        camera = result["cameras"][0]
        lost = camera["captured"] - camera["stored"] + camera["device_lost"]
        late = _lateness_ms(Path(result["session"]))
    good = lost == 0 and result["verdict"] in ("PASS", "WARN")
    good &= case.cpu_limit is None or cpu <= case.cpu_limit
    good &= not case.busy or late <= LATE_MS
    good &= memory <= ring + MEMORY_MB
    limit = f" (limit {case.cpu_limit:g})" if case.cpu_limit else ""
    print(
        f"{name:18}{camera['stored']:8} stored{lost:6} not{cpu:8.1f} % CPU{limit}"
        f"{memory:8.0f} MB (limit {ring + MEMORY_MB:.0f}){late:8.3f} ms late p99"
        f"  {result['verdict']}  {'reached' if good else 'MISSED'}",
        flush=True,
    )
    return good


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("names", nargs="*", default=list(CASES))
    parser.add_argument("--seconds", type=float, default=120.0)
    options = parser.parse_args()
    private_lsl()
    results = [run(name, CASES[name], options.seconds) for name in options.names]
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
