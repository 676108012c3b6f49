"""How often and how soon a device that dies is started again."""

from __future__ import annotations

from itertools import pairwise

from acquire.processes.restarts import BACKOFF_S, LIMIT, WINDOW_S, Restarts


def test_later_each_time_and_not_for_ever() -> None:
    restarts = Restarts()
    delays = [restarts.died("eeg", float(k)) for k in range(LIMIT + 2)]
    waits = [d for d in delays if d is not None]
    assert delays == [*waits, None, None]
    assert len(waits) == LIMIT
    assert all(a <= b for a, b in pairwise(waits))
    assert waits[0] == BACKOFF_S[0]
    assert waits[-1] == BACKOFF_S[-1]


def test_each_device_has_its_own_and_old_deaths_do_not_count() -> None:
    restarts = Restarts()
    for k in range(LIMIT):
        restarts.died("eeg", float(k))
    assert restarts.died("face", 9.0) == BACKOFF_S[0]
    assert restarts.died("eeg", LIMIT + WINDOW_S) == BACKOFF_S[0]


def test_whoever_looks_after_it_begins_anew() -> None:
    restarts = Restarts()
    for k in range(LIMIT + 1):
        restarts.died("eeg", float(k))
    restarts.forget("eeg")
    assert restarts.died("eeg", 20.0) == BACKOFF_S[0]
