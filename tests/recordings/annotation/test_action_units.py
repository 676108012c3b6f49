"""A line of action units is read as it was written, or refused in words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recordings.annotation.action_units import ActionUnit, Units, format_units, parse_units

UNIT = st.builds(
    ActionUnit,
    number=st.integers(1, 99),
    side=st.sampled_from(["", "L", "R", "T", "B"]),
    intensity=st.sampled_from(["", *"ABCDE"]),
)
UNITS = st.lists(UNIT, max_size=12, unique_by=lambda u: (u.number, u.side)).map(tuple)


def test_the_line_of_the_issue() -> None:
    assert parse_units("L12B+25") == (
        ActionUnit(number=12, side="L", intensity="B"),
        ActionUnit(number=25),
    )


@given(UNITS)
def test_what_is_written_is_read_again(units: Units) -> None:
    line = format_units(units)
    again = parse_units(line)
    assert set(again) == set(units)
    assert parse_units(format_units(again)) == again


@given(UNITS, st.sampled_from(["+", ", ", "，", "、", " + ", " ", ";", "＋"]), st.booleans())
def test_the_signs_between_units_and_their_case_do_not_matter(
    units: Units, between: str, lower: bool
) -> None:
    line = between.join(f"AU{unit}" if not unit.side else str(unit) for unit in units)
    assert parse_units(line.lower() if lower else line) == parse_units(format_units(units))
    line = between.join(f"AU {unit}" for unit in units)
    assert parse_units(line.lower() if lower else line) == parse_units(format_units(units))


@given(st.text(max_size=20))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        units = parse_units(text)
    except ValueError:
        return
    assert parse_units(format_units(units)) == units


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("L12F", "'L12F' is no action unit"),
        ("12+12B", "action unit 12 is named twice"),
        ("L4+l4", "action unit L4 is named twice"),
        ("4 or 7", "'or' is no action unit"),
        ("100", "'100' is no action unit"),
        ("0", "'0' is no action unit"),
        ("U12", "'U12' is no action unit"),
    ],
)
def test_what_is_no_unit_is_named(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        parse_units(text)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("AU 12+25", "12+25"),
        ("au 4 AU 7", "4+7"),
        ("４＋Ｌ１２Ｂ", "4+L12B"),
        ("4+15+R10", "4+R10+15"),
        ("R4,5", "R4+5"),
        ("R12 + R15", "R12+R15"),
        ("R14A", "R14A"),
        ("T18+B23", "T18+B23"),
        ("AU4+AU7", "4+7"),
        ("4，5", "4+5"),
        ("", ""),
    ],
)
def test_the_corpora_s_ways_of_writing(text: str, line: str) -> None:
    assert format_units(parse_units(text)) == line
