"""Studies: how fast they are simulated, listed and worked through, and what a BIDS export takes.

python -m tests.bench.bench_study [--folder DIR] [simulate|catalogue|run|memory …]

Rates of simulating are of processor seconds, all threads of one process: what passes while others
use the machine is printed beside them, and two jobs beside one is a ratio of that. Memory is
anonymous (RssAnon, asked for every 10 ms in a process of its own): what the system keeps of files
is given back when others want it.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from statistics import median

from acquire.simulation.rig import Film
from acquire.simulation.session import write_session
from acquire.simulation.study import StudyOrder, write_study
from devices.simulation.face import Face, Look
from recordings.manifest import Manifest
from recordings.report.html import check_and_report
from recordings.video.writer import VideoWriter
from tests.bench.long_session import write as write_long

NO_VIDEO, SMALL, LARGE, TWO_JOBS = 200.0, 50.0, 6.0, 1.6
MADE_S, SECOND_S = 60.0, 2.0
FIRST_SCAN_S, NEXT_SCAN_S, SESSIONS = 60.0, 1.0, 1000
ANONYMOUS_MB, MINUTES = 400.0, (75.0, 150.0)
BROKEN = {"017": "no-xdf", "080": "damaged", "123": "no-manifest"}


def reached(what: str, figure: float, unit: str, limit: float, *, most: bool = False) -> bool:
    good = figure <= limit if most else figure >= limit
    sign = "<=" if most else ">="
    print(
        f"{'ok    ' if good else 'MISSED'} {what}: {figure:,.2f} {unit} ({sign} {limit:g})",
        flush=True,
    )
    return good


def timed(action: Callable[[], object]) -> float:
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


# Simulating.


def encoder_alone(film: Film, folder: Path) -> float:
    """Return the processor seconds that a video of 60 s of such pictures takes, nothing else."""
    folder.mkdir()
    face = Face(film.width, film.height, "Mono8", 1)
    count = round(10 * film.rate_hz)
    writer = VideoWriter(
        folder / "face",
        width=film.width,
        height=film.height,
        pixel_format="Mono8",
        rate_hz=film.rate_hz,
        codec=film.codec,
        reproducible=True,
    )
    before = time.process_time()
    for number in range(count):
        writer.write(face.image(Look(0, 0), number))
    writer.close()
    shutil.rmtree(folder)
    return 6 * (time.process_time() - before)


def simulate(folder: Path) -> bool:
    good = True
    films = (
        ("without video", None, NO_VIDEO),
        ("with 320x240 at 60/s", Film(320, 240, 60.0), SMALL),
        ("with 640x480 at 200/s", Film(640, 480, 200.0), LARGE),
    )
    for what, film, limit in films:
        order = StudyOrder(folder / f"a{film and film.width}", 4, film=film)
        took, cpu = [], []
        for session in order.sessions():
            before = time.process_time()
            took.append(timed(lambda s=session: write_session(s)))  # type: ignore[misc]
            cpu.append(time.process_time() - before)
        good &= reached(f"60 s {what}", order.seconds / min(cpu[1:]), "x real time", limit)
        alone = encoder_alone(film, folder / "alone") if film else 0.0
        print(
            f"       {min(cpu[1:]):.2f} s of processor, writing the video alone {alone:.2f} s; "
            f"{min(took[1:]):.2f} s passed",
            flush=True,
        )
        shutil.rmtree(order.data_dir)
    ratios = [jobs_ratio(folder) for _ in range(3)]
    print(f"       two jobs beside one: {', '.join(f'{ratio:.2f}' for ratio in ratios)}")
    good &= reached("two jobs beside one, median of 3", median(ratios), "x", TWO_JOBS)
    return good


def jobs_ratio(folder: Path) -> float:
    """Return how many times as long one job takes as two, of 40 sessions with a small video."""
    order = StudyOrder(folder / "one", 40, film=Film())
    one = timed(lambda: write_study(order))
    two = timed(lambda: write_study(replace(order, data_dir=folder / "two", jobs=2)))
    shutil.rmtree(folder / "one")
    shutil.rmtree(folder / "two")
    return one / two


# Listing.


def many_sessions(folder: Path) -> Path:
    """Make a study of which a catalogue sees no difference to one of 1,000 recordings."""
    order = StudyOrder(folder / "model", 1, seconds=10.0, film=None)
    model = write_session(next(iter(order.sessions())))
    check_and_report(model)
    root = folder / "many" / "simulated"
    manifest = Manifest.load(model)
    for number in range(1, SESSIONS + 1):
        label = f"{number:04d}"
        place = root / f"sub-{label}" / "ses-01" / f"sub-{label}_ses-01_task-simulated_run-01"
        place.mkdir(parents=True)
        (place / "session.json").write_text(
            manifest.model_copy(update={"participant": label}).model_dump_json(indent=1)
        )
        shutil.copy2(model / "report.json", place)
        for entry in manifest.files:  # they are looked for, and not opened
            os.link(model / entry.path, place / entry.path)
    return root


def program(*arguments: str | Path) -> tuple[float, subprocess.CompletedProcess[str]]:
    start = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "acquire", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
    )
    return time.perf_counter() - start, done


def catalogue(folder: Path) -> bool:
    root = many_sessions(folder)
    first, done = program("study", "status", root)
    assert f"recorded: {SESSIONS} done" in done.stdout, done.stderr
    later = [program("study", "status", root)[0] for _ in range(4)]
    return all(
        (
            reached(f"first scan of {SESSIONS} sessions", first, "s", FIRST_SCAN_S, most=True),
            reached("the next, with the program's start", min(later), "s", NEXT_SCAN_S, most=True),
        )
    )


# Working through.


def run(folder: Path) -> bool:
    order = StudyOrder(
        folder / "runs", 200, seconds=10.0, film=None, broken=BROKEN, jobs=os.cpu_count() or 1
    )
    good = reached(
        "200 sessions of 10 s made", timed(lambda: write_study(order)), "s", MADE_S, most=True
    )
    took, done = program("study", "run", order.folder, "check")
    errors = done.stderr.count("error: ")
    print(f"checked in {took:.0f} s, exit {done.returncode}, {errors} failed")
    good &= (done.returncode, errors) == (2, 3)
    took, done = program("study", "run", order.folder, "check")
    good &= "check: 0 run, 197 done, 3 failed" in done.stdout
    good &= reached("a second run", took, "s", SECOND_S, most=True)
    _, done = program("study", "run", order.folder, "check", "--retry-failed")
    three = "check: 3 run, 197 done, 3 failed" in done.stdout
    print(f"{'ok    ' if three else 'MISSED'} --retry-failed does three")
    good &= three
    return good


# Memory.

_WATCHED = """
import json, sys, threading, time
from pathlib import Path
def anonymous():
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(l for l in lines if l.startswith("RssAnon")).split()[1]) / 1024
peak, over = 0.0, threading.Event()
def watch():
    global peak
    while not over.wait(0.01):
        peak = max(peak, anonymous())
