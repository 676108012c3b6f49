"""The bound of the time axes against the truth: it holds, and is no guess far beyond it."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recordings.arrays import F64Array
from recordings.certificate import Contribution
from recordings.check.examination import check, examine
from recordings.check.pair_bounds import axes_bound_ms
from recordings.lateness.decision import decide
from recordings.lateness.floor import LEAST_S
from recordings.report.html import render
from recordings.stamps.clock_offsets import fit_offsets
from tests.bench.bench_certificate import measure
from tests.recordings.clocked_session import Computer, Network, Source, write_session
from tests.stamps import LATENCY_S, Sender, Stall, send

NEAR = Computer(Network(60e-6, 0.5, 10e-6), is_recorder=True)


@pytest.mark.parametrize("seed", range(6))
def test_axes_lie_within_their_bound(tmp_path: Path, seed: int) -> None:
    found = list(measure(tmp_path / "s", np.random.default_rng([90, seed])))
    assert len(found) == 3
    for one in found:
        assert one.p99_ms <= one.pair.axes_ms, one.pair


def test_a_stall_does_not_widen_the_bound(tmp_path: Path) -> None:
    bounds = []
    for name, stalls in (("still", ()), ("late", (Stall(20.0, 3.0, 4.0),))):
        sender = Sender(250.0, 60.0, packet=10, jitter_s=0.001, stalls=stalls)
        sources = [Source("radio", NEAR, sender), Source("markers", NEAR, None)]
        write_session(tmp_path / name, sources, np.random.default_rng(3))
        (pair,) = check(tmp_path / name, hashes=False).pairs
        bounds.append(pair.axes_ms)
    assert bounds[0] < 0.1
    assert bounds[1] < 0.2  # stamps 3 s late would make it hundreds


def test_a_loss_amid_a_backlog_is_in_the_bound_and_in_the_report(tmp_path: Path) -> None:
    """In a second of a minute nobody knows which samples come after the 100 that are missing."""
    sender = Sender(250.0, 60.0, stalls=(Stall(20.0, 2.0),), losses=((21.0, 100),))
    sources = [Source("radio", NEAR, sender), Source("markers", NEAR, None)]
    write_session(tmp_path / "s", sources, np.random.default_rng(3))
    examination = examine(tmp_path / "s", hashes=False)
    report = examination.report
    (pair,) = report.pairs
    assert pair.axes_ms == pytest.approx(400, abs=5)
    (gap,) = next(stream for stream in report.streams if stream.name == "radio").gaps
    assert gap.doubtful == pytest.approx(400, abs=5)  # of 500 due in the stall
    (found,) = [finding for finding in report.findings if finding.code == "lost-place"]
    assert (found.subject, found.level) == ("radio", "info")
    assert "off by up to 400 ms" in found.text
    assert f"{gap.doubtful} samples may stand on either side of it" in render(examination)


def test_the_error_of_a_line_falls_with_its_offsets() -> None:
    rng = np.random.default_rng(1)
    errors = []
    for count in (12, 120):
        times: F64Array = np.arange(count, dtype=np.float64) * 5
        fit = fit_offsets(times, 3.0 + rng.normal(0, 1e-3, count))
        assert abs(fit.segments[0].at(times) - 3.0).max() < fit.error_s(times)
        errors.append(fit.error_s(times))
    assert errors[1] < 0.6 * errors[0]
    assert fit.error_s(times) < fit.error_s(times + 300.0)  # beyond its offsets it is less known


def test_a_clock_that_no_line_follows_is_in_the_error() -> None:
    times = np.arange(0, 1200.0, 5.0)
    bent = 5e-4 * np.sin(2 * np.pi * times / 600)
    fit = fit_offsets(times, bent + np.random.default_rng(1).normal(0, 2e-5, len(times)))
    assert fit.error_s(times) > 3e-4


def test_a_jittered_clock_keeps_its_middle() -> None:
    sender = Sender(1000.0, 60.0, made="clock", jitter_s=0.002)
    sent = send(sender, np.random.default_rng(2))
    pace = decide(sent.stamps, 1000.0)
    assert abs(np.median(pace.times - sent.true)) < 5e-5  # the early ones alone: -0.4 ms


def test_a_queue_is_no_clock() -> None:
    sender = Sender(500.0, 60.0, jitter_s=0.006)  # each sample waits for the one before
    sent = send(sender, np.random.default_rng(2))
    pace = decide(sent.stamps, 500.0)
    assert pace.error_s is not None
    assert abs(np.median(pace.times - sent.true) - LATENCY_S) < pace.error_s < 4e-3


@pytest.mark.parametrize(("is_recorder", "level"), [(True, "info"), (False, "warn")])
def test_a_busy_computers_own_clock_is_no_reason_to_warn(
    tmp_path: Path, is_recorder: bool, level: str
) -> None:
    busy = Computer(Network(60e-6, 0.5, 20e-3), is_recorder=is_recorder)
    sources = [Source("amp", busy, Sender(250.0, 120.0)), Source("markers", NEAR, None)]
    write_session(tmp_path / "busy", sources, np.random.default_rng(3))
    report = check(tmp_path / "busy", hashes=False)
    (found,) = [f for f in report.findings if f.code == "offsets-scatter"]
    assert (found.subject, found.level) == ("amp", level)
    assert ("its own" in found.text) is is_recorder


@pytest.mark.parametrize("style", ["equal", "spread"])
@pytest.mark.parametrize("packet", [1, 10])
def test_a_few_late_packets_are_no_queue(packet: int, style: Literal["equal", "spread"]) -> None:
    """The error of even times was 5 to 12 times what it is: a stall's scatter was taken for all."""
    stalls = (Stall(20.0, 3.0), Stall(70.0, 1.0, 2.0))
    sender = Sender(250.0, 120.0, packet=packet, style=style, jitter_s=0.001, stalls=stalls)
    ratios = []
    for seed in range(6):
        sent = send(sender, np.random.default_rng([31, seed]))
        pace = decide(sent.stamps, 250.0)
        off = np.percentile(np.abs(pace.times - sent.true - LATENCY_S), 99)
        assert pace.error_s is not None
        ratios.append(pace.error_s / max(off, LEAST_S))  # no floor is said to be known better
    assert min(ratios) > 1
    assert np.median(ratios) < 4


