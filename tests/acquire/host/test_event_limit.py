"""A driver with a word for each sample floods nobody, and nothing of it goes uncounted."""

from __future__ import annotations

import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acquire.host.event_limit import MOST, MOST_OF_A_CODE, PERIOD_S, EventLimit


def made_up(number: int) -> str:
    """Give another code for each number, without a digit in it."""
    return str(number).translate(str.maketrans("0123456789", "abcdefghij"))


def test_ten_of_a_code_are_told_and_the_rest_are_counted() -> None:
    limit = EventLimit()
    told = [limit.admits(("warning", "odd", f"word {k}"), 0.001 * k) for k in range(1000)]
    assert sum(told) == MOST_OF_A_CODE
    assert limit.due(PERIOD_S - 0.01) is None
    held = limit.due(PERIOD_S)
    assert held is not None
    assert held[:2] == ("warning", "odd")
    assert "990 odd" in held[2]
    assert "word 999" in held[2]
    assert limit.due(1e9) is None
    assert limit.admits(("warning", "odd", "later"), 1e9)


def test_a_warning_is_not_hidden_by_a_flood_of_others() -> None:
    limit = EventLimit()
    for k in range(1000):
        limit.admits(("info", "chatter", f"{k}"), 0.0)
    assert limit.admits(("warning", "battery-low", "5 %"), 0.0)
    assert limit.admits(("error", "device-failed", "gone"), 0.0)


def test_one_that_was_held_back_is_the_one_that_is_quoted() -> None:
    limit = EventLimit()
    for k in range(MOST):
        limit.admits(("warning", made_up(k), "x"), 0.0)
    assert not limit.admits(("warning", "battery-low", "5 %"), 0.0)
    assert not limit.admits(("info", made_up(0), "x"), 0.0)
    held = limit.due(math.inf)
    assert held is not None
    assert held[0] == "warning"
    assert "5 %" in held[2]


@pytest.mark.parametrize("code", ["low-{}", "no-{}-left", "at-0x{:x}", "{}"])
def test_codes_that_are_numbered_silence_no_other(code: str) -> None:
    """A code for each sample used up what all codes of the device had."""
    limit = EventLimit()
    told = sum(limit.admits(("warning", code.format(k), "x"), 0.0) for k in range(16, 1000))
    assert told == MOST_OF_A_CODE
    assert limit.admits(("info", "battery-low", "5 %"), 0.0)


def test_made_up_codes_silence_no_warning_and_none_that_is_known() -> None:
    limit = EventLimit()
    for period in range(4):
        now = period * PERIOD_S
        if period < 2:
            assert limit.admits(("info", "battery-low", "5 %"), now)
        for k in range(1000):
            limit.admits(("info", made_up(1000 * period + k), "x"), now)
        assert limit.admits(("warning", "electrode-off", "Fz"), now)
        if period >= 2:
            assert limit.admits(("info", "battery-low", "5 %"), now)
        limit.due(now + PERIOD_S)


@pytest.mark.parametrize("kinds", [1, 7, 1000])
@given(step=st.floats(1e-4, 2.0), count=st.integers(1, 3000))
def test_what_is_told_and_what_is_held_back_is_all(kinds: int, step: float, count: int) -> None:
    limit, told = EventLimit(), 0
    texts: list[str] = []
    for k in range(count):
        told += limit.admits(("info", f"code-{made_up(k % kinds)}", "x"), k * step)
        if event := limit.due(k * step):
            texts.append(event[2])
    if event := limit.due(math.inf):
        texts.append(event[2])
    said = told + len(texts)
    periods = count * step / PERIOD_S + 2
    assert said <= (2 * MOST + 1) * periods
    if kinds == 1:  # all counts are in the words
        held = sum(int(n.replace(",", "")) for t in texts for n in re.findall(r"([\d,]+) code", t))
        assert told + held == count