from recordings.export.bids.dataset import Settings
from recordings.export.staging import run_task
thread = threading.Thread(target=watch)
thread.start()
start = time.perf_counter()
run_task("bids", Path(sys.argv[1]), Path(sys.argv[2]), Settings(video="none"))
took = time.perf_counter() - start
over.set()
thread.join()
print(json.dumps({"peak": peak, "took": took}))
"""


def memory(folder: Path) -> bool:
    good = True
    for minutes in MINUTES:
        name = "sub-01_ses-01_task-elicitation_run-01"
        session = write_long(folder / f"{minutes:g}" / name, minutes)
        done = subprocess.run(
            [sys.executable, "-c", _WATCHED, str(session), str(folder / f"bids{minutes:g}")],
            capture_output=True,
            text=True,
            check=True,
        )
        found = json.loads(done.stdout.splitlines()[-1])
        what = f"BIDS export of {minutes:g} minutes, {found['took']:.0f} s"
        good &= reached(what, found["peak"], "MB anonymous", ANONYMOUS_MB, most=True)
        shutil.rmtree(folder / f"{minutes:g}")
        shutil.rmtree(folder / f"bids{minutes:g}")
    return good


PARTS = {"simulate": simulate, "catalogue": catalogue, "run": run, "memory": memory}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, help="where to work; a temporary folder by default")
    parser.add_argument("part", nargs="*", help=", ".join(PARTS))
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=given.folder) as folder:
        good = [PARTS[name](Path(folder)) for name in given.part or PARTS]
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main())
