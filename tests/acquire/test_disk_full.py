"""A full disk: refused before the start, or an orderly end with everything that fitted."""

from __future__ import annotations

from pathlib import Path

import pytest

from acquire.server.data_lock import DataLock, gone
from recordings.manifest import Manifest, State
from recordings.stream_kinds import LOST_FATES, Fate
from recordings.video.reader import VideoReader, count_packets
from recordings.xdf.reader import read_xdf
from tests.acquire.program import Result, Unisono, load, unique, unisono, wait_for, write_rig
from tests.acquire.small_disk import MB, disk, fill
from tests.acquire.sources import Source, Sources

EEG = """
[[device]]
name = "eeg"
driver = "simulated-eeg"
"""
CAMERA = """
[[device]]
name = "face"
driver = "simulated-camera"
width = 320
height = 240
rate_hz = 100
codec = "{codec}"
"""


def arguments(rig: Path, data: Path) -> tuple[str | Path, ...]:
    return ("record", rig, "--data-dir", data, "--participant", "01", "--json", "--no-report")


def check_failed(result: Result, data: Path) -> Manifest:
    """Assert how a recording ends whose disk is full; give its manifest."""
    assert result.code == result.json["exit"] == 2
    assert result.json["state"] == "failed"
    assert result.error.startswith("error: ")
    assert "full" in result.error or "no space left" in result.error
    assert str(data) in result.error
    assert "free space or record" in result.error
    assert "Traceback" not in result.stderr
    manifest = Manifest.load(result.session)
    assert manifest.state is State.FAILED
    return manifest


def check_streams(manifest: Manifest, path: Path) -> None:
    """Assert that both readers find what the footers and the manifest count."""
    streams = load(path)
    with read_xdf(path) as ours:
        assert not ours.damage
        for entry in manifest.streams:
            stream, own = streams[entry.name], ours.stream(entry.name)
            assert own.footer
            assert own.footer.count == len(own) == stream.footer_count == entry.samples
            assert len(stream.stamps) == entry.samples


def test_too_small_a_disk_is_refused_with_both_figures(tmp_path: Path) -> None:
    with disk(tmp_path, 20 * MB) as data:
        rig = write_rig(tmp_path, EEG + CAMERA.format(codec="auto"))
        result = unisono(*arguments(rig, data), folder=tmp_path)
        assert result.code == 2
        (line,) = result.stderr.splitlines()
        assert str(data) in line
        assert "20.0 MB free" in line or "19.9 MB free" in line
        # The reserve, and 10 s of 69 channels of float32 at 1 kHz, of the frames and their rows.
        needed = (1 << 20) + 10 * (1000 * (69 * 4 + 9) + 100 * (320 * 240 + 6 * 8 + 9))
        assert f"{needed / MB:,.1f} MB" in line
        assert not list(data.rglob("session.json"))


def test_a_daemon_that_began_on_a_full_disk_records_once_there_is_space(tmp_path: Path) -> None:
    with disk(tmp_path, 2 * MB) as path:
        fill(path, leave=0)
        with DataLock(path) as lock:
            lock.announce("http://127.0.0.1:1")
            assert gone(path) is None
            (path / "filler").unlink()
            assert gone(path) is None
            (path / ".unisono-daemon.lock").unlink()  # as where the disk was unplugged
            assert "is not the folder any more" in str(gone(path))


def test_a_disk_that_fills_up_ends_the_recording_well(tmp_path: Path) -> None:
    with disk(tmp_path, 8 * MB) as data:
        rig = write_rig(tmp_path, EEG)
        with Unisono(*arguments(rig, data), folder=tmp_path) as program:
            program.wait_for_line()
            file = next(data.rglob("recording.xdf"))
            wait_for(lambda: file.stat().st_size > 300_000)
            fill(data, 100_000)
            result = program.wait()
        manifest = check_failed(result, data)
        check_streams(manifest, file)
        eeg = next(s for s in manifest.streams if s.name == "eeg")
        assert eeg.samples > 1000
        assert eeg.first_stamp
        assert eeg.last_stamp
        assert eeg.samples == round((eeg.last_stamp - eeg.first_stamp) * 1000) + 1


def test_a_bare_file_ends_well_too(tmp_path: Path) -> None:
    name = unique("full")
    with disk(tmp_path, 8 * MB) as data, Sources(Source(name, channels=32, rate_hz=1000)):
        file = data / "a.xdf"
        with Unisono(
            *("record", "--xdf", file, "--streams", f"name='{name}'", "--json"), folder=tmp_path
        ) as program:
            program.wait_for_line()
            wait_for(lambda: file.stat().st_size > 150_000)
            fill(data, 50_000)
            result = program.wait()
        assert (result.code, result.json["state"]) == (2, "failed")
        assert str(data) in result.error
        stream = load(file)[name]
        assert stream.footer_count == len(stream.stamps) == result.json["streams"][0]["samples"]


@pytest.mark.parametrize("codec", ["auto", pytest.param("raw", marks=pytest.mark.soak)])
def test_a_disk_filled_by_a_camera(codec: str, tmp_path: Path) -> None:
    with disk(tmp_path, 100 * MB) as data:
        rig = write_rig(tmp_path, EEG + CAMERA.format(codec=codec))
        with Unisono(*arguments(rig, data), folder=tmp_path) as program:
            program.wait_for_line()
            video = next(data.rglob("session.json")).parent / "face"
            path = video.with_suffix(".raw" if codec == "raw" else ".nut")
            wait_for(lambda: path.exists() and path.stat().st_size > 4 * MB)
            fill(data, 3 * MB)
            result = program.wait()
        manifest = check_failed(result, data)
        check_streams(manifest, result.session / "recording.xdf")
        (entry,) = manifest.videos
        assert entry.frames == count_packets(path) > 50
        with VideoReader(path) as reader:
            assert len(reader) == entry.frames
            assert reader.frame(entry.frames - 1).shape == (240, 320)
        assert entry.fates[Fate.STORED] == entry.frames
        index = next(s for s in manifest.streams if s.name == "face")
        assert index.lost == sum(entry.fates[fate] for fate in LOST_FATES)
