"""A benchmark is kept beside the data and held against a rig at its start."""

from __future__ import annotations

import hashlib
import json
import socket
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from acquire.engine.engine import Engine
from acquire.pump.selection import Selection
from acquire.rig.file import load_rig
from acquire.survey.codec_speed import (
    FILE,
    CameraSpeed,
    CodecSpeed,
    hashes_in_passing,
    held_against,
    remember,
)
from acquire.take.folder import Labels
from devices.base import VideoSpec
from recordings.manifest import Manifest
from recordings.manifest_entries import hashed_files
from recordings.video.writer import VideoWriter
from tests.acquire.program import event_codes, events_of, unisono, wait_for, write_rig
from tests.acquire.small_disk import MB, disk
from tests.ports import free_port


def camera(rate_hz: float, width: int = 100, form: str = "Mono8") -> VideoSpec:
    return VideoSpec("face", width, 100, form, rate_hz)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder whose benchmark, of 100 × 100 pixels, says 100 frames/s, and 200 raw."""
    speeds = (CodecSpeed("magicyuv", 100.0, 2.0, 60.0), CodecSpeed("raw", 200.0, 1.0, 30.0))
    remember(tmp_path, [CameraSpeed("face", "Mono8", 50.0, 0.5, speeds, None, 2.0)])
    return tmp_path


def test_what_is_fast_enough_is_not_mentioned(folder: Path) -> None:
    assert held_against(folder, [(camera(80), "auto")]) == []
    assert held_against(folder, [(camera(160), "raw")]) == []
    assert held_against(folder, [(camera(40, width=200), "magicyuv")]) == []


def test_too_slow_is_told_with_numbers_and_what_to_do(folder: Path) -> None:
    ((name, level, text),) = held_against(folder, [(camera(75, width=200), "auto")])
    assert (name, level) == ("face", "warning")
    assert "magicyuv wrote 50 frames/s here" in text
    assert "75 are needed" in text
    assert text.endswith('put codec = "raw" into the rig file')
    ((_, _, text),) = held_against(folder, [(camera(500), "raw")])
    assert text.endswith("lower the rate or the size")


def test_little_to_spare_is_no_alarm(folder: Path) -> None:
    ((_, level, text),) = held_against(folder, [(camera(90), "auto")])
    assert level == "info"
    assert "little to spare" in text


def test_what_was_not_measured_here_says_nothing(folder: Path, tmp_path: Path) -> None:
    assert held_against(folder, [(camera(500, form="Mono12"), "ffvhuff")]) == []
    assert held_against(tmp_path / "other", [(camera(500), "auto")]) == []
    kept = json.loads((folder / FILE).read_text())
    assert kept["host"] == socket.gethostname()
    (folder / FILE).write_text(json.dumps(kept | {"host": "elsewhere"}))
    assert held_against(folder, [(camera(500), "auto")]) == []
    (folder / FILE).write_text("{")
    assert held_against(folder, [(camera(500), "auto")]) == []


def test_raw_is_hashed_while_written_only_where_there_is_time(tmp_path: Path) -> None:
    assert not hashes_in_passing(tmp_path, camera(1))  # nothing was measured
    remember(tmp_path, [], sha256_bytes_per_s=3e6)
    assert hashes_in_passing(tmp_path, camera(100))  # 1 MB/s
    assert not hashes_in_passing(tmp_path, camera(101))
    kept = json.loads((tmp_path / FILE).read_text())
    (tmp_path / FILE).write_text(json.dumps({**kept, "sha256_bytes_per_s": 0}))
    assert not hashes_in_passing(tmp_path, camera(1))


@pytest.mark.parametrize("fast", [False, True])
def test_a_raw_video_is_read_again_for_its_hash_only_where_hashing_is_slow(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fast: bool
) -> None:
    """A session of the MMME rig, 1.5 TB raw, is a quarter of an hour of reading."""
    known: list[str] = []

    def hashed(files: Any, folder: Path, hashes: dict[str, str], between: Any) -> Any:
        known.extend(hashes)
        return hashed_files(files, folder, hashes, between)

    monkeypatch.setattr("acquire.take.folder.hashed_files", hashed)
    remember(tmp_path, [], sha256_bytes_per_s=1e9 if fast else 1.0)
    rig = write_rig(
        tmp_path,
        '[[device]]\nname = "face"\ndriver = "simulated-camera"\nwidth = 320\nheight = 240\n'
        'rate_hz = 50\ncodec = "raw"\n',
    )
    with Engine(load_rig(rig), Selection(("name='face'",)), None) as engine:
        engine.open(30.0)
        engine.start(tmp_path, Labels(participant="01"))
        take = engine.takes.running
        assert take is not None
        wait_for(lambda: any(s.samples > 10 for s in take.xdf.streams.values()))
        folder = engine.stop().path
        wait_for(lambda: not Manifest.load(folder).hashing)
    assert known == (["face.raw"] if fast else [])
    files = {file.path: file.sha256 for file in Manifest.load(folder).files}
    assert files["face.raw"] == hashlib.sha256((folder / "face.raw").read_bytes()).hexdigest()


def test_a_recording_warns_of_what_the_benchmark_command_found(tmp_path: Path) -> None:
    rig = write_rig(
        tmp_path,
        '[[device]]\nname = "face"\ndriver = "simulated-camera"\nwidth = 320\nheight = 240\n'
        'rate_hz = 50\ncodec = "magicyuv"\n',
    )
    arguments = ("--data-dir", tmp_path)
    done = unisono(
        "camera", "benchmark", rig, *arguments, "--seconds", "0.1", "--json", folder=tmp_path
    )
    assert done.code == 0
    path = tmp_path / FILE
    kept = json.loads(path.read_text())
    assert {speed["codec"] for speed in kept["speeds"]} >= {"magicyuv", "raw", "ffvhuff"}
    for speed in kept["speeds"]:
        speed["bytes_per_s"] /= 1e4  # as on a computer that is much slower
    path.write_text(json.dumps(kept))
    labels = ("--participant", "01", "--seconds", "1", "--no-report", "--json")
    result = unisono("record", rig, *arguments, *labels, folder=tmp_path)
    assert result.code == 1
    told = event_codes(result.session, "face")
    # On a computer that is busy the encoder may truly fall behind, too.
    assert [code for code in told if code != "ring-filling"] == ["codec-slow"]
    (text,) = (e["text"] for e in events_of(result.session) if e["code"] == "codec-slow")
    assert "50 are needed" in text


CAMERA = '[[device]]\nname = "face"\ndriver = "simulated-camera"\nwidth = 320\nheight = 240\n'


def test_a_device_that_is_switched_off_keeps_no_camera_from_being_measured(tmp_path: Path) -> None:
    """An amplifier that was off ended the benchmark of the cameras beside it."""
    amplifier = (
        f'[[device]]\nname = "eeg"\ndriver = "curry"\nhost = "127.0.0.1"\nport = {free_port()}\n'
    )
    rig = write_rig(tmp_path, amplifier + CAMERA)
    words = ("camera", "benchmark", rig, "--data-dir", tmp_path, "--seconds", "0.1", "--json")
    done = unisono(*words, folder=tmp_path)
    assert done.code == 2
    assert done.error.startswith("error: eeg: ")
    assert [one["camera"] for one in json.loads(done.stdout)] == ["face"]
    assert (tmp_path / FILE).exists()


def test_a_film_is_looked_for_beside_the_rig_file(tmp_path: Path) -> None:
    """As a recording does; it was looked for where the command was given."""
    (tmp_path / "elsewhere").mkdir()
    film = VideoWriter(
        tmp_path / "film", width=64, height=64, pixel_format="Mono8", rate_hz=50.0, codec="ffv1"
    )
    film.write(np.zeros((64, 64), np.uint8))
    film.close()
    rig = write_rig(
        tmp_path, '[[device]]\nname = "film"\ndriver = "video-file"\npath = "film.mkv"\n'
    )
    words = ("camera", "benchmark", rig, "--data-dir", tmp_path, "--seconds", "0.1", "--json")
    done = unisono(*words, folder=tmp_path, cwd=tmp_path / "elsewhere")
    assert [one["camera"] for one in json.loads(done.stdout)] == ["film"], done.stderr


def test_a_rig_without_a_camera_leaves_the_benchmark_of_another(folder: Path) -> None:
    before = (folder / FILE).read_text()
    rig = write_rig(folder, '[[device]]\nname = "eeg"\ndriver = "simulated-eeg"\n')
    done = unisono("camera", "benchmark", rig, "--data-dir", folder, folder=folder)
    assert (done.code, "no camera on this computer" in done.stdout) == (0, True)
    assert (folder / FILE).read_text() == before


def test_a_disk_that_is_too_small_for_the_benchmark_is_named(tmp_path: Path) -> None:
    """The codecs that did not fit were left out without a word, as if not for this camera."""
    rig = write_rig(tmp_path, CAMERA)
    with disk(tmp_path, 2 * MB) as small:
        words = ("camera", "benchmark", rig, "--data-dir", small, "--seconds", "3")
        done = unisono(*words, folder=tmp_path)
        assert done.code == 2
        assert "space" in done.error
        assert list(small.iterdir()) == []
