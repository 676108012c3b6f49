"""The forecast of the disk: one warning, one orderly stop, and no wavering."""

from __future__ import annotations

import pytest

from acquire.take.disk import DiskAlarm, DiskWatch

RATE = 1_000_000


def alarms(minutes: list[float]) -> list[DiskAlarm]:
    """Look once a minute at a disk that is written at 1 MB/s and has so many minutes left."""
    watch = DiskWatch(0.0, 10**12)
    seen = []
    for k, left in enumerate(minutes, start=1):
        if alarm := watch.look(60.0 * k, int(left * 60 * RATE), 60 * k * RATE):
            seen.append(alarm)
    return seen


def test_one_warning_at_ten_minutes_and_a_stop_at_one() -> None:
    assert alarms([12, 11, 9.5, 8, 3, 1.1, 0.9, 0.5]) == [DiskAlarm.LOW, DiskAlarm.STOP]


def test_a_forecast_that_wavers_warns_once() -> None:
    assert alarms([11, 9.9, 10.1, 9.8, 11.5, 9.9]) == [DiskAlarm.LOW]


def test_space_that_was_made_is_told_and_the_next_shortage_too() -> None:
    assert alarms([9, 30, 9]) == [DiskAlarm.LOW, DiskAlarm.FINE, DiskAlarm.LOW]


def test_a_recording_begun_with_less_than_a_minute_goes_on() -> None:
    assert alarms([0.8, 0.5, 0.1]) == [DiskAlarm.LOW]


def test_the_first_seconds_tell_nothing() -> None:
    watch = DiskWatch(0.0, 10**9)
    assert watch.look(1.0, 10**6, RATE) is None
    assert watch.forecast.minutes is None


def test_the_forecast_is_what_is_free_by_what_is_written() -> None:
    watch = DiskWatch(0.0, 10**9)
    watch.look(100.0, 6 * 10**8, 10**8)
    assert watch.forecast.minutes == pytest.approx(10)
    assert watch.forecast.bytes_per_s == pytest.approx(10**6)
