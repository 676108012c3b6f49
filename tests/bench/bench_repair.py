"""How fast a damaged recording of 75 minutes is made readable; beside a plain copy of the file.

python -m tests.bench.bench_repair [--folder DIR] [--minutes 75]

The file is cut inside its last chunk, has 100 places zeroed and 20 bytes changed. It is read from
the page cache: a disk slower than that sets the pace.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from recordings.repair.xdf import repair_xdf
from recordings.xdf.reader import read_xdf
from tests.bench.long_session import write

LEAST_MB_S = 200.0


def _damage(path: Path) -> int:
    """Damage a file; return its size."""
    rng = np.random.default_rng(2)
    size = path.stat().st_size - 12_345
    with path.open("r+b") as file:
        file.truncate(size)
        for at in rng.integers(10_000, size - 10_000, 100).tolist():
            file.seek(at)
            file.write(bytes(300))
        for at in rng.integers(10_000, size - 10_000, 20).tolist():
            file.seek(at)
            file.write(bytes([255]))
    return size


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--minutes", type=float, default=75.0)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=given.folder) as name:
        folder = Path(name)
        source = write(folder / "session", given.minutes) / "recording.xdf"
        size = _damage(source)
        os.sync()
        best = copied = float("inf")
        for round_ in range(2):
            start = time.perf_counter()
            shutil.copyfile(source, folder / f"copy-{round_}.xdf")
            copied = min(copied, time.perf_counter() - start)
            (folder / f"copy-{round_}.xdf").unlink()
            start = time.perf_counter()
            done = repair_xdf(source, folder / f"whole-{round_}.xdf")
            best = min(best, time.perf_counter() - start)
            with read_xdf(folder / f"whole-{round_}.xdf") as whole:
                assert not whole.damage
                assert all(s.footer is not None for s in whole.streams)
            (folder / f"whole-{round_}.xdf").unlink()
    print(f"{size / 1e6:.0f} MB, {len(done.damage)} places, {done.bytes_dropped:,} bytes dropped")
    speed = size / 1e6 / best
    print(f"repair {speed:.0f} MB/s, limit {LEAST_MB_S:g}; a plain copy {size / 1e6 / copied:.0f}")
    return 0 if speed >= LEAST_MB_S else 1


if __name__ == "__main__":
    sys.exit(main())
