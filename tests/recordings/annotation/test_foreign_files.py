"""Other people's files: out and in again to the same frames, and each faulty row named."""

from __future__ import annotations

import csv
import importlib.util
import json
import re
import xml.etree.ElementTree as ET
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recordings.annotation.action_units import format_units, parse_units
from recordings.annotation.formats.boris import read_boris, write_boris
from recordings.annotation.formats.boris_project import Observation
from recordings.annotation.formats.coding_sheet import is_participant
from recordings.annotation.formats.corpus_forms import FormName
from recordings.annotation.formats.eaf import read_eaf, write_eaf
from recordings.annotation.formats.event_text import as_text, from_text
from recordings.annotation.formats.tables import CodedRow, lines_of, read_table
from recordings.annotation.frame_times import FrameTimes
from recordings.annotation.model import Event
from recordings.errors import RecordingError
from recordings.export.bids.coding import read_bids, write_bids
from tests.recordings.annotation.coded import START, event, frames_at
from tests.recordings.annotation.test_action_units import UNITS

RATES = [150.0, 200.0, 300.0, 500.0]
TEXT = st.text(st.characters(codec="utf-8"), max_size=20)


@st.composite
def events(draw: st.DrawFn, rate_hz: float = 200.0) -> list[Event]:
    """Events as coders make them: overlapping, touching, of one frame, without this or that."""
    found = []
    for number in range(draw(st.integers(0, 6))):
        onset = draw(st.integers(0, 60))
        apex = onset + draw(st.integers(0, 10))
        offset = apex + draw(st.integers(0, 10))
        has_offset, has_apex = draw(st.booleans()), draw(st.booleans())
        one = event(
            f"e{number}",
            onset,
            apex if has_apex else None,
            offset if has_offset else None,
            format_units(draw(UNITS)),
            draw(TEXT),
            rate_hz=rate_hz,
            kind=draw(st.sampled_from(["micro", "macro", None])),
            coded=has_offset or draw(st.booleans()),
        )
        confidence = draw(st.none() | st.integers(1, 5))
        more = {
            "confidence": confidence,
            "note": draw(TEXT),
            "suggestion_used": draw(st.booleans()),
        }
        found.append(one.model_copy(update=more))
    return found


def said(found: Sequence[Event]) -> list[str]:
    """What events say, without ids: how often one is said does not count, its text's blanks do."""
    return sorted({e.model_dump_json(exclude={"id", "visible"}) for e in found})


def there(found: Sequence[Event]) -> list[str]:
    """The same of what coders have set: an offset that nobody set yet reads as not coded."""
    return said([e for e in found if e.marks])


@given(events())
@settings(deadline=None)
def test_a_line_of_text_says_what_an_event_is(found: list[Event]) -> None:
    for one in found:
        fields = from_text(as_text(one))
        assert fields.get("emotion", "") == one.emotion
        assert fields.get("note", "") == one.note
        assert fields.get("kind") == one.kind
        assert fields.get("confidence") == one.confidence
        assert fields.get("offset_coded", True) == one.offset_coded


def test_a_line_that_a_person_wrote_is_understood() -> None:
    said = "Micro ;Emotion = Fear; Confidence=3; offset Not coded; NOTE = both; unsure"
    assert from_text(said) == {
        "kind": "micro", "emotion": "Fear", "confidence": 3, "offset_coded": False,
        "note": "both; unsure",
    }  # fmt: skip


@given(events())
@settings(deadline=None)
def test_elan_and_boris_keep_all_that_was_coded(found: list[Event]) -> None:
    frames = frames_at(200, 100)
    for write, read in ((_eaf, _read_eaf), (_boris, _read_boris)):
        again = read(write(found, frames), frames)
        assert there(again) == there(found)


@given(events())
@settings(deadline=None)
def test_rows_that_boris_has_sorted_are_the_same_events(found: list[Event]) -> None:
    frames = frames_at(200, 100)
    project = json.loads(_boris(found, frames))
    for observation in project["observations"].values():
        observation["events"].sort()
    again = _read_boris(json.dumps(project).encode(), frames)
    assert there(again) == there(found)


def _eaf(found: Sequence[Event], frames: FrameTimes) -> bytes:
    return write_eaf(found, frames, "anna", "face.mp4")


def _boris(found: Sequence[Event], frames: FrameTimes) -> bytes:
    return write_boris(found, frames, "anna", "sub-01_ses-01_task-x_run-01", "face.mp4")


def _read_eaf(data: bytes, frames: FrameTimes) -> list[Event]:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x.eaf"
        path.write_bytes(data)
        incoming = read_eaf(path, frames)
    return incoming.events


def _read_boris(data: bytes, frames: FrameTimes) -> list[Event]:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x.boris"
        path.write_bytes(data)
        incoming = read_boris(path, frames)
    return incoming.events


