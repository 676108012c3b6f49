"""A moment on the world's clock and on LSL's."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from recordings.manifest_entries import ClockPair

MOMENT = datetime(2026, 3, 4, 5, 6, 7, 890, UTC)


@pytest.mark.parametrize("away", [0, 5.5, -8])
def test_a_moment_is_kept_whatever_its_time_zone(away: float) -> None:
    pair = ClockPair.of(MOMENT.astimezone(timezone(timedelta(hours=away))), 12.5)
    assert (pair.utc, pair.lsl) == ("2026-03-04T05:06:07.000890Z", 12.5)
    assert pair.when == MOMENT
    assert pair.when.tzinfo is UTC


def test_a_moment_without_a_fraction_has_its_microseconds_all_the_same() -> None:
    assert ClockPair.of(MOMENT.replace(microsecond=0), 0.0).utc == "2026-03-04T05:06:07.000000Z"
