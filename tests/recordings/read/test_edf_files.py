"""EDF and BDF files as programs write them: annotations, labels, units, limits and records."""

from __future__ import annotations

import os
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from recordings.arrays import I64Array
from recordings.errors import RecordingError
from recordings.read.foreign.signal_files import open_signals
from recordings.read.foreign.signals import SignalFile
from tests.recordings.edf_file import NOTES, edf_file, second


def signals(path: Path) -> SignalFile:
    found = open_signals(path)
    assert found is not None
    return found


def with_note(text: bytes) -> Callable[[int], bytes]:
    """Say a text in the third record."""
    return lambda record: second(record) + (text if record == 2 else b"")


@pytest.mark.parametrize("width", [2, 3])
@pytest.mark.parametrize(
    ("said", "entries", "damaged"),
    [
        (b"+2.5\x14B\xe4r\x14\x00", [(2.5, "Bär")], 0),
        (b"+2.5\x14B\xc3\xa4r\x14\x00+3\x14\xe4\x14\x00", [(2.5, "Bär"), (3, "ä")], 0),
        (b"+2.5\x151.5\x14a\x14b\x14\x00", [(2.5, "a"), (2.5, "b")], 0),
        (b"-1\x15-5\x14a\x14\x00", [(-1, "a")], 0),
        (b"+nan\x14lost\x14\x00+3\x14kept\x14\x00", [(3, "kept")], 1),
        (b"\xff\xfe\x00+1e9\x14a\x14\x00+3\x14kept\x14\x00+4\x14cut", [(3, "kept")], 3),
        (b"+2.5\x14\x14\x00", [], 0),
    ],
)
def test_each_annotation_stands_for_itself(
    width: int, said: bytes, entries: list[tuple[float, str]], damaged: int, tmp_path: Path
) -> None:
    """An umlaut of Windows' western page, or one damaged annotation, cost all of them."""
    found = signals(edf_file(tmp_path / "x", [{}, NOTES], with_note(said), width=width))
    assert len(found.streams[0].times) == 1000
    told = [f"x: {damaged} of its annotations cannot be read; left out"] if damaged else []
    assert found.notes == told
    markers = found.streams[1:]
    read = [(t, r[0]) for s in markers for t, r in zip(s.times, s.read(0, 9), strict=True)]
    assert read == entries


@pytest.mark.parametrize(("width", "label"), [(3, b"EDF Annotations"), (2, b"BDF Annotations")])
def test_annotations_by_the_other_forms_name_are_no_signal(
    width: int, label: bytes, tmp_path: Path
) -> None:
    notes = NOTES | {"label": label}
    said = with_note(b"+2.5\x14here\x14\x00")
    found = signals(edf_file(tmp_path / "x", [notes, {}], said, width=width))
    eeg, markers = found.streams
    assert [channel.label for channel in eeg.channels] == ["EEG"]
    assert markers.times.tolist() == [2.5]


def test_a_second_channel_of_annotations_has_no_empty_markers(tmp_path: Path) -> None:
    """Its records begin with their time, as the first one's do."""
    said = with_note(b"+2.5\x14here\x14\x00")
    found = signals(edf_file(tmp_path / "x.edf", [{}, NOTES, NOTES], said))
    assert found.streams[1].times.tolist() == [2.5, 2.5]


def test_a_signal_that_is_called_like_annotations_is_a_signal(tmp_path: Path) -> None:
    odd = {"label": b"My Annotations", "unit": b"mV"}
    bad = {"label": b"Cz", "digital_high": b"x"}
    found = signals(edf_file(tmp_path / "x.edf", [odd, bad, NOTES]))
    (eeg,) = found.streams
    assert [(c.label, c.unit) for c in eeg.channels] == [
        ("My Annotations", "millivolts"),
        ("Cz", ""),
    ]
    assert found.notes == [
        "x.edf: Cz: its digital maximum is 'x': its values are the file's integers, without unit"
    ]


def test_labels_and_units_beyond_ascii(tmp_path: Path) -> None:
    """The unit of most programs of the west, µV in one byte, was none that is known."""
    west = {"label": "Fühler".encode("cp1252"), "unit": "µV".encode("cp1252")}
    utf8 = {"label": "Fühler".encode(), "unit": "µV".encode()}
    (eeg,) = signals(edf_file(tmp_path / "x.edf", [west, utf8])).streams
    assert [(c.label, c.unit) for c in eeg.channels] == [("Fühler", "microvolts")] * 2


