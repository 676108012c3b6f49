"""Windows for a model: what reading them takes, beside pyxdf and OpenCV, and in memory.

python -m tests.bench.bench_loader [--folder DIR | --keep DIR] [--whole] [windows|memory …]

`windows`: 20 windows of 2 s (face and EEG) of each of 20 ten-minute sessions, twice: each window
with its session opened anew, as a loader that shuffles does, and each session opened once. The
other side reads the XDF file by pyxdf and seeks in the video by OpenCV, which gets it as AVI:
in NUT it seeks by reading. `--made` sessions are simulated and visited in turn, so files are in
memory for both sides. Times are processor seconds of one process; the ratio of those of a window
is what counts.

All that, `--whole`, takes an hour: whoever opens a session anew by pyxdf reads the same whole file
400 times. Without it five sessions are visited, and of the windows opened anew the other side reads
one of each. `--keep` leaves the sessions in a folder and finds them there the next time.

`memory`: all windows of 100 sessions, one after the other; anonymous memory of a process of its
own.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import av
import cv2
import numpy as np
import pyxdf

from acquire.simulation.rig import Film
from acquire.simulation.study import StudyOrder, write_study
from recordings import load_study
from tests.bench.bench_study import reached

SESSIONS, WINDOWS, LENGTH_S, MINUTES = 20, 20, 2.0, 10.0
FEW = 5  # sessions, unless the whole is asked for
RATIO, ANONYMOUS_MB, MANY = 10.0, 500.0, 100
SIGNALS: dict[str, Any] = {"eeg": 1000, "face": "gray64"}


@dataclass(frozen=True)
class Recorded:
    """One session, and what the other side gets of it."""

    study: Path
    xdf: Path
    film: Path
    starts: np.ndarray  # of the windows, seconds after the first frame


def made(folder: Path, count: int) -> list[Recorded]:
    """Simulate sessions, each a study of its own, and copy their films into AVI."""
    rng = np.random.default_rng(1)
    found = []
    for number in range(count):
        order = StudyOrder(folder / f"{number}", 1, seconds=60 * MINUTES, seed=number + 1)
        write_study(order)
        (session,) = order.folder.glob("sub-*/ses-*/sub-*")
        film = session.parent / "film.avi"
        if not film.exists():
            remux(session / "face.nut", film)
        starts = np.sort(rng.uniform(0, 60 * MINUTES - LENGTH_S - 1, WINDOWS))
        found.append(Recorded(order.folder, session / "recording.xdf", film, starts))
    return found


def remux(source: Path, target: Path) -> None:
    """Copy the packets of a film into another container."""
    with av.open(str(source)) as old, av.open(str(target), "w") as new:
        stream = old.streams.video[0]
        copied = new.add_stream_from_template(stream)
        for packet in old.demux(stream):
            if packet.dts is not None:
                packet.stream = copied
                new.mux(packet)


def ours(recorded: Recorded, *, anew: bool) -> int:
    """Read the windows of one session; how many frames."""
    frames = 0
    rounds = [[start] for start in recorded.starts] if anew else [list(recorded.starts)]
    for starts in rounds:
        with load_study(recorded.study, signals=SIGNALS, length_s=LENGTH_S) as study:
            first = study.places[0].window.start
            for start in starts:
                number = min(len(study) - 1, int(start / LENGTH_S))
                assert abs(study.places[number].window.start - first - start) < 2 * LENGTH_S
                window = study[number]
                assert window["eeg"].shape == (int(1000 * LENGTH_S), 64)
                frames += len(window["face"])
    return frames


def theirs(recorded: Recorded, *, anew: bool) -> int:
    """Read the same by pyxdf and OpenCV; how many frames."""
    frames = 0
    rounds = [[start] for start in recorded.starts] if anew else [list(recorded.starts)]
    for starts in rounds:
        streams = {s["info"]["name"][0]: s for s in pyxdf.load_xdf(str(recorded.xdf))[0]}
        eeg, index = streams["eeg"], streams["face"]
        film = cv2.VideoCapture(str(recorded.film))
        for start in starts:
            begin = index["time_stamps"][0] + start
            inside = (eeg["time_stamps"] >= begin) & (eeg["time_stamps"] < begin + LENGTH_S)
            assert eeg["time_series"][inside].shape[1] >= 64
            rows = np.flatnonzero(
                (index["time_stamps"] >= begin) & (index["time_stamps"] < begin + LENGTH_S)
            )
            film.set(cv2.CAP_PROP_POS_FRAMES, float(rows[0]))
            for _ in rows:
                good, picture = film.read()
                assert good
                grey = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
                cv2.resize(grey, (64, 64), interpolation=cv2.INTER_AREA)
                frames += 1
        film.release()
    return frames


def spent(
    read: Callable[..., int], visits: list[Recorded], *, anew: bool
) -> tuple[float, int, int]:
    """Return processor seconds, how many windows were read, and how many frames."""
    before = time.process_time()
    frames = sum(read(recorded, anew=anew) for recorded in visits)
    return time.process_time() - before, sum(len(one.starts) for one in visits), frames


def windows(folder: Path, count: int, *, whole: bool) -> bool:
    cv2.setNumThreads(1)
    every = made(folder, count)
    visits = [every[number % count] for number in range(SESSIONS if whole else FEW)]
    one_each = [
        replace(one, starts=one.starts[[number % WINDOWS]]) for number, one in enumerate(visits)
    ]
    good = True
    for anew, what in ((True, "each window opened anew"), (False, "each session opened once")):
        others = visits if whole or not anew else one_each
        mine, many, frames = spent(ours, visits, anew=anew)
        taken, read, seen = spent(theirs, others, anew=anew)
        text = (
            f"{what}: {1e3 * mine / many:.1f} ms a window ({many}, {frames:,} frames) "
            f"beside {1e3 * taken / read:.1f} ms ({read}, {seen:,} frames)"
        )
        ratio = (taken / read) / (mine / many)
        good &= reached(text, ratio, "times less", RATIO if anew else 1.0)
    return good


_WATCHED = """
import json, sys, threading
from pathlib import Path
def anonymous():
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(l for l in lines if l.startswith("RssAnon")).split()[1]) / 1024
peak, over = 0.0, threading.Event()
def watch():
    global peak
    while not over.wait(0.01):
        peak = max(peak, anonymous())
