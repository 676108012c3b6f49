"""What residuals of a fit say of its error. Pure."""

from __future__ import annotations

from typing import Final

import numpy as np

from recordings.arrays import F64Array

NORMAL_99: Final = 2.58
"""99 % of normal errors are less than so many standard deviations."""
_FEW: Final = 4


def lasting_error(residuals: F64Array, width: int) -> float:
    """Return by how much, one standard deviation, a fit is off for longer than `width` residuals.

    Where the fit follows, means of so many neighbours scatter by the root of `width` less than
    single ones do; what they scatter beyond it is no noise. 0 for fewer than four such means.
    """
    whole = len(residuals) // width
    if whole < _FEW:
        return 0.0
    means = residuals[: whole * width].reshape(whole, width).mean(axis=1)
    noise = float(np.mean(np.diff(residuals) ** 2)) / 2
    return float(np.sqrt(max(float(np.mean(means**2)) - noise / width, 0.0)))
