"""Going on in the next run: every sample and every frame is in one of the two, in none twice."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from recordings.manifest import Manifest, State
from recordings.stream_kinds import INDEX_CHANNELS
from recordings.video.reader import VideoReader
from tests.acquire.daemon_program import CAMERA, RIG, Daemon
from tests.acquire.program import Loaded, load, unique, wait_for
from tests.acquire.sources import Source, Sources

FATE = INDEX_CHANNELS.index("fate")

FAST, PULSES = unique("fast"), unique("pulses")
EXPECTED = f"""
[[expect]]
name = "{FAST}"
[[expect]]
name = "{PULSES}"
"""
SPLITS = 3


@dataclass(frozen=True)
class Run:
    """A recording that was split some times."""

    folders: list[Path]
    answers: list[dict[str, Any]]
    pushed: list[float]  # pulses, true time
    eeg: str
    face: str

    def streams(self, name: str) -> list[Loaded]:
        """Give one stream in each of the sessions."""
        return [load(folder / "recording.xdf")[name] for folder in self.folders]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("split")
    with (
        Sources(Source(FAST, rate_hz=1000.0), Source(PULSES, rate_hz=0.0)) as sources,
        Daemon(folder, rig=RIG + CAMERA + EXPECTED) as daemon,
    ):
        daemon.idle()
        wait_for(lambda: not daemon.get("status")["missing"])
        wait_for(lambda: sources.ask("listeners") == "2")
        started = daemon.post("recording/start", {"participant": "01"})
        pushed: list[float] = []
        ended = threading.Event()

        def pulse() -> None:
            while not ended.wait(0.003):
                pushed.append(float(sources.ask("pulse")))

        def some_more() -> None:
            before = len(pushed)
            daemon.wait_for_samples(FAST, 500)
            wait_for(lambda: len(pushed) > before + 30, what="pulses")

        daemon.wait_for_samples(FAST, 500)
        pulses = threading.Thread(target=pulse)
        pulses.start()
        try:
            answers = []
            for _ in range(SPLITS):
                some_more()
                answers.append(daemon.post("recording/split"))
            some_more()
        finally:
            ended.set()
            pulses.join()
        daemon.wait_for_samples(FAST, 500)
        last = daemon.post("recording/stop")
        daemon.end()
    folders = [started["session"], *(a["after"]["session"] for a in answers)]
    assert last["session"] == folders[-1]
    return Run(list(map(Path, folders)), answers, pushed, daemon.eeg, daemon.face)


def test_each_is_a_session_of_its_own(run: Run) -> None:
    assert [f.name[-2:] for f in run.folders] == ["01", "02", "03", "04"]
    manifests = [Manifest.load(folder) for folder in run.folders]
    assert all(m.state is State.COMPLETE for m in manifests)
    for before, after, answer in zip(manifests, manifests[1:], run.answers, strict=False):
        assert answer["before"]["state"] == "complete"
        assert answer["after"]["first_sample"] == after.lsl_start
        assert before.lsl_stop is not None
        assert after.lsl_start is not None
        assert 0 <= after.lsl_start - before.lsl_stop < 1e-6


@pytest.mark.parametrize("own", [True, False])
def test_no_sample_is_lost_or_doubled(run: Run, own: bool) -> None:
    streams = run.streams(run.eeg if own else FAST)
    stamps = np.concatenate([s.stamps for s in streams])
    assert (np.diff(stamps) > 0).all()
    assert np.diff(stamps).max() < (1.5 / 250 if own else 1.5 / 1000)
    if not own:
        counter = np.concatenate([s.data[:, 0] for s in streams]).astype(np.int64)
        assert (np.diff(counter) == 1).all()
    for stream, answer in zip(streams, run.answers, strict=False):
        # A foreign sample belongs to the take that holds its stamp on this computer's clock: as
        # far off as its offsets are, which on a busy machine are measured to a millisecond.
        off = max(np.abs(stream.raw["clock_values"]), default=0.0)
        assert stream.stamps[-1] < answer["after"]["first_sample"] + 1e-3 + off
        assert stream.footer_count == len(stream.stamps)


def test_no_marker_is_lost_or_doubled(run: Run) -> None:
    got = np.concatenate([s.data[:, 0] for s in run.streams(PULSES)])
    sent = np.array(run.pushed, np.float32)
    assert np.array_equal(got, sent)


def test_no_frame_is_in_both_or_in_none(run: Run) -> None:
    streams = run.streams(run.face)
    rows = np.concatenate([s.data for s in streams])
    stored = rows[rows[:, FATE] == 0]
    assert (np.diff(stored[:, 1]) == 1).all()
    for folder, stream in zip(run.folders, streams, strict=True):
        (video,) = Manifest.load(folder).videos
        mine = stream.data[stream.data[:, FATE] == 0]
        with VideoReader(folder / video.file) as reader:
            assert len(reader) == video.frames == len(mine) > 5
        assert mine[:, 0].tolist() == list(range(len(mine)))
        assert video.captured == len(stream.data)


def test_nothing_to_split(tmp_path: Path) -> None:
    with Daemon(tmp_path) as daemon:
        daemon.idle()
        refused = daemon.post("recording/split", None, 409)
        assert "nothing is being recorded" in refused["text"]
        daemon.end()
