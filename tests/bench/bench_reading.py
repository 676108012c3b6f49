"""A session of 75 minutes opened, looked into and loaded, beside pyxdf, in one run.

python -m tests.bench.bench_reading [--folder DIR] [--minutes 75]

The session has the streams of the MMME rig (tests/bench/long_session.py). Each way of loading
everything runs in a process of its own, twice in turns, the better time counts; memory is the peak
of the process less what it holds after importing, over the bytes of the arrays that it returns.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from tests.bench.long_session import START, STREAMS, write

CONTENTS_S, WINDOW_S, TIMES_PYXDF, MEMORY = 1.0, 0.05, 5.0, 1.3
SIGNALS_HZ = STREAMS[0][3]
OFF_S = 20e-6
"""Of the even times of signals from the truth: each stamp comes late by 0.2 ms in the mean."""

_OURS = """
from recordings import open_session
begin()
with open_session(path) as session:
    arrays = [
        (s.times(stamps="dejittered"), s.strings) if s.is_text else s.read(stamps="dejittered")
        for s in session
    ]
"""
_PYXDF = """
import pyxdf
begin()
streams, _ = pyxdf.load_xdf(str(path / "recording.xdf"))
arrays = [(s["time_stamps"], s["time_series"]) for s in streams]
"""
_PROGRAM = """
import json, resource, sys, time
from pathlib import Path
import numpy as np
path = Path(sys.argv[1])
def peak():
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(l for l in lines if l.startswith("VmHWM")).split()[1]) * 1024
def begin():
    global before, start
    before, start = peak(), time.perf_counter()
{body}
took = time.perf_counter() - start
size = sum(a.nbytes for pair in arrays for a in pair if isinstance(a, np.ndarray))
ends = [[float(t[0]), float(t[len(t) // 2]), float(t[-1])] for t, _ in arrays]
numbers = [d for _, d in arrays if isinstance(d, np.ndarray) and d.dtype.kind == "f"]
sums = [float(np.sum(d[::997])) for d in numbers]
print(json.dumps(dict(seconds=took, memory=(peak() - before) / size, ends=ends, sums=sums)))
"""


def _load(body: str, path: Path) -> dict[str, object]:
    program = _PROGRAM.replace("{body}", body)
    done = subprocess.run(
        [sys.executable, "-c", program, str(path)], capture_output=True, text=True, check=True
    )
    answer: dict[str, object] = json.loads(done.stdout.splitlines()[-1])
    return answer


def _off_truth(ends: object, minutes: float) -> float:
    """Return how far first, middle and last time of the two signals are from when they were."""
    count = round(minutes * 60 * SIGNALS_HZ)
    truth = START + np.array([0, count // 2, count - 1]) / SIGNALS_HZ
    return float(np.abs(np.array(ends)[:2] - truth).max())


def _contents(path: Path) -> float:
    from recordings import open_session

    best = float("inf")
    for _ in range(3):
        start = time.perf_counter()
        with open_session(path) as session:
            contents = [(s.name, len(s), s.labels) for s in session]
            times = session.start, session.stop
        best = min(best, time.perf_counter() - start)
        assert contents
        assert times
    return best


def _windows(path: Path, minutes: float) -> list[float]:
    from recordings import open_session

    rng = np.random.default_rng(1)
    took = []
    with open_session(path) as session:
        for low in START + rng.uniform(0, minutes * 60 - 10, 200):
            start = time.perf_counter()
            windows = [
                s.times(low, low + 10) if s.is_text else s.read(low, low + 10) for s in session
            ]
            took.append(time.perf_counter() - start)
            assert len(windows[0][0]) in range(9990, 10011)
    return took


def _figures(path: Path, minutes: float) -> list[tuple[str, float, float, bool]]:
    """Return (what, figure, limit, whether less is better)."""
    windows = _windows(path, minutes)
    runs = [(_load(_OURS, path), _load(_PYXDF, path)) for _ in range(2)]
    ours, theirs = (
        min((r[n] for r in runs), key=lambda r: float(str(r["seconds"]))) for n in (0, 1)
    )
    off = [_off_truth(r["ends"], minutes) for r in (ours, theirs)]
    assert np.allclose(np.array(ours["sums"]), np.array(theirs["sums"]), rtol=1e-6)
    seconds = [float(str(r["seconds"])) for r in (ours, theirs)]
    print(f"loading everything: {seconds[0]:.2f} s, pyxdf {seconds[1]:.2f} s")
    print(f"pyxdf's memory: {theirs['memory']:.2f} x the arrays, off the truth by {off[1]:.3g} s")
    return [
        ("table of contents, s", _contents(path), CONTENTS_S, True),
        ("10 s of all streams, worst of 200, s", max(windows), WINDOW_S, True),
        ("10 s of all streams, median, s", float(np.median(windows)), WINDOW_S, True),
        (
            "loading everything, times faster than pyxdf",
            seconds[1] / seconds[0],
            TIMES_PYXDF,
            False,
        ),
        ("memory, times the arrays", float(str(ours["memory"])), MEMORY, True),
        ("even times of signals off the truth, s", off[0], OFF_S, True),
    ]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--minutes", type=float, default=75.0)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=given.folder) as folder:
        path = write(Path(folder) / "session", given.minutes)
        os.sync()
        missed = 0
        for what, figure, limit, less in _figures(path, given.minutes):
            good = figure <= limit if less else figure >= limit
            missed += not good
            print(f"{what:48} {figure:10.3g}  limit {limit:g}{'' if good else '  MISSED'}")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
