"""Markers as other programs send them, in every export: none is lost without a word."""

from __future__ import annotations

import csv
import json
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recordings import open_session
from recordings.export import clips, mmme, tables
from recordings.export.bids import dataset as bids
from recordings.export.bids.shared_tables import read_tsv
from recordings.export.edf import export as edf
from recordings.privacy.identity import find_traces
from recordings.read.grid import Grid, annotations_on, grid_of
from recordings.read.markers import Marker, SessionMarker
from recordings.read.outside import outside_notes
from recordings.repair.imported import Labels, import_xdf
from tests.recordings.bare_files import START, Sent, bare, eeg, texts
from tests.recordings.exporting import exported
from tests.recordings.foreign_streams import add_stream
from tests.recordings.simulated_session import Plan, make_session

INSIDE = [START + 1.0, START + 2.5, START + 4.0]


def edf_texts(path: Path, tmp_path: Path) -> tuple[list[tuple[float, str]], tuple[str, ...]]:
    """What pyEDFlib reads of the annotations, and what the export said."""
    pyedflib = pytest.importorskip("pyedflib")
    (done,) = exported("edf", [path], tmp_path / "edf", edf.Settings(streams=("EEG",)))
    assert done.outcome == "exported", done
    with pyedflib.EdfReader(str(tmp_path / "edf" / done.files[0])) as reader:
        onsets, _, found = reader.readAnnotations()
    return list(zip(onsets.tolist(), found.tolist(), strict=True)), done.notes


def mne_texts(path: Path) -> tuple[list[tuple[float, str]], list[str]]:
    """The annotations of MNE's raw, and the warnings."""
    with open_session(path) as session, warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        raw = session.to_mne()
    found = zip(raw.annotations.onset, raw.annotations.description, strict=True)
    return [(float(t), str(d)) for t, d in found], [str(w.message) for w in told]


def everywhere(path: Path, tmp_path: Path, expected: Sequence[tuple[float, str]]) -> None:
    for found in (edf_texts(path, tmp_path)[0], mne_texts(path)[0]):
        assert [text for _, text in found] == [text for _, text in expected]
        assert [t for t, _ in found] == pytest.approx([t for t, _ in expected], abs=0.002)


def test_all_channels_of_a_marker_stream(tmp_path: Path) -> None:
    rows = [("A1", "B1"), ("A2", ""), ("", "B3")]
    two = texts("Two", rows, INSIDE, type="Marker", rate_hz=1000.0)
    path = bare(tmp_path / "a.xdf", eeg(), two)
    everywhere(path, tmp_path, [(1.0, "A1/B1"), (2.5, "A2"), (4.0, "B3")])


def test_floats_are_markers_in_every_channel(tmp_path: Path) -> None:
    one = Sent("One", "Markers", 0.0, np.array([[101.0], [101.7], [np.nan]], np.float32), INSIDE)
    three = np.array([[1.0, 1700001000.5, 0.0]])
    path = bare(tmp_path / "a.xdf", eeg(), one, Sent("Three", "markers", 0.0, three, INSIDE[:1]))
    expected = [(1.0, "1/1700001000.5/0"), (1.0, "101"), (2.5, "101.7"), (4.0, "marker")]
    found = sorted(edf_texts(path, tmp_path)[0])
    assert [text for _, text in found] == [text for _, text in expected]
    with open_session(path) as session:
        assert [m.code for m in session.markers("One")] == [101, None, None]
        assert [m.code for m in session.markers("Three")] == [1]


def test_a_text_of_several_lines_is_one_name(tmp_path: Path) -> None:
    mne = pytest.importorskip("mne")
    rows = ["Please\r\npress", "\n\n", "\nbad\x00"]
    path = bare(tmp_path / "a.xdf", eeg(), texts("Mk", rows, INSIDE))
    expected = ["Please press", "marker", "marker/bad"]
    everywhere(path, tmp_path, list(zip((1.0, 2.5, 4.0), expected, strict=True)))
    with open_session(path) as session:
        raw = session.to_mne()
        assert session.markers("Mk")[0].marker.text == rows[0]
    assert len(mne.events_from_annotations(raw, verbose="error")[0]) == 3


def test_names_that_mne_would_take_for_bad_stretches(tmp_path: Path) -> None:
    mne = pytest.importorskip("mne")
    rows = ["badminton", "football", '{"event": "edge", "stimulus": "x"}']
    path = bare(tmp_path / "a.xdf", eeg(), texts("Mk", rows, INSIDE))
    expected = ["marker/badminton", "football", "marker/edge/x"]
    everywhere(path, tmp_path, list(zip((1.0, 2.5, 4.0), expected, strict=True)))
    with open_session(path) as session:
        raw = session.to_mne()
    events, ids = mne.events_from_annotations(raw, verbose="error")
    epochs = mne.Epochs(raw, events, ids, 0, 0.5, baseline=None, preload=True, verbose="error")
    assert len(epochs) == 3
    assert len(epochs["badminton"]) == 1


