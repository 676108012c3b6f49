"""Kill -9: at most a second is lost, what is there loads, and nothing is left behind."""

from __future__ import annotations

import contextlib
import random
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import psutil
import pylsl
import pytest

from recordings.certificate import Verdict
from recordings.check.examination import check
from recordings.errors import RecordingError
from recordings.manifest import Manifest, State
from recordings.read.session import open_session
from recordings.stream_kinds import INDEX_CHANNELS, Fate
from recordings.video.reader import VideoReader, count_packets
from recordings.xdf.reader import read_xdf
from tests.acquire.program import (
    TIMEOUT_S,
    Unisono,
    alive,
    event_codes,
    kill,
    load,
    load_all,
    module_of,
    posix_only,
    wait_for,
    write_rig,
)

FATE = INDEX_CHANNELS.index("fate")

pytestmark = posix_only

RATE_HZ, FPS = 500, 100
RIG = f"""
[[device]]
name = "eeg"
driver = "simulated-eeg"
channels = 4
rate_hz = {RATE_HZ}

[[device]]
name = "face"
driver = "simulated-camera"
width = 320
height = 240
rate_hz = {FPS}
"""
LOST_S = 1.0
PACKET_S = 0.02
"""The amplifier gives so much at a time: a packet that is missing makes a larger step."""
LATE_S = 0.5
"""What has ended for longer than this was not only late."""


def shared_memory() -> set[Path]:
    """List what has such a name as we or Python would give it: browsers and others have theirs."""
    folder = Path("/dev/shm")
    if not folder.exists():
        return set()
    return {p for p in folder.iterdir() if p.name.startswith(("unisono", "psm_"))}


def start(folder: Path) -> Unisono:
    rig = write_rig(folder, RIG)
    return Unisono(
        *("record", rig, "--data-dir", folder, "--participant", "01", "--no-report", "--json"),
        folder=folder,
    )


def session_of(folder: Path) -> Path:
    return next(folder.rglob("session.json")).parent


@dataclass(frozen=True)
class Kept:
    """What can be read of a session: newest stamps, LSL seconds, and how many frames."""

    eeg: float
    face: float
    frames: int


def kept(session: Path) -> Kept:
    """Look at a session while it is being recorded."""
    newest = {"eeg": 0.0, "face": 0.0}
    with read_xdf(session / "recording.xdf") as found:
        newest |= {s.name: float(s.stamps[-1]) for s in found.streams if len(s)}
    frames = 0
    with contextlib.suppress(RecordingError):  # it may only have been begun
        frames = count_packets(session / "face.nut")
    return Kept(newest["eeg"], newest["face"], frames)


def record_for(program: Unisono, folder: Path, seconds: float) -> Kept:
    """Record for about so long, and until all but the last second of that is on the disk.

    How much a kill costs at most is for a benchmark to say: here the disk is not always that fast.
    """
    program.wait_for_line()
    start_lsl = pylsl.local_clock()
    wait_for(lambda: pylsl.local_clock() > start_lsl + seconds)
    session = session_of(folder)
    begun = Manifest.load(session).lsl_start
    assert begun is not None
    due = start_lsl + seconds - LOST_S
    found = [Kept(0.0, 0.0, 0)]

    def is_written() -> bool:
        found.append(kept(session))
        newest = found[-1]
        stamps, frames = min(newest.eeg, newest.face), (due - begun) * FPS
        return bool(stamps > due and newest.frames > frames)

    wait_for(is_written, what="all but a second on the disk")
    assert program.process.poll() is None
    return found[-1]


def check_crashed(session: Path, before: Kept) -> None:
    """Assert that what was on the disk before the kill can be read."""
    manifest = Manifest.load(session)
    assert manifest.state is State.RECORDING
    assert manifest.lsl_start
    path = session / "recording.xdf"
    with read_xdf(path) as ours:
        eeg = ours.stream("eeg")
        index = ours.stream("face")
        assert eeg.stamps[-1] >= before.eeg
        assert index.stamps[-1] >= before.face
        assert eeg.stamps[0] - manifest.lsl_start < PACKET_S
        assert np.diff(eeg.stamps).max() < PACKET_S
        theirs = {s.name: s for s in load_all(path, strict=False)}
        np.testing.assert_array_equal(theirs["eeg"].stamps, eeg.stamps)
        np.testing.assert_array_equal(theirs["eeg"].data, eeg.data)
        np.testing.assert_array_equal(theirs["face"].data, index.data)
    with VideoReader(session / "face.nut") as reader:
        assert len(reader) >= before.frames
        last = reader.frame(len(reader) - 1)
        assert last.shape == (240, 320)


