"""Two hundred splits, 0.05 to 3 s apart, beside W1 and two 200 Hz cameras on one device.

python -m tests.bench.bench_splits [--count 200]

Figure: every sample and every frame in exactly one session, rows and frames together, none lost.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

from tests.bench import private_lsl


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=200)
    options = parser.parse_args()
    private_lsl()
    from tests.acquire.engine.splits import check_splits, record_with_splits

    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        splits = record_with_splits(Path(folder), options.count, seed=1, longest_s=3.0)
        seconds = time.monotonic() - began
        try:
            check_splits(splits)
        except AssertionError as error:
            print(f"{len(splits.folders)} sessions in {seconds:.0f} s: {error}")
            print("MISSED")
            return 1
        samples = sum(s.samples for o in splits.outcomes for s in o.streams)
        frames = sum(v.frames for o in splits.outcomes for v in o.videos)
    print(
        f"{len(splits.folders)} sessions in {seconds:.0f} s: {samples:,} samples and "
        f"{frames:,} frames, each in exactly one"
    )
    print("reached")
    return 0


if __name__ == "__main__":
    sys.exit(main())
