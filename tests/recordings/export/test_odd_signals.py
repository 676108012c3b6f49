"""Signals of odd units, values and stamps in EDF, BIDS and MNE: kept, or said to be left out."""

from __future__ import annotations

import gzip
import json
import warnings
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from recordings import open_session
from recordings.errors import RecordingError
from recordings.export import mmme, tables
from recordings.export.bids import dataset as bids
from recordings.export.edf import export as edf
from recordings.export.edf.channels import edf_labels
from recordings.manifest import MANIFEST_NAME
from recordings.read.foreign.signal_files import session_streams
from recordings.repair.imported import Labels, import_xdf
from recordings.units import ascii_symbol, lsl_word, parse_unit, to_volts
from tests.recordings.bare_files import START, Sent, bare, eeg, texts
from tests.recordings.exporting import all_files, exported
from tests.recordings.foreign_streams import add_stream
from tests.recordings.simulated_session import Plan, make_session

FORMATS: tuple[Literal["edf", "bdf"], ...] = ("edf", "bdf")
STEPS = {"edf": 65_535, "bdf": 16_777_215}


@pytest.mark.parametrize(
    ("text", "volts", "symbol"),
    [
        ("microvolts", 1e-6, "uV"),
        ("uVolts", 1e-6, "uV"),
        ("μV", 1e-6, "uV"),
        ("mcV", 1e-6, "uV"),
        ("MILLIVOLT", 1e-3, "mV"),
        ("[µV]", 1e-6, "uV"),
        ("micro volts", 1e-6, "uV"),
        ("мВ", 1e-3, "mV"),
        ("M V", None, "M V"),
        ("V", 1.0, "V"),
        ("nV", 1e-9, "nV"),
        ("MV", None, "MV"),
        ("uS", None, "uS"),
        ("us", None, "us"),
        ("uV^2", None, "uV^2"),
        ("kΩ", None, "kOhm"),
        ("MΩ", None, "MOhm"),
        ("MOhm", None, "MOhm"),
        ("MVolts", None, "MVolts"),
        ("adc", None, "adc"),
        ("", None, ""),
    ],
)
def test_units_as_anybody_writes_them(text: str, volts: float | None, symbol: str) -> None:
    assert to_volts(text) == volts
    assert ascii_symbol(text) == symbol
    assert (parse_unit(lsl_word(text)) or lsl_word(text)) == (parse_unit(text) or text)


def read_edf(path: Path) -> tuple[list[str], list[str], list[Any]]:
    pyedflib = pytest.importorskip("pyedflib")
    with pyedflib.EdfReader(str(path)) as reader:
        count = reader.signals_in_file
        units = [reader.getPhysicalDimension(n) for n in range(count)]
        return reader.getSignalLabels(), units, [reader.readSignal(n) for n in range(count)]


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("unit", ["V", "volts", "uV", "g", "S", ""])
@pytest.mark.parametrize("size", [3.7e-8, 4e-5, 0.02, 250.0, 1e5])
def test_small_and_large_values_fit(tmp_path: Path, form: Any, unit: str, size: float) -> None:
    data = np.sin(np.arange(1000)[:, None] / 9) * size
    path = bare(tmp_path / "a.xdf", Sent("x", "Misc", 100.0, data, units=(unit,)))
    (done,) = exported("edf", [path], tmp_path / "out", edf.Settings(form))
    assert done.outcome == "exported", done
    _, (dimension,), (values,) = read_edf(tmp_path / "out" / done.files[0])
    known = parse_unit(dimension)
    factor = float(dimension.split()[0]) if dimension[:2] == "1e" else known.factor if known else 1
    was = parse_unit(unit)
    np.testing.assert_allclose(
        values[:1000] * factor, data[:, 0] * (was.factor if was else 1), atol=size * 3 / STEPS[form]
    )


