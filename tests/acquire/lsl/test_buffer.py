"""Whether more came than the buffers of LSL hold."""

from __future__ import annotations

from acquire.lsl.buffer import BURST_S, SENDER_SAMPLES, Overflows


def test_what_the_sender_keeps_within_a_second_is_a_burst() -> None:
    overflows = Overflows(100_000, is_regular=False)
    for k in range(10):
        overflows.look(0.05 * k, 0, SENDER_SAMPLES // 10 - 1)
    assert overflows.new() == 0
    overflows.look(0.5, 0, 10)
    assert overflows.new() == 1


def test_the_same_over_a_longer_time_is_none() -> None:
    overflows = Overflows(100_000, is_regular=False)
    for k in range(100):
        overflows.look(k * BURST_S / 8, 0, SENDER_SAMPLES // 10)
    assert overflows.new() == 0


def test_a_full_buffer_counts_once_while_it_stays_full() -> None:
    overflows = Overflows(1000, is_regular=True)
    for k in range(50):
        overflows.look(k * BURST_S / 50, 900, 100)
    assert overflows.new() == 1
    overflows.look(BURST_S, 900, 100)
    assert overflows.new() == 1


def test_of_a_regular_stream_a_backlog_that_fits_is_fine() -> None:
    overflows = Overflows(1_000_000, is_regular=True)
    overflows.look(0.0, 500_000, 100_000)
    assert overflows.new() == 0
