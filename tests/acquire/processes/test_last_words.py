"""What a process wrote to standard error before it died."""

from __future__ import annotations

import os

import pytest

from acquire.processes.last_words import KEPT_BYTES, SHOWN, LastWords


@pytest.fixture
def words(monkeypatch: pytest.MonkeyPatch) -> LastWords:
    monkeypatch.delenv("UNISONO_LOG", raising=False)
    return LastWords()


def write(words: LastWords, text: str) -> None:
    assert words.handed is not None
    os.write(words.handed.fileno(), text.encode())


def test_the_last_line_is_told(words: LastWords) -> None:
    write(words, "chatter\n  what(): no such sensor\n\n")
    assert words.close() == "; its last words: what(): no such sensor"
    assert words.close() == ""


def test_what_was_written_just_before_it_was_shortened_is_not_lost(words: LastWords) -> None:
    """A process that dies while the engine looks had no last words."""
    write(words, "x" * 2 * KEPT_BYTES + "\nno such sensor\n")
    words.shorten()
    assert words.handed is not None
    assert os.fstat(words.handed.fileno()).st_size == 0
    assert words.close() == "; its last words: no such sensor"


def test_what_came_after_it_counts(words: LastWords) -> None:
    write(words, "x" * 2 * KEPT_BYTES + "\nold\n")
    words.shorten()
    write(words, "y" * 1000)
    assert words.close() == "; its last words: " + "y" * SHOWN


def test_who_says_nothing_has_no_last_words(words: LastWords) -> None:
    assert words.close() == ""
