"""Whether what comes is later from some moment on than it was before."""

from __future__ import annotations

from collections.abc import Sequence


def step(delays: Sequence[float], least_s: float) -> float:
    """Return by how many seconds the newer half of `delays` is later, if by more than `least_s`.

    0 where it is not, or where either half is uneven: a delay that grows as a rate is another one.
    """
    half = len(delays) // 2
    before, fresh = delays[:half], delays[half:]
    later = min(fresh) - max(before)
    spread = max(max(fresh) - min(fresh), max(before) - min(before))
    return later if later > least_s and spread < later / 2 else 0.0