def coded(rate_hz: float) -> tuple[list[Event], FrameTimes]:
    """Three hundred events over half an hour, on stamps that jitter as a camera's do."""
    rng = np.random.default_rng(int(rate_hz))
    count = int(1800 * rate_hz)
    times = START + np.arange(count) / rate_hz + rng.uniform(-0.1, 0.1, count) / rate_hz
    frames = FrameTimes("face", times, np.arange(count) + 7, rate_hz)
    found = []
    for n, at in enumerate(sorted(rng.integers(0, count - 600, 300).tolist())):
        apex, offset = at + int(rng.integers(1, 60)), at + int(rng.integers(60, 300))
        found.append(
            Event(
                id=f"e{n}",
                camera="face",
                onset=frames.moment(at),
                apex=frames.moment(apex),
                offset=frames.moment(offset) if n % 5 else None,
                offset_coded=bool(n % 5),
                kind="micro" if n % 2 else "macro",
                units=parse_units(["4", "L12B+25", "R14A", "1+2+5"][n % 4]),
                emotion="disgust",
            )
        )
    return found, frames


@pytest.mark.parametrize("rate_hz", RATES)
def test_frames_survive_elan_boris_and_bids(tmp_path: Path, rate_hz: float) -> None:
    found, frames = coded(rate_hz)
    (tmp_path / "x.eaf").write_bytes(_eaf(found, frames))
    (tmp_path / "x.boris").write_bytes(_boris(found, frames))
    write_bids(tmp_path / "x.tsv", found, START)
    for incoming in (
        read_eaf(tmp_path / "x.eaf", frames),
        read_boris(tmp_path / "x.boris", frames),
        read_bids(tmp_path / "x.tsv", frames, START),
    ):
        assert not incoming.faults
        assert said(incoming.events) == said(found)


@pytest.mark.parametrize("rate_hz", RATES)
def test_frames_survive_where_only_times_are_left(tmp_path: Path, rate_hz: float) -> None:
    """As another program writes them: without our frame numbers."""
    found, frames = coded(rate_hz)
    root = ET.fromstring(_eaf(found, frames))
    for tier in [t for t in root.iter("TIER") if "frames" in t.get("TIER_ID", "")]:
        root.remove(tier)
    (tmp_path / "x.eaf").write_bytes(ET.tostring(root))
    project = json.loads(_boris(found, frames))
    for observation in project["observations"].values():
        observation["events"] = [row[:5] for row in observation["events"]]
    (tmp_path / "x.boris").write_text(json.dumps(project))
    for incoming in (
        read_eaf(tmp_path / "x.eaf", frames),
        read_boris(tmp_path / "x.boris", frames),
    ):
        assert not incoming.faults
        assert said(incoming.events) == said(found)


def test_an_interval_that_was_moved_has_the_frames_of_its_new_times(tmp_path: Path) -> None:
    frames = frames_at(200, 400)
    root = ET.fromstring(_eaf([event("a", 100, 120, 140, "12", rate_hz=200)], frames))
    for slot in root.iter("TIME_SLOT"):
        if slot.get("TIME_VALUE") == "700":  # frame 140
            slot.set("TIME_VALUE", "751")  # the unit's end moves with it: one slot
    (tier,) = [t for t in root.iter("TIER") if "frames" in t.get("TIER_ID", "")]
    tier.find("ANNOTATION/ALIGNABLE_ANNOTATION").set("TIME_SLOT_REF2", "ts2")  # type: ignore[union-attr]
    (tmp_path / "x.eaf").write_bytes(ET.tostring(root))
    (moved,) = read_eaf(tmp_path / "x.eaf", frames).events
    assert [m.frame for m in moved.marks.values()] == [100, 120, 150]
    assert format_units(moved.units) == "12"


@pytest.mark.parametrize(("begin", "apex"), [("601", 120), ("651", 130), (None, None)])
def test_an_apex_that_was_moved_alone_is_where_it_was_moved_to(
    tmp_path: Path, begin: str | None, apex: int | None
) -> None:
    frames = frames_at(200, 400)
    root = ET.fromstring(_eaf([event("a", 100, 120, 140, "12", rate_hz=200)], frames))
    (tier,) = [t for t in root.iter("TIER") if t.get("TIER_ID", "").endswith("apex")]
    (order,) = root.iter("TIME_ORDER")
    if begin is None:
        root.remove(tier)
    else:
        inner = tier.find("ANNOTATION/ALIGNABLE_ANNOTATION")
        assert inner is not None
        for number in (1, 2):
            value = str(int(begin) + number - 1)
            ET.SubElement(order, "TIME_SLOT", TIME_SLOT_ID=f"moved{number}", TIME_VALUE=value)
            inner.set(f"TIME_SLOT_REF{number}", f"moved{number}")
    (tmp_path / "x.eaf").write_bytes(ET.tostring(root))
    (found,) = read_eaf(tmp_path / "x.eaf", frames).events
    expected = {"onset": 100, "apex": apex, "offset": 140}
    assert {mark: at.frame for mark, at in found.marks.items()} == {
        mark: frame for mark, frame in expected.items() if frame is not None
    }


