"""`unisono record RIG`: one session with everything in it, and every count agrees."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from recordings.manifest import Manifest, State
from recordings.manifest_entries import VideoEntry
from recordings.stream_kinds import INDEX_CHANNELS, Fate
from recordings.video.pixel_formats import Picture
from recordings.video.reader import VideoReader, count_packets
from recordings.xdf.reader import read_xdf
from tests.acquire.program import Loaded, Result, load, unisono, write_rig

SECONDS = 6
RATES = {"eeg": 500, "physio": 1000, "face": 100, "side": 40}
RIG = """
[rig]
name = "all"

[[device]]
name = "eeg"
driver = "simulated-eeg"
channels = 8
rate_hz = 500
faults = { clock_offset_s = -30, jitter_ms = 2 }

[[device]]
name = "physio"
driver = "simulated-physio"
faults = { clock_offset_s = 7, jitter_ms = 1 }

[[device]]
name = "protocol"
driver = "simulated-markers"

[[device]]
name = "face"
driver = "simulated-camera"
width = 352
height = 240
rate_hz = 100

[[device]]
name = "side"
driver = "simulated-camera"
width = 320
height = 128
rate_hz = 40
pixel_format = "BayerRG8"
faults = { clock_offset_s = 1000, jitter_ms = 2 }
"""
PACKET_S = 0.02  # what the amplifiers give at a time
FATE = INDEX_CHANNELS.index("fate")


def strip_number(picture: Picture) -> int:
    """Read the frame number that a simulated camera draws into the corner."""
    bits = picture[4, 4 : 32 * 8 : 8] > 127
    return int(np.packbits(bits).view(">u4")[0])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("record")


@pytest.fixture(scope="module")
def result(folder: Path) -> Result:
    rig = write_rig(folder, RIG)
    started = unisono(
        *("record", rig, "--seconds", str(SECONDS), "--data-dir", "data", "--participant", "07"),
        *("--session", "b", "--task", "rest", "--study", "all-1", "--no-report", "--json"),
        folder=folder,
        cwd=folder,
    )
    assert started.code == 0, started.stderr
    return started


@pytest.fixture(scope="module")
def manifest(result: Result) -> Manifest:
    return Manifest.load(result.session)


@pytest.fixture(scope="module")
def streams(result: Result) -> dict[str, Loaded]:
    return load(result.session / "recording.xdf")


def video(manifest: Manifest, name: str) -> VideoEntry:
    return next(v for v in manifest.videos if v.name == name)


def test_the_last_line_names_the_session_and_what_is_in_it(result: Result, folder: Path) -> None:
    name = "sub-07_ses-b_task-rest_run-01"
    assert result.json["session"] == str(folder / "data/all-1/sub-07/ses-b" / name)
    assert (result.json["state"], result.json["exit"]) == ("complete", 0)
    counts = {s["name"]: s["samples"] for s in result.json["streams"]}
    assert set(counts) == {*RATES, "protocol", "unisono-events"}
    for stream, rate in RATES.items():
        assert abs(counts[stream] - SECONDS * rate) <= 2, stream
    assert {s["lost"] for s in result.json["streams"]} == {0}
    assert result.stderr.splitlines()[-1] == "recording"


def test_pyxdf_and_we_find_what_the_footers_say(
    result: Result, streams: dict[str, Loaded], manifest: Manifest
) -> None:
    with read_xdf(result.session / "recording.xdf") as ours:
        assert not ours.damage
        for entry in manifest.streams:
            stream, own = streams[entry.name], ours.stream(entry.name)
            count = len(stream.stamps)
            assert own.footer
            assert (entry.samples, stream.footer_count, len(own)) == (count, count, count)
            assert own.footer.count == count
            assert entry.id == stream.id == own.id
            if count:
                assert (entry.first_stamp, entry.last_stamp) == (
                    stream.stamps[0],
                    stream.stamps[-1],
                )
                assert float(stream.footer["first_timestamp"][0]) == stream.stamps[0]
                assert float(stream.footer["last_timestamp"][0]) == stream.stamps[-1]
            np.testing.assert_array_equal(own.stamps, stream.stamps)


def test_stamps_rise_at_the_nominal_rate(streams: dict[str, Loaded]) -> None:
    for name, rate in RATES.items():
        intervals = np.diff(streams[name].stamps)
        assert (intervals >= 0).all(), name
        assert np.mean(intervals) == pytest.approx(1 / rate, rel=2e-3), name
        assert intervals.max() < max(1.9 / rate, PACKET_S), "a packet or a frame is missing"


def test_each_clock_offset_is_there_once(streams: dict[str, Loaded], manifest: Manifest) -> None:
    for entry in manifest.streams:
        times = streams[entry.name].clock_times
        assert len(times) == entry.offsets
        assert len(times) >= 2, entry.name
        assert (np.diff(times) > 0).all(), entry.name
        assert entry.offset_uncertainty_s is not None
        # Nothing is off here: what is found is as wrong as it may be, at most.
        found = np.abs(streams[entry.name].clock_values)
        assert 0 < np.median(found) <= entry.offset_uncertainty_s + 1e-3, entry.name
        assert entry.offset_uncertainty_s < 1


def test_headers_say_what_the_channels_are(streams: dict[str, Loaded]) -> None:
    eeg, physio, face = streams["eeg"], streams["physio"], streams["face"]
    assert eeg.labels[-5:] == ["HEO", "VEO", "EKG", "EMG", "Trigger"]
    assert set(eeg.units[:-1]) == {"microvolts"}
    assert len(physio.labels) == 16
    assert face.labels == list(INDEX_CHANNELS)
    assert face.raw["info"]["type"] == ["VideoFrames"]
    desc = face.raw["info"]["desc"][0]
    assert desc["synchronization"][0]["can_drop_samples"] == ["true"]
    assert (desc["width"], desc["height"], desc["pixel_format"]) == (["352"], ["240"], ["Mono8"])
    assert streams["side"].raw["info"]["desc"][0]["tiling"] == ["bayer-quadrants"]
    for stream in streams.values():
        assert stream.raw["info"]["source_id"] != [None]
        assert stream.raw["info"]["desc"][0]["acquisition"][0]["manufacturer"] == ["Unisono"]


def test_the_engines_events_are_recorded(streams: dict[str, Loaded], manifest: Manifest) -> None:
    found = [json.loads(text) for text in streams["unisono-events"].strings]
    assert [e["code"] for e in found] == ["recording-start", "recording-stop"]
    assert [e["time"] for e in found] == list(streams["unisono-events"].stamps)
    assert {e.code for e in manifest.events} >= {"recording-start", "recording-stop"}
    assert found[0] == next(e.model_dump() for e in manifest.events if e.code == "recording-start")


def test_the_manifest_is_complete(result: Result, manifest: Manifest, folder: Path) -> None:
    assert manifest.state is State.COMPLETE
    assert (manifest.participant, manifest.session, manifest.task) == ("07", "b", "rest")
    assert (manifest.study, manifest.run) == ("all-1", 1)
    assert manifest.rig_text == RIG
    assert manifest.rig_sha256 == hashlib.sha256(RIG.encode()).hexdigest()
    assert manifest.rig
    assert manifest.rig["rig"]["name"] == "all"
    assert manifest.simulated
    assert manifest.seed == 1
    assert {"unisono", "python", "liblsl"} <= set(manifest.software)


def test_every_file_is_listed_with_its_hash(result: Result, manifest: Manifest) -> None:
    names = {path.name for path in result.session.iterdir()}
    assert names == {f.path for f in manifest.files} | {"session.json"}
    assert {"recording.xdf", "face.nut", "side.nut", "truth.tsv"} < names
    for entry in manifest.files:
        content = (result.session / entry.path).read_bytes()
        assert entry.bytes == len(content), entry.path
        assert entry.sha256 == hashlib.sha256(content).hexdigest(), entry.path


def test_the_clock_pairs_hold_the_recording_between_them(manifest: Manifest) -> None:
    first, last = manifest.clock
    assert manifest.lsl_start
    assert manifest.lsl_stop
    late_s = manifest.lsl_stop - manifest.lsl_start - SECONDS
    assert -1e-3 < late_s < 5, "a busy computer ends it a moment late"
    assert abs(first.lsl - manifest.lsl_start) < 60
    assert 0 < last.lsl - manifest.lsl_stop < 60
    utc = [datetime.fromisoformat(pair.utc) for pair in (first, last)]
    elapsed = (utc[1] - utc[0]).total_seconds()
    assert elapsed == pytest.approx(last.lsl - first.lsl, abs=0.1)
    assert abs((datetime.now(UTC) - utc[1]).total_seconds()) < 300
    assert first.utc.endswith("Z")


@pytest.mark.parametrize("name", ["face", "side"])
def test_frames_rows_and_manifest_agree(
    name: str, result: Result, streams: dict[str, Loaded], manifest: Manifest
) -> None:
    entry, rows = video(manifest, name), streams[name].data
    stored = rows[:, FATE] == Fate.STORED.code
    path = result.session / entry.file
    camera = next(c for c in result.json["cameras"] if c["name"] == name)
    assert stored.sum() == count_packets(path) == entry.frames == camera["stored"]
    assert entry.frames >= SECONDS * RATES[name] - 2
    assert entry.captured == len(rows) == camera["captured"]
    assert {fate: count for fate, count in entry.fates.items() if count} == {
        Fate.STORED: int(stored.sum())
    } | ({Fate.NOT_RECORDING: int((~stored).sum())} if (~stored).any() else {})
    np.testing.assert_array_equal(rows[stored, 0], np.arange(entry.frames))


@pytest.mark.parametrize("name", ["face", "side"])
def test_a_frame_is_stored_if_and_only_if_it_belongs(
    name: str, streams: dict[str, Loaded], manifest: Manifest
) -> None:
    entry, stream = video(manifest, name), streams[name]
    stored = stream.data[:, FATE] == Fate.STORED.code
    assert entry.lsl_stop
    inside = (stream.stamps >= entry.lsl_start) & (stream.stamps <= entry.lsl_stop)
    np.testing.assert_array_equal(stored, inside)
    assert (entry.lsl_start, entry.lsl_stop) == (manifest.lsl_start, manifest.lsl_stop)


@pytest.mark.parametrize("name", ["face", "side"])
def test_the_picture_of_a_row_is_the_frame_it_names(
    name: str, result: Result, streams: dict[str, Loaded], manifest: Manifest
) -> None:
    entry, rows = video(manifest, name), streams[name].data
    numbers = rows[rows[:, FATE] == Fate.STORED.code, 1]
    with VideoReader(result.session / entry.file) as reader:
        assert (reader.info.pixel_format, len(reader)) == (entry.pixel_format, entry.frames)
        drawn = [strip_number(picture) for picture in reader.frames()]
        assert drawn == numbers.tolist()
        assert strip_number(reader.frame(entry.frames // 2)) == numbers[entry.frames // 2]


def test_a_run_number_is_not_used_twice(result: Result, folder: Path) -> None:
    again = unisono(
        *("record", "--allow-missing", "--wait", "0.5", "--seconds", "0.2", "--participant", "07"),
        *("--session", "b", "--task", "rest", "--study", "all-1", "--no-report", "--json"),
        *("--data-dir", folder / "data", "--streams", "name='nobody'"),
        folder=folder,
    )
    assert again.code == 1, again.stderr  # nobody has come
    assert again.session.parent == result.session.parent
    assert again.session.name.endswith("_run-02")
    assert [s["name"] for s in again.json["streams"]] == ["unisono-events"]


def test_a_relative_data_folder_is_relative_to_the_rig_file(tmp_path: Path) -> None:
    """As every other path in it; it was wherever the command was given."""
    (tmp_path / "elsewhere").mkdir()
    rig = write_rig(
        tmp_path,
        '[rig]\ndata_dir = "data"\n[[device]]\nname = "m"\ndriver = "simulated-markers"\n',
    )
    words = ("record", rig, "--participant", "01", "--seconds", "0.5", "--no-report", "--json")
    done = unisono(*words, folder=tmp_path, cwd=tmp_path / "elsewhere")
    assert done.code == 0, done.stderr
    assert done.session.is_relative_to(tmp_path / "data")


def test_a_gate_that_never_opened_is_a_warning(tmp_path: Path) -> None:
    """A mistaken code left a session without a picture, which passed its check."""
    rig = write_rig(
        tmp_path,
        '[[device]]\nname = "m"\ndriver = "simulated-markers"\n'
        '[[device]]\nname = "face"\ndriver = "simulated-camera"\nwidth = 320\nheight = 240\n'
        'rate_hz = 50\ngate = { source = "m", start_codes = [999], stop_codes = [100] }\n',
    )
    words = ("record", rig, "--participant", "01", "--seconds", "1", "--json")
    done = unisono(*words, "--data-dir", tmp_path / "data", folder=tmp_path)
    assert (done.json["cameras"][0]["stored"], done.json["verdict"]) == (0, "WARN")
    report = json.loads((done.session / "report.json").read_text())
    assert "gate-never-opened" in {finding["code"] for finding in report["findings"]}
