"""What a crash of the computer leaves of a file, whole blocks of zeros, is exported by nobody."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from recordings import open_session
from recordings.export import tables
from recordings.export.edf import export as edf
from recordings.read.foreign.signal_files import session_streams
from recordings.xdf.reader import read_xdf
from tests.recordings.bare_files import bare, eeg
from tests.recordings.exporting import exported

CHUNK = 500  # samples, of `bare`


def holed(path: Path, first: int, size: int) -> Path:
    """A recording of 5 chunks with zeros from byte `first` of the second one on."""
    bare(path, eeg())
    raw = bytearray(path.read_bytes())
    with read_xdf(path) as recording:
        second = recording.streams[0]._chunks.starts[1]
    raw[second + first : second + first + size] = bytes(size)
    path.write_bytes(raw)
    return path


@pytest.mark.parametrize(
    ("first", "size", "chunks_lost"), [(2000, 3000, 1), (6000, 4000, 2)], ids=["inside", "a head"]
)
def test_no_zeros_of_a_hole_are_samples(
    tmp_path: Path, first: int, size: int, chunks_lost: int
) -> None:
    path = holed(tmp_path / "a.xdf", first, size)
    left = 2500 - CHUNK * chunks_lost
    (done,) = exported("csv", [path], tmp_path / "csv", tables.Settings())
    assert "cannot be read; the first at byte" in done.notes[0]
    lines = (tmp_path / "csv" / done.files[0]).read_text().splitlines()
    assert len(lines) - 1 == left
    assert not any(line.endswith(",0,0") for line in lines)
    (done,) = exported("edf", [path], tmp_path / "edf", edf.Settings())
    assert "cannot be read; the first at byte" in done.notes[0]
    assert not any("stamps cannot be true" in note for note in done.notes)


def test_damage_that_heads_show_is_looked_for_between_them(tmp_path: Path) -> None:
    path = holed(tmp_path / "a.xdf", 6000, 4000)
    with read_xdf(path) as plain, read_xdf(path, strict=True) as strict:
        assert plain.damage == strict.damage
        assert len(plain.streams[0]) == len(strict.streams[0]) == 2500 - 2 * CHUNK


def test_who_replays_or_reads_with_mne_is_told(tmp_path: Path) -> None:
    pytest.importorskip("mne")
    with open_session(holed(tmp_path / "a.xdf", 6000, 4000)) as session:
        (note,) = session_streams(session).notes
        assert note.startswith("a.xdf: ")
        assert note.endswith("left out")
        with pytest.warns(RuntimeWarning, match="cannot be read; the first at byte"):
            raw = session.to_mne()
    skips = raw.annotations.duration[raw.annotations.description == "BAD_ACQ_SKIP"]
    assert np.sum(skips) == pytest.approx(4.0, abs=0.01)
