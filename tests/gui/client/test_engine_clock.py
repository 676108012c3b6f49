"""Whose clock stamps what is typed in the window."""

from __future__ import annotations

from gui.client.engine_clock import EngineClock


def test_a_tunnel_is_not_this_computer() -> None:
    """It has an address of this computer, and its markers had the time of this one's start."""
    clock = EngineClock()
    clock.meet("http://127.0.0.1:8765")
    assert clock.same_computer
    assert clock.to_engine(500.0) == 500.0
    clock.hear(engine=90_000.0, local=500.0)
    assert not clock.same_computer
    assert clock.to_engine(501.0) == 90_001.0
    clock.meet("http://127.0.0.1:8765")
    clock.hear(engine=499.7, local=500.0)  # what is heard of the engine here is a moment late
    assert clock.same_computer
    assert clock.to_engine(501.0) == 501.0