def test_a_channel_that_does_not_fit_is_left_out_alone(tmp_path: Path) -> None:
    times = 1.7e9 + np.arange(1280) / 128
    volts = np.random.default_rng(1).normal(4200, 20, (1280, 2))
    data = np.column_stack([times, np.arange(1280) % 128, np.zeros(1280), volts])
    labels = ("Timestamp", "Counter", "Interpolate", "AF3", "Pz")
    for units in (("seconds", "", "", "microvolts", "uV"), ("", "", "", "", "")):
        path = bare(
            tmp_path / f"{units[0]}.xdf",
            Sent("Epoc", "EEG", 128.0, data, labels=labels, units=units),
        )
        (done,) = exported("edf", [path], tmp_path / "out", edf.Settings())
        assert done.outcome == "exported", done
        (note,) = [n for n in done.notes if "left out" in n]
        assert note.startswith("Epoc, Timestamp: 1.7e+09 is beyond the 8 characters")
        assert read_edf(tmp_path / "out" / done.files[0])[0] == list(labels[1:])
        with open_session(path) as session:
            raw = session.to_mne()
        assert raw.get_channel_types() == ["misc"] * 3 + ["eeg"] * 2
        np.testing.assert_allclose(raw.get_data()[3:], volts.T * 1e-6)


def test_an_unknown_unit_is_never_volts(tmp_path: Path) -> None:
    data = np.full((300, 5), 20.0, np.float32) + np.arange(300, dtype=np.float32)[:, None]
    units = ("uV", "mcV", "counts", "uS", "")
    labels = ("A1", "A2", "A3", "A4", "A5")
    path = bare(tmp_path / "a.xdf", Sent("amp", "EEG", 100.0, data, labels=labels, units=units))
    with open_session(path) as session:
        raw = session.to_mne()
    assert raw.get_channel_types() == ["eeg", "eeg", "misc", "misc", "misc"]
    assert np.abs(raw.get_data(picks="eeg")).max() < 1e-3


def test_what_edf_has_no_word_for_is_counted(tmp_path: Path) -> None:
    data = np.tile(np.array([[0.0, 1.0, 2.0, 7.0]], np.float32), (500, 1))
    data[:, 1], data[:, 2], data[3, 0] = np.nan, np.inf, np.nan
    odd = Sent("Odd", "EEG", 100.0, data, labels=("a", "b", "c", "d"), units=("uV",) * 4)
    path = bare(tmp_path / "a.xdf", odd)
    (done,) = exported("edf", [path], tmp_path / "out", edf.Settings())
    (note,) = done.notes
    assert "1,001 values are no numbers or endless, in a (1), b (500), c (500)" in note
    values = read_edf(tmp_path / "out" / done.files[0])[2]
    assert [float(v[:500].mean()) for v in values] == pytest.approx([0, 0, 0, 7], abs=1e-3)