@pytest.mark.parametrize("text", [b"0.5", b"1e300", b"-1e300"])
def test_a_digital_limit_that_no_integer_has_gives_no_scale(text: bytes, tmp_path: Path) -> None:
    """They were microvolts, without a word."""
    found = signals(edf_file(tmp_path / "x.edf", [{"digital_low": text}]))
    (eeg,) = found.streams
    assert eeg.channels[0].unit == ""
    assert eeg.read(0, 3)[:, 0].tolist() == [0, 1, 2]
    (note,) = found.notes
    assert f"digital minimum is {text.decode()!r}" in note


@pytest.mark.parametrize("width", [2, 3])
def test_values_are_those_of_others(width: int, tmp_path: Path) -> None:
    pyedflib = pytest.importorskip("pyedflib")
    odd = {"low": b"0.75", "high": b"-0.5", "digital_low": b"-2048", "digital_high": b"2047"}
    kind = b"EDF" if width == 2 else b"BDF"
    notes = NOTES | {"label": kind + b" Annotations"}
    path = edf_file(
        tmp_path / "x.edf",
        [{}, odd, {"samples": b"7"}, notes],
        lambda n: b"+%g\x14\x14\x00" % (n / 2),
        width=width,
        duration=b"0.5",
        reserved=kind + b"+C",
    )
    found = signals(path)
    assert found.notes == []
    eeg, slow = found.streams
    assert (eeg.rate_hz, slow.rate_hz) == (200, 14)
    mine = [*eeg.read(0, 1000).T, slow.read(0, 1000)[:, 0]]
    with pyedflib.EdfReader(str(path)) as reader:
        for n, values in enumerate(mine):
            np.testing.assert_allclose(values, reader.readSignal(n), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("width", [2, 3])
def test_any_stretch_is_that_of_the_whole(width: int, tmp_path: Path) -> None:
    odd = {"samples": b"7", "digital_low": b"-9", "digital_high": b"9", "low": b"9", "high": b"-9"}
    found = signals(edf_file(tmp_path / "x", [{}, odd, odd, NOTES], width=width))
    for stream in found.streams:
        whole = stream.read(0, len(stream.times))
        assert len(whole) == len(stream.times)
        for start in range(0, len(whole), 3):
            for stop in (start, start + 1, start + 6, start + 150, len(whole) + 9):
                np.testing.assert_array_equal(stream.read(start, stop), whole[start:stop])
    assert found.streams[1].read(3, 5).tolist() == [[-3, -3], [-4, -4]]


def test_samples_stay_in_the_file_until_they_are_asked_for(tmp_path: Path) -> None:
    """All of a file in memory was ten times its size."""
    path = edf_file(tmp_path / "x.bdf", [{"samples": b"1000"}] * 64, records=60, width=3)
    tracemalloc.start()
    try:
        (eeg,) = signals(path).streams
        for at in range(0, 60_000, 1000):
            eeg.read(at, at + 1000)
        assert tracemalloc.get_traced_memory()[1] < path.stat().st_size / 2
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    ("records", "told"),
    [
        (b"-1", "x.edf: its header does not say how many records it has: all 10 are read"),
        (b"3", "x.edf: 3 records by its header, 10 in the file: these are read"),
        (b"99", "x.edf: 99 records by its header, 10 in the file: these are read"),
    ],
)
def test_records_that_the_header_does_not_know(records: bytes, told: str, tmp_path: Path) -> None:
    path = edf_file(tmp_path / "x.edf", [{}])
    raw = bytearray(path.read_bytes())
    raw[236:244] = records.ljust(8)
    path.write_bytes(raw)
    found = signals(path)
    assert found.notes == [told]
    assert len(found.streams[0].times) == 1000


BACK = "discontinuous, and a record does not say when it begins, or goes back: read as one stretch"


