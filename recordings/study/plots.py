"""Plots of a study: a dot a session, in the order in which they were recorded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

from recordings.report.drawing import Scale, frame, nice_ticks, svg

_SIZE: Final = (420, 180)


@dataclass(frozen=True, slots=True)
class Dot:
    """A session's figure: its place in the order, counted from 1, and what it is called."""

    number: int
    value: float
    name: str
    state: str = ""  # a CSS class


def dots(found: Sequence[Dot], count: int, unit: str, label: str) -> str:
    """Draw one figure of `count` sessions; what is under a dot is told by its title."""
    width, height = _SIZE
    highest = max((dot.value for dot in found), default=0.0)
    x = Scale(0.5, max(count, 1) + 0.5, 62, width - 14)
    y = Scale(0.0, highest * 1.12 or 1.0, height - 24, 14)
    steps = [at for at in nice_ticks(1, max(count, 2), 5) if at == int(at) and 1 <= at <= count]
    ticks = [(at, f"{at:.0f}") for at in ([1.0] if count == 1 else steps)]
    marks = [
        f'<path class="dots {dot.state}" d="M{x(dot.number):.1f} {y(dot.value):.1f}h0">'
        f"<title>{escape(dot.name)}: {dot.value:.4g} {escape(unit)}</title></path>"
        for dot in found
    ]
    return svg(width, height, label, [*frame(x, y, ticks, unit), *marks])
