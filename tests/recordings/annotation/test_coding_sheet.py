"""Coding sheets that went through a spreadsheet: read, or each row named that cannot be."""

from __future__ import annotations

import codecs
import csv
import io
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
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
        ("1", f"{code}", f"0{point}3", f"0{point}2", f"0{point}4", "x"),
        ("1", f"{code}", f"0{point}3", "", f"0{point}1", "x"),
        (),
    ]
    text = "\r\n".join(delimiter.join(row) for row in rows)
    sheet = tmp_path / "coded.csv"
    sheet.write_bytes(text.encode(encoding))
    pieces, notes = placed(session, sheet)
    assert pieces == [[0.1, 0.2, 0.3], [0.1, 0.3], [0.5], [0.7]]
    assert notes == [
        "coded.csv, line 7: OnsetTime 'soon' is no number; left out",
        "coded.csv, line 8: no clip with marker 999; left out",
        "coded.csv, line 10: apex or offset without an onset; left out",
        "coded.csv, line 11: apex is before onset; left out",
        "coded.csv, line 12: offset is before onset; left out",
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


TIMES = st.none() | st.integers(-9999, 99_999).map(lambda n: n / 1000)
TEXTS = st.text("aäßé€,;|\t\"' 01.#\n", max_size=12) | st.sampled_from(["惊讶", "厌恶、恐惧"])
CODED = st.tuples(st.integers(1, 99), st.integers(101, 199), TIMES, TIMES, TIMES, TEXTS)


def is_utf_8(text: bytes) -> bool:
    """Whether bytes are a text in UTF-8, as those of `ß€` in cp1252 are: nobody can tell."""
    try:
        text.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


@settings(max_examples=150, deadline=None)
@given(
    rows=st.lists(CODED, max_size=6),
    delimiter=st.sampled_from(",;\t|"),
    comma=st.booleans(),
    empty=st.sampled_from(["", "/", "n/a", "NaN", " - "]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"]),
    says=st.booleans(),
)
def test_what_a_spreadsheet_wrote_is_read_to_the_cell(
    tmp_path_factory: pytest.TempPathFactory,
    rows: list[tuple[int, int, float | None, float | None, float | None, str]],
    delimiter: str,
    comma: bool,
    empty: str,
    encoding: str,
    says: bool,
) -> None:
    def cell(value: float | None) -> str:
        return empty if value is None else f"{value}".replace(".", "," if comma else ".")

    sheet = tmp_path_factory.mktemp("sheet") / "coded.csv"
    text = io.StringIO(f"sep={delimiter}\r\n" if says else "")
    text.seek(0, io.SEEK_END)
    writer = csv.writer(text, delimiter=delimiter)
    writer.writerow(HEAD)
    lines = []
    for subject, marker, *times, said in rows:
        writer.writerow([f"{subject:02d}", marker, *map(cell, times), said])
        lines.append(len(text.getvalue().replace("\r\n", "\n").splitlines()))
    written = text.getvalue().encode(encoding, "replace")
    assume(encoding != "cp1252" or written.isascii() or not is_utf_8(written))
    sheet.write_bytes(written)
    found = read_sheet(sheet)
    assert [row.line for row in found] == lines
    for row, (subject, marker, *times, said) in zip(found, rows, strict=True):
        assert row.is_of(f"{subject}")
        assert not row.is_of(f"{subject + 1:02d}")
        assert row.number("Marker") == marker
        assert [row.number(name) for name in HEAD[2:5]] == times
        wanted = said.encode("cp1252", "replace").decode("cp1252") if "cp" in encoding else said
        assert row.cells["Estimated Emotion"] == wanted
        assert not row.has_more


def test_a_row_that_names_no_subject_is_named(session: Path, code: int, tmp_path: Path) -> None:
    sheet = tmp_path / "a.csv"
    rows = [f"01,{code},1.0,1.2,1.4", f",{code},2.0,2.2,2.4", f",{code},,,", f"7,{code},3.0,,"]
    sheet.write_text("\n".join(["sep=,", ",".join(HEAD[:5]), *rows]))
    marks, notes = placed(session, sheet)
    assert marks == [[1.0, 1.2, 1.4]]
    assert notes == ["a.csv, line 4: names no subject, as where cells were merged; left out"]


def test_a_quote_that_nobody_closes_swallows_no_rows(
    session: Path, code: int, tmp_path: Path
) -> None:
    sheet = tmp_path / "coded.csv"
    rows = [f'"1","{code}",0.1,"a"', f'1,{code},0.2,"b', f"1,{code},0.3,c"]
    sheet.write_text("\n".join(["Subject,Marker,OnsetTime,Estimated Emotion", *rows]))
    assert placed(session, sheet) == ([[0.1], [0.2], [0.3]], [])
    assert [row.cells["Estimated Emotion"] for row in read_sheet(sheet)] == ["a", "b", "c"]


@pytest.mark.parametrize("name", ["Participant", "SUBJECT ID", "sub_id"])
def test_another_word_for_subject_is_known(
    session: Path, code: int, tmp_path: Path, name: str
) -> None:
    sheet = tmp_path / "coded.csv"
    sheet.write_text(f"{name};Marker;OnsetTime\n1;{code};0,1\n2;{code};0,2\n")
    assert placed(session, sheet) == ([[0.1]], [])


def test_a_sheet_without_subjects_says_whose_its_rows_are_taken_for(
    session: Path, code: int, tmp_path: Path
) -> None:
    sheet = tmp_path / "coded.csv"
    sheet.write_text(f"Proband;Marker;OnsetTime\n1;{code};0,1\n2;{code};0,2\n")
    pieces, notes = placed(session, sheet)
    assert pieces == [[0.1], [0.2]]
    assert notes == ["coded.csv: has no column Subject: all rows are taken for '01'"]


def test_text_above_the_header_is_no_header(session: Path, code: int, tmp_path: Path) -> None:
    sheet = tmp_path / "coded.csv"
    sheet.write_text(f"Coded by Anna;;\n;;\nSubject;Marker;OnsetTime\n1;{code};0,1\n1;{code};x\n")
    pieces, notes = placed(session, sheet)
    assert pieces == [[0.1]]
    assert notes == ["coded.csv, line 5: OnsetTime 'x' is no number; left out"]


def test_a_second_sheet_of_codings_is_named(session: Path, code: int, tmp_path: Path) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    book.active.append(["read me"])
    for number, name in enumerate(("anna", "ben")):
        page = book.create_sheet(name)
        page.append(["Subject", "Marker", "OnsetTime"])
        page.append([1, code, 0.1 + number])
    book.save(tmp_path / "coded.xlsx")
    pieces, notes = placed(session, tmp_path / "coded.xlsx")
    assert pieces == [[0.1]]
    assert notes == ["coded.xlsx: sheet 'ben' is not read; save it as a file of its own"]