def test_packets_that_are_spread_at_a_wrong_rate_keep_their_place() -> None:
    """Stamps within a packet lie a nominal period apart, and the true one is 0.5 % shorter."""
    sender = Sender(256.0, 180.0, packet=73, style="spread", jitter_s=0.0005, off=0.005)
    sent = send(sender, np.random.default_rng(5))
    off = decide(sent.stamps, 256.0).times - sent.true - LATENCY_S
    assert abs(float(np.median(off))) < 1e-4  # it was 0.4 to 1.4 ms


KINDS = ("clock offsets", "stamps", "network asymmetry", "alignment", "half a sample")
parts = st.builds(
    lambda kind, ms: Contribution(source=f"{kind} of x", ms=ms),
    st.sampled_from(KINDS),
    st.floats(0, 1e4),
)


@given(st.lists(parts, max_size=8), parts)
def test_nothing_that_is_not_known_narrows_the_bound(
    known: list[Contribution], more: Contribution
) -> None:
    """Asymmetries add up, what is random does in its squares; resolution is no part of it."""
    before, after = axes_bound_ms(known), axes_bound_ms([*known, more])
    axes = [part.ms for part in [*known, more] if not part.source.startswith("half")]
    assert after >= max([before, *axes]) * (1 - 1e-12)
    assert after <= sum(axes) * (1 + 1e-12)
    lasting = [p.ms for p in [*known, more] if p.source.startswith("network")]
    rest = [p.ms for p in [*known, more] if p.source.startswith(KINDS[:2] + KINDS[3:4])]
    assert after >= (sum(lasting) + max(rest, default=0.0)) * (1 - 1e-12)
    if more.source.startswith("half"):
        assert after == before
