"""The wall clock is set, the computer sleeps: each is told for what it is."""

from __future__ import annotations

from acquire.engine.clock_watch import ClockWatch, slept_s


def codes(looks: list[tuple[float, float, float | None]]) -> list[str]:
    watch = ClockWatch()
    return [code for look in looks for code, _ in watch.look(*look)]


def test_clocks_that_go_on_say_nothing() -> None:
    assert codes([(k, 1e9 + k * 1.0005, 3.0) for k in range(100)]) == []


def test_the_wall_clock_is_set() -> None:
    watch = ClockWatch()
    watch.look(1.0, 1000.0, 0.0)
    ((code, text),) = watch.look(2.0, 4601.0, 0.0)
    assert code == "clock-step"
    assert "+3600.0 s" in text
    assert watch.look(3.0, 4602.0, 0.0) == []
    assert [c for c, _ in watch.look(4.0, 1003.0, 0.0)] == ["clock-step"]


def test_the_computer_slept() -> None:
    watch = ClockWatch()
    watch.look(1.0, 1000.0, 5.0)
    ((code, text),) = watch.look(2.0, 1091.0, 95.0)
    assert code == "suspended"
    assert "90.0 s" in text
    assert watch.look(3.0, 1092.0, 95.0) == []


def test_a_system_that_cannot_tell_sees_a_step() -> None:
    assert codes([(1.0, 1000.0, None), (2.0, 1091.0, None)]) == ["clock-step"]


def test_this_computer_can_or_cannot_tell() -> None:
    slept = slept_s()
    assert slept is None or slept > -0.01
