"""Sessions to export, and one export of some of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from recordings.export.tasks import Done, Order, run
from recordings.manifest import Manifest
from tests.recordings.simulated_session import Plan, make_session

RATINGS = (
    "time\ttrial\tattempt\tstep\tstimulus\titem\tvalue\trt_s\n"
    "5003.5\t1\t1\t2\tclip-1\tvalence\t7\t0.81\n"
    "5004.5\t1\t1\t3\tclip-1\temotion\thappy\t1.2\n"
)


def study(
    data_dir: Path, participants: tuple[str, ...] = ("01", "02"), seed: int = 3
) -> list[Path]:
    """Make a session of 9 s for each participant; the first one has ratings."""
    sessions = []
    for number, participant in enumerate(participants):
        plan = Plan(seconds=9.0, seed=seed + number, drift_ppm=50.0, eeg_gap=(2.0, 2.2))
        made = make_session(data_dir / participant, plan)
        name = made.name.replace("sub-01", f"sub-{participant}")
        folder = made.rename(made.parent / name)
        text = json.loads((folder / "session.json").read_text())
        text |= {"participant": participant}
        text |= {"rig": {"rig": {"powerline_hz": 50}, "eeg": {"reference": "M1", "ground": "AFz"}}}
        (folder / "session.json").write_text(json.dumps(text))
        Manifest.load(folder)
        sessions.append(folder)
    (sessions[0] / "ratings.tsv").write_text(RATINGS)
    return sessions


def exported(
    kind: str, sessions: list[Path], target: Path, settings: Any, jobs: int = 1
) -> list[Done]:
    return run(Order(kind, tuple(sessions), target, settings, jobs))


def all_files(folder: Path) -> dict[str, int]:
    """Every file below a folder but the records, with its size."""
    return {
        p.relative_to(folder).as_posix(): p.stat().st_size
        for p in sorted(folder.rglob("*"))
        if p.is_file() and ".unisono" not in p.parts
    }
