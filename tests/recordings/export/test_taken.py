"""What an export takes where a header says nothing, or not what is true: told, and alike in all."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from recordings import open_session
from recordings.export.edf import export as edf
from recordings.read.to_mne import channel_kinds, no_electrodes
from tests.recordings.bare_files import START, Sent, bare, eeg
from tests.recordings.exporting import exported
from tests.recordings.xdf_samples import header_xml


def written(path: Path, folder: Path) -> tuple[Path, tuple[str, ...]]:
    (done,) = exported("edf", [path], folder, edf.Settings("bdf"))
    assert done.outcome == "exported", done
    return folder / done.files[0], tuple(done.notes)


@pytest.mark.parametrize("unit", ["", "n/a", "N/A", "-", "none"])
def test_electrodes_without_a_unit_are_in_microvolts_for_every_reader(
    tmp_path: Path, unit: str
) -> None:
    mne = pytest.importorskip("mne")
    path = bare(tmp_path / "a.xdf", eeg(units=(unit, unit)))
    file, notes = written(path, tmp_path / "out")
    assert notes == ("EEG: microvolts are taken where no unit is said: Fz, Cz",)
    theirs: Any = mne.io.read_raw_bdf(file, verbose="error").get_data()
    with open_session(path) as session:
        ours = session.to_mne().get_data()
        volts = session["EEG"].read()[1].T * 1e-6
    np.testing.assert_allclose(theirs, volts, atol=1e-10)
    np.testing.assert_allclose(ours, volts, rtol=1e-6)


def test_a_stream_of_another_kind_has_no_unit_taken(tmp_path: Path) -> None:
    pyedflib = pytest.importorskip("pyedflib")
    data = np.random.default_rng(1).normal(size=(500, 1))
    path = bare(tmp_path / "a.xdf", Sent("belt", "RESP", 100.0, data, units=("n/a",)))
    file, notes = written(path, tmp_path / "out")
    assert not notes
    with pyedflib.EdfReader(str(file)) as reader:
        assert reader.getPhysicalDimension(0) == ""


@pytest.mark.parametrize(("true_hz", "is_told"), [(256.0, True), (249.9, False)])
def test_a_rate_that_makes_other_seconds_is_told(
    tmp_path: Path, true_hz: float, is_told: bool
) -> None:
    pytest.importorskip("mne")
    path = bare(tmp_path / "a.xdf", eeg(times=START + np.arange(2500) / true_hz))
    _, notes = written(path, tmp_path / "out")
    with open_session(path) as session, warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        session.to_mne()
    for said in (notes, [str(one.message) for one in told]):
        assert any("its samples come at 256 Hz, not at the 250 Hz" in n for n in said) is is_told


def test_stamps_that_were_mended_are_told_to_who_reads_with_mne(tmp_path: Path) -> None:
    pytest.importorskip("mne")
    times = START + np.arange(2500) / 250
    times[700] += 200_000
    with (
        open_session(bare(tmp_path / "a.xdf", eeg(times=times))) as session,
        pytest.warns(RuntimeWarning, match="1 of 2500 stamps cannot be true, the first of sample"),
    ):
        session.to_mne()


@pytest.mark.parametrize("form", ["edf", "bdf"])
@pytest.mark.parametrize(("unit", "volts"), [("nV", 1e-9), ("uV", 1e-6), ("mV", 1e-3), ("V", 1.0)])
@pytest.mark.parametrize("size_v", [3e-11, 3e-5, 0.2])
def test_mne_reads_the_volts_that_were_recorded(
    tmp_path: Path, form: Any, unit: str, volts: float, size_v: float
) -> None:
    mne = pytest.importorskip("mne")
    data = np.sin(np.arange(2500)[:, None] / 9) * size_v / volts
    path = bare(tmp_path / "a.xdf", Sent("EEG", "EEG", 250.0, data, units=(unit,), labels=("Fz",)))
    (done,) = exported("edf", [path], tmp_path / "out", edf.Settings(form))
    read = {"edf": mne.io.read_raw_edf, "bdf": mne.io.read_raw_bdf}[form]
    theirs: Any = read(tmp_path / "out" / done.files[0], verbose="error").get_data()
    np.testing.assert_allclose(theirs[0], data[:, 0] * volts, atol=size_v * 1e-3)


def test_a_stream_without_channels_ends_no_export(tmp_path: Path) -> None:
    empty = Sent("none", "Misc", 10.0, np.zeros((100, 0), np.float32))
    (done,) = exported("edf", [bare(tmp_path / "a.xdf", eeg(), empty)], tmp_path, edf.Settings())
    assert done.outcome == "exported", done
    assert len(done.files) == 1
    assert "none: has no channels; left out" in done.notes


def test_a_channel_of_a_type_that_nobody_knows_is_told(tmp_path: Path) -> None:
    words = ("EEG electrode", "unknown", "REF")
    entries = "".join(
        f"<channel><label>c{n}</label><unit>uV</unit><type>{word}</type></channel>"
        for n, word in enumerate(words)
    )
    xml = header_xml("EEG", "EEG", 3, 250.0, "float32", "", desc=f"<channels>{entries}</channels>")
    sent = Sent("EEG", "EEG", 250.0, np.zeros((500, 3), np.float32), header=xml)
    with open_session(bare(tmp_path / "a.xdf", sent)) as session:
        assert channel_kinds(session["EEG"]) == ["eeg", "misc", "misc"]
        (told,) = no_electrodes(session["EEG"])
    assert "another type: c1 (unknown), c2 (REF); of type misc" in told