def test_the_elan_file_is_one_by_its_format(tmp_path: Path) -> None:
    found, frames = coded(200.0)
    overlapping = [*found, *(e.model_copy(update={"id": f"{e.id}-again"}) for e in found[:20])]
    root = ET.fromstring(_eaf(overlapping, frames))
    assert [child.tag for child in root][:2] == ["HEADER", "TIME_ORDER"]
    slots = {s.get("TIME_SLOT_ID"): int(s.get("TIME_VALUE", "")) for s in root.iter("TIME_SLOT")}
    types = {t.get("LINGUISTIC_TYPE_ID") for t in root.iter("LINGUISTIC_TYPE")}
    ids: list[str | None] = []
    for tier in root.iter("TIER"):
        assert tier.get("LINGUISTIC_TYPE_REF") in types
        end = -1
        for inner in tier.iter("ALIGNABLE_ANNOTATION"):
            begin, stop = (slots[inner.get(f"TIME_SLOT_REF{n}")] for n in (1, 2))
            assert end <= begin < stop, tier.get("TIER_ID")  # ELAN has no overlaps in a tier
            end = stop
            ids.append(inner.get("ANNOTATION_ID"))
    assert len(ids) == len(set(ids))
    assert root.findtext("HEADER/PROPERTY") == str(len(ids))
    (media,) = root.iter("MEDIA_DESCRIPTOR")
    assert media.get("RELATIVE_MEDIA_URL") == "./face.mp4"


@pytest.mark.skipif(not importlib.util.find_spec("pympi"), reason="pympi-ling is not installed")
def test_pympi_opens_the_elan_file(tmp_path: Path) -> None:
    import pympi

    found, frames = coded(500.0)
    (tmp_path / "x.eaf").write_bytes(_eaf(found, frames))
    eaf = pympi.Elan.Eaf(str(tmp_path / "x.eaf"))
    names = [name for name in eaf.get_tier_names() if name.startswith("anna expression")]
    rows = [row for name in names for row in eaf.get_annotation_data_for_tier(name)]
    assert len(rows) == len(found)
    begins = sorted(row[0] for row in rows)
    onsets = [e.onset.time - frames.times[0] for e in found if e.onset]
    assert begins == sorted(round(1e3 * float(t)) for t in onsets)


def test_states_of_boris_begin_and_end_in_turn() -> None:
    found, frames = coded(200.0)
    overlapping = [*found, *(e.model_copy(update={"id": f"{e.id}-again"}) for e in found[:20])]
    project = json.loads(_boris(overlapping, frames))
    (observation,) = project["observations"].values()
    kinds = {b["code"]: b["type"] for b in project["behaviors_conf"].values()}
    counts: dict[str, int] = defaultdict(int)
    for time, subject, code, *_ in observation["events"]:
        assert subject == "sub-01"
        assert time == round(time, 3)
        counts[code] += 1
    assert set(counts) <= set(kinds)
    assert all(n % 2 == 0 for code, n in counts.items() if kinds[code] == "State event")
    assert observation["file"]["1"] == ["face.mp4"]


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"<x/>",
        b"<ANNOTATION_DOCUMENT>",
        b'<!DOCTYPE a [<!ENTITY b "c">]><ANNOTATION_DOCUMENT>&b;</ANNOTATION_DOCUMENT>',
        b'<ANNOTATION_DOCUMENT><TIME_SLOT TIME_SLOT_ID="a" TIME_VALUE="x"/></ANNOTATION_DOCUMENT>',
        b"[" * 100_000,
        b'{"observations": 3}',
        b'{"observations": {"a": {"events": 3}}}',
    ],
)
def test_what_is_no_such_file_is_refused(tmp_path: Path, text: bytes) -> None:
    path = tmp_path / "x"
    path.write_bytes(text)
    for read in (read_eaf, read_boris):
        with pytest.raises(RecordingError, match=r"cannot be read|is no ELAN file"):
            read(path, frames_at(100, 10))


def test_rows_of_boris_that_are_none_are_named(tmp_path: Path) -> None:
    rows = [
        ["x", "", "expression", "", ""],
        [0.01, "", "smile", "", "", 1],
        [0.02, "", "AU12", "", "", 2],
        [0.05, "", "AU12", "", "", 5],
        [0.03, "", "expression", "", "micro", 999],  # no such frame: by its time
        [0.04, "", "expression", "", ""],
        [0.06, "", "expression", "", ""],
        [50.0, "", "expression 2", "", ""],
        [51.0, "", "expression 2", "", ""],
        3,
    ]
    path = tmp_path / "x.boris"
    path.write_text(json.dumps({"observations": {"a": {"events": rows}}}))
    incoming = read_boris(path, frames_at(100, 100))
    (one,) = incoming.events
    assert one.interval == (3, 4)
    assert format_units(one.units) == "12"
    assert incoming.faults == [
        "row 1: is no row of an observation; left out",
        "row 2: 'smile' is no code of ours; left out",
        "row 10: is no row of an observation; left out",
        "row 7: expression has no end; left out",
        "row 3: AU12 has other times than the expression of row 5, with which it is read: they are "
        "not kept",
        "row 8: face has no frame at this time; left out",
    ]


