"""Devices that are unplugged, stall, or lose samples: what is lost is counted, to the sample."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from acquire.engine.cameras import CLOSE_S
from recordings.manifest import Manifest, State
from recordings.manifest_entries import Gap, StreamEntry
from recordings.stream_kinds import INDEX_CHANNELS, Fate
from recordings.video.reader import count_packets
from recordings.xdf.reader import read_xdf
from tests.acquire.program import Loaded, Result, Unisono, load, wait_for, write_rig
from tests.acquire.test_reconnect import counts

FATE = INDEX_CHANNELS.index("fate")

RATE_HZ, FPS = 500, 50
PACKET_S = 0.02
UNPLUGGED_S, STALLED_S = 1.5, 5.4
RIG = f"""
[[device]]
name = "unplugged"
driver = "simulated-eeg"
channels = 2
rate_hz = {RATE_HZ}
faults = {{ unplug_at_s = 18, unplug_for_s = {UNPLUGGED_S} }}

[[device]]
name = "stalled"
driver = "simulated-eeg"
channels = 2
rate_hz = {RATE_HZ}
faults = {{ stall_at_s = 18, stall_for_s = {STALLED_S} }}

[[device]]
name = "leaky"
driver = "simulated-physio"
rate_hz = {RATE_HZ}
faults = {{ drop_probability = 0.02 }}

[[device]]
name = "camera"
driver = "simulated-camera"
width = 320
height = 64
rate_hz = {FPS}
faults = {{ drop_probability = 0.05 }}

