"""Plots of agreement between coders."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from recordings.report.drawing import Scale, clock, frame, line, nice_ticks, svg

_SIZE: Final = (420, 200)


def bland_altman(
    points: Sequence[tuple[float, float]], bias: float, limits: tuple[float, float] | None
) -> str:
    """Draw differences (ms) over means (s), with their mean and the limits of agreement."""
    width, height = _SIZE
    reach = max((abs(y) for _, y in points), default=0.0)
    reach = max(reach, *(abs(limit) for limit in limits or (0.0,)), 1.0) * 1.15
    last = max((x for x, _ in points), default=1.0)
    first = min((x for x, _ in points), default=0.0)
    x = Scale(first, max(last, first + 1.0), 62, width - 26)
    y = Scale(-reach, reach, height - 24, 8)
    ticks = [(at, clock(at)) for at in nice_ticks(x.low, x.high, 4)]
    dots = "".join(f"M{x(at):.1f} {y(value):.1f}h0" for at, value in points)
    parts = [*frame(x, y, ticks, "ms"), line(x.left, y(bias), x.right, y(bias), "event")]
    parts += [line(x.left, y(at), x.right, y(at), "nominal") for at in limits or ()]
    parts.append(f'<path class="dots" d="{dots}"/>')
    return svg(width, height, "Differences of boundaries", parts)
