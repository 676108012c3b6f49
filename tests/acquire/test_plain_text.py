"""Whatever a text holds, it becomes one line that can be written anywhere."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from acquire.plain_text import MAX_TEXT, plain


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
