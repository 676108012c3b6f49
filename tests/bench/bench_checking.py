"""Twenty recordings in a row, each begun while the ones before are being checked; and a long check.

python -m tests.bench.bench_checking [--starts 20] [--minutes 75] [--folder DIR]

EEG and a camera. To hold: no sample and no frame lost, a start is answered in 0.5 s, and in the end
each session has one report.

The first step of checking 75 minutes of the MMME's rig (69 and 16 channels at 1 kHz, 675,000 rows
of a camera with a sparse raw video), as the engine does it after a recording: 60 s of one core, 500
MB of memory of its own (RssAnon).
"""

from __future__ import annotations

import argparse
import contextlib
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil

from acquire.server.checking.process import FIRST_STEP
from recordings import layout
from recordings.manifest import Manifest
from recordings.stream_kinds import LOST_FATES
from tests.acquire.daemon_program import Daemon, running
from tests.acquire.program import wait_for
from tests.bench import private_lsl
from tests.bench.long_session import write_with_video


def record(daemon: Daemon) -> tuple[Path, float]:
    """Record some frames; gives the session, and how long the start took."""
    began = time.monotonic()
    daemon.post("recording/start", {"participant": "bench"})
    took = time.monotonic() - began
    daemon.wait_for_samples(daemon.face, 30)
    return Path(daemon.post("recording/stop")["session"]), took


def lost(folder: Path) -> int:
    """Count what is lost of a session: samples and frames."""
    manifest = Manifest.load(folder)
    frames = sum(v.fates.get(fate, 0) for v in manifest.videos for fate in LOST_FATES)
    return frames + sum(s.lost for s in manifest.streams if s.rate_hz)


def first_step(minutes: float, parent: Path | None) -> bool:
    """Check a long session by the command that the engine runs; print what it took."""
    with tempfile.TemporaryDirectory(dir=parent) as folder:
        session = write_with_video(Path(folder) / "long", minutes)
        command = (sys.executable, "-m", "acquire", "check", "--json", FIRST_STEP, str(session))
        with psutil.Popen(command, stdout=subprocess.DEVNULL) as check:
            peak, spent = 0.0, 0.0
            while check.poll() is None:
                with contextlib.suppress(OSError, StopIteration, psutil.NoSuchProcess):
                    peak = max(peak, _anonymous_mb(check.pid))
                    spent = sum(check.cpu_times()[:2])
                time.sleep(0.02)
    print(f"{minutes:g} minutes: {spent:.0f} s of a core (≤ 60), {peak:.0f} MB (≤ 500)")
    return check.returncode in (0, 1) and spent <= 60 and peak <= 500


def _anonymous_mb(pid: int) -> float:
    lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()
    return int(next(line for line in lines if line.startswith("RssAnon")).split()[1]) / 1024


def main() -> int:
    """Run both and print a line each; 0 = they hold."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--starts", type=int, default=20)
    parser.add_argument("--minutes", type=float, default=75.0, help="of the long session; 0: none")
    parser.add_argument("--folder", type=Path, help="with room for 1.7 GB")
    given = parser.parse_args()
    held = starts(given.starts) if given.starts else True
    held &= first_step(given.minutes, given.folder) if given.minutes else True
    return 0 if held else 1


def starts(count: int) -> bool:
    """Record so often in a row; print what it took."""
    private_lsl()
    with tempfile.TemporaryDirectory() as folder:
        with running(Path(folder), camera=True) as daemon:
            recorded = [record(daemon) for _ in range(count)]
            folders = [session for session, _ in recorded]
            wait_for(lambda: all((f / layout.REPORT_JSON_NAME).exists() for f in folders), 300)
            time.sleep(1.0)
            told = [e["event"]["code"] for e in daemon.get("events?limit=1000")]
        missing = sum(map(lost, folders))
        slowest = max(took for _, took in recorded)
    print(
        f"{count} starts: {missing} samples and frames lost, {told.count('checked')} reports, "
        f"slowest start {slowest:.2f} s"
    )
    return not missing and told.count("checked") == count and slowest < 0.5


if __name__ == "__main__":
    sys.exit(main())
