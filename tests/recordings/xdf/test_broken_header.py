"""A header in which a bit was flipped: its stream is there, and every reader takes the repair."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import pyxdf

from recordings.repair.xdf import repair_xdf
from recordings.xdf.broken_header import whole_of
from recordings.xdf.header import BadXml
from recordings.xdf.reader import read_xdf
from tests.recordings.bare_files import bare, eeg, texts

# What is broken by another letter, and what of the stream's description is left then.
BROKEN = [
    (b"<label>Cz</label>", b"<label>Cz</labal>", ("EEG", 250.0, ("Fz", "2"))),
    (b"</channels>", b"</chaNnels>", ("EEG", 250.0, ("Fz", "Cz"))),
    (b"</desc>", b"</desd>", ("EEG", 250.0, ("Fz", "Cz"))),
    (b"<desc>", b"<desb>", ("EEG", 250.0, ("Fz", "Cz"))),
    (b"<name>", b"<mame>", ("unnamed", 250.0, ("Fz", "Cz"))),
    (b"</nominal_srate>", b"</nomimal_srate>", ("EEG", 0.0, ("Fz", "Cz"))),
    (b"</info>", b"</infn>", ("EEG", 250.0, ("Fz", "Cz"))),
]


@pytest.mark.parametrize(("was", "now", "left"), BROKEN, ids=[w.decode() for w, _, _ in BROKEN])
def test_a_broken_header_costs_what_is_broken_of_it(
    was: bytes, now: bytes, left: tuple[str, float, tuple[str, ...]], tmp_path: Path
) -> None:
    path = bare(tmp_path / "a.xdf", eeg(), texts("Mk", ["a", "b"], [1001.0, 1002.0]))
    with read_xdf(path) as whole:
        truth = whole.streams[0].read()
    data = path.read_bytes()
    begin = data.index(b"<info>", data.index(b"<name>") - 60)
    at = data.index(was, begin)
    path.write_bytes(data[:at] + now + data[at + len(was) :])
    copy = tmp_path / "b.xdf"
    done = repair_xdf(path, copy)
    assert "what is whole of it is used" in done.damage[0].reason
    for file, is_whole in ((path, False), (copy, True)):
        with read_xdf(file, strict=True) as recording:
            assert (not recording.damage) is is_whole
            stream = recording.streams[0]
            assert (stream.name, stream.info.rate_hz, stream.info.labels) == left
            np.testing.assert_array_equal(stream.read(), truth)
            assert len(recording.streams[1]) == 2
    theirs, _ = pyxdf.load_xdf(str(copy), synchronize_clocks=False, dejitter_timestamps=False)
    np.testing.assert_array_equal(theirs[0]["time_series"], truth)


@pytest.mark.parametrize("text", [b"", b"<info>", b"<info><channel_count>2</channel_count>"])
def test_nothing_is_made_of_what_says_nothing(text: bytes) -> None:
    with pytest.raises(BadXml):
        whole_of(text)


def test_without_a_format_a_stream_is_not_read_and_told(tmp_path: Path) -> None:
    path = bare(tmp_path / "a.xdf", eeg())
    path.write_bytes(path.read_bytes().replace(b"channel_format>", b"channel_formal>"))
    with read_xdf(path, strict=True) as recording:
        assert not recording.streams
        assert "stream header: " in recording.damage[0].reason
