"""Whose a stream is: two engines with one rig file have no source id in common."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acquire.lsl.origin import is_anothers, origin_of, source_id_of


@given(st.text(), st.text("0123456789abcdef", min_size=16, max_size=16), st.text(min_size=1))
def test_a_stream_is_ones_own_or_anothers(rig: str, run: str, stream: str) -> None:
    origin, other = origin_of(rig, run), origin_of(rig, run[::-1] + "x")
    source_id = source_id_of(origin, "eeg", stream)
    assert not is_anothers(source_id, origin)
    assert is_anothers(source_id, other)
    assert source_id.isascii() == stream.isascii(), "a rig's name is spelt for any program"


@pytest.mark.parametrize("source_id", ["", "psychopy", "unisonous:1", "uniso"])
def test_other_programs_streams_are_of_no_engine(source_id: str) -> None:
    assert not is_anothers(source_id, origin_of("lab", "1"))


def test_a_rig_without_a_fit_letter_has_a_name() -> None:
    assert source_id_of(origin_of("实验室", "7"), "eeg", "eeg") == "unisono:-:7:eeg:eeg"
    assert source_id_of(origin_of("", "7"), "eeg", "eeg") == "unisono:rig:7:eeg:eeg"