from recordings import load_study
thread = threading.Thread(target=watch)
thread.start()
study = load_study(sys.argv[1], signals={"eeg": 250, "eda": 10, "face": "gray64"}, length_s=2.0)
people = {window["participant"] for window in study}
over.set()
thread.join()
print(json.dumps({"peak": peak, "windows": len(study), "people": len(people)}))
"""


def memory(folder: Path) -> bool:
    order = StudyOrder(folder / "many", MANY, seconds=20.0, film=Film(rate_hz=40.0))
    write_study(order)
    done = subprocess.run(
        [sys.executable, "-c", _WATCHED, str(order.folder)],
        capture_output=True,
        text=True,
        check=True,
    )
    found = json.loads(done.stdout.splitlines()[-1])
    what = f"{found['windows']:,} windows of {found['people']} sessions"
    return reached(what, found["peak"], "MB anonymous", ANONYMOUS_MB, most=True)


PARTS: Final = ("windows", "memory")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, help="where to work; a temporary folder by default")
    parser.add_argument("--keep", type=Path, help="where sessions stay, and may be already")
    parser.add_argument("--made", type=int, default=2, help="sessions to simulate, 1.6 GB each")
    parser.add_argument("--whole", action="store_true", help="the other side reads every window")
    parser.add_argument("part", nargs="*", help=", ".join(PARTS))
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=given.folder) as temporary:
        folder = given.keep or Path(temporary)
        good = True
        if not given.part or "windows" in given.part:
            good &= windows(folder, given.made, whole=given.whole)
        if not given.part or "memory" in given.part:
            good &= memory(folder)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
