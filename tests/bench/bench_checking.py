"""Twenty recordings in a row, each begun while the ones before are being checked.

python -m tests.bench.bench_checking [--starts 20]

EEG and a camera. To hold: no sample and no frame lost, a start is answered in 0.5 s, and in the end
each session has one report.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

from recordings import layout
from recordings.manifest import Manifest
from recordings.stream_kinds import LOST_FATES
from tests.acquire.daemon_program import Daemon, running
from tests.acquire.program import wait_for
from tests.bench import private_lsl


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


def main() -> int:
    """Run it and print a line; 0 = it holds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--starts", type=int, default=20)
    count = parser.parse_args().starts
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
    return 0 if not missing and told.count("checked") == count and slowest < 0.5 else 1


if __name__ == "__main__":
    sys.exit(main())