@pytest.mark.parametrize("form", ["EDF", "BrainVision"])
def test_bids_takes_what_is_no_number(tmp_path: Path, form: Any) -> None:
    mne_bids = pytest.importorskip("mne_bids")
    session = make_session(tmp_path / "data", Plan(seconds=6.0))
    whole = (session / "recording.xdf").read_bytes()
    from recordings.xdf import chunks

    head = len(chunks.MAGIC + chunks.file_header())
    (session / "recording.xdf").write_bytes(whole[:head])
    data = np.random.default_rng(1).normal(0, 20, (600, 4))
    data[5, 0], data[:, 1], data[:, 3] = np.nan, np.inf, 1.7e9
    labels, units = ("Fz", "Cz", "Pz", "Timestamp"), ("uV", "uV", "uV", "seconds")
    add_stream(session, 20, "odd", data, type_="EEG", labels=labels, units=units)
    add_stream(session, 21, "text", ["a", "b"], type_="EEG", rate_hz=0.0, times=[1.0, 2.0])
    norate = np.ones((50, 2), np.float32)
    add_stream(session, 22, "norate", norate, type_="EEG", rate_hz=0.0)
    (session / "recording.xdf").write_bytes((session / "recording.xdf").read_bytes() + whole[head:])
    (done,) = exported("bids", [session], tmp_path / "out", bids.Settings(form, form, "none"))
    assert done.outcome == "exported", done
    said = "\n".join(done.notes)
    assert "text: holds text" in said
    assert "norate: no rate" in said
    assert "Timestamp; of type misc" in said
    assert ("601 values" in said) is (form == "EDF")
    at = mne_bids.find_matching_paths(
        tmp_path / "out", suffixes="eeg", extensions=[".edf", ".vhdr"]
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        raw = mne_bids.read_raw_bids(at[0], verbose="error")
    np.testing.assert_allclose(raw.get_data(picks=["Pz"])[0, :600], data[:, 2] * 1e-6, atol=2e-9)


def test_physiology_in_bids_has_no_endless_values(tmp_path: Path) -> None:
    session = make_session(tmp_path / "data", Plan(seconds=6.0))
    data = np.ones((300, 2), np.float32)
    data[3], data[4, 1] = (np.inf, -np.inf), np.nan
    add_stream(session, 20, "belt", data, type_="Resp")
    (done,) = exported("bids", [session], tmp_path / "out", bids.Settings(video="none"))
    assert "belt: 2 values are endless (inf): n/a in the table" in done.notes
    (table,) = (tmp_path / "out").rglob("*recording-belt_physio.tsv.gz")
    rows = gzip.decompress(table.read_bytes()).decode().splitlines()
    assert rows[2:5] == ["1\t1", "n/a\tn/a", "1\tn/a"]


JUMP = "stamps jump by 200,000 s"


def test_stamps_that_jump_make_no_giants(tmp_path: Path) -> None:
    times = START + np.arange(2500) / 250
    jump, wrong, zero = (times.copy() for _ in range(3))
    jump[1250:] += 200_000
    wrong[700] += 200_000
    zero += 3e5
    zero[:59] = np.arange(59) / 250
    for name, stamps, count in (("jump", jump, None), ("wrong", wrong, 1), ("zero", zero, 59)):
        marks = texts("Mk", ["a"], [float(stamps[750])])
        path = bare(tmp_path / f"{name}.xdf", eeg(times=stamps), marks)
        (done,) = exported("edf", [path], tmp_path / name, edf.Settings())
        assert sum(all_files(tmp_path / name).values()) < 200_000
        if count is None:
            assert done.outcome == "failed"
            assert JUMP in done.error
            with open_session(path) as session, pytest.raises(RecordingError, match=JUMP):
                session.to_mne()
            (done,) = exported("csv", [path], tmp_path / "csv", tables.Settings())
            assert done.outcome == "exported"
            continue
        assert done.notes[0].startswith(f"EEG: {count} of 2500 stamps cannot be true")
        (done,) = exported("csv", [path], tmp_path / f"{name}csv", tables.Settings())
        assert f"EEG: {count} of 2500 stamps cannot be true" in done.notes[0]
        assert done.notes[0].endswith("given with them as they are")
        with open_session(path) as session, pytest.warns(RuntimeWarning, match="cannot be true"):
            raw = session.to_mne()
        assert raw.n_times == 2500
        assert raw.annotations.onset.tolist() == pytest.approx([3.0], abs=0.01)


def test_tables_of_many_channels(tmp_path: Path) -> None:
    wide = Sent("wide", "Misc", 1.0, np.zeros((2, 70_000), np.int8))
    path = bare(tmp_path / "a.xdf", wide)
    (done,) = exported("csv", [path], tmp_path / "csv", tables.Settings())
    assert done.outcome == "exported", done
    head, *rows = (tmp_path / "csv" / done.files[0]).read_text().splitlines()
    assert {line.count(",") for line in (head, *rows)} == {70_001}
    (done,) = exported("edf", [path], tmp_path / "edf", edf.Settings())
    assert "70,000 channels, and EDF holds 9,998" in done.error


VALUES = st.one_of(
    st.floats(width=32, allow_nan=True, allow_infinity=True),
    st.sampled_from([0.0, 7.0, 1.7e9, -4e-5, np.nan, np.inf]),
)
UNITS = st.sampled_from(
    ["", "V", "uV", "µV", "mcV", "uS", "counts", "°C", "m/s²", "a unit of much text", "\x01", "电"]
)


@examples(max_examples=40)
@given(
    channels=st.lists(st.tuples(VALUES, VALUES, st.booleans(), UNITS), min_size=1, max_size=5),
    form=st.sampled_from(FORMATS),
)
def test_whatever_the_values_are_edf_reads_them_back_or_names_them(
    tmp_path_factory: pytest.TempPathFactory,
    channels: list[tuple[float, float, bool, str]],
    form: Literal["edf", "bdf"],
) -> None:
    folder = tmp_path_factory.mktemp("odd")
    columns = [np.where(np.arange(200) % 3 == 0, a, a if flat else b) for a, b, flat, _ in channels]
    data = np.column_stack(columns)
    labels = [f"c{n}" for n in range(len(channels))]
    units = [unit if unit != "\x01" else "" for *_, unit in channels]
    path = bare(folder / "a.xdf", Sent("x", "EEG", 100.0, data, labels=labels, units=units))
    (done,) = exported("edf", [path], folder / "out", edf.Settings(form))
    said = " ".join((*done.notes, done.error))
    assert not done.error.startswith(("ValueError", "TypeError", "OverflowError")), done
    found: dict[str, Any] = {}
    if done.files:
        names, dims, values = read_edf(folder / "out" / done.files[0])
        found = {n: (d, v) for n, d, v in zip(names, dims, values, strict=True)}
    named = any(to_volts(unit) for unit in units)  # where none is, microvolts are taken
    for label, column, unit in zip(labels, data.T, units, strict=True):
        finite = np.isfinite(column)
        if label not in found:
            assert "beyond the 8 characters" in said
            continue
        assert finite.all() or "no numbers or endless" in said
        dimension, values = found[label]
        known, was = parse_unit(dimension), parse_unit(unit if unit or named else "uV")
        factor = known.factor if known else 1.0
        factor = float(dimension.split()[0]) if dimension[:2] == "1e" else factor
        true = np.where(finite, column, 0.0) * (was.factor if was else 1.0)
        span = float(np.ptp(true)) or 2 * factor
        np.testing.assert_allclose(
            values[:200] * factor, true, atol=span * 110 / STEPS[form] + 2 * factor * 1e-7
        )


def imported(path: Path, tmp_path: Path) -> Path:
    return import_xdf(path, tmp_path / "data", Labels("s", "01", "01", "t"), {}).folder


def test_a_long_name_ends_no_export(tmp_path: Path) -> None:
    names = ("x" * 400, "x" * 399 + "y", "漢" * 200)
    signals = [Sent(name, "ECG", 100.0, np.ones((1000, 1), np.float32)) for name in names]
    folder = imported(bare(tmp_path / "a.xdf", eeg(), *signals), tmp_path)
    for kind, settings in (
        ("csv", tables.Settings()),
        ("edf", edf.Settings()),
        ("bids", bids.Settings()),
    ):
        (done,) = exported(kind, [folder], tmp_path / kind, settings)
        assert done.outcome == "exported", done
        assert len(set(done.files)) == len(done.files)
        assert len([f for f in done.files if "x" * 80 in f and "json" not in f]) == 2, done
    with open_session(folder) as session:
        streams = session_streams(session).streams
    assert max(len(stream.name) for stream in streams) == 256


def test_a_label_of_two_lines_leaves_every_file_readable(tmp_path: Path) -> None:
    mne = pytest.importorskip("mne")
    labels = ("a\tb\nc", "Fz\u2028", "左手", "O1")
    data = np.random.default_rng(1).normal(0, 20, (2500, 4))
    sent = Sent("EEG", "EEG", 250.0, data, None, labels, ("micro\nvolts", "uV\t", "uV", "uV"))
    folder = imported(bare(tmp_path / "a.xdf", sent), tmp_path)
    forms: tuple[tuple[Literal["BrainVision", "EDF"], str], ...]
    forms = (("BrainVision", "vhdr"), ("EDF", "edf"))
    for form, suffix in forms:
        target = tmp_path / form
        (done,) = exported("bids", [folder], target, bids.Settings(format=form))
        assert done.outcome == "exported", done
        read = mne.io.read_raw_brainvision if suffix == "vhdr" else mne.io.read_raw_edf
        (path,) = target.rglob(f"*_eeg.{suffix}")
        names = ["a b c", "Fz", "左手", "O1"]
        if form == "EDF":
            names[2] = "??"
            (note,) = (n for n in done.notes if "16 letters" in n)
            assert note.endswith("for a channel's name: 左手 is ??")
        raw = read(path, verbose="error")
        assert raw.ch_names == names
        (table,) = target.rglob("*_channels.tsv")
        rows = table.read_text(encoding="utf-8").splitlines()
        assert [row.split("\t")[0] for row in rows[1:]] == names
    (done,) = exported("edf", [folder], tmp_path / "edf", edf.Settings(format="edf"))
    assert any(note.endswith("左手 is ??") for note in done.notes), done


def test_edf_says_that_a_stream_has_no_samples(tmp_path: Path) -> None:
    empty = Sent("empty", "ECG", 100.0, np.ones((0, 1), np.float32))
    path = bare(tmp_path / "a.xdf", eeg(), empty)
    (done,) = exported("edf", [path], tmp_path / "e", edf.Settings())
    assert (len(done.files), done.notes) == (1, ("empty: no samples",))


def test_the_remedy_for_coarse_steps_is_another_than_what_was_done(tmp_path: Path) -> None:
    data = np.array([0.0, 5e7] * 1250)[:, None]
    path = bare(tmp_path / "a.xdf", Sent("EEG", "EEG", 250.0, data, None, ("A",), ("uV",)))
    (done,) = exported("edf", [path], tmp_path / "b", edf.Settings())
    assert done.notes == ("EEG: steps of up to 3 µV; unisono export csv has none",)
    (done,) = exported("edf", [path], tmp_path / "e", edf.Settings(format="edf"))
    assert any(note.endswith("use --format bdf") for note in done.notes), done


def test_large_values_of_a_small_unit_are_written_in_a_larger_one(tmp_path: Path) -> None:
    data = np.sin(np.arange(2500) / 9)[:, None] * np.array([3.6e9, 20.0])
    sent = Sent("EEG", "EEG", 250.0, data, None, ("A", "B"), ("nV", "uV"))
    (done,) = exported("edf", [bare(tmp_path / "a.xdf", sent)], tmp_path / "e", edf.Settings())
    assert done.outcome == "exported", done
    _, units, (first, _) = read_edf(tmp_path / "e" / done.files[0])
    assert units == ["uV", "uV"]
    np.testing.assert_allclose(first[:2500], data[:, 0] / 1e3, atol=1)


def test_bids_in_edf_is_not_ended_by_a_channel(tmp_path: Path) -> None:
    data = np.sin(np.arange(2500) / 9)[:, None] * np.array([20.0, 1e30, 20.0])
    labels = ("a very long name of an electrode", "B", "a very long name of another")
    sent = Sent("EEG", "EEG", 250.0, data, None, labels, ("uV",) * 3)
    folder = imported(bare(tmp_path / "a.xdf", sent), tmp_path)
    (done,) = exported("bids", [folder], tmp_path / "b", bids.Settings(format="EDF"))
    assert done.outcome == "exported", done
    (note,) = (n for n in done.notes if n.startswith("EEG, B: -1e+30 is beyond the 8 characters"))
    assert note.endswith("--format BrainVision keeps it; left out")
    assert any("a very long name of an electrode is a very long name" in n for n in done.notes)
    (file,) = (tmp_path / "b").rglob("*_eeg.edf")
    _, _, values = read_edf(file)
    np.testing.assert_allclose(values[0][:2500], data[:, 0], atol=0.01)
    all_too_large = Sent("EEG", "EEG", 250.0, data[:, 1:2], None, ("B",), ("uV",))
    folder = imported(bare(tmp_path / "b.xdf", all_too_large), tmp_path / "second")
    (done,) = exported("bids", [folder], tmp_path / "c", bids.Settings(format="EDF"))
    assert "EEG, B: -1e+30 is beyond the 8 characters" in done.error


@pytest.mark.parametrize("rate_hz", [1000 / 3, 333.33, 512.03, 4807.69])
@pytest.mark.parametrize("kind", ["edf", "bids"])
def test_a_rate_that_is_no_whole_number_has_records_that_others_read(
    kind: str, rate_hz: float, tmp_path: Path
) -> None:
    """EDFlib refuses records that begin at 6.237507000000001 s."""
    pyedflib = pytest.importorskip("pyedflib")
    folder = imported(bare(tmp_path / "a.xdf", eeg(61.3, rate_hz)), tmp_path)
    with open_session(folder) as session:
        count, values = len(session["EEG"]), session["EEG"].read()[1][:, 0]
    settings: Any = bids.Settings(format="EDF") if kind == "bids" else edf.Settings("edf")
    (done,) = exported(kind, [folder], tmp_path / "out", settings)
    assert done.outcome == "exported", done
    (file,) = (tmp_path / "out").rglob("*.edf")
    with pyedflib.EdfReader(str(file)) as reader:
        found = reader.readSignal(0)
        (onset,), _, (text,) = reader.readAnnotations()
        assert text == "BAD_ACQ_SKIP"
        assert onset == pytest.approx(count / rate_hz, abs=2e-4)
        assert reader.getSampleFrequency(0) == pytest.approx(rate_hz, rel=1e-6)
    np.testing.assert_allclose(found[:count], values, atol=0.01)
    assert count < len(found) < count + 60 * rate_hz


@pytest.mark.parametrize("rate_hz", [33.3333, 128.0004])
def test_how_far_the_times_of_an_edf_file_are_off_is_said(rate_hz: float, tmp_path: Path) -> None:
    path = bare(tmp_path / "a.xdf", eeg(600.0, rate_hz))
    (done,) = exported("edf", [path], tmp_path / "out", edf.Settings())
    assert done.outcome == "exported", done
    assert any("ms off at its end" in note for note in done.notes), done.notes


def test_a_record_that_would_be_made_up_asks_for_no_memory(tmp_path: Path) -> None:
    sent = Sent("EEG", "EEG", 1e9, np.ones((1000, 1)), START + np.arange(1000) / 250)
    folder = imported(bare(tmp_path / "a.xdf", sent), tmp_path)
    for kind, settings in (("edf", edf.Settings()), ("bids", bids.Settings(format="EDF"))):
        (done,) = exported(kind, [folder], tmp_path / kind, settings)
        assert "would hold 1,000,000,000 samples, and there are 1,000" in done.error


def test_what_is_no_stream_for_lsl_is_left_out_of_a_replay(tmp_path: Path) -> None:
    none = Sent("Z", "ECG", 100.0, np.zeros((0, 0), np.float32), [])
    with open_session(bare(tmp_path / "a.xdf", eeg(), none)) as session:
        found = session_streams(session)
    assert [stream.name for stream in found.streams] == ["EEG"]
    assert found.notes[0].startswith("Z: 0 channels; a stream has 1 to 65,536")


def test_a_clock_that_was_set_back_is_refused_or_said(tmp_path: Path) -> None:
    times = START + np.arange(2500) / 250
    times[1250:] -= 3.0
    (done,) = exported(
        "edf", [bare(tmp_path / "a.xdf", eeg(times=times))], tmp_path / "a", edf.Settings()
    )
    assert "stamps go back in 1 places, first after sample 1249" in done.notes[0]
    times[1250:] += 3.0 - 7200.0
    (done,) = exported(
        "edf", [bare(tmp_path / "b.xdf", eeg(times=times + 1e5))], tmp_path / "b", edf.Settings()
    )
    assert "its stamps jump by 7,200 s" in done.error


def test_a_rate_that_is_not_the_one_announced_is_said_in_exports(tmp_path: Path) -> None:
    sent = Sent("G", "Gaze", 60.0, np.ones((450, 1)), START + np.arange(450) / 15)
    path = bare(tmp_path / "a.xdf", sent, eeg(30.0))
    (done,) = exported("edf", [path], tmp_path / "e", edf.Settings())
    (note,) = [note for note in done.notes if "Hz" in note]
    assert note.startswith("G: its samples come at 15 Hz, not at the 60 Hz that it announces")


def test_bids_writes_an_edf_file_once_and_each_channel_finely(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """MNE wrote all of it, then it was read and written anew; one large channel made all coarse."""
    edfio, mne = pytest.importorskip("edfio"), pytest.importorskip("mne")
    written: list[int] = []
    write = edfio.Edf.write

    def counting(file: Any, *args: Any) -> None:
        written.append(sum(len(signal.data) for signal in file.signals))
        write(file, *args)

    monkeypatch.setattr(edfio.Edf, "write", counting)
    rate_hz = 1000 / 3
    data = np.sin(np.arange(20_000) / 9)[:, None] * np.array([20.0, 1e6, 20.0, 5.0, 30.0])
    labels, units = ("Fz", "EXG", "Cz", "EDA", "T"), ("uV", "uV", "mV", "uS", "degC")
    sent = Sent("EEG", "EEG", rate_hz, data, None, labels, units)
    folder = imported(bare(tmp_path / "a.xdf", sent), tmp_path)
    (done,) = exported("bids", [folder], tmp_path / "b", bids.Settings(format="EDF"))
    assert done.outcome == "exported", done
    assert sum(count > 5 * 333 for count in written) == 1, written
    (file,) = (tmp_path / "b").rglob("*_eeg.edf")
    raw = mne.io.read_raw_edf(file, verbose="error")
    np.testing.assert_allclose(raw.get_data(picks=["Fz"])[0, :20_000], data[:, 0] * 1e-6, atol=1e-9)
    assert any("steps of up to" in note and "BrainVision has none" in note for note in done.notes)
    _, dimensions, values = read_edf(file)
    (table,) = (tmp_path / "b").rglob("*_channels.tsv")
    rows = [line.split("\t") for line in table.read_text(encoding="utf-8").splitlines()]
    assert [row[rows[0].index("units")] for row in rows[1:]] == ["µV", "µV", "µV", "µS", "oC"]
    assert dimensions == ["uV", "uV", "uV", "uS", "degC"]
    np.testing.assert_allclose(values[2][:20_000], 1e3 * data[:, 2], atol=1)
    np.testing.assert_allclose(values[3][:20_000], data[:, 3], atol=1e-3)


@pytest.mark.parametrize("kind", ["edf", "bids"])
def test_a_year_that_edf_has_not_ends_no_export(kind: str, tmp_path: Path) -> None:
    """Of a computer whose clock began anew at 1970, or of dates that `--days-back` moved."""
    folder = imported(bare(tmp_path / "a.xdf", eeg()), tmp_path)
    path = folder / MANIFEST_NAME
    fields = json.loads(path.read_text(encoding="utf-8"))
    fields["clock"] = [{"lsl": START, "utc": "1970-01-02T03:04:05Z"}]
    path.write_text(json.dumps(fields), encoding="utf-8")
    settings: Any = bids.Settings(format="EDF") if kind == "bids" else edf.Settings()
    (done,) = exported(kind, [folder], tmp_path / "out", settings)
    assert done.outcome == "exported", done
    assert "EEG: EDF has no year 1970: no date" in done.notes
    (file,) = (f for f in (tmp_path / "out").rglob("*df") if f.is_file())
    assert len(read_edf(file)[2]) == 2


LABELS = st.text(st.characters(codec="utf-8"), max_size=20) | st.sampled_from(
    [
        "",
        "channel",
        "channel-2",
        "Größe",
        "Grüße",
        "an electrode with a name",
        "an electrode with -2",
    ]
)


@examples(max_examples=200, deadline=None)
@given(st.lists(LABELS, max_size=12))
def test_whatever_channels_are_called_each_has_a_name_of_its_own(labels: list[str]) -> None:
    names = edf_labels(labels)
    assert len(set(names)) == len(names) == len(labels)
    for label, name in zip(labels, names, strict=True):
        assert 0 < len(name) <= 16
        assert name.isascii()
        assert name.isprintable()
        if label and label == name:
            continue
        assert not (label.isascii() and label.isprintable() and 0 < len(label) <= 16) or (
            labels.count(label) > 1 or "-" in name
        )


def test_mmme_writes_numbers_with_all_their_digits(tmp_path: Path) -> None:
    session = make_session(tmp_path / "data", Plan(seconds=3.0))
    counts = 2_000_000_000 + np.arange(200, dtype=np.int32)[:, None]
    clock = 1_700_000_000.125 + np.arange(200)[:, None] / 8
    add_stream(session, 20, "counter", counts)
    add_stream(session, 21, "clock", clock)
    exported("mmme", [session], tmp_path / "to", mmme.Settings())
    for name, expected in (("counter", counts), ("clock", clock)):
        (path,) = (tmp_path / "to").rglob(f"{name}.csv")
        found = np.loadtxt(path, delimiter=",", skiprows=1)
        np.testing.assert_array_equal(found[:, 1:2], expected)
