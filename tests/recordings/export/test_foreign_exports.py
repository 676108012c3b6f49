"""Exports of sessions with streams of other programs, whose names, units and types are theirs."""

from __future__ import annotations

import gzip
import time
from pathlib import Path

import numpy as np
import pytest

from recordings import layout
from recordings.export import mmme, tables
from recordings.export.bids import dataset as bids
from recordings.export.bids.shared_tables import read_tsv
from recordings.export.edf import export as edf
from recordings.export.edf import file as edf_file
from recordings.export.file_names import file_stems
from recordings.read.grid import Grid
from recordings.xdf import chunks
from tests.recordings.exporting import all_files, exported
from tests.recordings.foreign_streams import add_stream
from tests.recordings.simulated_session import Plan, make_session

NAMES = ("a/b", "a/b", "../../../evil", "脑电", "Physio", "markers", "")


@pytest.fixture
def session(tmp_path: Path) -> Path:
    return make_session(tmp_path / "data", Plan(seconds=6.0))


@pytest.mark.parametrize(
    ("kind", "settings"),
    [
        ("csv", tables.Settings()),
        ("edf", edf.Settings()),
        ("mmme", mmme.Settings()),
        ("bids", bids.Settings(video="none")),
    ],
)
def test_no_name_of_a_stream_leaves_the_target_or_hides_another(
    session: Path, tmp_path: Path, kind: str, settings: object
) -> None:
    for number, name in enumerate(NAMES, 20):
        add_stream(session, number, name, np.full((200, 1), float(number), np.float32))
    before = set(tmp_path.rglob("*"))
    target = tmp_path / "out"
    (done,) = exported(kind, [session], target, settings)
    assert done.outcome == "exported", done
    ours = {p for p in set(tmp_path.rglob("*")) - before if target not in (p, *p.parents)}
    assert ours == {session / "exports.json"}
    files = [name for name in all_files(target) if name.endswith((".csv", ".bdf", ".tsv.gz"))]
    assert len({name.casefold() for name in files}) == len(files)
    signals = [f for f in files if kind != "bids" or "_physio." in f]
    assert len(signals) >= len(NAMES) + 1


@pytest.mark.parametrize("dtype", ["int32", "int64", "float32", "float64"])
def test_physiology_in_bids_keeps_every_digit(session: Path, tmp_path: Path, dtype: str) -> None:
    top = np.array([2**31 - 1]) if dtype == "int32" else np.array([2**53 + 1])
    data = (top - np.arange(200) if dtype[0] == "i" else 123456.789 + np.arange(200) / 7)[:, None]
    data = data.astype(dtype)
    times = np.r_[np.arange(100), np.arange(110, 210)] / 100  # ten samples are missing
    add_stream(session, 20, "box", data, times=times.tolist())
    target = tmp_path / "out"
    (done,) = exported("bids", [session], target, bids.Settings(video="none"))
    assert done.outcome == "exported", done
    (table,) = target.rglob("*recording-box_physio.tsv.gz")
    cells = gzip.decompress(table.read_bytes()).decode().splitlines()
    assert cells[100:110] == ["n/a"] * 10
    number = int if dtype[0] == "i" else float
    read = np.array([number(c) for c in cells if c != "n/a"]).astype(dtype)
    np.testing.assert_array_equal(read, data[:, 0])


def test_times_are_put_on_the_grid_of_an_hour_at_once() -> None:
    own = np.arange(4_000_000) / 1000.0
    own[2_000_000:] += 0.5
    grid = Grid(own, 1000.0)
    times = np.random.default_rng(1).uniform(-1.0, 4002.0, 300_000)
    times[:3] = own[0], own[-1], own[77]
    started = time.process_time()
    found = grid.positions(times)
    one_by_one = [float(grid.positions(t)[0]) for t in times[:2000, None]]
    assert time.process_time() - started < 5.0  # np.interp for each takes minutes
    np.testing.assert_array_equal(one_by_one, found[:2000])
    inside = (times > own[0]) & (times < own[-1])
    np.testing.assert_allclose(found[inside], np.interp(times[inside], own, grid.at), atol=1e-5)
    np.testing.assert_allclose(found[times < 0], times[times < 0] * 1000, atol=1e-5)
    np.testing.assert_allclose(Grid(own[:1], 1000.0).positions(np.array([0.5])), [500.0])


