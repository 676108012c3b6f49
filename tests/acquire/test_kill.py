"""Kill -9: at most a second is lost, what is there loads, and nothing is left behind."""

from __future__ import annotations

import random
import sys
from pathlib import Path

import numpy as np
import psutil
import pylsl
import pytest

from recordings.certificate import Verdict
from recordings.check.examination import check
from recordings.manifest import Manifest, State
from recordings.stream_kinds import INDEX_CHANNELS, Fate
from recordings.video.reader import VideoReader
from recordings.xdf.reader import read_xdf
from tests.acquire.program import (
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
ORPHAN_S = 3.0


def shared_memory() -> set[Path]:
    """List it, but for what another worker's tests may have: faketime, pools of processes."""
    folder = Path("/dev/shm")
    if not folder.exists():
        return set()
    others = ("faketime", "sem.mp-")
    return {p for p in folder.iterdir() if not any(word in p.name for word in others)}


def start(folder: Path) -> Unisono:
    rig = write_rig(folder, RIG)
    return Unisono(
        *("record", rig, "--data-dir", folder, "--participant", "01", "--no-report", "--json"),
        folder=folder,
    )


def session_of(folder: Path) -> Path:
    return next(folder.rglob("session.json")).parent


def record_for(program: Unisono, folder: Path, seconds: float) -> None:
    """Wait until about so much has been recorded."""
    program.wait_for_line()
    start_lsl = pylsl.local_clock()
    wait_for(lambda: pylsl.local_clock() > start_lsl + seconds)
    assert program.process.poll() is None


def check_crashed(session: Path, killed: float) -> None:
    """Assert that what was recorded up to a second before LSL time `killed` can be read."""
    manifest = Manifest.load(session)
    assert manifest.state is State.RECORDING
    assert manifest.lsl_start
    path = session / "recording.xdf"
    with read_xdf(path) as ours:
        eeg = ours.stream("eeg")
        index = ours.stream("face")
        assert killed - eeg.stamps[-1] < LOST_S
        assert killed - index.stamps[-1] < LOST_S
        assert eeg.stamps[0] - manifest.lsl_start < 0.01
        assert np.diff(eeg.stamps).max() < 2 / RATE_HZ
        theirs = {s.name: s for s in load_all(path, strict=False)}
        np.testing.assert_array_equal(theirs["eeg"].stamps, eeg.stamps)
        np.testing.assert_array_equal(theirs["eeg"].data, eeg.data)
        np.testing.assert_array_equal(theirs["face"].data, index.data)
    with VideoReader(session / "face.nut") as reader:
        assert len(reader) > (killed - manifest.lsl_start - LOST_S) * FPS
        last = reader.frame(len(reader) - 1)
        assert last.shape == (240, 320)


@pytest.mark.parametrize(
    "number", [0, *(pytest.param(number, marks=pytest.mark.soak) for number in range(1, 8))]
)
def test_everything_killed_at_any_moment(number: int, tmp_path: Path) -> None:
    chance = random.Random(number)
    before = shared_memory()
    with start(tmp_path) as program:
        record_for(program, tmp_path, chance.uniform(0.1, 2.0))
        processes = program.tree()
        assert len(processes) >= 4
        chance.shuffle(processes)
        killed = pylsl.local_clock()
        kill(processes)
        assert program.process.wait(10) == -9
        wait_for(lambda: not alive(processes), ORPHAN_S, "no process is left")
    check_crashed(session_of(tmp_path), killed)
    assert shared_memory() <= before


def test_devices_end_by_themselves_when_the_engine_is_killed(tmp_path: Path) -> None:
    before = shared_memory()
    with start(tmp_path) as program:
        record_for(program, tmp_path, 1.5)
        children = [p for p in program.tree() if p.pid != program.process.pid]
        killed = pylsl.local_clock()
        program.process.kill()
        assert program.process.wait(10) == -9
        wait_for(lambda: not alive(children), ORPHAN_S, "no orphan is left")
    session = session_of(tmp_path)
    check_crashed(session, killed)
    with VideoReader(session / "face.nut") as reader:  # the camera's side finished its file
        manifest = Manifest.load(session)
        assert manifest.lsl_start
        assert len(reader) >= (killed - manifest.lsl_start - 0.1) * FPS
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
    assert manifest.lsl_stop - streams["face"].stamps[-1] < 0.1
    eeg_stamps = streams["eeg"].stamps
    assert manifest.lsl_stop - eeg_stamps[-1] < 0.1, "it was started again"
    steps = np.diff(eeg_stamps)
    gap = int(steps.argmax())
    assert -0.05 < killed - eeg_stamps[gap] < 0.5
    (entry,) = (s for s in manifest.streams if s.name == "eeg")
    assert entry.lost == pytest.approx(steps[gap] * entry.rate_hz - 1, abs=2)
    assert [g.lost for g in entry.gaps] == [entry.lost]
    assert streams["eeg"].footer_count == len(streams["eeg"].stamps)


@pytest.mark.skipif(sys.platform != "linux", reason="cwd and order of processes")
def test_one_camera_killed_harms_itself_alone(tmp_path: Path) -> None:
    with start(tmp_path) as program:
        record_for(program, tmp_path, 1.0)
        camera = hosts_of(program)[1]
        encoder = camera.children()
        assert [module_of(p) for p in encoder] == ["acquire.camera.encoder_host"]
        killed = pylsl.local_clock()
        camera.kill()
        wait_for(lambda: not alive(encoder), ORPHAN_S, "its encoder ends by itself")
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
    assert manifest.lsl_start
    files = {f.path: f for f in manifest.files}
    assert "face.nut" in files, "its video is in the session, so it is in the manifest"
    assert files["face.nut"].sha256
    with VideoReader(result.session / "face.nut") as reader:
        assert len(reader) >= (killed - manifest.lsl_start - LOST_S) * FPS
    streams = load(result.session / "recording.xdf")
    assert manifest.lsl_stop
    assert manifest.lsl_stop - streams["eeg"].stamps[-1] < 0.1
    (video,) = manifest.videos
    assert video.files == ("face.nut", "face+2.nut"), "it was started again, into a further file"
    (part,) = video.parts
    with VideoReader(result.session / part.file) as reader:
        assert len(reader) == part.frames >= 0.9 * FPS
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
    assert video.fates[Fate.ENCODER_ERROR] < 5 * FPS