@pytest.mark.parametrize(
    "number", [0, *(pytest.param(number, marks=pytest.mark.soak) for number in range(1, 8))]
)
def test_everything_killed_at_any_moment(number: int, tmp_path: Path) -> None:
    chance = random.Random(number)
    before = shared_memory()
    with start(tmp_path) as program:
        before_kill = record_for(program, tmp_path, chance.uniform(0.1, 2.0))
        processes = program.tree()
        assert len(processes) >= 4
        chance.shuffle(processes)
        kill(processes)
        assert program.process.wait(TIMEOUT_S) == -9
        wait_for(lambda: not alive(processes), what="no process is left")
    check_crashed(session_of(tmp_path), before_kill)
    assert shared_memory() <= before


def test_devices_end_by_themselves_when_the_engine_is_killed(tmp_path: Path) -> None:
    before = shared_memory()
    with start(tmp_path) as program:
        before_kill = record_for(program, tmp_path, 1.5)
        children = [p for p in program.tree() if p.pid != program.process.pid]
        program.process.kill()
        assert program.process.wait(TIMEOUT_S) == -9
        wait_for(lambda: not alive(children), what="no orphan is left")
    session = session_of(tmp_path)
    check_crashed(session, before_kill)
    with read_xdf(session / "recording.xdf") as found:
        rows = found.stream("face").data
    stored = rows[rows[:, FATE] == Fate.STORED.code][:, 0]
    with VideoReader(session / "face.nut") as reader:  # the camera's side finished its file
        assert len(reader) > stored.max(), "whatever the engine had heard of"
    assert shared_memory() <= before


def hosts_of(program: Unisono) -> list[psutil.Process]:
    """List the device processes in the order of the rig."""
    found = [p for p in program.tree() if module_of(p) == "acquire.host.device_host"]
    return sorted(found, key=lambda p: p.create_time())


@pytest.mark.skipif(sys.platform != "linux", reason="cwd and order of processes")
def test_one_device_killed_harms_itself_alone(tmp_path: Path) -> None:
    with start(tmp_path) as program:
        record_for(program, tmp_path, 1.0)
        eeg = hosts_of(program)[0]
        assert not [p for p in eeg.children() if module_of(p) == "acquire.camera.encoder_host"]
        killed = pylsl.local_clock()
        eeg.kill()
        wait_for(lambda: not alive([eeg]))
        dead = pylsl.local_clock()
        wait_for(lambda: "its process ended (signal 9)" in program.stderr)
        file = session_of(tmp_path) / "recording.xdf"
        wait_for(lambda: b"eeg: its outlet is back" in file.read_bytes())
        back = pylsl.local_clock()
        wait_for(lambda: pylsl.local_clock() > back + 1.0)
        result = program.stop()
    assert result.code == 1
    manifest = Manifest.load(result.session)
    assert manifest.state is State.COMPLETE
    assert manifest.lsl_stop
    assert "device-died" in event_codes(result.session, "eeg")
    streams = load(result.session / "recording.xdf")
    assert manifest.lsl_stop - streams["face"].stamps[-1] < LATE_S
    eeg_stamps = streams["eeg"].stamps
    assert manifest.lsl_stop - eeg_stamps[-1] < LATE_S, "it was started again"
    steps = np.diff(eeg_stamps)
    gap = int(steps.argmax())
    assert killed - LATE_S < eeg_stamps[gap] < dead + PACKET_S
    (entry,) = (s for s in manifest.streams if s.name == "eeg")
    assert entry.lost == pytest.approx(steps[gap] * entry.rate_hz - 1, abs=2)
    assert [g.lost for g in entry.gaps] == [entry.lost]
    assert streams["eeg"].footer_count == len(streams["eeg"].stamps)


