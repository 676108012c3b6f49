"""Studies for tests: simulated sessions without video, some of them broken."""

from __future__ import annotations

import os
from pathlib import Path

from acquire.simulation.study import StudyOrder, check_order, write_study

BROKEN = {"03": "no-xdf", "05": "damaged", "08": "no-manifest"}


def make_study(
    folder: Path, participants: int, seconds: float = 2.0, broken: dict[str, str] | None = None
) -> Path:
    """Write a study into a data folder, and return the study's own folder."""
    order = StudyOrder(
        folder,
        participants,
        seconds=seconds,
        film=None,
        broken=broken or {},
        jobs=(os.cpu_count() or 1) if participants > 10 else 1,
    )
    check_order(order)
    write_study(order)
    return order.folder
