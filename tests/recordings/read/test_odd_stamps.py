"""Stamps that cannot be true hide nothing and move nothing else."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from recordings import open_session
from recordings.arrays import F64Array
from recordings.export import tables
from recordings.read.foreign.signal_files import session_streams
from tests.recordings.bare_files import START, bare, eeg, texts
from tests.recordings.exporting import exported

TRUE = START + np.arange(2500) / 250


def wild(at: slice | int, stamp: float) -> F64Array:
    times = TRUE.copy()
    times[at] = stamp
    return times


ODD = {
    "no-number-first": wild(0, np.nan),
    "endless-last": wild(-1, np.inf),
    "no-numbers-inside": wild(slice(700, 710), np.nan),
    "wild-first": wild(0, 1.7e9),
    "wild-chunk-start": wild(1000, 9e5),
    "early-first": wild(slice(0, 60), -1e5) + np.r_[np.arange(60) / 250, np.zeros(2440)],
}


@pytest.mark.parametrize("name", ODD)
def test_a_wild_stamp_moves_no_other_time(tmp_path: Path, name: str) -> None:
    markers = texts("mk", ["a", "b"], [START + 1, START + 8])
    path = bare(tmp_path / "a.xdf", eeg(times=ODD[name]), markers)
    with open_session(path) as session:
        assert session.start == pytest.approx(TRUE[0], abs=0.01)
        assert session.stop == pytest.approx(TRUE[-1], abs=0.01)
        times, values = session["EEG"].read(START + 6, START + 7)
        assert times == pytest.approx(TRUE[1500:1750])
        assert np.array_equal(values, session["EEG"].xdf.read(1500, 1750))
    (done,) = exported("csv", [path], tmp_path / "out", tables.Settings())
    file = next(name for name in done.files if name.endswith("mk.csv"))
    with (tmp_path / "out" / file).open(newline="") as table:
        assert [float(row["time"]) for row in csv.DictReader(table)] == pytest.approx([1, 8], 0.01)


@pytest.mark.parametrize("stamps", [np.zeros(2500), np.full(2500, np.nan), TRUE[::-1]])
def test_a_stream_that_tells_no_time_begins_no_recording(tmp_path: Path, stamps: F64Array) -> None:
    markers = texts("mk", ["a", "b"], [START + 1, START + 8])
    with open_session(bare(tmp_path / "a.xdf", eeg(times=stamps), markers)) as session:
        assert (session.start, session.stop) == (START + 1, START + 8)


def test_what_another_clock_has_stamped_begins_no_recording(tmp_path: Path) -> None:
    unix = texts("mk", ["a", "b"], [1.7e9, 1.7e9 + 1])
    with open_session(bare(tmp_path / "a.xdf", eeg(), unix)) as session:
        assert session.start == START
        assert session.stop == pytest.approx(TRUE[-1])


def test_markers_out_of_order_keep_their_times_in_replay(tmp_path: Path) -> None:
    markers = texts("mk", ["late", "early", "middle"], [START + 8, START + 1, START + 5])
    with open_session(bare(tmp_path / "a.xdf", eeg(), markers)) as session:
        (stream,) = (s for s in session_streams(session).streams if s.name == "mk")
        assert stream.times.tolist() == [START + 1, START + 5, START + 8]
        played = [stream.read(n, n + 1)[0, 0] for n in range(3)]
        assert played == ["early", "middle", "late"]