ROWS = [
    CodedRow(1, "01", "clip", {"onset": 0, "apex": 5, "offset": 9}, kind="micro",
             units=parse_units("4+L12B"), emotion="disgust", note="a note"),
    CodedRow(2, "01", "clip", {"onset": 100, "apex": 120}, kind="macro", offset_coded=False,
             units=parse_units("R14A"), emotion="happiness"),
    CodedRow(3, "01", "clip", {"onset": 300, "offset": 310}, kind="micro"),
    CodedRow(4, "01", "clip", {"onset": 400, "offset": 410}),
    CodedRow(5, "01", "clip", {"onset": 500, "offset": 510}, units=parse_units("4"),
             emotion="sad"),
    CodedRow(6, "01", "clip", {"onset": 500, "offset": 510}, units=parse_units("7"),
             emotion="fear"),
]  # fmt: skip
FRAME_FORMS: list[FormName] = ["casme2", "samm", "samm-lv", "casme3", "megc"]


@pytest.mark.parametrize("name", FRAME_FORMS)
@pytest.mark.parametrize("suffix", [".csv", ".xlsx"])
def test_tables_of_frames_are_read_as_they_were_written(
    tmp_path: Path, name: FormName, suffix: str
) -> None:
    path = tmp_path / f"table{suffix}"
    write(path, [list(map(str, line)) for line in lines_of(name, ROWS)])
    table = read_table(path, name)
    assert not table.faults
    assert [(r.frames, r.offset_coded) for r in table.rows] == [
        (r.frames, r.offset_coded) for r in ROWS
    ]
    has = set(lines_header(path, name))
    for row, again in zip(ROWS, table.rows, strict=True):
        assert (again.subject, again.clip) == ("01", "clip")
        if {"Action Units", "AU"} & has:
            assert again.units == row.units
        if {"Estimated Emotion", "emotion"} & has:
            assert again.emotion == row.emotion
        if {"Type", "Micro", "Expression type", "type"} & has:
            assert again.kind == row.kind


def lines_header(path: Path, name: FormName) -> list[str]:
    from recordings.annotation.formats.corpus_forms import FORMS

    return list(FORMS[name].columns.values())


def write(path: Path, lines: list[list[str]]) -> None:
    if path.suffix == ".xlsx":
        pytest.importorskip("openpyxl")
        from recordings.annotation.formats.workbook import write_workbook

        write_workbook(path, lines)
        return
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, delimiter=";").writerows(lines)


def test_frames_of_corpora_count_from_one() -> None:
    header, first, *_ = list(lines_of("casme2", ROWS))
    assert header == [
        "Subject", "Filename", "", "OnsetFrame", "ApexFrame", "OffsetFrame", "", "Action Units",
        "Estimated Emotion",
    ]  # fmt: skip
    assert first[3:6] == [1, 6, 10]
    samm = list(lines_of("samm", ROWS))
    assert samm[13][3] == "Onset Frame"  # line 14
    assert "count from 1" in str(samm[1][0])
    assert samm[14][6] == 10  # duration, both ends counted
    assert samm[15][5] == 0  # not coded
    assert list(lines_of("samm-lv", ROWS))[10][3] == "Onset"  # line 11


FAULTY = """\
Subject;Filename;;OnsetFrame;ApexFrame;OffsetFrame;;Action Units;Estimated Emotion
1;EP01;;10;/;20;;4+7;disgust
1;EP02;;30;25;40;;4;disgust
1;EP03;;50;55;45;;4;disgust
1;EP04;;0;5;9;;4;disgust
1;EP05;;60,5;65;70;;4;disgust
1;EP01;;10;/;20;;4+7;disgust
1;EP06;;80;85;90;;4 or 7;sadness
1;EP07;;x;85;90;;4;sadness
1;EP08;;;;;;4;sadness
1;EP09;;90;95;0;;R4，5;others
1;EP10;;1;2;3;;4;sadness;and;more
"""


def test_each_faulty_row_is_named_with_its_number(tmp_path: Path) -> None:
    path = tmp_path / "casme2.csv"
    path.write_text(FAULTY, encoding="utf-8")
    table = read_table(path, "casme2")
    assert [row.clip for row in table.rows] == ["EP01", "EP06", "EP09"]
    assert table.rows[0].frames == {"onset": 9, "offset": 19}
    assert not table.rows[2].offset_coded
    assert format_units(table.rows[2].units) == "R4+5"
    assert table.rows[1].note == "action units 4 or 7"
    assert table.faults == [
        "line 3: apex is before onset; left out",
        "line 4: offset is before apex; left out",
        "line 5: onset 0 is no frame; they count from 1; left out",
        "line 6: onset 60,5 is no frame; they count from 1; left out",
        "line 7: the same event again; left out",
        "line 8: 'or' is no action unit; one is written like 4, L12 or R14B; "
        "the event is kept without, its units in the note",
        "line 9: onset 'x' is no number; left out",
        "line 10: has neither onset nor apex; left out",
        "line 12: more cells than columns: a comma too many?; left out",
    ]


