"""Outlets that crash, come back, come back different, or fall silent, all in one recording."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from recordings.manifest import Manifest, State
from recordings.xdf.reader import read_xdf
from tests.acquire.program import Loaded, Result, Unisono, load_all, unique, wait_for
from tests.acquire.sources import Source, Sources

BASE = unique("reconnect")
BACK, CHANGED, GONE, SILENT, STEADY = (
    f"{BASE}-{kind}" for kind in ("back", "changed", "gone", "silent", "steady")
)
RATE_HZ = 250.0


@dataclass(frozen=True)
class Run:
    """What became of the recording."""

    result: Result
    manifest: Manifest
    streams: list[Loaded]
    pushed: int  # samples that the silent stream has sent

    def named(self, name: str) -> list[Loaded]:
        """Give the streams of that name, in the order of their ids."""
        return sorted((s for s in self.streams if s.name == name), key=lambda s: s.id)

    def events(self, name: str) -> list[str]:
        """Give the codes of a stream's events."""
        return [e.code for e in self.manifest.events if e.source == name]


def counts(file: Path, name: str) -> list[int]:
    """Count the samples in the file, for each stream of that name, while it is being written."""
    with read_xdf(file) as recording:
        return [len(stream) for stream in recording.streams if stream.name == name]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("reconnect")
    arguments = ("--data-dir", folder, "--participant", "01", "--no-report", "--json")
    with (
        Sources(Source(STEADY)),
        Sources(Source(SILENT)) as hanging,
        Unisono(
            "record", "--streams", f"starts-with(name,'{BASE}')", "--streams", f"name='{GONE}'",
            "--streams", f"name='{BACK}'", "--streams", f"name='{CHANGED}'", *arguments,
            folder=folder,
        ) as program,
    ):  # fmt: skip
        crashing = [Sources(Source(name)) for name in (BACK, CHANGED, GONE)]
        program.wait_for_line()
        file = next(folder.rglob("recording.xdf"))
        wait_for(lambda: all(sum(counts(file, n)) > 250 for n in (BACK, CHANGED, GONE)))
        for source in crashing:
            source.kill()
        pushed = int(hanging.ask("halt"))
        wait_for(lambda: program.stderr.count("its outlet is gone") == 3)
        with Sources(Source(BACK)), Sources(Source(CHANGED, rate_hz=100.0)):
            before = counts(file, BACK)
            wait_for(lambda: sum(counts(file, BACK)) > sum(before) + 250)
            wait_for(lambda: len(counts(file, CHANGED)) == 2 and min(counts(file, CHANGED)) > 100)
            wait_for(lambda: "silent for" in program.stderr)
            result = program.stop()
    streams = load_all(result.session / "recording.xdf")
    return Run(result, Manifest.load(result.session), streams, pushed)


def runs_of(stream: Loaded) -> list[int]:
    """Assert that every sample is there in between, and give where the counter starts anew."""
    steps = np.diff(stream.data[:, 0].astype(np.int64))
    breaks = np.flatnonzero(steps != 1)
    intervals = np.diff(stream.stamps)
    assert np.abs(np.delete(intervals, breaks) * RATE_HZ - 1).max() < 1e-3
    return [int(b) + 1 for b in breaks]


def test_it_is_an_alarm_and_the_session_is_complete(run: Run) -> None:
    assert run.result.code == run.result.json["exit"] == 1
    assert run.manifest.state is State.COMPLETE
    for stream in run.streams:
        assert stream.footer_count == len(stream.stamps), stream.name


def test_an_outlet_that_comes_back_goes_on_in_its_stream(run: Run) -> None:
    (stream,) = run.named(BACK)
    (start,) = runs_of(stream)
    assert stream.data[start, 0] >= 0
    away = stream.stamps[start] - stream.stamps[start - 1]
    assert away > 0.05
    assert run.events(BACK) == ["stream-lost", "stream-back"]
    entry = next(s for s in run.manifest.streams if s.name == BACK)
    assert entry.lost == pytest.approx(away * RATE_HZ - 1, abs=1)
    assert len(entry.gaps) == 1
    assert entry.gaps[0].end == stream.stamps[start]


def test_an_outlet_of_another_rate_is_a_new_stream(run: Run) -> None:
    before, after = run.named(CHANGED)
    assert [float(s.raw["info"]["nominal_srate"][0]) for s in (before, after)] == [250, 100]
    assert before.id != after.id
    assert runs_of(before) == []
    assert (np.diff(after.data[:, 0]) == 1).all()
    assert np.diff(after.stamps) == pytest.approx(0.01, abs=1e-4)
    assert run.events(CHANGED) == ["stream-lost", "stream-changed"]
    (text,) = [e.text for e in run.manifest.events if e.code == "stream-changed"]
    shape = "2 channels of float32 at"
    assert f"came back with {shape} 100 Hz instead of {shape} 250 Hz" in text


def test_an_outlet_that_is_gone_for_good_has_its_footer(run: Run) -> None:
    (stream,) = run.named(GONE)
    assert runs_of(stream) == []
    assert len(stream.stamps) > 250
    assert float(stream.footer["last_timestamp"][0]) == stream.stamps[-1]
    assert run.events(GONE) == ["stream-lost"]


def test_a_stream_that_falls_silent_is_told(run: Run) -> None:
    assert "silent" in run.events(SILENT)
    (stream,) = run.named(SILENT)
    assert int(stream.data[-1, 0]) == run.pushed - 1
    assert stream.footer_count == len(stream.stamps) > 250


def test_the_others_do_not_notice(run: Run) -> None:
    (stream,) = run.named(STEADY)
    assert runs_of(stream) == []
    assert run.events(STEADY) == []
    entry = next(s for s in run.manifest.streams if s.name == STEADY)
    assert (entry.lost, entry.duplicates, entry.gaps) == (0, 0, ())
