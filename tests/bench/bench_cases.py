"""Recordings that others made, through every command that reads: nothing breaks, nothing swells.

python -m tests.bench.bench_cases FOLDER [--only NAME] [--replay-s 3]

Of each file in FOLDER: check, repair and check of the copy, import, check of the session, export to
CSV, Parquet, EDF, BDF, BIDS (BrainVision and EDF), replay. Figure: every command ends within a
minute with an exit code of the program and no traceback, says something where it is not 0, uses at
most 1 GB, and what it writes is no more than 40 times the file and 2 MB: no zeros are made up.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.bench import private_lsl

SUFFIXES = (".xdf", ".edf", ".bdf", ".vhdr", ".acq")
LONGEST_S, LARGEST_MB, SWELLS, SPARE_MB = 60.0, 1000.0, 40.0, 2.0
PROGRAM = (sys.executable, "-m", "acquire")


@dataclass(frozen=True)
class Outcome:
    """How one command ended."""

    what: str
    code: int | None  # None: it did not end
    text: str
    seconds: float
    memory_mb: float
    written_mb: float

    def faults(self, file_mb: float) -> list[str]:
        """Say what is wrong with it."""
        found = []
        if self.code is None:
            found.append(f"not ended after {LONGEST_S:g} s")
        elif self.code not in (0, 1, 2):
            found.append(f"exit code {self.code}")
        if "Traceback" in self.text:
            found.append("a traceback")
        if self.code and not self.text.strip():
            found.append("not a word")
        if self.memory_mb > LARGEST_MB:
            found.append(f"{self.memory_mb:.0f} MB of memory")
        if self.written_mb > SWELLS * file_mb + SPARE_MB:
            found.append(f"{self.written_mb:.1f} MB written")
        return found


def run(what: str, *arguments: str | Path, writes: Path | None = None) -> Outcome:
    """Run the program with an own measure of its memory."""
    began = time.monotonic()
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(
            [*PROGRAM, *map(str, arguments)], stdout=said, stderr=subprocess.STDOUT
        )
        code, memory = None, 0.0
        while time.monotonic() - began < LONGEST_S:
            pid, status, usage = os.wait4(process.pid, os.WNOHANG)
            if pid:
                code, memory = os.waitstatus_to_exitcode(status), usage.ru_maxrss / 1024
                process.returncode = code
                break
            time.sleep(0.02)
        else:
            process.kill()
            process.wait()
        said.seek(0)
        text = said.read().decode(errors="replace")
    written = _size_mb(writes) if writes is not None else 0.0
    return Outcome(what, code, text, time.monotonic() - began, memory, written)


def _size_mb(path: Path) -> float:
    files = [path] if path.is_file() else path.rglob("*")
    return sum(file.stat().st_size for file in files if file.is_file()) / 1e6


def outcomes(file: Path, folder: Path, replay_s: float) -> Iterator[Outcome]:
    """Send one file through everything that takes it."""
    if file.suffix == ".xdf":
        yield run("check", "check", file)
        copy = folder / "copy.xdf"
        yield run("repair", "repair", file, "--out", copy, writes=copy if copy.exists() else None)
        if copy.exists():
            yield run("check of the copy", "check", copy)
        data = folder / "data"
        yield run("import", "import", file, "--participant", "01", "--data-dir", data, writes=data)
        sessions = [manifest.parent for manifest in data.rglob("session.json")]
        for session in sessions:
            yield run("check of the session", "check", session)
        for kind in (
            ("csv",),
            ("csv", "--format", "parquet"),
            ("edf", "--format", "edf"),
            ("edf", "--format", "bdf"),
            ("bids",),
            ("bids", "--format", "EDF"),
        ):
            to = folder / "-".join(kind).replace("--", "")
            for session in sessions:
                yield run(" ".join(kind), "export", *kind, session, "--to", to, writes=to)
    yield run("replay", "replay", file, "--seconds", str(replay_s))


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("--only", default="")
    parser.add_argument("--replay-s", type=float, default=3.0)
    options = parser.parse_args()
    if options.folder is None:
        print("no folder of recordings named: left out")
        return 0
    private_lsl()
    broken = commands = 0
    for file in sorted(options.folder.rglob("*")):
        if file.suffix not in SUFFIXES or options.only not in file.name:
            continue
        folder = Path(tempfile.mkdtemp(prefix="cases-"))
        codes = []
        for outcome in outcomes(file, folder, options.replay_s):
            commands += 1
            codes.append(f"{outcome.what} {outcome.code}")
            for fault in outcome.faults(_size_mb(file)):
                broken += 1
                last = outcome.text.strip().splitlines()[-1:] or [""]
                print(f"  {file.name}: {outcome.what}: {fault}: {last[0][:200]}")
        print(f"{file.name}: {', '.join(codes)}", flush=True)
        shutil.rmtree(folder, ignore_errors=True)
    print(f"{commands} commands, {broken} faults")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
