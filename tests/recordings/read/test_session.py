"""Opening a session: windows, corrections, frames and markers against what is in the files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import pyxdf
from hypothesis import given
from hypothesis import strategies as st

from recordings import layout
from recordings.errors import RecordingError
from recordings.manifest import Manifest
from recordings.read.session import Session, open_session
from recordings.video.reader import VideoReader
from recordings.xdf import chunks
from tests.recordings.foreign_streams import add_stream
from tests.recordings.simulated_session import FPS, START, Plan, make_session


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    plan = Plan(eeg_gap=(4.0, 5.0), jitter_s=0.0004, lost_frames=(30, 31))
    return make_session(tmp_path_factory.mktemp("session"), plan)


@pytest.fixture(scope="module")
def session(folder: Path) -> Iterator[Session]:
    with open_session(folder) as found:
        yield found


def test_values_are_pyxdfs_and_times_agree_to_a_microsecond(session: Session, folder: Path) -> None:
    streams, _ = pyxdf.load_xdf(folder / layout.XDF_NAME, dejitter_timestamps=False)
    assert len(session.streams) == len(streams)
    for theirs in streams:
        ours = session[theirs["info"]["name"][0]]
        if ours.is_text:
            assert ours.strings == theirs["time_series"]
            times = ours.times()
        else:
            times, values = ours.read()
            assert np.array_equal(values, theirs["time_series"], equal_nan=True)
        # pyxdf draws another robust line through noisy offsets; see docs/session-format.md.
        assert np.max(np.abs(times - theirs["time_stamps"])) < 20e-6
        raw = ours.times(stamps="raw")
        assert np.array_equal(raw, ours.xdf.stamps)


@given(a=st.floats(-1, 21), b=st.floats(-1, 21))
def test_any_window_is_what_a_mask_gives(session: Session, a: float, b: float) -> None:
    eeg = session["eeg"]
    times, values = eeg.read()
    wanted = (times >= START + a) & (times < START + b)
    got_times, got = eeg.read(START + a, START + b, channels=[0, 2])
    assert np.array_equal(got_times, times[wanted])
    assert np.array_equal(got, values[wanted][:, [0, 2]])


def test_dejittered_stamps_are_even_between_gaps(session: Session) -> None:
    eeg = session["eeg"]
    jittered, even = eeg.times(), eeg.times(stamps="dejittered")
    assert np.max(np.abs(jittered - even)) < 0.003
    steps = np.diff(even)
    gap = steps > 0.5
    assert np.sum(gap) == 1
    assert np.ptp(steps[~gap]) < 2e-6 < np.ptp(np.diff(jittered)[~gap])
    window = slice(100, 200)
    lsl = float(even[150])
    assert eeg.times(lsl - 0.01, lsl + 0.01, stamps="dejittered").size in range(18, 23)
    assert np.all(np.diff(even[window]) > 0)


def test_channels_by_name(session: Session) -> None:
    eeg = session["eeg"]
    name = eeg.labels[1]
    assert np.array_equal(eeg.read(channels=[name])[1], eeg.read(channels=[1])[1])
    with pytest.raises(RecordingError, match="no channel 'Cz99'"):
        eeg.read(channels=["Cz99"])
    with pytest.raises(RecordingError, match="there are: eeg"):
        session["gaze"]


def test_frames_by_number_and_by_time(session: Session, folder: Path) -> None:
    (camera,) = session.cameras.values()
    with VideoReader(folder / camera.entry.file) as video:
        assert len(camera) == len(video)
        for k in (0, 29, 30, 500):
            assert np.array_equal(camera.frame(k), video.frame(k))
            assert np.array_equal(camera.at(float(camera.times[k]) + 0.2 / FPS), video.frame(k))
    # Two frames were lost after number 29: the next one is 30, and three periods later.
    assert camera.device_frames[30] - camera.device_frames[29] == 3
    assert camera.times[30] - camera.times[29] == pytest.approx(3 / FPS, abs=1e-3)
    part = list(camera.frames(float(camera.times[10]), float(camera.times[14])))
    assert len(part) == 4
    assert np.array_equal(part[0], camera.frame(10))
    with pytest.raises(IndexError):
        camera.frame(len(camera))


def test_markers_as_a_table(session: Session) -> None:
    rows = session.markers("protocol")
    assert [r.time for r in rows] == sorted(r.time for r in rows)
    assert {r.marker.event for r in rows} >= {"onset"}
    everything = session.markers()
    assert {r.stream for r in everything} == {"protocol", "unisono-events"}
    assert session.start <= rows[0].time < session.stop


def test_a_latency_comes_off_where_it_was_measured(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match="never measured"):
        open_session(folder, subtract_latency=["eeg"])
    with pytest.raises(RecordingError, match="no stream 'ghost'"):
        open_session(folder, subtract_latency=["ghost"])
    manifest = Manifest.load(folder)
    streams = tuple(
        s.model_copy(update={"latency_s": 0.015}) if s.name == "eeg" else s
        for s in manifest.streams
    )
    (tmp_path / layout.XDF_NAME).write_bytes((folder / layout.XDF_NAME).read_bytes())
    manifest.model_copy(update={"streams": streams}).save(tmp_path)
    with open_session(tmp_path) as plain, open_session(tmp_path, subtract_latency=["eeg"]) as early:
        shift = plain["eeg"].times() - early["eeg"].times()
        assert np.allclose(shift, 0.015, atol=1e-9)
        at = START + 3.0
        assert early["eeg"].window(at - 0.015, None) == plain["eeg"].window(at, None)


def test_a_bare_file(folder: Path) -> None:
    with open_session(folder / "recording.xdf") as inside:
        assert inside.manifest is not None, "a recording in its session's folder is that session"
    golden = Path(__file__).parents[1] / "xdf" / "golden.xdf"
    with open_session(golden) as bare:
        assert bare.manifest is None
        assert bare.cameras == {}
        assert bare.start <= bare.stop
        for stream in bare:
            assert len(stream.times()) == len(stream)


@pytest.mark.parametrize(
    "content", [None, b"", b"XDF", b"hello", b"XDF:" + b"\x04\xff\xff\xff\x7f"]
)
def test_what_is_no_session(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "x.xdf"
    if content is not None:
        path.write_bytes(content)
    if content is not None and content.startswith(b"XDF:"):
        with open_session(path) as session:
            assert session.streams == ()
            assert session.recording.damage
        return
    with pytest.raises(RecordingError, match=r"x\.xdf"):
        open_session(path)


def test_streams_of_numbers_as_markers_and_streams_without_samples(tmp_path: Path) -> None:
    folder = make_session(tmp_path, Plan(seconds=3.0))
    codes = np.array([[5], [2**31 - 1]], np.int32)
    add_stream(folder, 20, "box", codes, type_="Markers", rate_hz=0.0, times=[1.0, 2.0])
    odd = np.array([[1.5], [2.0]])
    add_stream(folder, 21, "other", odd, rate_hz=0.0, times=[1.0, 2.0])
    add_stream(folder, 22, "empty", np.zeros((0, 2), np.float32))
    with open_session(folder) as session:
        assert [m.code for m in session.markers() if m.stream == "box"] == [5, 2**31 - 1]
        assert [m.time for m in session.markers("box")] == [START + 1.0, START + 2.0]
        assert [(m.marker.text, m.code) for m in session.markers("other")] == [
            ("1.5", None),
            ("2", 2),
        ]
        assert "other" not in {m.stream for m in session.markers()}
        with pytest.raises(RecordingError, match=r"'eeg' is a signal, not markers: it has 4 chan"):
            session.markers("eeg")
        with pytest.raises(RecordingError, match="holds numbers, not strings"):
            _ = session["eeg"].strings
        empty = session["empty"]
        assert np.isnan([empty.first, empty.last]).all()
        with pytest.raises(RecordingError, match=r"no channel 4; it has 4, counted from 0"):
            session["eeg"].read(channels=[4])
        assert session["eeg"].read(channels="VEO")[1].shape == (3000, 1)


def test_a_camera_whose_name_another_stream_has(tmp_path: Path) -> None:
    folder = make_session(tmp_path, Plan(seconds=3.0))
    recording = folder / layout.XDF_NAME
    whole = recording.read_bytes()
    recording.write_bytes(chunks.MAGIC + chunks.file_header())
    add_stream(folder, 30, "face", ["a", "b"], type_="Markers", rate_hz=0.0)
    head = len(chunks.MAGIC + chunks.file_header())
    recording.write_bytes(recording.read_bytes() + whole[head:])
    with open_session(folder) as session:
        assert session["face"].is_text
        assert len(session.cameras["face"]) == 298


def test_a_video_that_is_too_short_is_refused_by_name(tmp_path: Path) -> None:
    folder = make_session(tmp_path, Plan(seconds=3.0))
    video = folder / "face.nut"
    video.write_bytes(video.read_bytes()[: video.stat().st_size // 2])
    with open_session(folder) as session:
        camera = session.cameras["face"]
        assert camera.frame(0).shape == camera.at(session.start).shape
        with pytest.raises(RecordingError, match=r"face\.nut: has no frame 297 .* unisono repair"):
            camera.frame(297)
        with pytest.raises(RecordingError, match=r"has no frame \d+ that the index stream"):
            list(camera.frames())
        with pytest.raises(RecordingError, match="no channel 'nope'; it has file_index"):
            camera.column("nope")
