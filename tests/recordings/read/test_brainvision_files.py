"""BrainVision: headers that name no file, contradict themselves, or are in another encoding."""

from __future__ import annotations

import inspect
import os
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from recordings.errors import RecordingError
from recordings.read.foreign.brainvision_header import channel_lines, check_header
from recordings.read.foreign.signal_files import open_signals
from tests.recordings.brainvision_file import brainvision

mne = pytest.importorskip("mne")


def with_line(path: Path, old: str, new: str) -> Path:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("form", "name", "make", "said"),
    [
        ("BINARY", "pipe", os.mkfifo, "'pipe' cannot be read: it is a named pipe, not a file"),
        ("ASCII", "/dev/zero", None, "'/dev/zero' cannot be read: it is a device, not a file"),
        ("BINARY", "dir", os.mkdir, "'dir' cannot be read: it is a folder, not a file"),
        ("BINARY", "../../x.eeg", None, "names ../../x.eeg, which is not there; put it beside"),
        ("BINARY", "empty", Path.touch, "its data file empty has 0 bytes, and a sample of all"),
    ],
)
def test_data_that_are_no_file_are_not_waited_for(
    form: str, name: str, make: Callable[[Path], object] | None, said: str, tmp_path: Path
) -> None:
    path = with_line(
        brainvision(tmp_path, ("uV", "uV"), True), "DataFile=x.eeg", f"DataFile={name}"
    )
    with_line(path, "DataFormat=BINARY", f"DataFormat={form}")
    if make is not None:
        make(tmp_path / name)
    with pytest.raises(RecordingError) as caught:
        open_signals(path)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            "NumberOfChannels=2",
            "NumberOfChannels=1",
            "NumberOfChannels=1, and [Channel Infos] has 2",
        ),
        ("Interval=4000", "Interval=1e300", "SamplingInterval='1e300' is nothing that can be read"),
    ],
)
def test_a_header_that_cannot_be_right_is_refused(
    old: str, new: str, said: str, tmp_path: Path
) -> None:
    with pytest.raises(RecordingError) as caught:
        open_signals(with_line(brainvision(tmp_path, ("uV", "uV"), True), old, new))
    assert said in str(caught.value)


@pytest.mark.parametrize("damage", ["utf-16", "utf-16-le", "cr"])
def test_a_header_in_another_encoding_says_so(damage: str, tmp_path: Path) -> None:
    path = brainvision(tmp_path, ("uV",), True)
    text = path.read_text(encoding="utf-8")
    path.write_bytes(text.replace("\n", "\r").encode() if damage == "cr" else text.encode(damage))
    with pytest.raises(RecordingError, match="is in UTF-16, or its lines end with CR alone; save"):
        open_signals(path)


@pytest.mark.parametrize("damage", ["utf-16", "cr"])
def test_markers_in_another_encoding_are_read(damage: str, tmp_path: Path) -> None:
    if "overrides" not in inspect.signature(mne.io.read_raw_brainvision).parameters:
        pytest.skip("an MNE that cannot leave the markers out")
    path = brainvision(tmp_path, ("uV",), True)
    file = path.with_suffix(".vmrk")
    text = file.read_text(encoding="utf-8")
    file.write_bytes(text.replace("\n", "\r").encode() if damage == "cr" else text.encode(damage))
    found = open_signals(path)
    assert found is not None
    assert found.streams[1].times.tolist() == [0.036]
    (note,) = found.notes
    assert note.startswith("x.vmrk: 1 of 1 markers are taken, as the file is damaged: ")
    assert note.isprintable()


def test_units_are_found_however_the_key_is_spelled(tmp_path: Path) -> None:
    found = open_signals(with_line(brainvision(tmp_path, ("mV",), True), "Ch1=c1", "ch1=c1"))
    assert found is not None
    assert [channel.unit for channel in found.streams[0].channels] == ["millivolts"]


def test_a_header_of_many_channels_is_looked_at_once(tmp_path: Path) -> None:
    """Each channel was searched for from the beginning: 20,000 took half a minute."""
    path = brainvision(tmp_path, ("uV",) * 20_000, True)
    text = path.read_text(encoding="utf-8")
    started = time.process_time()
    check_header(path, text)
    assert len(channel_lines(text)) == 20_000
    assert time.process_time() - started < 3


def test_any_stretch_is_that_of_the_whole(tmp_path: Path) -> None:
    found = open_signals(brainvision(tmp_path, ("uV", "mmHg", "mV"), True))
    assert found is not None
    eeg = found.streams[0]
    whole = eeg.read(0, 250)
    np.testing.assert_allclose(whole, np.arange(750).reshape(250, 3) / 2, rtol=1e-12)
    for start in (0, 7, 249, 250, 300):
        for stop in (start, start + 1, start + 60, 400):
            np.testing.assert_array_equal(eeg.read(start, stop), whole[start:stop])