def test_what_of_an_elan_file_is_not_read_is_named(tmp_path: Path) -> None:
    events = [event("a", 100, 110, 140, "4"), event("b", 200, 210, 240, "12")]
    text = write_eaf(events, frames_at(100.0, 500), "c", "v.mp4").decode()
    text = text.replace('TIME_SLOT_REF1="ts1"', 'TIME_SLOT_REF1="ts99"', 1)
    other = (
        '<TIER TIER_ID="smile" LINGUISTIC_TYPE_REF="x"><ANNOTATION><ALIGNABLE_ANNOTATION '
        'ANNOTATION_ID="z1" TIME_SLOT_REF1="ts1" TIME_SLOT_REF2="ts2"><ANNOTATION_VALUE>broad'
        "</ANNOTATION_VALUE></ALIGNABLE_ANNOTATION></ANNOTATION></TIER>"
        '<TIER TIER_ID="c intensity" ANNOTATOR="c" LINGUISTIC_TYPE_REF="x"><ANNOTATION>'
        '<REF_ANNOTATION ANNOTATION_ID="z2" ANNOTATION_REF="a1"><ANNOTATION_VALUE>B'
        "</ANNOTATION_VALUE></REF_ANNOTATION></ANNOTATION></TIER>"
    )
    at = text.index("<LINGUISTIC_TYPE")
    path = tmp_path / "a.eaf"
    path.write_text(text[:at] + other + text[at:], encoding="utf-8")
    found = read_eaf(path, frames_at(100.0, 500))
    lost, smile, intensity = found.faults
    assert "has no time of its own; left out" in lost
    assert smile.startswith("tier smile: 1 annotations; only expression, frames, apex and AU")
    assert intensity == "tier c intensity: 1 annotations hang on others, without a time; left out"


@pytest.mark.parametrize("row", [{"0": 1}, [1.0, "", "expression", "", "", True]])
def test_rows_of_boris_of_any_kind(tmp_path: Path, row: object) -> None:
    frames = frames_at(100.0, 500)
    project = json.loads(write_boris([event("a", 100, 110, 140, "4")], frames, "c", "n", "v.mp4"))
    (observation,) = project["observations"].values()
    observation["events"].append(row)
    (tmp_path / "a.boris").write_text(json.dumps(project))
    found = read_boris(tmp_path / "a.boris", frames)
    assert len(found.events) == 1
    assert len(found.faults) == 1


EXCEL = """\
sep=;
Subject;Filename;;Onset\u00a0Frame;ApexFrame;OffsetFrame;;Action Units;Estimated Emotion;Onset
1;EP01;;10;#N/A;20;;4.0;disgust;
;EP02;;30;35;40;;4+12.00;disgust;
1;EP03;;#REF!;35;40;;4;disgust;
1;EP04;;50;55;60;;L12.5;#NAME?;
1;EP05;;1.234;1.250;1.300;;4;sadness;
1;EP06;;1E2;105;###;;4;sadness;
1;EP07;;70;75;80;;07.Apr;#DIV/0!;
"""


def test_what_spreadsheets_do_to_cells(tmp_path: Path) -> None:
    path = tmp_path / "casme2.csv"
    path.write_bytes(EXCEL.encode("cp1252").replace(b"\n", b"\r\n"))
    table = read_table(path, "casme2")
    assert [(row.clip, row.emotion) for row in table.rows] == [
        ("EP01", "disgust"),
        ("EP04", ""),
        ("EP07", ""),
    ]
    assert table.rows[0].frames == {"onset": 9, "offset": 19}
    assert format_units(table.rows[0].units) == "4"
    assert [row.note for row in table.rows] == ["", "action units L12.5", "action units 07.Apr"]
    assert [fault.partition(";")[0] for fault in table.faults] == [
        "line 4: names no subject, as where cells were merged",
        "line 5: onset '#REF!' is no number",
        "line 6: 'L12.5' is no action unit",
        "line 6: emotion is #NAME?, an error of the spreadsheet",
        "line 7: onset 1.234 is no frame",
        "line 8: offset '###' is no number",
        "line 9: '07.Apr' is no action unit",
        "line 9: emotion is #DIV/0!, an error of the spreadsheet",
    ]


def test_a_table_without_any_subject_is_of_whoever_it_is_read_for(tmp_path: Path) -> None:
    path = tmp_path / "megc.csv"
    path.write_text("subject,video,onset,apex,offset\n,a,1,2,3\n,b,4,5,6\n")
    assert [row.clip for row in read_table(path, "megc").rows] == ["a", "b"]


def test_mmme_wrote_the_apex_where_no_offset_was_coded(tmp_path: Path) -> None:
    path = tmp_path / "coding_file.csv"
    path.write_text(
        "Subject,Marker,OnsetTime,ApexTime,OffsetTime,Action Units,Estimated Emotion\n"
        "1,101,1.5,1.7,1.7,4,sad\n1,101,2.5,2.7,2.9,4,sad\n"
    )
    first, second = read_table(path, "mmme").rows
    assert (first.seconds, first.offset_coded) == ({"onset": 1.5, "apex": 1.7}, False)
    assert second.seconds["offset"] == 2.9
    assert second.marker == 101


def test_what_is_no_table_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("a,b\n1,2\n")
    with pytest.raises(RecordingError, match="no line with the columns of samm: Subject, Filename"):
        read_table(tmp_path / "a.csv", "samm")
    (tmp_path / "a.xls").write_bytes(b"\xd0\xcf\x11\xe0")
    with pytest.raises(RecordingError, match=r"save it as \.xlsx or as CSV"):
        read_table(tmp_path / "a.xls", "samm")
    (tmp_path / "a.xlsx").write_bytes(b"PK")
    with pytest.raises(RecordingError, match=r"cannot be read as a workbook|needs openpyxl"):
        read_table(tmp_path / "a.xlsx", "samm")