@pytest.mark.skipif(sys.platform != "linux", reason="cwd and order of processes")
def test_one_camera_killed_harms_itself_alone(tmp_path: Path) -> None:
    with start(tmp_path) as program:
        before_kill = record_for(program, tmp_path, 1.0)
        camera = hosts_of(program)[1]
        encoder = camera.children()
        assert [module_of(p) for p in encoder] == ["acquire.camera.encoder_host"]
        camera.kill()
        wait_for(lambda: not alive(encoder), what="its encoder ends by itself")
        wait_for(lambda: "its process ended (signal 9)" in program.stderr)
        session = session_of(tmp_path)
        wait_for(lambda: (session / "face+2.nut").exists())
        file = session / "recording.xdf"
        wait_for(lambda: b"face: its outlet is back" in file.read_bytes())
        back = pylsl.local_clock()
        wait_for(lambda: pylsl.local_clock() > back + 1.0)
        result = program.stop()
    assert result.code == 1
    manifest = Manifest.load(result.session)
    assert manifest.state is State.COMPLETE
    assert "device-died" in event_codes(result.session, "face")
    files = {f.path: f for f in manifest.files}
    assert "face.nut" in files, "its video is in the session, so it is in the manifest"
    assert files["face.nut"].sha256
    with VideoReader(result.session / "face.nut") as reader:
        assert len(reader) >= before_kill.frames
    streams = load(result.session / "recording.xdf")
    assert manifest.lsl_stop
    assert manifest.lsl_stop - streams["eeg"].stamps[-1] < LATE_S
    (video,) = manifest.videos
    assert video.files == ("face.nut", "face+2.nut"), "it was started again, into a further file"
    (part,) = video.parts
    with VideoReader(result.session / part.file) as reader:
        assert len(reader) == part.frames
    rows = streams["face"].data[streams["face"].stamps > back]
    stored = rows[rows[:, FATE] == 0][:, 0]
    assert (np.diff(stored) == 1).all()
    assert stored[-1] == part.frames - 1
    check_what_is_told_of_the_absence(result.session)


def check_what_is_told_of_the_absence(session: Path) -> None:
    """Assert that the certificate of a camera that came back misses nothing and makes up nothing.

    What was stored, what was captured in vain and what the gap is counted as are all frames that
    the recording should have.
    """
    report = check(session)
    assert report.verdict is Verdict.WARN, report.findings
    manifest = Manifest.load(session)
    assert manifest.interval
    (camera,) = report.cameras
    (face,) = (s for s in report.streams if s.name == "face")
    gap = max(face.gaps, key=lambda gap: gap.lost)
    start, stop = manifest.interval
    wanted = (stop - start) * FPS
    untimed = manifest.videos[0].untimed  # told apart: their rows died with the process
    told = camera.stored + camera.in_vain + face.lost
    assert told == pytest.approx(wanted, abs=5), (gap, camera)
    assert untimed <= gap.lost
    in_vain = [f for f in report.findings if f.code == "frames-not-recording"]
    assert len(in_vain) == (camera.in_vain > 0)
    with read_xdf(session / "recording.xdf") as recording:
        rows = recording.stream("face")
        fates = rows.read(channels=[FATE])[:, 0]
        late = (fates == Fate.NOT_RECORDING.code) & (rows.stamps > start + 0.3)
        assert (rows.stamps[late & (rows.stamps < stop - 0.3)] >= gap.end - 0.1).all()


@pytest.mark.skipif(sys.platform != "linux", reason="cwd and order of processes")
def test_an_encoder_killed_costs_a_moment_of_video_and_no_more(tmp_path: Path) -> None:
    with start(tmp_path) as program:
        record_for(program, tmp_path, 1.0)
        host = hosts_of(program)[1]
        (encoder,) = host.children()
        killed = pylsl.local_clock()
        encoder.kill()
        session = session_of(tmp_path)
        wait_for(lambda: (session / "face+2.nut").exists())
        back = pylsl.local_clock()
        wait_for(lambda: pylsl.local_clock() > back + 1.0)
        assert host.is_running(), "the camera itself went on"
        result = program.stop()
    assert result.code == 1
    codes = event_codes(result.session, "face")
    assert codes.index("video-failed") < codes.index("encoder-back")
    assert "device-died" not in codes
    manifest = Manifest.load(result.session)
    (video,) = manifest.videos
    assert video.files == ("face.nut", "face+2.nut")
    streams = load(result.session / "recording.xdf")
    rows = streams["face"].data
    after = rows[streams["face"].stamps > back]
    assert (after[:-1, FATE] == 0).all(), "every frame is stored again"
    assert video.captured == len(rows)
    assert sum(video.fates.values()) == len(rows)
    found = 0
    for file in video.files:
        with VideoReader(result.session / file) as reader:
            found += len(reader)
    assert found == video.frames == video.fates[Fate.STORED]
    with open_session(result.session) as recorded:
        camera = recorded.cameras["face"]
        assert len(camera) == found
        for k in range(found):  # what the dead one held is none of them
            camera.frame(k)
    assert video.fates[Fate.ENCODER_ERROR] < (back - killed + 1.0) * FPS
