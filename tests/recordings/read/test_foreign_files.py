"""Files of other programs with what their formats allow and libraries pass over."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from recordings.errors import RecordingError
from recordings.read.foreign.brainvision_header import form_note
from recordings.read.foreign.signal_files import open_signals
from recordings.read.foreign.signals import SignalFile
from tests.recordings.acq_file import acq
from tests.recordings.brainvision_file import brainvision


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


def test_markers_of_acqknowledge_that_are_all_before_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of ten, seven were left out, and three 17 s too early."""
    bioread = pytest.importorskip("bioread")
    channel = SimpleNamespace(samples_per_second=100.0, name="ECG", units="mV", data=np.ones(50))
    entries = ((2**32 - 300, "apnd"), (2**32 - 200, "flag"), (100, "flag"), (2**31, "flag"))
    markers = [SimpleNamespace(sample_index=n, text=f"m{n}", type_code=t) for n, t in entries]
    file = SimpleNamespace(samples_per_second=1000.0, channels=[channel], event_markers=markers)
    monkeypatch.setattr(bioread, "read_file", lambda path: file)
    (tmp_path / "x.acq").write_bytes(b"?")
    found = signals(tmp_path / "x.acq")
    assert found.streams[1].times.tolist() == pytest.approx([0.0, 0.1, 0.4])
    first, second = found.notes
    assert first.startswith("x.acq: its event markers are counted from 0.3 s before its beginning")
    assert second.startswith("x.acq: 1 of 4 event markers lie beyond the ends of the recording")


@pytest.mark.parametrize("kept", [3, 1001, 1012, 18_999])
def test_samples_of_a_cut_acqknowledge_file_are_read(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], kept: int
) -> None:
    pytest.importorskip("bioread")
    path, start, end = acq(tmp_path / "x.acq")
    wanted = signals(path)
    assert wanted.notes == []
    assert [len(stream.times) for stream in wanted.streams] == [2000, 1000, 500, 2]
    path.write_bytes(path.read_bytes()[: start + kept])
    found = signals(path)
    # Bytes after which a sample is whole, of the 38 that are 4 ms: ECG, EDA, TSD.
    ends = ((8, 20, 28, 38), (10, 30), (12,))
    counts = [len(own) * (kept // 38) + sum(end <= kept % 38 for end in own) for own in ends]
    assert [len(stream.times) for stream in found.streams] == counts
    for mine, its in zip(found.streams, wanted.streams, strict=False):
        assert (mine.rate_hz, mine.channels) == (its.rate_hz, its.channels)
        np.testing.assert_array_equal(mine.read(0, 9999), its.read(0, len(mine.times)))
    assert found.notes == [
        f"x.acq: it ends after {kept:,} of {end - start:,} bytes of samples: it was cut off",
        "x.acq: its event markers are missing or damaged: none is read",
    ]
    assert capfd.readouterr().err == ""


def test_acqknowledge_without_its_markers_is_read(tmp_path: Path) -> None:
    pytest.importorskip("bioread")
    path, _, end = acq(tmp_path / "x.acq")
    path.write_bytes(path.read_bytes()[: end + 20])
    found = signals(path)
    assert [len(stream.times) for stream in found.streams] == [2000, 1000, 500]
    assert found.notes == ["x.acq: its event markers are missing or damaged: none is read"]


def test_a_discontinuous_file_whose_gaps_cannot_be_read_says_so(tmp_path: Path) -> None:
    path = discontinuous(tmp_path / "x.edf", "edf")
    path.write_bytes(path.read_bytes().replace(b"+101\x14\x14", b"\0" * 6))
    (note,) = signals(path).notes
    assert "a record does not say when it begins, or goes back: read as one stretch" in note


def test_a_file_that_was_cut_off_is_told(tmp_path: Path) -> None:
    path = discontinuous(tmp_path / "x.edf", "edf")
    path.write_bytes(path.read_bytes()[:-333])
    found = signals(path)
    assert any("truncated" in note for note in found.notes)
    assert len(found.streams[0].times) == 800


EDF_FIELDS = {"date": 168, "size": 184, "records": 236, "duration": 244, "signals": 252}
SIGNAL_FIELDS = {"low": 104, "high": 112, "digital low": 120, "samples": 216}


def edf(path: Path, **fields: str) -> Path:
    """Write a file of 10 s with one signal, some of its header's fields replaced."""
    edfio = pytest.importorskip("edfio")
    values = np.sin(np.arange(1000.0))
    edfio.Edf([edfio.EdfSignal(values, 100, label="Cz", physical_dimension="uV")]).write(path)
    raw = bytearray(path.read_bytes())
    for name, text in fields.items():
        place = EDF_FIELDS.get(name.replace("_", " "), 0)
        place = place or 256 + SIGNAL_FIELDS[name.replace("_", " ")]
        width = 4 if name == "signals" else 8
        raw[place : place + width] = text.encode().ljust(width)
    path.write_bytes(raw)
    return path


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"signals": "ab"}, "its number of signals is 'ab'"),
        ({"signals": "-1"}, "its number of signals is '-1'"),
        ({"signals": "9999"}, "within the header of its 9999 signals"),
        ({"size": "0"}, "its size of the header is '0'"),
        ({"records": "x"}, "its number of records is 'x'"),
        ({"duration": "0"}, "its records last '0' s, with 100 samples"),
        ({"duration": "nan"}, "its records last 'nan' s"),
        ({"duration": "1e-9"}, "its records last '1e-9' s"),
        ({"samples": "0"}, "its number of samples in a record is '0'"),
        ({"samples": "99999"}, "it holds no whole record of samples"),
    ],
)
def test_an_edf_header_is_refused_in_our_words(
    fields: dict[str, str], said: str, tmp_path: Path
) -> None:
    with pytest.raises(RecordingError) as caught:
        open_signals(edf(tmp_path / "x.edf", **fields))
    assert said in str(caught.value)
    assert "; copy it again from where it was recorded" in str(caught.value)