@given(st.binary(max_size=300))
@settings(deadline=None)
def test_any_bytes_are_a_table_or_an_error(data: bytes) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x.csv"
        path.write_bytes(FAULTY.encode()[:90] + data)
        try:
            read_table(path, "casme2")
        except RecordingError as error:
            assert str(path) in str(error)  # noqa: PT017


ELAN = """<ANNOTATION_DOCUMENT><TIME_ORDER>
<TIME_SLOT TIME_SLOT_ID="a" TIME_VALUE="1000"/><TIME_SLOT TIME_SLOT_ID="b" TIME_VALUE="1400"/>
</TIME_ORDER>{}</ANNOTATION_DOCUMENT>"""
TIER = """<TIER TIER_ID="{}"><ANNOTATION><ALIGNABLE_ANNOTATION TIME_SLOT_REF1="a"
TIME_SLOT_REF2="b"><ANNOTATION_VALUE>{}</ANNOTATION_VALUE></ALIGNABLE_ANNOTATION></ANNOTATION>
</TIER>"""
UNITS_OF_OTHERS = [  # name of a tier or behaviour, value or modifier; units, whether it is told
    ("AU12", "", "12", ""),
    ("AU12", "L12B", "L12B", ""),
    ("AU12", "B", "12B", ""),
    ("AU12", "R", "R12", ""),
    ("AU12", "L|C", "L12C", ""),
    ("AU12", "c|l", "L12C", ""),
    ("AU12", "None", "12", ""),
    ("AU12", "3", "12", "AU12: 3"),
    ("AU12", "strong", "12", "AU12: strong"),
]


@pytest.mark.parametrize(("name", "value", "units", "note"), UNITS_OF_OTHERS)
def test_units_as_people_name_them_in_elan_and_boris(
    tmp_path: Path, name: str, value: str, units: str, note: str
) -> None:
    eaf, boris = tmp_path / "a.eaf", tmp_path / "a.boris"
    tiers = TIER.format("expression", "micro") + TIER.format(name, value)
    eaf.write_text(ELAN.format(tiers))
    rows = [[t, "", code, said, ""] for t in (1.0, 1.4) for code, said in [(name, value)]]
    boris.write_text(json.dumps({"observations": {"o": {"events": rows}}}))
    frames = frames_at(100.0, 500)
    for found in (read_eaf(eaf, frames), read_boris(boris, frames)):
        (one,) = found.events
        assert one.interval == (100, 140)
        assert format_units(one.units) == units
        assert one.note == note
        assert len(found.faults) == bool(note)


@pytest.mark.parametrize(
    ("tier", "value", "units", "note"),
    [
        ("AU 12", "", "12", ""),
        ("AU1+2", "", "1+2", ""),
        ("AUs", "AU 12+25", "12+25", ""),
        ("AU12L", "", "", "action units AU12L"),
        ("AU12L", "B", "", "action units AU12L B"),
        ("AU", "12?", "", "action units 12?"),
    ],
)
def test_units_in_doubt_leave_no_expression_out(
    tmp_path: Path, tier: str, value: str, units: str, note: str
) -> None:
    path = tmp_path / "a.eaf"
    tiers = TIER.format("expression", "micro") + TIER.format(tier, value)
    path.write_text(ELAN.format(tiers + TIER.format("Audio", "noise")))
    found = read_eaf(path, frames_at(100.0, 500))
    (one,) = found.events
    assert (one.kind, format_units(one.units), one.note) == ("micro", units, note)
    audio, *doubts = found.faults
    assert audio.startswith("tier Audio: 1 annotations; only")
    assert len(doubts) == bool(note)


def test_events_of_bids_as_other_programs_write_them(tmp_path: Path) -> None:
    head = ["onset", "duration", "trial_type", "onset_frame", "action_units", "confidence"]
    rows = [
        ["n/a", "n/a", "micro-expression", "n/a", "4", "n/a"],
        ["1,5", "0.2", "micro-expression", "n/a", "4", "n/a"],
        ["1.5", "long", "micro-expression", "n/a", "4", "n/a"],
        ["1.5", "0.2", "micro-expression", "50.0", "AU 4", "3.0"],
        ["2.5", "0.2", "micro-expression", "n/a", "4?", "n/a"],
        ["3.5", "0.2", "micro-expression", "50.5", "4", "n/a"],
        ["3.5", "0.2", "micro-expression", "60", "4", "7"],
    ]
    path = tmp_path / "events.tsv"
    path.write_text("".join("\t".join(row) + "\n" for row in [head, *rows]))
    found = read_bids(path, frames_at(100.0, 500), START)
    first, second = found.events
    assert (first.marks["onset"].frame, format_units(first.units)) == (50, "4")
    assert (second.interval, second.note) == ((250, 270), "action units 4?")
    assert [fault.partition(";")[0] for fault in found.faults] == [
        "line 2: has no onset",
        "line 3: onset '1,5' is no number of seconds",
        "line 4: duration 'long' is no number of seconds",
        "line 6: '4?' is no action unit",
        "line 7: onset '50.5' is no whole number",
        "line 8: confidence: Input should be less than or equal to 5",
    ]


