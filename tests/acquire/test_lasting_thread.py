"""A thread that outlives what it trips over, and says it once."""

from __future__ import annotations

import threading

import pytest

from acquire import lasting_thread
from acquire.lasting_thread import LastingThread
from tests.acquire.program import wait_for


def test_it_goes_on_and_says_each_failure_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lasting_thread, "AGAIN_S", 0.001)
    closing, heard, turns = threading.Event(), list[str](), list[int]()

    def work() -> None:
        turns.append(1)
        if len(turns) <= 5:
            raise ValueError("odd number")
        closing.wait()

    thread = LastingThread("worker", work, closing, heard.append)
    thread.start()
    wait_for(lambda: len(turns) == 6)
    thread.end(60)
    assert not thread.is_alive()
    assert len(heard) == 1
    assert "worker: ValueError: odd number" in heard[0]


def test_whoever_hears_it_may_be_broken_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lasting_thread, "AGAIN_S", 0.001)
    closing, turns = threading.Event(), list[int]()

    def work() -> None:
        turns.append(1)
        if len(turns) < 3:
            raise ValueError(f"failure {len(turns)}")

    def complain(text: str) -> None:
        raise RuntimeError("nobody is there")

    thread = LastingThread("worker", work, closing, complain)
    thread.start()
    thread.join(60)
    assert len(turns) == 3


def test_one_that_was_never_started_is_ended_all_the_same() -> None:
    closing = threading.Event()
    LastingThread("worker", lambda: None, closing, print).end()
    assert closing.is_set()
