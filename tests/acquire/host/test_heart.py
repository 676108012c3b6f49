"""Whether a driver hangs is told of the driver, never of a pause of its whole process."""

from __future__ import annotations

from acquire.host.heart import Heart


class Driver:
    """Its `read` has answered at 100 s, and the heart has looked since."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.heart = Heart(lambda level, code, text: self.told.append(code))
        self.last_beat = 100.0
        assert self.at(100.0) == self.at(100.1) == []

    def at(self, now: float) -> list[str]:
        """Look at a time of the clock; gives the codes of what is told."""
        self.told.clear()
        self.heart.watch(now, self.last_beat, is_read=True)
        return list(self.told)


def test_a_driver_without_a_turn_since_its_process_was_stopped_does_not_hang() -> None:
    driver = Driver()
    assert driver.at(105.0) == driver.at(105.1) == []  # it went on at 105; its thread not yet
    driver.last_beat = 105.15
    assert driver.at(105.2) == []


def test_a_driver_that_hangs_on_after_its_process_was_stopped_is_told_of() -> None:
    driver = Driver()
    told = [code for tenth in range(1050, 1090) for code in driver.at(tenth / 10)]
    assert told == ["device-hangs"]


def test_a_driver_that_hung_before_its_process_was_stopped_hangs_still() -> None:
    driver = Driver()
    told = [code for tenth in range(1002, 1025) for code in driver.at(tenth / 10)]
    assert told == ["device-hangs"]
    assert driver.at(110.0) == driver.at(110.1) == []
    driver.last_beat = 110.15
    assert driver.at(110.2) == ["device-hangs-over"]
