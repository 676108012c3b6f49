"""Kill -9 at random moments: what each round leaves, and how much of it was lost.

python -m tests.bench.bench_kill [--rounds 50] [--seed 1]

A round starts a daemon with a simulated rig and a camera, records for 1 to 4 s, then kills the
daemon with everything it started, the daemon alone, one device's process, or the encoder. Figures:
`check`, or `check` after `repair`, accepts every session; at most 1 s of any stream is lost.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import psutil

from tests.bench import private_lsl

LIMIT_S = 1.0
VICTIMS = ("everything", "daemon", "device", "camera", "encoder")


def victims(daemon: object, kind: str, chance: random.Random) -> list[psutil.Process]:
    """Choose who dies."""
    from tests.acquire.daemon_program import Daemon
    from tests.acquire.program import module_of

    assert isinstance(daemon, Daemon)
    tree = daemon.tree()
    by_module = {
        "device": [
            p for p in tree if module_of(p) == "acquire.host.device_host" and not p.children()
        ],
        "camera": [p for p in tree if module_of(p) == "acquire.host.device_host" and p.children()],
        "encoder": [p for p in tree if module_of(p) == "acquire.camera.encoder_host"],
        "daemon": [psutil.Process(daemon.process.pid)],
        "everything": tree,
    }
    found = by_module[kind]
    return found if kind == "everything" else [chance.choice(found)]


def one_round(folder: Path, kind: str, chance: random.Random) -> tuple[str, dict[str, float]]:
    """Record, kill, check; the verdict, and how much of each stream was lost, s."""
    from acquire.lsl.clock import local_clock
    from recordings.repair.session import repair_session
    from recordings.xdf.reader import read_xdf
    from tests.acquire.daemon_program import Daemon
    from tests.acquire.program import kill, unisono

    with Daemon(folder, camera=True) as daemon:
        daemon.idle()
        session = Path(daemon.post("recording/start", {"participant": "01"})["session"])
        time.sleep(chance.uniform(1.0, 4.0))
        dying = victims(daemon, kind, chance)
        killed = local_clock()
        kill(dying)
        if kind in ("daemon", "everything"):
            daemon.http.close()
            kill(daemon.tree())
            session = repaired(repair_session, session)
        else:
            time.sleep(0.5)
            daemon.post("recording/stop")
            daemon.end()
    checked = unisono("check", session, "--json", folder=folder)
    if not checked.stdout:
        return f"FAIL {checked.error}", {}
    verdict = checked.json
    with read_xdf(session / "recording.xdf") as recording:
        ends = {s.name: float(s.stamps[-1]) for s in recording.streams if s.info.rate_hz and len(s)}
    gone = {name: max(0.0, killed - end) for name, end in ends.items()}
    bad = [f["code"] for f in verdict["findings"] if f["level"] == "fail"]
    return verdict["verdict"] + "".join(f" {code}" for code in bad), gone


def repaired(repair_session: object, session: Path) -> Path:
    """Give a repaired copy."""
    assert callable(repair_session)
    target = session.with_name(session.name + "-repaired")
    repair_session(session, target)
    return target


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    private_lsl()
    chance = random.Random(options.seed)
    verdicts: Counter[tuple[str, str]] = Counter()
    worst = 0.0
    for number in range(options.rounds):
        kind = VICTIMS[number % len(VICTIMS)]
        with tempfile.TemporaryDirectory() as folder:
            verdict, gone = one_round(Path(folder), kind, chance)
        lost = max(gone.values(), default=float("inf"))
        worst = max(worst, lost)
        verdicts[kind, verdict] += 1
        print(f"{number + 1:3d} {kind:10s} {verdict:8s} lost at most {lost:.2f} s", flush=True)
    for (kind, verdict), count in sorted(verdicts.items()):
        print(f"{kind:10s} {verdict}: {count}")
    print(f"worst loss {worst:.2f} s (limit {LIMIT_S:g})")
    return 1 if worst > LIMIT_S or any("FAIL" in verdict for _, verdict in verdicts) else 0


if __name__ == "__main__":
    sys.exit(main())