def test_integer_codes_are_events_and_what_has_no_place_is_told(
    session: Path, tmp_path: Path
) -> None:
    codes = np.array([[101], [100], [7]], np.int32)
    add_stream(session, 20, "box", codes, type_="Markers", rate_hz=0.0, times=[1.0, 2.0, 3.0])
    add_stream(session, 21, "gaze", np.ones((9, 2), np.float32), type_="Gaze", rate_hz=0.0)
    target = tmp_path / "out"
    (done,) = exported("bids", [session], target, bids.Settings(video="none"))
    (table,) = target.rglob("*_events.tsv")
    rows = [row for row in read_tsv(table)[1] if row["stream"] == "box"]
    assert [row["value"] for row in rows] == ["101", "100", "7"]
    assert np.diff([float(row["onset"]) for row in rows]) == pytest.approx(1.0, abs=1e-3)
    assert done.notes == ("gaze: no rate, and no markers: BIDS has no place; left out",)


def test_edf_takes_anybodys_units_and_labels_and_leaves_out_what_does_not_fit(
    session: Path, tmp_path: Path
) -> None:
    pyedflib = pytest.importorskip("pyedflib")
    labels = ("Größe", "Grüße", "", "", "a label of more than 16", "a label of more than 17")
    data = np.sin(np.arange(300)[:, None] / 9 + np.arange(6)).astype(np.float32) * 50
    data[7, 2:4] = np.nan, np.inf
    units = ("µV", "μV", "kΩ", "°C", "m/s²", "")
    add_stream(session, 20, "amp", data, type_="EEG", labels=labels, units=units)
    add_stream(session, 21, "counter", np.full((300, 1), 2**31 - 1, np.int32))
    add_stream(session, 22, "odd", np.ones((300, 1), np.float32), rate_hz=0.0101)
    (done,) = exported("edf", [session], tmp_path / "out", edf.Settings())
    assert done.outcome == "exported", done
    counter, odd = sorted(note for note in done.notes if note.startswith(("counter", "odd")))
    assert counter.startswith("counter, 1: 2.14748e+09 is beyond the 8 characters")
    assert odd.startswith("odd, 0.0101 Hz: EDF needs whole samples")
    with pyedflib.EdfReader(str(tmp_path / "out" / f"{session.name}_amp.bdf")) as reader:
        found = reader.getSignalLabels()
        assert found[:2] == ["Gr??e", "Gr??e-2"]
        assert found[2:] == ["channel", "channel-2", "a label of more", "a label of mor-2"]
        read = [reader.getPhysicalDimension(n) for n in range(6)]
        assert read == ["uV", "uV", "kOhm", "degC", "m/s?", ""]
        np.testing.assert_allclose(reader.readSignal(0)[:300], data[:, 0], atol=1e-4)
        assert reader.readSignal(3)[7] == pytest.approx(0.0, abs=1e-4)
    assert edf_file._order((1.0, 0.5, "BAD_ACQ_SKIP")) < edf_file._order((1.0, None, "b"))
    named = edf.Settings(streams=("counter",))
    (done,) = exported("edf", [session], tmp_path / "named", named)
    assert done.outcome == "failed"
    assert "unisono export csv keeps it" in done.error


def test_the_eeg_is_the_stream_that_was_chosen_and_others_are_told(
    session: Path, tmp_path: Path
) -> None:
    recording = session / layout.XDF_NAME
    whole = recording.read_bytes()
    head = len(chunks.MAGIC + chunks.file_header())
    recording.write_bytes(whole[:head])
    # Of the same name, and before it in the file: an amplifier that came back with other channels.
    add_stream(session, 20, "eeg", np.zeros((0, 2), np.float32), type_="EEG")
    recording.write_bytes(recording.read_bytes() + whole[head:])
    add_stream(session, 21, "second", np.ones((300, 2), np.float32), type_="eeg")
    (done,) = exported("bids", [session], tmp_path / "out", bids.Settings(video="none"))
    assert done.outcome == "exported", done
    assert "second: the EEG is eeg (EEG) #1; this stream is physiology" in done.notes


def test_columns_of_a_table_are_never_alike_or_nameless(session: Path, tmp_path: Path) -> None:
    labels = ("a", "a", "", "", "time", "lsl_time")
    data = np.arange(12, dtype=np.float32).reshape(2, 6)
    add_stream(session, 20, "box", data, labels=labels, units=("V", "V", "", "", "", "s"))
    settings = tables.Settings(streams=("box",))
    (done,) = exported("csv", [session], tmp_path / "out", settings)
    head, *rows = (tmp_path / "out" / done.files[0]).read_text().splitlines()
    assert head == "time,lsl_time,a [V],a-2 [V],channel,channel-2,time-2,lsl_time [s]"
    assert [row.split(",")[2:] for row in rows] == [
        ["0", "1", "2", "3", "4", "5"],
        ["6", "7", "8", "9", "10", "11"],
    ]


def test_stems_are_never_paths_and_never_alike() -> None:
    stems = file_stems(["..", "a", "A", "a-2", "/etc/passwd", "Größe µV", ".x", ""], taken=["x"])
    assert stems == ["stream", "a", "A-2", "a-2-2", "etc-passwd", "Größe-µV", "x-2", "stream-2"]