@pytest.mark.parametrize("mark", [",", "."])
def test_a_mark_for_thousands_makes_no_other_frame(tmp_path: Path, mark: str) -> None:
    path = tmp_path / "casme2.csv"
    path.write_text(
        f"Subject,Filename,OnsetFrame,ApexFrame,OffsetFrame,Action Units\n"
        f'sub01,EP01,"1{mark}000","1{mark}005","2{mark}000",4\n01,EP01,"5{mark}0",6,7,AU 12+25\n'
    )
    table = read_table(path, "casme2")
    (row,) = table.rows
    assert row.frames == {"onset": 4, "apex": 5, "offset": 6}
    assert format_units(row.units) == "12+25"
    (fault,) = table.faults
    assert f"onset 1{mark}000 is no frame; write it without a mark for thousands" in fault


@pytest.mark.parametrize("cell", ["01", "1", "sub-01", "sub01", "Sub_01", "subject 1", "1.0"])
def test_a_participant_as_people_write_it(cell: str) -> None:
    assert is_participant(cell, "01")
    assert not is_participant(cell, "02")


def test_a_video_that_is_shifted_in_another_program_is_told(tmp_path: Path) -> None:
    frames = frames_at(100.0, 500)
    one = [event("a", 100, 110, 140, "4")]
    eaf, boris = tmp_path / "a.eaf", tmp_path / "a.boris"
    text = write_eaf(one, frames, "c", "v.mp4").decode()
    eaf.write_text(text.replace("MEDIA_URL=", 'TIME_ORIGIN="1200" MEDIA_URL=', 1))
    project = json.loads(write_boris(one, frames, "c", "n", "v.mp4"))
    (observation,) = project["observations"].values()
    observation["media_info"]["offset"]["1"] = 1.2
    boris.write_text(json.dumps(project))
    told = "is shifted by {} there; times were read as if it were not"
    assert read_eaf(eaf, frames).faults == ["v.mp4 " + told.format("1200 ms")]
    assert read_boris(boris, frames).faults == ["player 1 " + told.format("1.2 s")]
    observation["media_info"] = {"offset": [1]}
    boris.write_text(json.dumps(project))
    with pytest.raises(RecordingError, match="cannot be read as a BORIS project"):
        read_boris(boris, frames)


def of_two_coders(frames: FrameTimes) -> tuple[Event, Event]:
    return event("a", 100, 110, 140, "4", "disgust"), event("b", 105, 112, 150, "L12", "happiness")


def test_of_a_merged_elan_file_a_coder_has_the_own_events(tmp_path: Path) -> None:
    frames = frames_at(100.0, 500)
    ours, theirs = of_two_coders(frames)
    root = ET.fromstring(write_eaf([ours], frames, "anna"))
    for element in ET.fromstring(write_eaf([theirs], frames, "ben").replace(b'"ts', b'"b')):
        if element.tag == "TIME_ORDER":
            next(root.iter("TIME_ORDER")).extend(element)
        elif element.tag == "TIER":
            root.append(element)
    path = tmp_path / "merged.eaf"
    path.write_bytes(ET.tostring(root))
    for coder, one, other in (("anna", ours, "ben"), ("Ben", theirs, "anna")):
        found = read_eaf(path, frames, coder)
        assert said(found.events) == said([one])
        assert found.faults == [f"the tiers of '{other}' are another coder's; left out"]
    with pytest.raises(RecordingError, match="was annotated by 'anna', 'ben'; import it --as one"):
        read_eaf(path, frames, "cleo")


def test_of_a_project_of_boris_one_observation_is_read(tmp_path: Path) -> None:
    frames = frames_at(100.0, 500)
    ours, theirs = of_two_coders(frames)
    elsewhere = event("c", 300, 310, 320, "9")
    project = json.loads(write_boris([ours], frames, "anna", "s1", "s1_face.mp4"))
    for one, coder, session in ((theirs, "ben", "s1"), (elsewhere, "anna", "s2")):
        more = json.loads(write_boris([one], frames, coder, session, f"{session}_face.mp4"))
        project["observations"] |= more["observations"]
    path = tmp_path / "x.boris"
    path.write_text(json.dumps(project))
    videos = {"s1_face": 0, "s1": 0}
    for which, one in (
        (Observation(videos=videos, coder="anna"), ours),
        (Observation(videos=videos, coder="ben"), theirs),
        (Observation(videos={"s2_face": 0}), elsewhere),
        (Observation("s2 anna", videos, "ben"), elsewhere),
    ):
        found = read_boris(path, frames, which)
        assert said(found.events) == said([one]), which
        assert not found.faults
    unclear = (Observation(), Observation(videos=videos, coder="cleo"), Observation("s3 anna"))
    for which in unclear:
        with pytest.raises(RecordingError, match="--observation: 's1 anna', 's1 ben', 's2 anna'"):
            read_boris(path, frames, which)


