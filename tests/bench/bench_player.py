"""A 1080p30 clip while amplifiers and a camera are recorded beside it: is every frame in its slot.

python -m tests.bench.bench_player [--seconds 60]

Player, devices and recorder are real processes; the screen is Xvfb, and a 60 Hz timer stands in for
its vertical blank. CPU is that of the player's process, per cent of one core, without the X server.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import psutil
import pyxdf

from acquire.protocol.stand_ins import repeat_packets
from tests.bench import private_lsl

RATE_HZ = 30.0
FLIP_S = 1 / 60
IN_SLOT = 0.999
CPU_LIMIT = 40.0
MARK_LIMIT_MS = 0.1
LEAD_S = 8.0
"""From the line `recording` until the clip is on for certain."""
UNIQUE = 45
"""Different pictures of the clip: made of noise, for film costs more to decode than a pattern."""

PROTOCOL = """
[protocol]
name = "bench"
[[stimulus]]
name = "clip"
code = 101
file = "clip.mp4"
[[block]]
name = "b"
stimuli = ["*"]
[[block.step]]
kind = "fixation"
duration_s = 4
[[block.step]]
kind = "clip"
end_code = 100
[[block.step]]
kind = "rest"
duration_s = 1
"""
RIG = """
[[device]]
name = "eeg"
driver = "simulated-eeg"
[[device]]
name = "physio"
driver = "simulated-physio"
[[device]]
name = "face"
driver = "simulated-camera"
width = 640
height = 480
rate_hz = 60
"""
ONLY_A_SCREEN = """
What only a screen and a photodiode can show: whether the swap is the vertical blank (here a timer
stands in for it), how long the panel takes from there to light, whether a compositor delays frames.
Put a photodiode on the patch, `unisono run` its rig, and measure on the participant's computer:
    unisono stimulus calibrate --screen N --photodiode STREAM"""


@contextmanager
def screen() -> Iterator[str]:
    """Start an X server without a screen; gives its DISPLAY."""
    read, write = os.pipe()
    command = ["Xvfb", "-displayfd", str(write), "-screen", "0", "1920x1080x24", "-nolisten", "tcp"]
    server = subprocess.Popen(command, pass_fds=[write], stderr=subprocess.DEVNULL)
    os.close(write)
    try:
        with os.fdopen(read) as pipe:
            yield f":{pipe.readline().strip()}"
    finally:
        server.terminate()
        server.wait()


def make_clip(path: Path, seconds: float) -> None:
    """Write H.264 of about 10 Mbit/s: grainy clouds that drift."""
    rng = np.random.default_rng(1)
    clouds = cv2.resize(rng.normal(128, 60, (24, 40)), (2400, 1350), interpolation=cv2.INTER_CUBIC)
    pictures = []
    for number in range(UNIQUE):
        view = clouds[number * 4 : number * 4 + 1080, number * 6 : number * 6 + 1920]
        grain = cv2.GaussianBlur(rng.normal(0, 14, (1080, 1920)), (0, 0), 1.0)
        pictures.append(np.clip(view + grain, 0, 255).astype(np.uint8))
    with av.open(str(path), "w") as container:
        video = container.add_stream("libx264", rate=round(RATE_HZ))
        video.width, video.height, video.pix_fmt = 1920, 1080, "yuv420p"
        video.options = {"preset": "veryfast", "tune": "zerolatency", "b": "10M"}
        packets: list[av.Packet[Any]] = []
        for index in range(2 * UNIQUE):  # there and back again
            picture = pictures[min(index, 2 * UNIQUE - 1 - index)]
            frame = av.VideoFrame.from_ndarray(picture, format="gray").reformat(format="yuv420p")
            frame.pts, frame.time_base = index, 1 / Fraction(RATE_HZ)
            packets += video.encode(frame)
        packets += video.encode()
        length_s = 2 * UNIQUE / Fraction(RATE_HZ)
        repeat_packets(container, video, packets, round(seconds * RATE_HZ), length_s)


def _player(recorder: psutil.Process) -> psutil.Process:
    children = recorder.children(recursive=True)
    return next(p for p in children if "gui.stimulus" in p.cmdline())


def record(folder: Path, seconds: float) -> tuple[Path, float]:
    """Record the clip; gives the session and the player's CPU, per cent of a core."""
    (folder / "rig.toml").write_text(RIG)
    (folder / "bench.toml").write_text(PROTOCOL)
    make_clip(folder / "clip.mp4", seconds)
    program = [sys.executable, "-c", "from acquire.cli.main import main; main()"]
    order = ["record", "rig.toml", "--protocol", "bench.toml", "--participant", "01", "--simulate"]
    process = subprocess.Popen(
        [*program, *order, "--data-dir", "data", "--no-report", "--json"],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr
    for line in process.stderr:
        if line.strip() == "recording":
            break
    time.sleep(LEAD_S)
    player = _player(psutil.Process(process.pid))
    before, start = sum(player.cpu_times()[:2]), time.monotonic()
    time.sleep(max(5.0, seconds - LEAD_S))
    cpu = (sum(player.cpu_times()[:2]) - before) / (time.monotonic() - start) * 100
    answer, _ = process.communicate(timeout=120)
    return Path(json.loads(answer.splitlines()[-1])["session"]), cpu


def figures(session: Path, seconds: float) -> tuple[float, int, float, float]:
    """Give the share of frames in their slot, flips too late, and two 99th percentiles.

    In ms: onset marker against the swap of its frame, and swaps against their due times.
    """
    streams, _ = pyxdf.load_xdf(str(session / "recording.xdf"), dejitter_timestamps=False)
    named = {s["info"]["name"][0]: s for s in streams}
    log = np.asarray(named["protocol-frames"]["time_series"], np.float64)
    presented = dict(zip(log[:, 0].tolist(), log[:, 2].tolist(), strict=True))
    markers = zip(named["protocol"]["time_stamps"], named["protocol"]["time_series"], strict=True)
    rows = [(stamp, json.loads(row[0])) for stamp, row in markers]
    onset = next(t for t, m in rows if (m["event"], m["step"]) == ("onset", "clip"))
    # Raw stamps and the log are both the player's clock; here it is the recorder's as well.
    marks = [abs(t - presented[m["frame"]]) * 1e3 for t, m in rows if m["event"] == "onset"]
    clip = log[~np.isnan(log[:, 3])]
    first: dict[int, float] = {}
    for _, _, swap, number, _ in clip.tolist():
        first.setdefault(int(number), swap)
    count = round(seconds * RATE_HZ)
    late_by = [first[k] - onset - k / RATE_HZ for k in range(count) if k in first]
    slots = [-FLIP_S / 2 <= late < 1 / RATE_HZ for late in late_by]
    late = clip[:, 2] - clip[:, 1]
    return (
        sum(slots) / count,
        int(np.sum(late > FLIP_S)),
        float(np.percentile(marks, 99)),
        float(np.percentile(late, 99) * 1e3),
    )


def main() -> int:
    """Run it and hold it against the limits."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=60.0)
    seconds = parser.parse_args().seconds
    private_lsl()
    with tempfile.TemporaryDirectory() as name, screen() as display:
        os.environ["DISPLAY"] = display
        os.environ.pop("QT_QPA_PLATFORM", None)
        os.environ["XDG_CACHE_HOME"] = f"{name}/cache"
        session, cpu = record(Path(name), seconds)
        share, late, mark_ms, swap_ms = figures(session, seconds)
    busy = psutil.getloadavg()[0]
    print(f"frames in their slot   {share * 100:7.2f} %   (at least {IN_SLOT * 100:.1f})")
    print(f"flips a frame late     {late:7d}     swap − due p99 {swap_ms:.2f} ms")
    print(f"onset marker − swap    {mark_ms:7.3f} ms  (p99, at most {MARK_LIMIT_MS})")
    print(f"player                 {cpu:7.1f} %   of a core (at most {CPU_LIMIT:.0f})")
    print(f"load average           {busy:7.2f}     on {os.cpu_count()} cores")
    print(ONLY_A_SCREEN)
    good = share >= IN_SLOT and cpu <= CPU_LIMIT and mark_ms <= MARK_LIMIT_MS
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
