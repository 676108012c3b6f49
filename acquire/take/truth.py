"""What really happened in a simulated session: the events of the world, in `truth.tsv`."""

from __future__ import annotations

from pathlib import Path

from recordings.layout import TRUTH_NAME


def write_truth(folder: Path, seed: int, lsl_start: float, lsl_stop: float) -> None:
    """Write every event of the world while it was recorded: kind, LSL time, code, place, size."""
    from devices.simulation.world import World

    lines = ["kind\ttime\tcode\tregion\tamplitude_px"]
    for event in World(seed).truth(lsl_start, lsl_stop):
        code = "" if event.code is None else str(event.code)
        far = "" if event.amplitude_px is None else f"{event.amplitude_px:g}"
        lines.append(f"{event.kind}\t{event.time!r}\t{code}\t{event.region}\t{far}")
    (folder / TRUTH_NAME).write_text("\n".join(lines) + "\n", encoding="utf-8")
