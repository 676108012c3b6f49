"""Finds a reading whose number is wrong although its checksum is right, or is missing.

Of a checksum of four bits, one spoilt frame in sixteen passes. Taken at its word, a wrong count of
a sensor invents as many losses as the count has steps, and a wrong time sets a clock. So a number
that jumps waits for the next one: where that goes on from the jump, the jump was real; where it
goes on from before it as if nothing had been, the reading between is none.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from devices.arrays import BoolArray, F64Array


def steps_to(numbers: F64Array, before: float | None) -> F64Array:
    """Return how far each number, shape (n,), n ≥ 1, is from the one before it; NaN after None."""
    steps = np.empty(len(numbers))
    steps[0] = np.nan if before is None else numbers[0] - before
    np.subtract(numbers[1:], numbers[:-1], out=steps[1:])
    return steps


class Doubt:
    """Judges the numbers of one sensor, which rise, and begin again at `modulus`."""

    def __init__(
        self, modulus: float | None, least: float, most: float,
        first: tuple[float, float] = (np.inf, np.inf),
    ) -> None:  # fmt: skip
        """Prepare; a step that is not `least` to `most` is a jump.

        One over `first[0]` and up to `first[1]` behind the first number of all speaks against that.
        """
        self._modulus = modulus
        self._least, self._most = least, most
        self._first_over, self._first_upto = first
        self._last: float | None = None  # the newest number that was believed

    def restart(self) -> None:
        """Begin anew: the sensor has been opened."""
        self._last = None

    def believe(self, number: float) -> None:
        """Take a number for right: what is judged next comes after it."""
        self._last = number

    def sure(self, numbers: F64Array) -> int:
        """Count the numbers, shape (n,), up to the first jump: no further one will tell."""
        return next(self._jumps(numbers), len(numbers))

    def judge(self, numbers: F64Array) -> tuple[BoolArray, int]:
        """Tell which numbers, shape (n,), are right, and how many at the end are to wait.

        One that waits is right or wrong once it is given again, with what comes after it.
        """
        right = np.ones(len(numbers), np.bool_)
        begins = self._last is None and self._first_over < self._first_upto
        if begins and len(numbers) == 1:
            return right, 1
        for at in self._jumps(numbers):
            last = self._before(numbers, right, at)
            if last is None or not self._is_jump(float(numbers[at]) - last):
                continue
            if at + 1 == len(numbers):
                return right, 2 if begins and at == 1 else 1
            right[at] = not self._is_wrong(last, float(numbers[at]), float(numbers[at + 1]))
            if begins and at == 1 and right[at]:
                right[0] = not self._is_false_start(numbers)
        return right, 0

    def _jumps(self, numbers: F64Array) -> Iterator[int]:
        steps = steps_to(numbers, self._last)
        if self._modulus:
            steps %= self._modulus
        yield from np.flatnonzero((steps < self._least) | (steps > self._most)).tolist()

    def _before(self, numbers: F64Array, right: BoolArray, at: int) -> float | None:
        good = np.flatnonzero(right[:at])
        return float(numbers[good[-1]]) if len(good) else self._last

    def _step(self, step: float) -> float:
        return step % self._modulus if self._modulus else step

    def _is_jump(self, step: float) -> bool:
        return not self._least <= self._step(step) <= self._most

    def _is_false_start(self, numbers: F64Array) -> bool:
        """Whether the first number is one that the next ones, which agree, do not go on from."""
        gap, then = np.diff(numbers[:3]).tolist()
        gap = self._step(gap) or self._modulus or 0.0  # none: all of the count has gone by
        return self._first_over < gap <= self._first_upto and not self._is_jump(then)

    def _is_wrong(self, last: float, number: float, following: float) -> bool:
        whole = self._step(following - last)
        if whole <= 0 or 0 < self._step(number - last) < whole:
            return False
        if self._least == self._most:  # a count: it goes on from the jump by exactly one, or not
            return self._is_jump(following - number)
        return not self._is_jump(whole)
