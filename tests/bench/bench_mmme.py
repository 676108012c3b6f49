"""The MMME rig with stand-ins: Curry, BIOPAC and a camera of 2048×1088 at 150 frames/s, recorded.

python -m tests.bench.bench_mmme [--seconds 120] [--to FOLDER] [--codec auto]

Figure: 0 samples and 0 frames lost in two minutes (18,000 frames, about 20 GB; it says so where
there is no room). The CPU of stand-ins and device processes is told.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import psutil

from tests.bench import private_lsl

BYTES_A_SECOND = 170e6
CAMERA = 'driver = "simulated-camera"'
PROGRAM = [sys.executable, "-P", "-m", "acquire"]


def cpu_by_module(root: psutil.Process, found: dict[str, float]) -> None:
    """Note the CPU seconds of every process below `root` so far, by what it runs."""
    for process in root.children(recursive=True):
        try:
            line = process.cmdline()
            what = " ".join(line[line.index("-m") + 1 :][:3]) if "-m" in line else line[0]
            found[f"{what} ({process.pid})"] = sum(process.cpu_times()[:2])
        except (psutil.Error, ValueError, IndexError):
            continue


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=120.0)
    parser.add_argument("--to", type=Path, default=None)
    parser.add_argument("--codec", default="auto", help="raw: twice the disk, a quarter of a core")
    given = parser.parse_args()
    private_lsl()
    folder = Path(tempfile.mkdtemp(prefix="mmme-", dir=given.to))
    try:
        need = BYTES_A_SECOND * (2 if given.codec == "raw" else 1) * given.seconds + 2e9
        if (free := shutil.disk_usage(folder).free) < need:
            print(f"no room: {need / 1e9:.0f} GB are needed in {folder}, {free / 1e9:.0f} are free")
            return 0
        return record(folder, given.seconds, given.codec)
    finally:
        shutil.rmtree(folder)


def record(folder: Path, seconds: float, codec: str) -> int:
    rig = folder / "rig.toml"
    made = [*PROGRAM, "rig", "new", str(rig), "--like", "mmme", "--simulated"]
    subprocess.run(made, check=True, stdout=subprocess.DEVNULL)
    text = rig.read_text()
    assert text.count(CAMERA) == 1
    rig.write_text(text.replace(CAMERA, f'{CAMERA}\ncodec = "{codec}"'))
    stand_ins = [
        subprocess.Popen([*PROGRAM, "simulate", name], stdout=subprocess.DEVNULL)
        for name in ("curry", "biopac")
    ]
    cpu: dict[str, float] = {}
    ended = threading.Event()

    def look() -> None:
        while not ended.wait(1.0):
            cpu_by_module(psutil.Process(), cpu)

    looking = threading.Thread(target=look)
    try:
        time.sleep(8.0)  # until both listen
        looking.start()
        order = [
            "record",
            str(rig),
            "--seconds",
            str(seconds),
            "--wait",
            "60",
            "--json",
            "--data-dir",
            str(folder),
        ]
        done = subprocess.run([*PROGRAM, *order], capture_output=True, text=True, check=False)
    finally:
        ended.set()
        looking.join()
        for process in stand_ins:
            process.terminate()
            process.wait()
    if not done.stdout:
        print(done.stderr)
        return 1
    told = json.loads(done.stdout.splitlines()[-1])
    lost = {stream["name"]: stream["lost"] for stream in told["streams"]}
    print(f"{seconds:g} s: verdict {told['verdict']}, lost {lost}")
    for camera in told["cameras"]:
        print(f"{camera['file']}: {camera['stored']} of {camera['captured']} frames stored")
    for what, used in sorted(cpu.items(), key=lambda item: -item[1])[:10]:
        print(f"  {used / seconds * 100:6.1f} % of a core  {what}")
    print(done.stderr[-1500:])
    missed = any(lost.values()) or any(c["stored"] < c["captured"] for c in told["cameras"])
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
