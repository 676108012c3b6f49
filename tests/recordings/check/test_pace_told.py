"""What the check says of senders without a clock, and of rates that are not kept."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from recordings.check.examination import check
from tests.recordings.bare_files import START, Sent, bare, eeg

RNG = np.random.default_rng(3)


def moving(rate_hz: float, times: list[float]) -> Sent:
    values = RNG.normal(size=(len(times), 2)).astype(np.float32)
    return Sent("hand", "MoCap", rate_hz, values, times)


def test_a_loop_is_told_and_nothing_of_it_is_lost(tmp_path: Path) -> None:
    times = START + np.cumsum(1 / 50 + RNG.exponential(0.001, 3000))
    report = check(bare(tmp_path / "old.xdf", eeg(63.0), moving(50.0, times.tolist())))
    hand = next(s for s in report.streams if s.name == "hand")
    assert (hand.lost, hand.runs_free, hand.shows_loss) == (0, True, False)
    said = {f.code: f for f in report.findings if f.subject == "hand"}
    assert "free-running" in said
    assert not set(said) & {"lost", "loss-unseen"}
    (certified,) = report.pairs
    assert "stamps of hand" in certified.unmeasured


def test_a_stream_that_comes_at_a_third_of_its_rate_tells_as_few_moments_apart(
    tmp_path: Path,
) -> None:
    """A motion capture that announced 90 Hz and sent 30: its resolution was half of 1/90 s."""
    times = START + np.arange(1900) / 30.0 + RNG.exponential(0.002, 1900)
    report = check(bare(tmp_path / "old.xdf", eeg(63.0), moving(90.0, times.tolist())))
    (certified,) = report.pairs
    assert certified.resolution_ms == pytest.approx(2.0 + 1000 / 30 / 2, rel=0.01)
    hand = next(s for s in report.streams if s.name == "hand")
    assert hand.lost == 0
    assert hand.effective_rate_hz == pytest.approx(30.0, rel=0.01)
