"""Whether the certificate's bound of the time axes holds, and how near it is, over 60 sessions.

python -m tests.bench.bench_certificate [--seed N] [--sessions N]

Each session has three streams whose true times are known, from computers with drifting clocks that
may start anew, over networks whose two ways differ by anything (`tests/recordings/
clocked_session.py`). What is measured of a pair is the 99th percentile, over the whole session, of
how far their even times are apart from the truth.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np

from recordings import open_session
from recordings.certificate import PairReport
from recordings.check.examination import check
from tests.recordings.clocked_session import random_sources, write_session

HOLDS = 0.99
WIDEST = 2.0


@dataclass(frozen=True)
class Measured:
    """A pair with what its axes are apart: 99th percentile, ms."""

    pair: PairReport
    p99_ms: float

    @property
    def ratio(self) -> float:
        """How many times what was measured the bound is."""
        return self.pair.axes_ms / self.p99_ms

    @property
    def is_own(self) -> bool:
        """Whether both streams have the recorder's own clock."""
        return not any(c.source.startswith("clock") for c in self.pair.contributions)


def measure(folder: Path, rng: np.random.Generator) -> Iterator[Measured]:
    """Write a session, check it, and compare each certified pair with the truth."""
    true = write_session(folder, random_sources(rng), rng)
    pairs = {(p.a, p.b): p for p in check(folder, hashes=False).pairs}
    with open_session(folder) as session:
        errors = {s.name: s.times(stamps="dejittered") - true[s.name] for s in session}
    for a, b in combinations(errors, 2):
        if (a, b) not in pairs:
            continue  # not certified: its offsets end long before its samples
        few, many = sorted((a, b), key=lambda name: len(true[name]))
        apart = errors[few] - np.interp(true[few], true[many], errors[many])
        yield Measured(pairs[a, b], 1e3 * float(np.percentile(np.abs(apart), 99)))


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--sessions", type=int, default=60)
    options = parser.parse_args()
    found: list[Measured] = []
    for number in range(options.sessions):
        with tempfile.TemporaryDirectory() as folder:
            rng = np.random.default_rng([options.seed, number])
            found += measure(Path(folder) / "session", rng)
    ratios = np.array([one.ratio for one in found])
    for one in found:
        if one.ratio < 1:
            pair = one.pair
            print(f"beyond its bound: {pair.a} – {pair.b}, {one.p99_ms:.3f} ms, {pair.axes_ms:.3f}")
    holds, median = float(np.mean(ratios >= 1)), float(np.median(ratios))
    low, high = np.percentile(ratios, [5, 95])
    own = [one.ratio for one in found if one.is_own]
    print(f"{len(found)} pairs of {options.sessions} sessions: bound holds in {100 * holds:.1f} %")
    print(f"bound over measured p99: median {median:.2f} (5 % {low:.2f}, 95 % {high:.2f})")
    print(f"the same, both streams of the recorder's own computer: median {np.median(own):.2f}")
    return 0 if holds >= HOLDS and median <= WIDEST else 1


if __name__ == "__main__":
    sys.exit(main())
