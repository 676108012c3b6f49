"""What was looked at, and the next trial that was not."""

from __future__ import annotations

from recordings.annotation.agreement.measures import Ratio
from recordings.annotation.agreement.progress import left, looked_at, next_uncoded
from tests.recordings.annotation.coded import coding

TRIALS = [(0, 99), (200, 299), (100, 199)]  # in the coder's order, not in that of time


def test_the_next_trial_is_the_next_that_is_not_wholly_looked_at() -> None:
    seen = coding([], looked=(0, 149))
    assert looked_at(seen, "face", ((100, 199),)) == Ratio(count=50, of=100)
    assert next_uncoded(seen, "face", TRIALS) == 1
    assert next_uncoded(seen, "face", TRIALS, after=1) == 2
    assert next_uncoded(seen, "face", TRIALS, after=2) == 1  # from the end to the first
    assert next_uncoded(coding([], looked=(0, 299)), "face", TRIALS) is None
    assert next_uncoded(seen, "side", TRIALS) == 0
    assert next_uncoded(seen, "face", []) is None


def test_what_cannot_be_coded_is_done_with() -> None:
    """`U` came back to a trial that was named not codable, which `review STUDY` took as done."""
    seen = coding([], looked=(0, 149), not_codable=(140, 199))
    assert looked_at(seen, "face", ((0, 99), (100, 199))) == Ratio(count=200, of=200)
    assert next_uncoded(seen, "face", TRIALS) == 1
    assert next_uncoded(seen, "face", TRIALS, after=1) == 1
    assert left(seen, {"face": ((0, 299),), "side": ((0, 9),)}) == {
        "face": ((200, 299),),
        "side": ((0, 9),),
    }
    assert left(seen, {"face": ((0, 199),)}) == {}