[[device]]
name = "frozen"
driver = "simulated-camera"
width = 320
height = 64
rate_hz = {FPS}
faults = {{ stall_at_s = 5, stall_for_s = 60 }}
"""


@dataclass(frozen=True)
class Run:
    """What was recorded."""

    result: Result
    manifest: Manifest
    streams: dict[str, Loaded]

    def entry(self, name: str) -> StreamEntry:
        return next(s for s in self.manifest.streams if s.name == name)

    def samples(self, rate_hz: float) -> float:
        """How many a device sent while it was recorded."""
        start, stop = self.manifest.interval or (0.0, 0.0)
        return (stop - start) * rate_hz

    def off_by(self, name: str, rate_hz: float) -> float:
        """By how many samples a stream may begin or end elsewhere.

        Its ends are where its clock offset, of which nothing is true, lets them be: on a busy
        machine that is measured to milliseconds.
        """
        return 2 + rate_hz * float(np.abs(self.streams[name].clock_values).max())

    def codes(self, name: str) -> list[str]:
        return [e.code for e in self.manifest.events if e.source == name]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("faults")
    rig = write_rig(folder, RIG)
    with Unisono(
        *("record", rig, "--data-dir", folder, "--participant", "01", "--no-report", "--json"),
        folder=folder,
    ) as program:
        program.wait_for_line()
        file = next(folder.rglob("recording.xdf"))
        expected = {
            *(("unplugged", "device-lost"), ("unplugged", "device-back")),
            *(("stalled", "silent"), ("stalled", "silent-over"), ("frozen", "silent")),
        }
        wait_for(lambda: expected <= told(file), what="what was to happen")
        back = sum(counts(file, "unplugged"))
        wait_for(lambda: sum(counts(file, "unplugged")) > back + RATE_HZ)
        result = program.stop()
    manifest = Manifest.load(result.session)
    return Run(result, manifest, load(result.session / "recording.xdf"))


def told(file: Path) -> set[tuple[str, str]]:
    """Give source and code of the events in a file that is being written."""
    with read_xdf(file) as recording:
        events = next((s for s in recording.streams if s.name == "unisono-events"), None)
        texts = [row[0] for row in events.strings] if events is not None else []
    return {(event["source"], event["code"]) for event in map(json.loads, texts)}


def missing(stream: Loaded, rate_hz: float) -> int:
    """Count what is missing between the stamps of the file, by the intervals alone."""
    return int((np.rint(np.diff(stream.stamps) * rate_hz) - 1).sum())


def in_gaps(gaps: tuple[Gap, ...]) -> int:
    return sum(gap.lost for gap in gaps)


def test_losses_are_told_by_the_exit_code_and_nothing_fails(run: Run) -> None:
    assert run.result.code == run.result.json["exit"] == 1
    assert run.manifest.state is State.COMPLETE
    lost = {s["name"]: s["lost"] for s in run.result.json["streams"]}
    assert lost == {s.name: s.lost for s in run.manifest.streams}


@pytest.mark.parametrize(("name", "rate_hz"), [("leaky", RATE_HZ), ("camera", FPS)])
def test_every_sample_is_there_or_counted(name: str, rate_hz: float, run: Run) -> None:
    entry, stream = run.entry(name), run.streams[name]
    if name == "camera":  # a frame that never came has a row of its own
        video = next(v for v in run.manifest.videos if v.name == name)
        never_came = stream.data[:, FATE] == Fate.DEVICE_LOST.code
        assert entry.lost == int(never_came.sum()) == video.fates[Fate.DEVICE_LOST]
        assert video.frames == count_packets(run.result.session / video.file)
        assert video.frames + entry.lost == len(stream.stamps) == entry.samples
        expected = entry.samples
    else:
        # A first or last sample that was lost is counted, but between no two stamps.
        first, last = stream.stamps[[0, -1]] + (-0.5 / rate_hz, 0.5 / rate_hz)
        inner = tuple(gap for gap in entry.gaps if first < gap.start and gap.end < last)
        assert in_gaps(inner) == missing(stream, rate_hz)
        assert entry.lost == in_gaps(entry.gaps)
        expected = entry.samples + entry.lost
    assert abs(expected - run.samples(rate_hz)) <= run.off_by(name, rate_hz)
    assert 0.005 < entry.lost / expected < 0.15


def test_an_unplugged_device_comes_back_in_its_stream(run: Run) -> None:
    codes = [c for c in run.codes("unplugged") if c.startswith("device-")]
    assert codes == ["device-lost", "device-back"]
    entry, stream = run.entry("unplugged"), run.streams["unplugged"]
    off = abs(entry.samples + entry.lost - run.samples(RATE_HZ))
    assert off <= run.off_by("unplugged", RATE_HZ)
    assert entry.lost == missing(stream, RATE_HZ)
    assert entry.lost >= UNPLUGGED_S * RATE_HZ - 20  # opening it again takes some time, too
    (gap,) = entry.gaps
    assert gap.lost == entry.lost
    longest = int(np.argmax(np.diff(stream.stamps)))
    assert gap.end == stream.stamps[longest + 1]
    assert gap.start == pytest.approx(stream.stamps[longest], abs=2 / RATE_HZ)


def test_a_camera_that_fell_silent_does_not_hold_up_the_stop(run: Run) -> None:
    assert "silent" in run.codes("frozen")
    assert "video-failed" not in run.codes("frozen")
    stamps, manifest = run.streams["frozen"].stamps, run.manifest
    assert manifest.lsl_stop is not None
    silent_s = manifest.lsl_stop - stamps[-1]
    assert silent_s > 4.0
    assert manifest.clock[-1].lsl - manifest.lsl_stop < CLOSE_S, "its file was waited for"


def test_a_stall_loses_nothing_and_is_told(run: Run) -> None:
    codes = run.codes("stalled")
    assert codes[:2] == ["silent", "silent-over"]
    assert "device-lost" not in codes
    entry, stream = run.entry("stalled"), run.streams["stalled"]
    assert entry.lost == 0
    assert abs(entry.samples - run.samples(RATE_HZ)) <= run.off_by("stalled", RATE_HZ)
    assert np.diff(stream.stamps).max() < PACKET_S


def test_the_events_are_in_the_recording_too(run: Run) -> None:
    texts = "\n".join(run.streams["unisono-events"].strings)
    for code in ("device-lost", "device-back", "silent", "silent-over"):
        assert f'"code":"{code}"' in texts