@pytest.mark.parametrize(
    ("times", "words"),
    [
        (
            (-20, -10, -1, 3, 5, 20, 30),
            "5 of 7 markers lie outside of EEG, 3 before and 2 after it",
        ),
        ((-5e8, -5e8 + 4), "all 2 markers lie 16 years from EEG: stamped by another clock"),
    ],
)
def test_markers_outside_are_counted_in_every_export(
    tmp_path: Path, times: tuple[float, ...], words: str
) -> None:
    marks = texts("Mk", [f"m{n}" for n in range(len(times))], [START + t for t in times])
    path = bare(tmp_path / "a.xdf", eeg(), marks)
    _, notes = edf_texts(path, tmp_path)
    assert notes == (f"Mk: {words}; left out",)
    assert mne_texts(path)[1] == [f"Mk: {words}; left out"]
    (done,) = exported("csv", [path], tmp_path / "csv", tables.Settings())
    assert done.notes == (f"Mk: {words}; in their table",)


def test_bids_keeps_markers_outside_and_all_channels(tmp_path: Path) -> None:
    session = make_session(tmp_path / "data", Plan(seconds=6.0))
    add_stream(session, 20, "late", ["bad news", "b", "c"], type_="Markers", rate_hz=0.0,
               times=[-30.0, 2.0, 40.0])  # fmt: skip
    codes = np.array([[1.5, 7.0]])
    add_stream(session, 21, "two", codes, type_="Markers", rate_hz=0.0, times=[3.0])
    for kind, wanted in (("bids", bids.Settings(video="none")), ("mmme", mmme.Settings())):
        (done,) = exported(kind, [session], tmp_path / kind, wanted)
        assert done.outcome == "exported", done
        (note,) = [n for n in done.notes if n.startswith("late: ")]
        assert note.startswith("late: 2 of 3 markers lie outside of eeg, 1 before and 1 after it")
    (table,) = (tmp_path / "bids").rglob("*_events.tsv")
    rows = read_tsv(table)[1]
    late = [row for row in rows if row["stream"] == "late"]
    assert [float(row["onset"]) for row in late] == pytest.approx([-30, 2, 40], abs=0.01)
    assert [row["trial_type"] for row in late] == ["marker/bad news", "b", "c"]
    (two,) = [row for row in rows if row["stream"] == "two"]
    assert (two["texts"], two["value"]) == ("1.5/7", "n/a")


ROWS = st.lists(
    st.tuples(st.text(st.characters(codec="utf-8"), max_size=9), st.sampled_from(
        ["", "bad", "EDGE x", "101", "1.50", "{}", '{"event": "bad"}', "a\x14b", "\x00", "µ;/",
         "two\nlines", "\n\n", "\nbad", "\u2028", " "]
    )),
    min_size=1,
    max_size=6,
)  # fmt: skip


@settings(max_examples=25)
@given(rows=ROWS, far=st.sampled_from([0.0, 1e4, 1.7e9]))
def test_every_marker_is_in_mne_and_edf_or_counted(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str]], far: float
) -> None:
    mne = pytest.importorskip("mne")
    folder = tmp_path_factory.mktemp("odd")
    times = [START + 1.0 + n / 2 + far * (n % 2) for n in range(len(rows))]
    path = bare(folder / "a.xdf", eeg(6.0), texts("Mk", rows, times))
    outside = sum(t > START + 6 for t in times)
    annotations, told = mne_texts(path)
    assert len(annotations) == len(rows) - outside
    assert bool(told) is bool(outside)
    kept, notes = edf_texts(path, folder)
    assert len(kept) == len(rows) - outside
    assert bool(notes) is bool(outside)
    assert not any(f"{outside} of {len(rows)}" not in n and "all" not in n for n in [*told, *notes])
    if annotations:
        with open_session(path) as session, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            raw: Any = session.to_mne()
        assert len(mne.events_from_annotations(raw, verbose="error")[0]) == len(annotations)


PLACES = st.sampled_from([-3.0, -0.6, -0.4, 0.0, 0.7, 700.0, 1499.0, 1499.4, 1499.6, 1503.0])


