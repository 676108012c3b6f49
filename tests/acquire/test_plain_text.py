"""Whatever a text holds, it becomes one line that can be written anywhere."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from acquire.plain_text import MAX_TEXT, plain, told


def test_what_is_fit_stays_as_it_is() -> None:
    text = "C:\\Data  <b>é 脑</b> 2 × 5 Ω"
    assert plain(text) == text


def test_a_terminal_is_not_commanded_and_a_lone_surrogate_not_kept() -> None:
    assert plain("\x1b[2Jgone\r\nby\ud800\u202e") == "\ufffd[2Jgone by\ufffd\ufffd"


@given(st.text(st.characters(codec=None), max_size=50), st.integers(0, 200))
def test_it_is_one_short_line(text: str, times: int) -> None:
    line = plain(text * times)
    line.encode()
    assert len(line) <= MAX_TEXT + 1
    assert len(line.splitlines()) <= 1
    assert plain(line) == line or len(line) > MAX_TEXT


@given(st.text(st.characters(codec=None), max_size=50), st.integers(0, 3000))
def test_an_error_is_one_short_line_with_its_remedy(text: str, times: int) -> None:
    line = told(f"filename {text * times!s}: is odd; choose another")
    line.encode()
    assert len(line) <= MAX_TEXT
    assert len(line.splitlines()) == 1
    assert line.startswith("filename ")
    assert line.endswith("is odd; choose another")
    assert told(line) == line


def test_what_an_error_repeats_is_cut_and_escaped() -> None:
    assert told(f"{'x' * 64_000}: no such file") == f"{'x' * 200}…{'x' * 59}: no such file"
    assert told("no \x1b[2J, \ud800 or \u202e") == "no \\x1b[2J, \\ud800 or \\u202e"
