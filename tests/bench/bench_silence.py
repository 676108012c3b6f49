"""Amplifiers that say nothing for ten seconds, in the midst of a recording.

python -m tests.bench.bench_silence [--seconds 10]

The stand-ins of four amplifiers are stopped (SIGSTOP) and let go again. Figure: the recording goes
on, each silence is an event and so is its end, and of every stream the samples stored and lost
together are those that the time between its first and last stamp holds, to 1 in 1,000.
"""

from __future__ import annotations

import argparse
import json
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.bench import private_lsl

PROGRAM = [sys.executable, "-m", "acquire"]
DRIVERS = ("brain-products-rda", "curry", "scan", "biopac")
QUIET = {"silent", "device-away", "device-lost", "stream-lost", "device-hangs"}
AGAIN = {"silent-over", "device-back", "stream-back", "device-hangs-over"}
BEFORE_S, AFTER_S, TOLERANCE = 6.0, 12.0, 1e-3


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=10.0)
    silence_s = parser.parse_args().seconds
    private_lsl()
    with tempfile.TemporaryDirectory() as folder:
        return silence(Path(folder), silence_s)


def silence(folder: Path, silence_s: float) -> int:
    rig = folder / "rig.toml"
    tables = [f'[[device]]\nname = "{d}"\ndriver = "{d}"\nhost = "127.0.0.1"\n' for d in DRIVERS]
    rig.write_text(f'[rig]\ndata_dir = "{folder}"\n' + "".join(tables))
    stand_ins = [
        subprocess.Popen([*PROGRAM, "simulate", driver], stdout=subprocess.DEVNULL)
        for driver in DRIVERS
    ]
    try:
        time.sleep(8.0)  # until all listen
        total = BEFORE_S + silence_s + AFTER_S
        recorder = subprocess.Popen(
            [*PROGRAM, "record", str(rig), "--seconds", str(total), "--wait", "60", "--json"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert recorder.stderr is not None
        while "recording" not in (line := recorder.stderr.readline()):
            assert line, "it did not start"
        time.sleep(BEFORE_S)
        for process in stand_ins:
            process.send_signal(signal.SIGSTOP)
        time.sleep(silence_s)
        for process in stand_ins:
            process.send_signal(signal.SIGCONT)
        _, err = recorder.communicate(timeout=120)
    finally:
        for process in stand_ins:
            process.kill()
            process.wait()
    told = json.loads(next(folder.rglob("report.json")).read_text())
    manifest = json.loads(next(folder.rglob("session.json")).read_text())
    events = {(event["source"], event["code"]) for event in manifest["events"]}
    good = True
    for stream in told["streams"]:
        name = stream["name"]
        if name not in DRIVERS:
            continue
        span = stream["last_lsl"] - stream["first_lsl"]
        due = span * stream["rate_hz"] + 1
        share = (stream["samples"] + stream["lost"]) / due - 1
        codes = {code for source, code in events if source == name}
        fits = abs(share) <= TOLERANCE and bool(codes & QUIET) and bool(codes & AGAIN)
        good = good and fits
        print(
            f"{name}: {stream['samples']} samples, {stream['lost']} lost, {share * 1e3:+.2f} in "
            f"1,000; {', '.join(sorted(codes))}{'' if fits else ' MISSED'}"
        )
    if not good:
        print(err[-1500:])
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