@given(st.lists(PLACES, max_size=8))
def test_a_marker_belongs_to_a_signal_up_to_half_a_sample_from_its_ends(at: list[float]) -> None:
    grid = Grid(START + np.arange(1500) / 250, 250.0)
    markers = [SessionMarker("Mk", Marker(START + k / 250, f"{k}", {})) for k in at]
    inside = [k for k in at if -0.5 <= k <= 1499.5]
    found = annotations_on(grid, markers)
    assert [text for _, _, text in found] == [f"{k}" for k in inside]
    onsets = [max(k, 0.0) / 250 for k in inside]
    assert [onset for onset, _, _ in found] == pytest.approx(onsets, abs=1e-6)
    said = outside_notes("EEG", grid, markers)
    assert bool(said) is (len(inside) < len(at))
    assert all("all" in note or f"{len(at) - len(inside)} of {len(at)}" in note for note in said)


def test_markers_of_two_clocks_are_told_from_late_ones() -> None:
    grid = Grid(START + np.arange(1500) / 250, 250.0)
    markers = [SessionMarker("Mk", Marker(time, "x", {})) for time in (START + 1, 1.7e9)]
    assert outside_notes("EEG", grid, markers) == [
        "Mk: 1 of 2 markers lie outside of EEG, 1 after it, up to 54 years away: stamped by "
        "another clock; left out"
    ]


def test_markers_without_a_time_are_named_in_every_export(tmp_path: Path) -> None:
    marks = ["a", "b", "c", "d"]
    path = bare(
        tmp_path / "a.xdf", eeg(), texts("Mk", marks, [START + 1, np.nan, np.inf, START + 4])
    )
    found, notes = edf_texts(path, tmp_path)
    assert [text for _, text in found] == ["a", "d"]
    said = "Mk: the stamps of 2 of 4 markers are no numbers; left out"
    assert any(note.startswith(said) for note in notes), notes
    names, warned = mne_texts(path)
    assert [text for _, text in names] == ["a", "d"]
    assert any(said in text for text in warned)
    imported = import_xdf(path, tmp_path / "data", Labels("s", "01", "01", "t"), {}).folder
    (done,) = exported("bids", [imported], tmp_path / "bids", bids.Settings())
    assert done.outcome == "exported", done
    assert any(note.startswith(said) for note in done.notes)
    (table,) = (tmp_path / "bids").rglob("*_events.tsv")
    assert [row["trial_type"] for row in read_tsv(table)[1]] == ["a", "d"]


def test_twenty_thousand_markers_take_no_minute(tmp_path: Path) -> None:
    """Each was looked for on the grid alone: 25 s in MNE, 33 s in EDF, minutes in BIDS."""
    times = np.linspace(START + 0.1, START + 9.9, 20_000)
    path = bare(tmp_path / "a.xdf", eeg(), texts("Mk", ["x"] * len(times), times.tolist()))
    with open_session(path) as session:
        grid = grid_of(session["EEG"])
        calls: list[int] = []
        at = grid._axis.at
        object.__setattr__(grid, "_axis", _Counted(grid._axis, at, calls))
        assert len(annotations_on(grid, session.markers())) == 20_000
    assert len(calls) < 100


class _Counted:
    """An axis that counts how often it is asked."""

    def __init__(self, axis: Any, at: Any, calls: list[int]) -> None:
        self._axis, self._at, self._calls = axis, at, calls

    def __len__(self) -> int:
        return len(self._axis)

    def at(self, numbers: Any) -> Any:
        self._calls.append(len(numbers))
        return self._at(numbers)

    def before(self, times: Any) -> Any:
        self._calls.append(len(times))
        return self._axis.before(times)


@pytest.mark.parametrize("at", [(-50.0, -49.0), (2.0, 2.0)], ids=["before", "at once"])
def test_mmme_says_of_a_clip_that_no_frame_is_in_it(
    at: tuple[float, float], tmp_path: Path
) -> None:
    """Its folder was empty, and its row in the sheet like all others, without a word."""
    session = make_session(tmp_path / "data", Plan(seconds=4.0))
    add_stream(session, 20, "codes", ["101", "100"], type_="Markers", rate_hz=0.0, times=at)
    (done,) = exported("mmme", [session], tmp_path / "m", mmme.Settings())
    assert "trial-001: no frame of face between its times" in done.notes


@pytest.mark.parametrize("kind", ["clips", "mmme"])
def test_clips_of_a_session_without_a_camera(kind: str, tmp_path: Path) -> None:
    """It said: no camera ''; there are: none."""
    path = bare(tmp_path / "a.xdf", eeg(), texts("Mk", ["101", "100"], INSIDE[:2]))
    labels = Labels("s", "01", "01", "t", None)
    folder = import_xdf(path, tmp_path / "data", labels, {}).folder
    chosen: Any = clips.Settings() if kind == "clips" else mmme.Settings()
    (done,) = exported(kind, [folder], tmp_path / kind, chosen)
    assert done.error.endswith("no camera in this session")


