"""The arithmetic of agreement; what would be 0/0 is None.

Sources: FACS agreement 2·|A∩B|/(|A|+|B|) (Ekman, Friesen & Hager 2002); limits of agreement (Bland
& Altman 1986); ICC(2,1), two-way random, absolute agreement, single rater (Shrout & Fleiss 1979);
κ (Cohen 1960); positive agreement 2a/(2a+b+c) (Cicchetti & Feinstein 1990).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from pydantic import computed_field

from recordings.annotation.action_units import INTENSITIES, ActionUnit, Units
from recordings.arrays import F64Array
from recordings.manifest_entries import Frozen


class Ratio(Frozen):
    """A count and what it is out of."""

    count: float = 0
    of: float = 0

    @computed_field  # type: ignore[prop-decorator]
    @property
    def value(self) -> float | None:
        """The share; None where there is nothing it could be out of."""
        return self.count / self.of if self.of else None

    def __add__(self, other: Ratio) -> Ratio:
        return Ratio(count=self.count + other.count, of=self.of + other.of)


def total(ratios: Iterable[Ratio]) -> Ratio:
    """Return counts and totals summed."""
    return sum(ratios, Ratio())


def facs(a: Units, b: Units) -> tuple[Ratio, Ratio, Ratio]:
    """Return 2·|A∩B| of |A|+|B|: by number; and side; and intensity within one step.

    By number alone, L12 and R12 of one coder are one unit. Two intensities that are not scored
    agree; one that is scored and one that is not do not.
    """
    numbers = {u.number for u in a}, {u.number for u in b}
    sides = {(u.number, u.side): u for u in a}, {(u.number, u.side): u for u in b}
    both = sides[0].keys() & sides[1].keys()
    close = sum(_close(sides[0][key], sides[1][key]) for key in both)
    placed = len(sides[0]) + len(sides[1])
    return (
        Ratio(count=2 * len(numbers[0] & numbers[1]), of=len(numbers[0]) + len(numbers[1])),
        Ratio(count=2 * len(both), of=placed),
        Ratio(count=2 * close, of=placed),
    )


def _close(a: ActionUnit, b: ActionUnit) -> bool:
    if not a.intensity or not b.intensity:
        return a.intensity == b.intensity
    return abs(INTENSITIES.index(a.intensity) - INTENSITIES.index(b.intensity)) <= 1


class Hits(Frozen):
    """Events that both have, as if the first coder were the truth."""

    hits: int = 0
    first: int = 0
    second: int = 0

    @computed_field  # type: ignore[prop-decorator]
    @property
    def precision(self) -> float | None:
        """Hits among the second's events."""
        return self.hits / self.second if self.second else None

    @computed_field  # type: ignore[prop-decorator]
    @property
    def recall(self) -> float | None:
        """Hits among the first's events."""
        return self.hits / self.first if self.first else None

    @computed_field  # type: ignore[prop-decorator]
    @property
    def f1(self) -> float | None:
        """Twice the hits among the events of both."""
        both = self.first + self.second
        return 2 * self.hits / both if both else None


class Differences(Frozen):
    """The second's boundaries minus the first's. Limits of agreement need two of them."""

    n: int = 0
    median_frames: float | None = None  # of the absolute differences, as the next three
    p95_frames: float | None = None
    median_ms: float | None = None
    p95_ms: float | None = None
    bias_ms: float | None = None
    low_ms: float | None = None  # bias − 1.96 standard deviations
    high_ms: float | None = None
    within_1: Ratio = Ratio()  # frames
    within_3: Ratio = Ratio()
    within_5: Ratio = Ratio()


def differences(frames: Sequence[int], ms: Sequence[float]) -> Differences:
    """Describe differences in frames and ms, shape (n,) each."""
    n = len(frames)
    if not n:
        return Differences()
    whole, times = np.abs(np.asarray(frames)), np.asarray(ms, np.float64)
    low, high = limits_of_agreement(times) or (None, None)
    within = {f"within_{k}": Ratio(count=int((whole <= k).sum()), of=n) for k in (1, 3, 5)}
    return Differences(
        n=n,
        median_frames=float(np.median(whole)),
        p95_frames=float(np.percentile(whole, 95)),
        median_ms=float(np.median(np.abs(times))),
        p95_ms=float(np.percentile(np.abs(times), 95)),
        bias_ms=float(times.mean()),
        low_ms=low,
        high_ms=high,
        **within,
    )


def limits_of_agreement(differences: F64Array) -> tuple[float, float] | None:
    """Return mean ∓ 1.96 standard deviations of differences, shape (n,); None of fewer than two."""
    if len(differences) < 2:
        return None
    mean, reach = float(differences.mean()), 1.96 * float(differences.std(ddof=1))
    return mean - reach, mean + reach


def icc(values: F64Array) -> float | None:
    """Return ICC(2,1) of values, shape (targets, raters); None where nothing varies."""
    n, k = values.shape
    if n < 2 or k < 2:
        return None
    mean = values.mean()
    rows = k * float(((values.mean(axis=1) - mean) ** 2).sum()) / (n - 1)
    columns = n * float(((values.mean(axis=0) - mean) ** 2).sum()) / (k - 1)
    whole = float(((values - mean) ** 2).sum())
    rest = (whole - rows * (n - 1) - columns * (k - 1)) / ((n - 1) * (k - 1))
    below = rows + (k - 1) * rest + k * (columns - rest) / n
    return (rows - rest) / below if abs(below) > 1e-12 else None


class FourFold(Frozen):
    """Frames that both coders gave something, one of them, or neither."""

    both: int = 0
    first: int = 0
    second: int = 0
    neither: int = 0

    def __add__(self, other: FourFold) -> FourFold:
        return FourFold(
            both=self.both + other.both,
            first=self.first + other.first,
            second=self.second + other.second,
            neither=self.neither + other.neither,
        )

    @computed_field  # type: ignore[prop-decorator]
    @property
    def kappa(self) -> float | None:
        """Cohen's κ; None where chance alone would make them agree always."""
        n = self.both + self.first + self.second + self.neither
        if not n:
            return None
        a, b = self.both + self.first, self.both + self.second
        chance = (a * b + (n - a) * (n - b)) / n**2
        return ((self.both + self.neither) / n - chance) / (1 - chance) if chance < 1 else None

    @computed_field  # type: ignore[prop-decorator]
    @property
    def positive(self) -> float | None:
        """Positive agreement: 2·both of what either has."""
        given = 2 * self.both + self.first + self.second
        return 2 * self.both / given if given else None


def kappa(labels: Sequence[tuple[str, str]]) -> float | None:
    """Return Cohen's κ of two coders' labels; None where chance alone makes them agree always."""
    n = len(labels)
    if not n:
        return None
    names = {name for pair in labels for name in pair}
    firsts, seconds = [a for a, _ in labels], [b for _, b in labels]
    chance = sum(firsts.count(name) * seconds.count(name) for name in names) / n**2
    same = sum(a == b for a, b in labels) / n
    return (same - chance) / (1 - chance) if chance < 1 else None
