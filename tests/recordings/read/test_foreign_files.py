"""Files of other programs with what their formats allow and libraries pass over."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from recordings.read.foreign.edf_signals import record_starts
from recordings.read.foreign.signal_files import open_signals
from recordings.read.foreign.signals import SignalFile


def signals(path: Path) -> SignalFile:
    found = open_signals(path)
    assert found is not None
    return found


def discontinuous(path: Path, form: str) -> Path:
    """Write 10 records of a second, 5 of them 95 s later, with an annotation after the gap."""
    width = 2 if form == "edf" else 3
    version = b"0       " if form == "edf" else b"\xffBIOSEMI"
    low, high = f"{-(2 ** (8 * width - 1))}", f"{2 ** (8 * width - 1) - 1}"

    def fields(*entries: tuple[str, int]) -> bytes:
        return b"".join(text.encode().ljust(size) for text, size in entries)

    kind = form.upper()
    head = version + fields(
        ("X X X X", 80), ("Startdate 01-JAN-2026 X X X", 80), ("01.01.2612.00.00", 16),
        ("768", 8), (f"{kind}+D", 44), ("10", 8), ("1", 8), ("2", 4),
        ("EEG Cz", 16), (f"{kind} Annotations", 16), ("", 160), ("uV", 8), ("", 8),
        ("-100", 8), ("-1", 8), ("100", 8), ("1", 8), (low, 8), (low, 8), (high, 8), (high, 8),
        ("", 160), ("100", 8), ("40", 8), ("", 64),
    )  # fmt: skip
    notes = {2: b"+2.5\x14early\x14\x00", 7: b"+102.5\x14late\x14\x00"}
    records = []
    for n in range(10):
        samples = b"".join((100 * n + k).to_bytes(width, "little", signed=True) for k in range(100))
        times = b"+%d\x14\x14\x00" % (n if n < 5 else n + 95) + notes.get(n, b"")
        records.append(samples + times.ljust(40 * width, b"\x00"))
    path.write_bytes(head + b"".join(records))
    return path


@pytest.mark.parametrize("form", ["edf", "bdf"])
def test_a_discontinuous_file_keeps_its_gap(tmp_path: Path, form: str) -> None:
    found = signals(discontinuous(tmp_path / f"x.{form}", form))
    eeg, markers = found.streams
    assert found.notes == [f"x.{form}: discontinuous, 1 gaps, the longest 95 s"]
    np.testing.assert_allclose(eeg.times[[0, 499, 500, 999]], [0, 4.99, 100, 104.99])
    assert markers.times.tolist() == pytest.approx([2.5, 102.5])


def test_a_continuous_file_has_no_gaps(tmp_path: Path) -> None:
    edfio = pytest.importorskip("edfio")
    edfio.Edf([edfio.EdfSignal(np.arange(300.0), 100)]).write(tmp_path / "x.edf")
    assert record_starts(tmp_path / "x.edf", 2) is None
    found = signals(tmp_path / "x.edf")
    assert found.notes == []
    np.testing.assert_allclose(np.diff(found.streams[0].times), 0.01)


@pytest.mark.parametrize("name", ["x.edf", "x.rec", "x"])
def test_bdf_by_another_name_is_read_by_its_header(tmp_path: Path, name: str) -> None:
    edfio = pytest.importorskip("edfio")
    values = np.sin(np.arange(300) / 9) * 90
    range_ = (-100.0, 100.0)
    signal = edfio.BdfSignal(values, 100, physical_range=range_, physical_dimension="uV")
    edfio.Bdf([signal]).write(tmp_path / "x.bdf")
    (tmp_path / "x.bdf").rename(tmp_path / name)
    (stream,) = signals(tmp_path / name).streams
    np.testing.assert_allclose(stream.read(0, 300)[:, 0], values, atol=2e-5)


def brainvision(folder: Path, units: tuple[str, ...], marker_file: bool) -> Path:
    rows = "\n".join(f"Ch{n}=c{n},,0.5,{unit}" for n, unit in enumerate(units, 1))
    head = (
        "Brain Vision Data Exchange Header File Version 1.0\n[Common Infos]\nCodepage=UTF-8\n"
        f"DataFile=x.eeg\nMarkerFile=x.vmrk\nDataFormat=BINARY\nDataOrientation=MULTIPLEXED\n"
        f"NumberOfChannels={len(units)}\nSamplingInterval=4000\n[Binary Infos]\n"
        f"BinaryFormat=INT_16\n[Channel Infos]\n{rows}\n[Comment]\nCh1=no,,0.5,channel\n"
    )
    (folder / "x.vhdr").write_text(head, encoding="utf-8")
    np.arange(250 * len(units), dtype="<i2").tofile(folder / "x.eeg")
    if marker_file:
        (folder / "x.vmrk").write_text(
            "Brain Vision Data Exchange Marker File, Version 1.0\n[Common Infos]\n"
            "Codepage=UTF-8\nDataFile=x.eeg\n[Marker Infos]\nMk1=Stimulus,S  1,10,1,0\n"
        )
    return folder / "x.vhdr"


def test_units_of_brainvision_are_those_of_its_header(tmp_path: Path) -> None:
    pytest.importorskip("mne")
    units = ("µV", "uS", "mmHg", "", "mV", "C", "nV")
    found = signals(brainvision(tmp_path, units, marker_file=True))
    eeg, _ = found.streams
    words = ["microvolts", "microsiemens", "mmHg", "microvolts", "millivolts", "C", "nanovolts"]
    assert [channel.unit for channel in eeg.channels] == words
    raw = np.arange(250 * 7).reshape(-1, 7)
    np.testing.assert_allclose(eeg.read(0, 250), raw * 0.5, rtol=1e-12)


def test_a_missing_vmrk_is_told(tmp_path: Path) -> None:
    pytest.importorskip("mne")
    found = signals(brainvision(tmp_path, ("µV",), marker_file=False))
    assert len(found.streams) == 1
    assert any("x.vmrk" in note and "not found" in note for note in found.notes), found.notes


@pytest.mark.parametrize(
    ("damage", "texts", "taken"),
    [
        (lambda b: b.replace(b"S  1", "Bär".encode("cp1252")), ["Stimulus/Bär"], "1 of 1"),
        (lambda b: b + b"Mk2=Stimulus,S  2,abc,1,0\n", ["Stimulus/S  1"], "1 of 2"),
        (lambda b: b + b"Mk2=Stimulus\n", ["Stimulus/S  1"], "1 of 2"),
        (lambda b: b + b"Mk2=Stimulus,S  2,20", ["Stimulus/S  1"], "1 of 2"),
        (lambda b: b + b"Mk2=a,b\nMk3=c,d,4294967291,1,0\n", ["Stimulus/S  1"], "1 of 3"),
    ],
)
def test_a_damaged_vmrk_costs_its_bad_rows_alone(
    damage: Callable[[bytes], bytes], texts: list[str], taken: str, tmp_path: Path
) -> None:
    mne = pytest.importorskip("mne")
    if "overrides" not in inspect.signature(mne.io.read_raw_brainvision).parameters:
        pytest.skip("an MNE that cannot leave the markers out")
    path = brainvision(tmp_path, ("µV",), marker_file=True)
    markers = tmp_path / "x.vmrk"
    markers.write_bytes(damage(markers.read_bytes()))
    found = signals(path)
    assert len(found.streams[0].times) == 250
    assert [row[0] for row in found.streams[1].read(0, 9)] == texts
    assert found.streams[1].times.tolist() == [0.036]
    (note,) = found.notes
    assert note.startswith(f"x.vmrk: {taken} markers are taken, as the file is damaged: ")


def test_a_data_file_that_was_cut_is_told(tmp_path: Path) -> None:
    pytest.importorskip("mne")
    path = brainvision(tmp_path, ("µV", "uS"), marker_file=True)
    text = path.read_text(encoding="utf-8").replace("[Binary", "DataPoints=250\n[Binary")
    path.write_text(text, encoding="utf-8")
    assert signals(path).notes == []
    data = tmp_path / "x.eeg"
    data.write_bytes(data.read_bytes()[:-7])
    assert signals(path).notes == [
        "x.vhdr: 250 samples by its header, 248 in its data file",
        "x.vhdr: its data file ends amid a sample: it was cut off",
    ]


def test_markers_of_acqknowledge_beyond_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bioread = pytest.importorskip("bioread")
    places = (2**32 - 5, 100, 2**31, 0)
    file = SimpleNamespace(
        samples_per_second=1000.0,
        channels=[
            SimpleNamespace(samples_per_second=100.0, name="ECG", units="mV", data=np.ones(50))
        ],
        event_markers=[SimpleNamespace(sample_index=n, text=f"m{n}") for n in places],
    )
    monkeypatch.setattr(bioread, "read_file", lambda path: file)
    (tmp_path / "x.acq").write_bytes(b"?")
    found = signals(tmp_path / "x.acq")
    assert found.streams[1].times.tolist() == [0.0, 0.1]
    assert found.notes == [
        "x.acq: 2 of 4 event markers lie beyond the ends of the recording; left out"
    ]


def test_a_discontinuous_file_whose_gaps_cannot_be_read_says_so(tmp_path: Path) -> None:
    path = discontinuous(tmp_path / "x.edf", "edf")
    path.write_bytes(path.read_bytes().replace(b"+101\x14\x14", b"\0" * 6))
    (note,) = signals(path).notes
    assert "a record does not say when it begins: read as one stretch, its gaps are lost" in note


def test_a_file_that_was_cut_off_is_told(tmp_path: Path) -> None:
    path = discontinuous(tmp_path / "x.edf", "edf")
    path.write_bytes(path.read_bytes()[:-333])
    found = signals(path)
    assert any("truncated" in note for note in found.notes)
    assert len(found.streams[0].times) == 800
