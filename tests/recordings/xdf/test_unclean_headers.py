"""Headers with characters that XML does not have: written clean, and repaired."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any
from xml.etree import ElementTree
from xml.sax.saxutils import escape

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from acquire.take.xdf_recorder import XdfRecorder
from devices.base import Dtype
from recordings.repair.session import repair
from recordings.xdf.file import XdfFile
from recordings.xdf.header import StreamInfo, clean_xml
from recordings.xdf.reader import read_xdf
from tests.recordings.bare_files import START, Sent, bare, eeg
from tests.recordings.xdf_samples import header_xml

ODD = st.text(st.characters(exclude_categories=[]), min_size=1, max_size=8)


def as_liblsl(text: str) -> str:
    """Write a text as pugixml does: what is below a blank becomes a reference."""
    return "".join(f"&#{ord(c)};" if ord(c) < 32 and c not in "\t\n\r" else escape(c) for c in text)


def pyxdf_streams(path: Path) -> list[Any]:
    pyxdf = pytest.importorskip("pyxdf")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        streams: list[Any] = pyxdf.load_xdf(str(path))[0]
    return streams


@given(ODD)
def test_what_is_cleaned_is_xml_and_what_is_xml_is_left(text: str) -> None:
    xml = f"<a>{as_liblsl(text)}&#10;&#x41;&amp;&#1114112;&#xD800;</a>"
    cleaned = clean_xml(xml)
    root = ElementTree.fromstring(cleaned)
    assert (root.text or "").endswith("\nA&\ufffd\ufffd")
    assert clean_xml(cleaned) == cleaned
    if all(c in "\t\n\r" or " " <= c < "\ud800" for c in text):
        assert clean_xml(f"<a>{as_liblsl(text)}</a>") == f"<a>{as_liblsl(text)}</a>"


@pytest.mark.parametrize("name", ["a\x01b", "\x00", "\x1f\x7f", "a\ufffe", "\ud800", "µ"])
def test_the_recorder_writes_what_pyxdf_reads(tmp_path: Path, name: str) -> None:
    xml = header_xml("NAME", "EEG", 1, 100.0, "float32").replace("NAME", as_liblsl(name))
    recorder = XdfRecorder(XdfFile(tmp_path / "a.xdf", 0))
    stream = recorder.add(1, _found(name), xml, None)
    recorder.keep(stream, START + np.arange(5) / 100, np.ones((5, 1), np.float32))
    recorder.finish()
    assert recorder.error is None
    (found,) = pyxdf_streams(tmp_path / "a.xdf")
    assert len(found["time_stamps"]) == 5
    entry = stream.entry()
    assert entry.original_header == ("" if name == "µ" else xml)
    assert b"\x01" not in entry.model_dump_json(exclude={"name", "original_header"}).encode()


def test_markers_of_an_old_program_are_written_as_utf8(tmp_path: Path) -> None:
    recorder = XdfRecorder(XdfFile(tmp_path / "a.xdf", 0))
    xml = header_xml("m", "Markers", 1, 0.0, "string")
    stream = recorder.add(1, _found("m", "string"), xml, None)
    sent = ["Übung", "Größe"]
    raw = np.array([[text.encode("cp1252")] for text in sent], object)
    recorder.keep(stream, START + np.arange(2.0), raw)
    recorder.finish()
    assert recorder.error is None
    (found,) = pyxdf_streams(tmp_path / "a.xdf")
    assert found["time_series"] == [[text] for text in sent]


def _found(name: str, dtype: Dtype = "float32") -> Any:
    from acquire.lsl.streams import FoundStream, StreamKey

    clean = name.encode("utf-8", "replace").decode()
    return FoundStream(StreamKey(clean, "EEG", "s", "lab"), "uid", 1, 100.0, dtype, None)


@pytest.mark.parametrize("raw", ["&#1;", "&#x1F;", "\x01", "&#0;", "&#xFFFE;"])
def test_an_old_file_is_repaired_with_all_its_streams(tmp_path: Path, raw: str) -> None:
    header = header_xml("bad", "Misc", 1, 10.0, "float32").replace("bad<", f"b{raw}d<", 1)
    odd = Sent("bad", "Misc", 10.0, np.ones((50, 1), np.float32), header=header)
    path = bare(tmp_path / "a.xdf", odd, eeg(2.0))
    with pytest.raises(ElementTree.ParseError):
        pyxdf_streams(path)
    with read_xdf(path) as recording:
        assert [(s.name, len(s)) for s in recording.streams] == [("b\ufffdd", 50), ("EEG", 500)]
    done = repair(path)
    assert [s.samples for s in done.streams] == [50, 500]
    assert done.damage == ()
    names = {s["info"]["name"][0]: len(s["time_stamps"]) for s in pyxdf_streams(done.target)}
    assert names == {"b\ufffdd": 50, "EEG": 500}
    with read_xdf(done.target, strict=True) as again:
        assert again.unclean_headers == ()


def test_a_header_that_is_clean_is_not_touched() -> None:
    assert StreamInfo(header_xml("µ", "a &amp; b", 1, 10.0).encode()).cleaned_xml is None


@pytest.mark.parametrize("text", ["a & b", "a &nbsp; b", "&&", "&#; &#xyz;", "R&amp;D & more"])
def test_an_ampersand_that_begins_no_reference_stands_for_itself(tmp_path: Path, text: str) -> None:
    xml = header_xml("EEG", "EEG", 1, 250.0, desc="<note>@</note>").replace("@", text)
    data = np.ones((100, 1), np.float32)
    path = bare(tmp_path / "a.xdf", Sent("EEG", "EEG", 250.0, data, header=xml))
    with read_xdf(path, strict=True) as recording:
        assert recording.streams[0].info.text("desc/note") == text.replace("&amp;", "&")
        assert recording.unclean_headers
    repair(path, tmp_path / "b.xdf")
    (stream,) = pyxdf_streams(tmp_path / "b.xdf")
    assert stream["info"]["desc"][0]["note"] == [text.replace("&amp;", "&")]
    assert len(stream["time_series"]) == 100


def test_a_unit_in_the_page_of_windows_is_one(tmp_path: Path) -> None:
    desc = "<channels><channel><label>Fz</label><unit>µV</unit></channel></channels>"
    xml = header_xml("Verstärker", "EEG", 1, 250.0, "float32", "", desc=desc)
    info = StreamInfo(xml.encode("cp1252"))
    assert info.name == "Verstärker"
    assert info.channels[0].unit == "µV"
    assert info.cleaned_xml is not None
