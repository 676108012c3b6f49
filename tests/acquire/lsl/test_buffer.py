"""Whether more came than the buffers of LSL hold."""

from __future__ import annotations

import math

import numpy as np
import pytest

from acquire.lsl.buffer import BURST_S, Overflows, buffer_of, sender_buffer_of
from acquire.lsl.streams import FoundStream, StreamKey
from devices.arrays import F64Array
from devices.base import Dtype

KEY = StreamKey("s", "Markers", "s", "lab")


def stream(dtype: Dtype, rate_hz: float = 0.0, announced_hz: float = 0.0) -> FoundStream:
    return FoundStream(KEY, "uid", 1, rate_hz, dtype, None, announced_hz)


IRREGULAR = stream("float32")
KEPT = sender_buffer_of(IRREGULAR)
REGULAR = stream("float32", 100.0, 100.0)


@pytest.mark.parametrize(
    ("channels", "rate_hz", "announced_hz", "seconds", "samples"),
    [
        (1, 100.0, 100.0, 60, 6000),
        (1, 0.5, 0.5, 200, 100),  # a minute of it would be 30 samples
        (1, 0.0, 0.0, 1000, 100_000),
        (1, 0.0, 10.0, 10_000, 100_000),  # texts with a rate
        (1000, 5000.0, 5000.0, 14, 70_000),  # 268 MB at 4032 bytes a sample
        (60_000, 5000.0, 5000.0, 2, 10_000),
    ],
)
def test_a_buffer_holds_a_minute_or_enough_or_what_memory_allows(
    channels: int, rate_hz: float, announced_hz: float, seconds: int, samples: int
) -> None:
    found = FoundStream(KEY, "uid", channels, rate_hz, "float32", None, announced_hz)
    assert buffer_of(found) == (seconds, samples)


def spread(first: float, count: int, span_s: float = 100.0) -> F64Array:
    """Stamp what was measured over a time and is sent at once."""
    return first + np.linspace(0.0, span_s, count)


def test_what_the_sender_keeps_within_a_second_is_a_burst() -> None:
    overflows = Overflows(IRREGULAR, 100_000)
    for k in range(10):
        overflows.look(0.05 * k, 0, spread(100.0 * k, KEPT // 10 - 1))
    assert overflows.new() == 0
    overflows.look(0.5, 0, spread(1000.0, 10))
    assert overflows.new() == 1


def test_the_same_over_a_longer_time_is_none() -> None:
    overflows = Overflows(IRREGULAR, 100_000)
    for k in range(100):
        overflows.look(k * BURST_S / 8, 0, spread(100.0 * k, KEPT // 10))
    assert overflows.new() == 0


@pytest.mark.parametrize("odd", [[], [math.nan, 1e9, -math.inf]])
def test_what_was_sent_at_once_is_a_burst_however_slowly_it_comes(odd: list[float]) -> None:
    """A computer that is busy with other programs takes longer than a second to receive it."""
    overflows = Overflows(IRREGULAR, 100_000)
    for k, stamp in enumerate(odd):
        overflows.look(float(k), 0, [stamp])
    for k in range(36):
        overflows.look(10.0 + k, 0, [7.0] * (KEPT // 36))
        assert overflows.new() == (k == 35)


def test_a_full_buffer_counts_once_while_it_stays_full() -> None:
    overflows = Overflows(REGULAR, 1000)
    for k in range(50):
        overflows.look(k * BURST_S / 50, 900, spread(0.0, 100))
    assert overflows.new() == 1
    overflows.look(BURST_S, 900, spread(0.0, 100))
    assert overflows.new() == 1


def test_of_a_regular_stream_a_backlog_that_fits_is_fine() -> None:
    overflows = Overflows(REGULAR, 1_000_000)
    overflows.look(0.0, 500_000, spread(0.0, 100_000))
    assert overflows.new() == 0


def test_the_outlet_of_texts_with_a_rate_keeps_by_that() -> None:
    """Of 15,000 texts of a stream that announced 10 Hz 3,600 came, and the session passed."""
    overflows = Overflows(stream("string", announced_hz=10.0), 100_000)
    overflows.look(0.0, 3_000, spread(0.0, 600))
    assert overflows.new() == 1