@pytest.mark.parametrize("size", [0, 5, 255, 256, 300, 520])
def test_an_edf_file_cut_within_its_header(size: int, tmp_path: Path) -> None:
    path = edf(tmp_path / "x.edf")
    path.write_bytes(path.read_bytes()[:size])
    with pytest.raises(RecordingError, match=r"it ends after \d+ bytes, within|no whole record"):
        open_signals(path)


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"low": "xx"}, "physical minimum is 'xx'"),
        ({"low": "-1,5"}, "physical minimum is '-1,5'"),
        ({"high": "inf"}, "physical maximum is 'inf'"),
        ({"low": "5", "high": "5"}, "physical maximum is '5'"),
        ({"digital_low": "nan"}, "digital minimum is 'nan'"),
    ],
)
def test_a_signal_without_a_scale_has_integers_and_no_unit(
    fields: dict[str, str], field: str, tmp_path: Path
) -> None:
    found = signals(edf(tmp_path / "x.edf", **fields))
    (eeg,) = found.streams
    assert found.notes == [
        f"x.edf: Cz: its {field}: its values are the file's integers, without unit"
    ]
    assert eeg.channels[0].unit == ""
    assert np.abs(eeg.read(0, 1000)).max() > 32_000


def test_a_date_that_is_none_is_told(tmp_path: Path) -> None:
    (note,) = signals(edf(tmp_path / "x.edf", date="99.99.99")).notes
    assert "'99.99.99'" in note
    assert "is no date" in note


@pytest.mark.parametrize(
    ("line", "instead", "said"),
    [
        ("NumberOfChannels=", "x", "NumberOfChannels='x'"),
        ("SamplingInterval=", "-1", "SamplingInterval='-1'"),
        ("SamplingInterval=", "nan", "SamplingInterval='nan'"),
        ("SamplingInterval=", "4000,5", "SamplingInterval='4000,5'"),
        ("BinaryFormat=", "UINT_16", "BinaryFormat='UINT_16'"),
        ("Ch2=", "c1,,0.5,uV", "Ch2='c1,,0.5,uV'"),
        ("Ch1=", "A,,abc,uV", "Ch1='A,,abc,uV'"),
        ("Ch1=", "A,,0,uV", "Ch1='A,,0,uV'"),
        ("Ch1=", "A", "Ch1='A'"),
        ("DataFile=", "gone.eeg", "gone.eeg, which is not there; put it beside"),
        ("DataFile=", "", "DataFile=''"),
        ("DataFormat=", "BIN", "DataFormat='BIN'"),
        ("DataOrientation=", "MED", "DataOrientation='MED'"),
    ],
)
def test_a_brainvision_header_is_refused_in_our_words(
    line: str, instead: str, said: str, tmp_path: Path
) -> None:
    pytest.importorskip("mne")
    path = brainvision(tmp_path, ("uV", "uV"), marker_file=True)
    text = path.read_text(encoding="utf-8").replace("Ch1=C1", "Ch1=c1")
    rows = [f"{line}{instead}" if row.startswith(line) else row for row in text.splitlines()]
    path.write_text("\n".join(rows), encoding="utf-8")
    with pytest.raises(RecordingError) as caught:
        open_signals(path)
    assert said in str(caught.value)


FORMS = {"INT_16": "<i2", "INT_32": "<i4", "IEEE_FLOAT_32": "<f4"}


@pytest.mark.parametrize("scale", [30, 300, 3000])
@pytest.mark.parametrize("said", FORMS)
@pytest.mark.parametrize("true", FORMS)
def test_data_of_another_form_than_the_header_says_are_told(
    true: str, said: str, scale: int, tmp_path: Path
) -> None:
    values = np.random.default_rng(scale).normal(0, scale, 20_000)
    wide = 500 if true == "INT_32" and scale > 300 else 1  # as amplifiers of 24 bits give them
    (tmp_path / "x.eeg").write_bytes((values * wide).astype(FORMS[true]).tobytes())
    notes = form_note(tmp_path / "x.vhdr", f"BinaryFormat={said}\n", tmp_path / "x.eeg")
    if true == said or wide > 1:
        assert len(notes) <= (said != true)
    else:
        (note,) = notes
        assert f"BinaryFormat={said}, but its data look like {true}" in note


def test_a_file_that_is_none_of_acqknowledge_has_a_remedy(tmp_path: Path) -> None:
    pytest.importorskip("bioread")
    (tmp_path / "x.acq").write_bytes(b"<html>" * 500)
    with pytest.raises(
        RecordingError,
        match=r"is no \.acq file, or a damaged one, as bioread cannot read it; copy it again",
    ):
        open_signals(tmp_path / "x.acq")