def test_a_clock_of_boris_that_begins_at_an_hour_moves_no_event(tmp_path: Path) -> None:
    frames = frames_at(150.0, 500)
    one = event("a", 100, 110, 140, "4", rate_hz=150.0)
    project = json.loads(write_boris([one], frames, "c", "n", "v.mp4"))
    (observation,) = project["observations"].values()
    for offset in (1.5, 36_000.0):
        shifted = [[round(row[0] + offset, 3), *row[1:]] for row in observation["events"]]
        path = tmp_path / "x.boris"
        shown = {"o": {**observation, "time offset": offset, "events": shifted}}
        path.write_text(json.dumps({"observations": shown}))
        found = read_boris(path, frames)
        assert (said(found.events), found.faults) == (said([one]), [])


def test_events_that_were_coded_on_a_clip_lie_in_the_clip(tmp_path: Path) -> None:
    frames = frames_at(500.0, 3000)
    one = event("a", 1007, 1019, 1050, "4", rate_hz=500.0)
    clip = FrameTimes("face", frames.times[1000:1500], frames.device_frames[:500], 500.0)
    moved = event("a", 7, 19, 50, "4", rate_hz=500.0)
    moved = moved.model_copy(
        update={m: at.model_copy(update={"time": at.time + 2}) for m, at in moved.marks.items()}
    )
    eaf, boris = tmp_path / "x.eaf", tmp_path / "x.boris"
    eaf.write_bytes(write_eaf([moved], clip, "c", "my clips/trial-003.mkv"))
    boris.write_bytes(write_boris([moved], clip, "c", "s", "C:\\my clips\\trial-003.mkv"))
    videos = {"face": 0, "trial-003": 1000}
    for found in (
        read_eaf(eaf, frames, "c", videos),
        read_boris(boris, frames, Observation("", videos)),
    ):
        assert (said(found.events), found.faults) == (said([one]), [])


def test_a_unit_with_times_of_its_own_in_an_expression_is_told(tmp_path: Path) -> None:
    frames = frames_at(100.0, 500)
    path = tmp_path / "a.eaf"
    text = write_eaf([event("a", 100, 110, 140, "12")], frames, "c").decode()
    slot = '<TIME_SLOT TIME_SLOT_ID="late" TIME_VALUE="1700" />'
    at = text.index("AU12")
    end = 'TIME_SLOT_REF2="late"'
    text = text[:at] + re.sub(r'TIME_SLOT_REF2="\w+"', end, text[at:], count=1)
    path.write_text(text.replace("</TIME_ORDER>", f"{slot}</TIME_ORDER>"))
    found = read_eaf(path, frames)
    assert [format_units(e.units) for e in found.events] == ["12"]
    assert found.faults == [
        "AU12, 1000 to 1700 ms has other times than expression, 1000 to 1400 ms, with which it is "
        "read: they are not kept"
    ]


def test_numbers_that_are_too_large_are_told(tmp_path: Path) -> None:
    frames, path = frames_at(100.0, 500), tmp_path / "a.eaf"
    text = write_eaf([event("a", 100, 110, 140, "12")], frames, "c").decode()
    path.write_text(text.replace('"1400"', f'"{10**400}"'))
    assert read_eaf(path, frames).faults[-1].endswith("too large to convert to float; left out")
    table = tmp_path / "a.csv"
    table.write_text("Subject,Filename,Onset,Apex,Offset,AU\n01,c,5,1e400,9,4\n")
    assert read_table(table, "casme3").faults == ["line 2: apex '1e400' is no number; left out"]


def test_a_workbook_is_read_where_its_header_is_and_no_formula_vanishes(tmp_path: Path) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    book.active.append(["read me", "first"])
    sheet = book.create_sheet("coding")
    for row in (
        ["SAMM", None],
        ["Subject", "Filename", "Onset Frame", "Apex Frame", "Offset Frame", "Action Units"],
        ["01", "clip", 10, 15, 20, "AU 12"],
        ["01", "clip", "=C3+100", 115, 120, "4"],  # whose result nobody has stored
        ["01", "clip", None, 215, 220, "4"],
    ):
        sheet.append(row)
    book.save(tmp_path / "samm.xlsx")
    table = read_table(tmp_path / "samm.xlsx", "samm")
    assert [row.frames for row in table.rows] == [
        {"onset": 9, "apex": 14, "offset": 19},
        {"apex": 214, "offset": 219},
    ]
    assert table.faults == ["line 4: onset '=C3+100' is no number; left out"]


def test_a_unit_of_boris_that_touches_an_expression_is_none_of_it(tmp_path: Path) -> None:
    rows = [
        [0.1, "", "AU4", "", ""],
        [0.2, "", "AU4", "", ""],
        [0.2, "", "expression", "", "micro"],
        [0.3, "", "expression", "", ""],
        [0.2, "", "AU12", "L", ""],
        [0.3, "", "AU12", "L", ""],
    ]
    path = tmp_path / "x.boris"
    path.write_text(json.dumps({"observations": {"a": {"events": rows}}}))
    found = read_boris(path, frames_at(100, 100))
    assert not found.faults
    assert [(e.interval, format_units(e.units), e.kind) for e in found.events] == [
        ((10, 20), "4", None),
        ((20, 30), "L12", "micro"),
    ]
