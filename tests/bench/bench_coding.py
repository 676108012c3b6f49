"""A coder's file: kills at random moments, and the time from an edit until the disk has it; and
ten events coded by keys.

python -m tests.bench.bench_coding [--kills 200] [--edits 500] [--seed 1]

Kills go round: edits, edits with compaction, decisions of an arbitration, ten in one file, which
is opened again after each. Figures: never more than the last edit is lost, and the state is that of
the edits; an edit returns in 5 ms and is on the disk after 20 ms, or after twice what a bare write
and sync take there in the same run (95 % each; some 20 edits a second, temporary folder). Ten
events on the film of a person are in the file as they were meant; keystrokes and seconds are
reported.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from PySide6.QtWidgets import QApplication

from recordings.annotation.coder_file import Who
from recordings.annotation.store import CodingStore
from tests.bench import private_lsl, ten_events
from tests.recordings.annotation.coded import event
from tests.recordings.annotation.killing import kill_once

KINDS = ("edit", "compact", "arbitrate")
SYNC_MS = 20.0
CALL_MS = 5.0
RATIO = 2.0


def killed(folder: Path, count: int, seed: int) -> bool:
    """Kill so often; whether nothing but a last edit was ever lost."""
    chance = random.Random(seed)
    lost, edits = 0, 0
    for number in range(count):
        kind = KINDS[number % len(KINDS)]
        place = folder / f"{kind}-{number // (10 * len(KINDS))}"
        told, there = kill_once(place, kind, chance)
        edits = max(edits, there)
        lost += not told <= there <= told + 1
        if number % 20 == 19:
            print(f"  {number + 1} kills, {lost} lost more than the last edit", flush=True)
    print(f"{count} kills: {lost} lost more than the last edit; up to {edits} edits in a file")
    return lost == 0


def synced(folder: Path, count: int) -> bool:
    """Edit as a held key does; whether calls and syncs are fast enough."""
    calls, syncs, bare = [], [], []
    with CodingStore(folder, Who("anna")) as store, (folder / "bare").open("ab", 0) as file:
        for n in range(count):
            begun = time.perf_counter()
            store.put("events", event(f"e{n % 50}", n, n + 1, n + 2, "4+L12B"))
            calls.append(1e3 * (time.perf_counter() - begun))
            time.sleep(1 / 30)
            syncs.append(store.last_sync_ms)
            begun = time.perf_counter()
            file.write(b"x" * 500)
            os.fsync(file.fileno())
            bare.append(1e3 * (time.perf_counter() - begun))
    for name, times in (("call", calls), ("on the disk", syncs), ("a bare write and sync", bare)):
        p50, p95 = np.percentile(times, [50, 95])
        print(f"{count} edits, {name}: p50 {p50:.2f}, p95 {p95:.2f}, max {max(times):.1f} ms")
    call, sync, plain = (float(np.percentile(times, 95)) for times in (calls, syncs, bare))
    return call <= CALL_MS and sync <= max(SYNC_MS, RATIO * plain)


def typed(folder: Path) -> bool:
    """Code ten events by keys; whether they are in the file."""
    if not ten_events.FILM.is_file():
        print(f"ten events by keys: no film at {ten_events.FILM}")
        return True
    folder.mkdir()
    session = ten_events.record(folder)
    QApplication.instance() or QApplication([])
    done = ten_events.code(session)
    keys, count = done.seconds, len(ten_events.EVENTS)
    p50, p95 = 1e3 * np.percentile(keys, [50, 95])
    print(
        f"{count} events by keys: {len(keys)} keystrokes, {done.moves} of them to move; "
        f"{sum(keys):.1f} s of the program, {1e3 * sum(keys) / count:.0f} ms an event; "
        f"a key until it is painted: p50 {p50:.1f}, p95 {p95:.1f}, max {1e3 * max(keys):.0f} ms"
    )
    return True


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--edits", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    order = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        good = synced(Path(folder) / "speed", order.edits)
        good &= typed(Path(folder) / "keys")
        good &= killed(Path(folder), order.kills, order.seed)
    return 0 if good else 1


if __name__ == "__main__":
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    private_lsl()
    sys.exit(main())
