"""What `truth.tsv` says of a simulated session."""

from __future__ import annotations

import csv
from pathlib import Path

from acquire.take.truth import write_truth
from devices.simulation.world import World
from recordings.check.simulated.truth import load_truth
from recordings.layout import TRUTH_NAME


def test_a_movement_has_its_region_and_amplitude(tmp_path: Path) -> None:
    write_truth(tmp_path, 7, 1000.0, 1100.0)
    with (tmp_path / TRUTH_NAME).open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    apexes = [row for row in rows if row["kind"] == "movement_apex"]
    told = [(float(row["time"]), row["region"], float(row["amplitude_px"])) for row in apexes]
    events = World(7).events("movement_apex", 1000.0, 1100.0)
    assert told == [(e.time, e.region, e.amplitude_px) for e in events]
    assert len(told) > 10
    others = [row for row in rows if not row["kind"].startswith("movement")]
    assert {(row["region"], row["amplitude_px"]) for row in others} == {("", "")}
    assert load_truth(tmp_path / TRUTH_NAME)["movement_apex"].times.tolist() == [
        e.time for e in events
    ]