@pytest.mark.parametrize(
    ("form", "said", "end", "told"),
    [
        (b"EDF+D", lambda n: b"+%d\x14\x14\x00" % (10 - n), 9.99, BACK),
        (b"EDF+D", lambda n: b"+%d\x14\x14\x00" % min(n, 8), 9.99, BACK),
        (b"EDF+D", lambda n: b"+%s\x14\x14\x00" % (b"nan" if n == 3 else b"%d" % n), 9.99, BACK),
        (b"EDF+D", lambda n: b"+1e99%d\x14\x14\x00" % n, 9.99, BACK),
        (
            b"EDF+D",
            lambda n: b"+%g\x14\x14\x00" % (n / 2),
            5.49,
            "9 of its records begin up to 0.5 s before the one before has ended",
        ),
        (
            b"EDF+C",
            lambda n: b"+%d\x14\x14\x00" % (3 * n),
            9.99,
            "9 of its records begin up to 2 s after the one before has ended, and its header says",
        ),
        (b"EDF+C", lambda n: b"+%.2f\x14\x14\x00" % (n * 1.001), 9.99, ""),
        (b"EDF+D", lambda n: b"+%g\x14\x14\x00" % (n + 0.25), 9.99, ""),
    ],
)
def test_records_begin_when_they_say_if_they_can(
    form: bytes, said: Callable[[int], bytes], end: float, told: str, tmp_path: Path
) -> None:
    found = signals(edf_file(tmp_path / "x.edf", [{}, NOTES], said, reserved=form))
    times = found.streams[0].times
    assert times[-1] == pytest.approx(end)
    assert np.isfinite(times).all()
    assert any(told in note for note in found.notes) is bool(told)


def test_a_named_pipe_is_no_file_whatever_it_is_called(tmp_path: Path) -> None:
    """It was opened to look at its first bytes, and nobody wrote any."""
    os.mkfifo(tmp_path / "x.rec")
    assert open_signals(tmp_path / "x.rec") is None
    for suffix in ("edf", "bdf", "vhdr", "acq"):
        os.mkfifo(tmp_path / f"x.{suffix}")
        with pytest.raises(RecordingError, match="it is a named pipe, not a file"):
            open_signals(tmp_path / f"x.{suffix}")


STATUS = {"label": b"Status", "unit": b"Boolean", "low": b"-8388608", "high": b"8388607"}


def biosemi_file(path: Path, status: I64Array) -> Path:
    """Write a BDF file of a signal and that status channel, 100 Hz."""
    edf_file(path, [{}, STATUS], records=len(status) // 100, width=3, reserved=b"24BIT")
    body = np.memmap(path, np.uint8, "r+", 256 * 3).reshape(-1, 2, 300)
    body[:, 1] = status.astype("<u4").view(np.uint8).reshape(-1, 4)[:, :3].reshape(-1, 300)
    return path


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("piece", [7, 1 << 20])
def test_triggers_of_a_status_channel_are_those_of_others(
    seed: int, piece: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mne = pytest.importorskip("mne")
    monkeypatch.setattr("recordings.read.foreign.edf_status._PIECE", piece)
    rng = np.random.default_rng(seed)
    lines = np.repeat(rng.choice([0, 0, 1, 2, 255, 256, 65535], 250), 4)
    above = rng.choice([0, 1 << 16, 1 << 20, 0xFF << 16], 1000)  # battery, range, speed
    path = biosemi_file(tmp_path / "x.bdf", lines | above)
    raw = mne.io.read_raw_bdf(path, verbose="error")
    expected = mne.find_events(
        raw, "Status", consecutive=True, mask=0xFFFF, mask_type="and", verbose="error"
    )
    eeg, markers = signals(path).streams
    assert [channel.label for channel in eeg.channels] == ["EEG", "Status"]
    assert markers.name == "x-status-markers"
    samples = np.rint(100 * markers.times).astype(int).tolist()
    codes = [int(text) for text in markers.read(0, 999)[:, 0]]
    assert list(zip(samples, codes, strict=True)) == [(at, c) for at, _, c in expected.tolist()]


def test_lines_that_stay_low_or_as_they_were_make_no_markers(tmp_path: Path) -> None:
    path = biosemi_file(tmp_path / "x.bdf", np.full(300, 5 | 1 << 16))
    assert [stream.type for stream in signals(path).streams] == ["EEG"]