def test_samples_stay_in_the_file_until_they_are_asked_for(tmp_path: Path) -> None:
    """All of a file in memory was eight times its size."""
    path = brainvision(tmp_path, ("uV",) * 64, True)
    np.arange(64 * 60_000, dtype="<i2").tofile(tmp_path / "x.eeg")
    tracemalloc.start()
    try:
        found = open_signals(path)
        assert found is not None
        for at in range(0, 60_000, 1000):
            found.streams[0].read(at, at + 1000)
        assert tracemalloc.get_traced_memory()[1] < (tmp_path / "x.eeg").stat().st_size
    finally:
        tracemalloc.stop()


def segments(path: Path, *starts: tuple[int, str]) -> Path:
    """Begin segments at samples, from 1, by the recorder's clock; a stimulus follows each."""
    rows = [f"New Segment,,{n},1,0,{date}" for n, date in starts]
    rows += [f"Stimulus,S  1,{n + 10},1,0" for n, _ in starts]
    lines = "".join(f"Mk{k}={row}\n" for k, row in enumerate(rows, 1))
    file = path.with_suffix(".vmrk")
    head = file.read_text(encoding="utf-8").partition("Mk1=")[0]
    file.write_text(head + lines, encoding="utf-8")
    return path


DAY = "20260101120{}"


def test_a_pause_of_the_recorder_is_kept(tmp_path: Path) -> None:
    """Segments followed each other at once: nobody saw that 4.8 s were missing."""
    path = segments(
        brainvision(tmp_path, ("uV",), True),
        (1, DAY.format("000000000")),
        (51, DAY.format("005000000")),
        (101, DAY.format("005201000")),  # 1 ms later than without a pause
        (151, DAY.format("105201000")),
    )
    found = open_signals(path)
    assert found is not None
    eeg, markers = found.streams
    times = [0, 0.196, 5.0, 5.196, 5.2, 5.396, 65.2]
    np.testing.assert_allclose(eeg.times[[0, 49, 50, 99, 100, 149, 150]], times, atol=2e-3)
    texts = markers.read(0, 9)[:, 0]
    stimuli = markers.times[texts == "Stimulus/S  1"]
    np.testing.assert_allclose(stimuli, [0.04, 5.04, 5.24, 65.24], atol=2e-3)
    assert found.notes == ["x.vhdr: 2 pauses, the longest 59.8 s"]


@pytest.mark.parametrize("date", ["", "20259999999999999999", DAY.format("000010000")])
def test_a_segment_that_does_not_say_when_it_began_is_told(date: str, tmp_path: Path) -> None:
    path = segments(brainvision(tmp_path, ("uV",), True), (1, DAY.format("000000000")), (51, date))
    found = open_signals(path)
    assert found is not None
    np.testing.assert_allclose(found.streams[0].times, np.arange(250) / 250)
    (note,) = [note for note in found.notes if "new segments" in note]
    assert note.endswith("read as one stretch, pauses between them are lost")


def test_a_comma_in_a_marker_is_one_where_mne_cannot_read_the_file(tmp_path: Path) -> None:
    path = brainvision(tmp_path, ("uV", "uV"), True)
    rows = "Mk1=Comment,one\\1two,10,1,0\nMk2=Stimulus,S  1,nowhere,1,0\n"
    with_line(path.with_suffix(".vmrk"), "Mk1=Stimulus,S  1,10,1,0\n", rows)
    content = open_signals(path)
    assert content is not None
    assert content.streams[1].read(0, 9)[:, 0].tolist() == ["Comment/one,two"]
    assert any("1 of 2 markers are taken" in note for note in content.notes)


def test_files_that_were_renamed_say_what_to_do(tmp_path: Path) -> None:
    path = brainvision(tmp_path, ("uV", "uV"), True)
    shouted = path.rename(tmp_path / "x.VHDR")
    with pytest.raises(RecordingError, match=r"reads it as x\.vhdr alone; rename it"):
        open_signals(shouted)
    path = with_line(shouted.rename(tmp_path / "y.vhdr"), "DataFile=x.eeg", "DataFile=old.eeg")
    with pytest.raises(
        RecordingError, match=r"old\.eeg, which is not there; put it beside this file$"
    ):
        open_signals(path)
    (tmp_path / "x.eeg").rename(tmp_path / "y.eeg")
    with pytest.raises(RecordingError, match=r"correct the line DataFile if it is y\.eeg by now"):
        open_signals(path)
