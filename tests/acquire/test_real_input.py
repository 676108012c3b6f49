"""Real recordings, played live and recorded again, are what they were."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from acquire.host.replay import Replay
from devices.arrays import Array
from recordings.stamps.clock_offsets import correct, fit_offsets
from recordings.stream_kinds import INDEX_CHANNELS, Fate
from recordings.video.reader import VideoReader
from recordings.xdf.reader import read_xdf
from tests.acquire.program import TIMEOUT_S, load, unique, unisono, write_rig
from tests.acquire.sources import ROOT
from tests.devices import contract

pytestmark = pytest.mark.needs_data

SECONDS = 6
REPLAY = """
[[device]]
name = "old"
driver = "replay"
path = "{path}"
"""
VIDEO = """
[[device]]
name = "face"
driver = "video-file"
path = "{path}"
"""


def record(folder: Path, rig: str, seconds: float) -> Path:
    """Record a rig and give the session; the exit code must be 0."""
    result = unisono(
        *("record", write_rig(folder, rig), "--data-dir", folder, "--participant", "01"),
        *("--seconds", str(seconds), "--no-report", "--json"),
        folder=folder,
    )
    assert result.code == 0, result.stderr
    return result.session


def where(part: Array, whole: Array) -> int:
    """Find the row of `whole` at which `part` begins; rows are unique."""
    (starts,) = np.nonzero((whole == part[0]).all(axis=1))
    assert len(starts) == 1
    return int(starts[0])


def test_a_replayed_recording_is_recorded_as_it_was(sample_data: Path, tmp_path: Path) -> None:
    path = sample_data / "clock_resets.xdf"
    session = record(tmp_path, REPLAY.format(path=path), SECONDS)
    streams = load(session / "recording.xdf")
    with read_xdf(path) as original:
        eeg, markers = original.stream("BioSemi"), original.stream("MyMarkerStream")
        again = streams["BioSemi"]
        first = where(again.data, eeg.data)
        part = slice(first, first + len(again.data))
        np.testing.assert_array_equal(again.data, eeg.data[part])

        def times(stream: Any) -> Any:
            return correct(stream.stamps, fit_offsets(stream.offset_times, stream.offset_values))

        played = times(eeg)
        due = np.searchsorted(played, played[first] + SECONDS) - first
        assert abs(len(again.data) - due) <= 3
        expected = np.diff(played[part])
        rising = expected > 0
        assert rising.mean() > 0.9
        np.testing.assert_allclose(np.diff(again.stamps)[rising], expected[rising], atol=1e-6)
        assert again.labels == list(eeg.info.labels)
        assert float(again.raw["info"]["nominal_srate"][0]) == eeg.info.rate_hz

        shift = again.stamps[0] - played[first]
        found = streams["MyMarkerStream"]
        inside = times(markers) + shift
        inside = (inside >= found.stamps[0] - 1e-4) & (inside <= found.stamps[-1] + 1e-4)
        assert len(found.strings) >= 1
        texts = [row[0] for row, kept in zip(markers.strings, inside, strict=True) if kept]
        assert found.strings == texts
        np.testing.assert_allclose(found.stamps - shift, times(markers)[inside], atol=1e-6)


def test_the_replay_driver_keeps_the_contract(sample_data: Path) -> None:
    settings = {
        "name": "BioSemi",
        "path": sample_data / "clock_resets.xdf",
        "streams": ("BioSemi",),
        "loop": True,
    }
    contract.check(Replay, settings, seconds=10.0)


def test_the_replay_driver_refuses_what_it_cannot_play(sample_data: Path, tmp_path: Path) -> None:
    cases = {
        "nothing to play": REPLAY.format(path=sample_data / "clock_resets.xdf")
        + 'streams = ["Gaze"]\n',
        "no such file": REPLAY.format(path=tmp_path / "no.xdf"),
        "not XDF": REPLAY.format(path=sample_data / "ecg.dat"),
    }
    words = {
        "nothing to play": ["'BioSemi'", "'MyMarkerStream'"],
        "no such file": ["no.xdf", "No such file"],
        "not XDF": ["ecg.dat", "not an XDF file"],
    }
    for case, rig in cases.items():
        result = unisono(
            *("record", write_rig(tmp_path, rig), "--data-dir", tmp_path, "--participant", "01"),
            folder=tmp_path,
        )
        assert result.code == 2, case
        (line,) = result.stderr.splitlines()
        assert all(word in line for word in words[case]), line


@contextmanager
def playing(path: Path, name: str) -> Iterator[None]:
    """Have mne-lsl play a file in a process of its own."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.acquire.mne_lsl_player", str(path), name],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=ROOT,
    )
    typed, said = process.stdin, process.stdout
    assert typed
    assert said
    try:
        assert b"ready" in iter(lambda: said.readline().strip(), b"")
        yield
    finally:
        typed.close()
        said.close()
        try:
            process.wait(TIMEOUT_S)
        finally:
            process.kill()


def test_a_brainvision_file_played_by_mne_lsl(sample_data: Path, tmp_path: Path) -> None:
    mne = pytest.importorskip("mne")
    pytest.importorskip("mne_lsl")
    path = sample_data / "brainvision" / "test.vhdr"
    raw = mne.io.read_raw_brainvision(path, preload=True, verbose="error")
    data = raw.get_data().T
    name, file = unique("brain"), tmp_path / "a.xdf"
    with playing(path, name):
        result = unisono(
            *("record", "--xdf", file, "--streams", f"name='{name}'", "--seconds", "4", "--json"),
            folder=tmp_path,
        )
    assert result.code == 0, result.stderr
    stream = load(file)[name]
    assert stream.data.shape[1] == len(raw.ch_names)
    # From the subscription on: a bare file has what came before the start.
    assert len(stream.data) > 3000
    np.testing.assert_allclose(np.diff(stream.stamps), 0.001, atol=1e-6)
    assert stream.labels == raw.ch_names
    whole = data.astype(stream.data.dtype)
    (starts,) = np.nonzero((whole == stream.data[0]).all(axis=1))
    rows = (starts[0] + np.arange(len(stream.data))) % len(whole)
    np.testing.assert_array_equal(stream.data, whole[rows])
    assert (np.diff(stream.stamps) > 0).all()
    assert np.mean(np.diff(stream.stamps)) == pytest.approx(1e-3, rel=1e-3)


def test_a_face_video_is_recorded_losslessly(sample_data: Path, tmp_path: Path) -> None:
    path = sample_data / "single_face.mp4"
    with av.open(str(path)) as container:
        pictures = [frame.to_ndarray(format="gray") for frame in container.decode(video=0)]
    session = record(tmp_path, VIDEO.format(path=path), 3)
    rows = load(session / "recording.xdf")["face"].data
    stored = rows[rows[:, INDEX_CHANNELS.index("fate")] == Fate.STORED.code]
    assert abs(len(stored) - 3 * 30) <= 2
    with VideoReader(session / "face.nut") as reader:
        assert len(reader) == len(stored)
        for index, picture in enumerate(reader.frames()):
            frame = int(stored[index, 1])
            np.testing.assert_array_equal(picture, pictures[frame % len(pictures)])
