"""Coding sheets that went through a spreadsheet: read, or each row named that cannot be."""

from __future__ import annotations

import codecs
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recordings import open_session
from recordings.annotation.formats.coding_sheet import read_sheet
from recordings.errors import RecordingError
from recordings.export.excerpts import coded_events
from tests.recordings.simulated_session import Plan, make_session

HEAD = ("Subject", "Marker", "OnsetTime", "ApexTime", "OffsetTime", "Estimated Emotion")


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_session(tmp_path_factory.mktemp("data"), Plan(seconds=12.0))


@pytest.fixture(scope="module")
def code(session: Path) -> int:
    with open_session(session) as opened:
        return next(t.code for t in opened.trials() if t.end and t.code)


def placed(session: Path, sheet: Path) -> tuple[list[list[float]], list[str]]:
    """The marks of each piece after its clip's onset, seconds, and the notes."""
    with open_session(session) as opened:
        pieces, notes = coded_events(opened, sheet, 0.0, 0.0)
        onset = {t.code: t.onset for t in reversed(opened.trials()) if t.end}
    return [[round(t - onset[p.code], 6) for t in p.marks.values()] for p in pieces], notes


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252"])
def test_whatever_a_spreadsheet_saves(
    session: Path, code: int, tmp_path: Path, delimiter: str, encoding: str
) -> None:
    point = "." if delimiter == "," else ","
    rows = [
        HEAD,
        ("1", f"{code}", f"0{point}1", f"0{point}2", f"0{point}3", "Überraschung"),
        ("01", f"{code}{point}0", f"0{point}1", "/", f"0{point}3", "x"),
        ("sub-01", f"{code}", f"{point}5", "n/a", "", "x"),
        ("2", f"{code}", "0", "0", "0", "another's"),
        ("1", f"{code}", f"0{point}7"),
        ("1", f"{code}", "soon", "", "", "x"),
        ("1", "999", "0", "", "", "x"),
        ("1", f"{code}", "", "", "", "not coded yet"),
        ("1", f"{code}", "", f"0{point}2", "", "x"),
        (),
    ]
    text = "\r\n".join(delimiter.join(row) for row in rows)
    sheet = tmp_path / "coded.csv"
    sheet.write_bytes(text.encode(encoding))
    pieces, notes = placed(session, sheet)
    assert pieces == [[0.1, 0.2, 0.3], [0.1, 0.3], [0.5], [0.7]]
    assert notes == [
        "coded.csv, line 7: OnsetTime 'soon' is no number; left out",
        "coded.csv, line 8: no clip or no times; left out",
        "coded.csv, line 10: apex or offset without an onset; left out",
    ]
    with open_session(session) as opened:
        first = coded_events(opened, sheet, 0.0, 0.0)[0][0]
    assert first.coding["Estimated Emotion"] == "Überraschung"


def test_a_decimal_comma_in_a_table_of_commas_is_told(
    session: Path, code: int, tmp_path: Path
) -> None:
    sheet = tmp_path / "coded.csv"
    sheet.write_text(f"Subject,marker,Onset Time\n1,{code},0,5\n7,{code},1\n")
    pieces, (note,) = placed(session, sheet)
    assert pieces == []
    assert note.startswith("coded.csv, line 2: more cells than columns")
    sheet.write_text(f"Subject,Marker,OnsetTime\n7,{code},1\n")
    assert placed(session, sheet) == ([], ["coded.csv: no row of '01'; subjects are 7"])


@settings(max_examples=60)
@given(
    st.binary(max_size=200)
    | st.text(max_size=80).map(lambda t: ("Marker;OnsetTime\n" + t).encode("utf-8", "replace"))
    | st.text(max_size=40).map(lambda t: codecs.BOM_UTF16_LE + t.encode("utf-16-le", "replace"))
)
def test_any_file_is_a_table_or_an_error_in_words(
    session: Path, tmp_path_factory: pytest.TempPathFactory, raw: bytes
) -> None:
    sheet = tmp_path_factory.mktemp("sheet") / "coded.csv"
    sheet.write_bytes(raw)
    told = ""
    try:
        read_sheet(sheet)
        placed(session, sheet)
    except RecordingError as error:
        told = str(error)
    assert not told or "coded.csv" in told


def test_a_row_that_names_no_subject_is_named(session: Path, code: int, tmp_path: Path) -> None:
    sheet = tmp_path / "a.csv"
    rows = [f"01,{code},1.0,1.2,1.4", f",{code},2.0,2.2,2.4", f",{code},,,", f"7,{code},3.0,,"]
    sheet.write_text("\n".join(["sep=,", ",".join(HEAD[:5]), *rows]))
    marks, notes = placed(session, sheet)
    assert marks == [[1.0, 1.2, 1.4]]
    assert notes == ["a.csv, line 4: names no subject, as where cells were merged; left out"]
