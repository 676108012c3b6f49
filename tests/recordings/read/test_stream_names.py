"""Streams of one name: found by type or number, and never the first by chance."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recordings import open_session
from recordings.errors import RecordingError
from recordings.export import tables
from recordings.export.edf import export as edf
from recordings.names import shown_names
from recordings.repair.xdf import repair_xdf
from tests.recordings.bare_files import Sent, bare, texts
from tests.recordings.exporting import exported


@pytest.fixture
def muse(tmp_path: Path) -> Path:
    def one(type_: str, channels: int, count: int = 300) -> Sent:
        data = np.ones((count, channels), np.float32)
        return Sent("Muse", type_, 50.0, data, source_id="Muse_00")

    other = Sent("amp", "EEG", 50.0, np.ones((300, 3), np.float32))
    return bare(tmp_path / "a.xdf", one("EEG", 4, 0), one("ACC", 3), one("PPG", 2), other)


def test_each_stream_can_be_reached(muse: Path) -> None:
    with open_session(muse) as session:
        for key in ("Muse (ACC)", ("Muse", "ACC"), "#2", 2):
            assert session[key].type == "ACC"
            assert key in session
        assert len(session["Muse (EEG)"]) == 0
        assert session["amp"].name == "amp"


def test_a_name_of_several_is_an_error_that_lists_them(muse: Path) -> None:
    listed = r"3 streams are called 'Muse': Muse \(EEG\) #1, Muse \(ACC\) #2, Muse \(PPG\) #3"
    with open_session(muse) as session:
        with pytest.raises(RecordingError, match=listed):
            session["Muse"]
        with pytest.raises(RecordingError, match="no stream 'Muse \\(Gyro\\)'"):
            session["Muse (Gyro)"]
    settings = tables.Settings(streams=("Muse (PPG)", "#2"))
    (done,) = exported("csv", [muse], muse.parent / "out", settings)
    assert sorted(done.files) == ["a_Muse-ACC.csv", "a_Muse-PPG.csv"]


def test_files_and_notes_tell_streams_of_one_name_apart(muse: Path) -> None:
    (done,) = exported("edf", [muse], muse.parent / "edf", edf.Settings())
    assert sorted(done.files) == ["a_Muse-ACC.bdf", "a_Muse-PPG.bdf", "a_amp.bdf"]
    (done,) = exported("csv", [muse], muse.parent / "csv", tables.Settings())
    assert "Muse (EEG): no samples" in done.notes
    repaired = repair_xdf(muse, muse.parent / "b.xdf")
    assert [s.shown for s in repaired.streams] == ["Muse (EEG)", "Muse (ACC)", "Muse (PPG)", "amp"]


def test_a_name_that_looks_like_another_key_is_a_name(tmp_path: Path) -> None:
    data = np.ones((9, 1), np.float32)
    streams = [
        Sent("#2", "Misc", 1.0, data),
        Sent("x", "A", 1.0, data),
        Sent("x (A)", "B", 1.0, data),
    ]
    with open_session(bare(tmp_path / "a.xdf", *streams)) as session:
        assert session["#2"].xdf.id == 1
        assert session["x (A)"].xdf.id == 3
        assert session["x", "A"].xdf.id == 2


@settings(deadline=None, max_examples=40)
@given(
    st.lists(
        st.tuples(st.sampled_from(["a", "b", "#2", "a (X)", ""]), st.sampled_from(["X", "Y"])),
        min_size=1,
        max_size=5,
    )
)
def test_whatever_streams_are_called_each_is_reached_and_none_by_chance(
    called: list[tuple[str, str]],
) -> None:
    data = np.ones((9, 1), np.float32)
    with TemporaryDirectory() as folder:
        path = bare(Path(folder) / "a.xdf", *(Sent(n, t, 1.0, data) for n, t in called))
        with open_session(path) as session:
            for number, (name, type_) in enumerate(called, 1):
                assert session[number].xdf.id == number
                for key, count in (
                    (name, [n for n, _ in called].count(name)),
                    ((name, type_), called.count((name, type_))),
                ):
                    if count == 1:
                        assert session[key].xdf.id == number
                    else:
                        with pytest.raises(RecordingError, match=f"{count} streams"):
                            session[key]


def test_a_name_that_looks_like_another_with_its_type_is_shown_as_neither() -> None:
    streams = [("x", "A", 1), ("x", "B", 2), ("x (A)", "C", 3), ("y", "", 4)]
    assert shown_names(streams) == ["x (A) #1", "x (B)", "x (A) (C) #3", "y"]


def test_csv_does_not_send_to_itself(tmp_path: Path) -> None:
    times = np.arange(300) / 50 + np.repeat([0.0, 5000.0], 150)
    late = Sent("EEG", "EEG", 50.0, np.ones((300, 3), np.float32), times)
    marks = Sent("m", "Markers", 0.0, [["a"], ["b"]], [1.0, np.nan])
    path = bare(tmp_path / "a.xdf", late, marks)
    (done,) = exported("csv", [path], tmp_path / "csv", tables.Settings())
    assert len(done.notes) == 2
    assert "m: the stamps of 1 of 2 markers are no numbers; in their table" in done.notes
    assert not any("export csv" in note for note in done.notes)
    (done,) = exported("edf", [path], tmp_path / "edf", edf.Settings())
    assert "unisono export csv keeps samples and stamps as they are" in done.error


def test_markers_of_two_streams_of_one_name_are_told_apart(tmp_path: Path) -> None:
    """The end in one closed a trial of the other, and nobody could tell whose a row was."""

    def sent(source: str, *marks: tuple[float, str]) -> Sent:
        rows = [f'{{"event": "{event}", "trial": 1}}' for _, event in marks]
        return texts("task", rows, [at for at, _ in marks], source_id=source)

    two = sent("a", (1.0, "onset"), (9.0, "end")), sent("b", (2.0, "onset"), (3.0, "end"))
    with open_session(bare(tmp_path / "a.xdf", *two)) as session:
        first, second = (stream.shown for stream in session.streams)
        assert first != second
        assert [(m.stream, m.event) for m in session.markers()] == [
            (first, "onset"),
            (second, "onset"),
            (second, "end"),
            (first, "end"),
        ]
        assert [(t.onset, t.end) for t in session.trials()] == [(1.0, 9.0), (2.0, 3.0)]
        assert session.marker_columns()["stream"] == [first, second, second, first]