def test_mmme_has_no_times_that_nobody_measured_and_leaves_nothing_out_in_silence(
    tmp_path: Path,
) -> None:
    """Stamps that are no numbers became k / rate from 5,000 s before the start on."""
    session = make_session(tmp_path / "data", Plan(seconds=4.0))
    ones = np.ones((400, 2), np.float32)
    for number, (name, times) in enumerate((("none", [np.nan] * 400), ("still", [1.0] * 400)), 20):
        add_stream(session, number, name, ones, type_="ECG", times=times)
    add_stream(session, 23, "irregular", ones, type_="ECG", rate_hz=0.0, times=range(400))
    add_stream(session, 24, "theirs", ones, type_="VideoFrames")
    (done,) = exported("mmme", [session], tmp_path / "m", mmme.Settings())
    files = {Path(file).name for file in done.files}
    assert "theirs.csv" in files
    assert not {"none.csv", "still.csv", "irregular.csv"} & files
    for name in ("none", "still"):
        assert any(n.startswith(f"{name}: ") and "tell no time" in n for n in done.notes), name
    assert "irregular: 2 channels without a rate, no signal; left out" in done.notes


def test_bids_events_have_categories_and_answers(tmp_path: Path) -> None:
    """The table of trials had neither what a clip is meant to elicit, nor what was answered."""
    session = make_session(tmp_path / "data", Plan(seconds=6.0))
    clip = {"trial": 1, "step": "clip", "stimulus": "sad-1"}
    marks = [
        {"event": "onset", **clip, "code": 101, "category": "sad"},
        {"event": "end", **clip, "code": 100},
        {"event": "answer", **clip, "item": "valence", "value": 3, "rt_s": 1.25},
        {"event": "answer", **clip, "item": "why", "value": None, "rt_s": 9.0},
        {"event": "end", "trial": 1, "step": "image", "by": "key", "key": "f", "rt_s": 0.4},
    ]
    texts = [json.dumps(mark) for mark in marks]
    add_stream(session, 20, "films", texts, type_="Markers", rate_hz=0.0,
               times=[1.0, 2.0, 3.25, 4.0, 4.5])  # fmt: skip
    (done,) = exported("bids", [session], tmp_path / "bids", bids.Settings(video="none"))
    assert done.outcome == "exported", done
    (table,) = (tmp_path / "bids").rglob("*_events.tsv")
    onset, end, answer, left_out, key = (r for r in read_tsv(table)[1] if r["stream"] == "films")
    assert (onset["trial_type"], onset["value"]) == ("sad", "101")
    assert float(onset["duration"]) == pytest.approx(1.0, abs=0.01)
    assert (end["trial_type"], end["response"]) == ("end", "n/a")
    assert (answer["item"], answer["response"], answer["response_time"]) == ("valence", "3", "1.25")
    assert (answer["stimulus"], left_out["response"]) == ("sad-1", "n/a")
    assert (key["event"], key["response"], key["response_time"]) == ("end", "f", "0.4")
    told = json.loads(table.with_suffix(".json").read_text())
    assert told["response_time"]["Units"] == "s"
    assert ("answers of a participant", table.name) in {
        (trace.what, Path(trace.file).name) for trace in find_traces(tmp_path / "bids")
    }


def test_mmme_has_a_code_beside_the_sample_that_it_came_with_or_says_that_it_has_not(
    tmp_path: Path,
) -> None:
    session = make_session(tmp_path / "data", Plan(seconds=9.0, eeg_gap=(2.0, 2.4)))
    add_stream(session, 20, "slow", np.zeros((20, 1), np.float32), rate_hz=4.0,
               times=[3.0 + n / 4 for n in range(20)])  # fmt: skip
    add_stream(session, 21, "mk", ["201", "202", "203", "204", "205"], type_="Markers",
               rate_hz=0.0, times=[-30.0, 1.0, 2.2, 5.02, 5.03])  # fmt: skip
    (done,) = exported("mmme", [session], tmp_path / "mmme", mmme.Settings())
    (eeg,), (slow,) = ((tmp_path / "mmme").rglob(f"{name}.csv") for name in ("eeg", "slow"))

    def codes(path: Path) -> dict[int, float]:
        with path.open(newline="") as file:
            rows = [(int(row[-1]), float(row[0])) for row in list(csv.reader(file))[1:]]
        return {code: time for code, time in rows if code > 200}

    found = codes(eeg)
    assert list(found) == [202, 204, 205]
    assert list(found.values()) == pytest.approx([1.0, 5.02, 5.03], abs=0.0015)
    assert codes(slow) == {205: 5.25}  # of two with one sample the later
    assert [
        n for n in done.notes if n.startswith("eeg: 2 markers with a code are not in its column")
    ]
    assert [n for n in done.notes if n.startswith("slow: ")]
