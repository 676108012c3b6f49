"""Splits of a running recording, and whether each sample and each frame is in exactly one take."""

from __future__ import annotations

import random
import shutil
import time
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from acquire.engine.engine import Engine
from acquire.errors import ControlError
from acquire.pump.selection import Selection
from acquire.rig.file import parse_rig
from acquire.take.folder import Labels
from acquire.take.take import Outcome
from recordings.manifest import Manifest, State
from recordings.stream_kinds import INDEX_CHANNELS, Fate
from recordings.video.reader import VideoReader
from tests.acquire.program import Loaded, load, unique
from tests.acquire.sources import Source, Sources

FATE, TAKE, NUMBER = (INDEX_CHANNELS.index(name) for name in ("fate", "take", "device_frame"))
LABELS = Labels(participant="01")

# W1, the workload that recorders are compared by.
W1 = (("eeg", 69, 1000.0), ("physio", 16, 1000.0), ("frames", 1, 150.0))


@dataclass(frozen=True)
class Splits:
    """What a recording with splits left."""

    folders: list[Path]
    outcomes: list[Outcome]
    names: list[str]
    cameras: list[str]


def record_with_splits(folder: Path, count: int, seed: int, longest_s: float) -> Splits:
    """Record W1 and two 200 Hz cameras on one device, and split it at odd moments.

    At most `longest_s` lie between two orders.
    """
    base, device = unique("w1"), unique("two")
    (folder / "drivers").mkdir()
    shutil.copy(Path(__file__).with_name("two_cameras.py"), folder / "drivers")
    path = folder / "rig.toml"
    path.write_text(
        f"""
[rig]
name = "splits"
driver_dir = "drivers"
[[device]]
name = "{device}"
driver = "two-cameras"
codec = "raw"
"""
    )
    names = [f"{base}-{name}" for name, _, _ in W1]
    sources = [Source(f"{base}-{n}", channels=c, rate_hz=r) for n, c, r in W1]
    moments = random.Random(seed)
    with (
        Sources(*sources),
        Engine(
            parse_rig(path.read_text(), path),
            Selection((f"starts-with(name,'{base}')",)),
            None,
        ) as engine,
    ):
        engine.open(30.0)
        engine.start(folder / "data", LABELS)
        assert engine.takes.running is not None
        folders, closing = [engine.takes.running.path], list[Future[Outcome]]()
        while len(closing) < count:
            time.sleep(moments.uniform(0.05, longest_s))
            open_before = sum(not future.done() for future in closing)
            try:
                outcome, _ = engine.split(folder / "data", LABELS)
            except ControlError:  # those before were not closed yet
                assert open_before >= 2
                continue
            closing.append(outcome)
            folders.append(engine.takes.running.path)
        time.sleep(1.2)
        last = engine.stop()
    outcomes = [*(future.result(60) for future in closing), last]
    return Splits(folders, outcomes, names, [f"{device}-left", f"{device}-right"])


def check_splits(splits: Splits) -> None:
    """Assert that every sample and every frame is in exactly one take, row and frame together."""
    for outcome in splits.outcomes:
        assert outcome.state is State.COMPLETE, outcome.error
        assert outcome.lost == 0, [(s.name, s.lost) for s in outcome.streams if s.lost]
    loaded = [load(folder / "recording.xdf") for folder in splits.folders]
    for name in splits.names:
        counter = np.concatenate([take[name].data[:, 0] for take in loaded]).astype(np.int64)
        assert (np.diff(counter) == 1).all(), (name, np.flatnonzero(np.diff(counter) != 1))
    for name in splits.cameras:
        rows = np.concatenate([take[name].data for take in loaded])
        stored = rows[rows[:, FATE] == Fate.STORED.code]
        assert (np.diff(stored[:, NUMBER]) == 1).all(), name
        for number, (folder, take) in enumerate(zip(splits.folders, loaded, strict=True), 1):
            check_frames(folder, name, number, take[name])


def check_frames(folder: Path, name: str, number: int, rows: Loaded) -> None:
    """Assert that a take's rows are those of the frames in its file."""
    mine = rows.data[rows.data[:, FATE] == Fate.STORED.code]
    assert set(mine[:, TAKE]) == {number}, (folder, name)
    assert mine[:, 0].tolist() == list(range(len(mine)))
    (video,) = [v for v in Manifest.load(folder).videos if v.name == name]
    with VideoReader(folder / video.file) as reader:
        shown = [int(frame.ravel()[:4].view("<u4")[0]) for frame in reader.frames()]
    assert shown == mine[:, NUMBER].astype(int).tolist(), (folder, name)
    assert video.frames == len(mine)
