"""One rule for trigger codes: live and recorded."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from devices.marker_codes import code_of as live
from recordings.marker_codes import code_of, text_of
from recordings.read.markers import parse_markers

NUMBERS = st.integers(-(2**70), 2**70) | st.floats()
TEXTS = st.one_of(
    st.text(max_size=12),
    NUMBERS.map(str),
    st.integers(0, 70000).map(lambda n: f"{n}.0000000000000"),
    st.integers(0, 70000).map(lambda n: f" {n:05d}\n"),
    st.one_of(NUMBERS, NUMBERS.map(str), st.booleans(), st.none(), st.text(max_size=5)).map(
        lambda value: json.dumps({"event": "onset", "code": value})
    ),
)


@given(TEXTS | NUMBERS | TEXTS.map(lambda text: text.encode("utf-8", "replace")) | st.booleans())
@example("1_2")
@example("{" * 5000)
@example("9" * 6000)
@example("１２")
def test_live_and_recorded_are_one_rule(value: Any) -> None:
    code = code_of(value)
    assert code == live(value)
    assert code is None or (type(code) is int and np.int64(code) == code)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("111.0000000000000", 111),
        ("101.7", None),
        ("1e3", 1000),
        (" 7 ", 7),
        ("0101", 101),
        ("-3", -3),
        ("1_2", None),
        ("inf", None),
        ("nan", None),
        ("1e300", None),
        ("S 101", None),
        ("", None),
        ('{"code": "12.0"}', 12),
        ('{"code": 101.7}', None),
        ('{"code": true}', None),
    ],
)
def test_what_is_whole_is_a_code(text: str, code: int | None) -> None:
    assert code_of(text) == code
    assert parse_markers(np.zeros(1), [[text]])[0].code == code


def test_the_first_channel_that_is_a_number_has_the_code() -> None:
    rows = [
        ["go", "101"],
        ["101.7", "3"],
        ["", "5"],
        ["x", '{"event": "end", "code": 9}'],
        ["", ""],
    ]
    found = parse_markers(np.zeros(5), rows)
    assert [m.code for m in found] == [101, None, 5, 9, None]
    assert [m.text for m in found][:3] == ["go/101", "101.7/3", "5"]
    assert (found[3].event, found[3].further) == ("end", ("x",))


@given(st.text(max_size=12))
def test_what_is_utf8_is_read_as_that(text: str) -> None:
    assert text_of(text) == text
    assert text_of(text.encode("utf-8", "replace")) == text.encode("utf-8", "replace").decode()


def test_what_is_no_utf8_is_read_as_the_western_page_of_windows() -> None:
    assert [text_of(text.encode("cp1252")) for text in ("Übung", "Größe")] == ["Übung", "Größe"]
    assert text_of(b"a\x81") == "a\ufffd"  # not even that page has it
    assert text_of(7.0) == "7.0"
