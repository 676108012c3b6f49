"""What plots are drawn with: scales, ticks, and SVG text; coloured by the page's CSS variables."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape

import numpy as np


@dataclass(frozen=True, slots=True)
class Scale:
    """A linear map of values to pixels."""

    low: float
    high: float
    left: float
    right: float

    def __call__(self, value: float) -> float:
        """Return the pixel of a value; the middle where there is no span, as of 1e30 and 1 more."""
        span = self.high - self.low
        share = (value - self.low) / span if 0 < span < math.inf else 0.5
        return self.left + share * (self.right - self.left)


def nice_ticks(low: float, high: float, count: int = 5) -> list[float]:
    """Return about `count` round numbers in [low, high]."""
    if not high > low:
        return [low]
    raw = (high - low) / count
    power = 10.0 ** math.floor(math.log10(raw))
    step = min((m * power for m in (1, 2, 5, 10)), key=lambda s: abs(s - raw))
    first = math.ceil(low / step - 1e-9)
    return [n * step for n in range(first, math.floor(high / step + 1e-9) + 1)]


def time_ticks(seconds: float) -> list[tuple[float, str]]:
    """Return round times from 0 to `seconds` with labels as h:mm:ss or m:ss."""
    steps = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 43200, 86400)
    step = next((s for s in steps if seconds / s <= 10), 86400 * max(1, int(seconds // 864000)))
    return [(t, clock(t)) for t in np.arange(0, seconds + 1e-9, step).tolist()]


def clock(seconds: float) -> str:
    """Write a time as m:ss or h:mm:ss."""
    whole = round(seconds)
    minutes, rest = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


def svg(width: float, height: float, label: str, parts: Iterable[str]) -> str:
    """Return a picture of parts, with what it is called for those who do not see it."""
    return (
        f'<svg viewBox="0 0 {width:g} {height:g}" role="img" aria-label="{escape(label)}">'
        + "".join(parts)
        + "</svg>"
    )


def text(x: float, y: float, said: str, css: str = "", anchor: str = "start") -> str:
    """Return text at a place; `anchor`: start, middle or end."""
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" class="{css}" text-anchor="{anchor}">{escape(said)}</text>'
    )


def name_text(x: float, y: float, said: str, css: str, most: int) -> str:
    """Return text that ends at a place: of a longer name both ends, and all of it as a hint."""
    if len(said) <= most:
        return text(x, y, said, css, "end")
    head = (most - 1) // 2
    short = f"{said[:head]}…{said[head + 1 - most :]}"
    hint = f"<title>{escape(said)}</title>"
    return f"<g>{hint}{text(x, y, short, css, 'end')}</g>"


def line(x1: float, y1: float, x2: float, y2: float, css: str) -> str:
    """Return a line."""
    return f'<path class="{css}" d="M{x1:.1f} {y1:.1f}L{x2:.1f} {y2:.1f}"/>'


def polyline(xs: Sequence[float], ys: Sequence[float], style: str) -> str:
    """Return a line through points; "" without any."""
    points = "L".join(f"{x:.1f} {y:.1f}" for x, y in zip(xs, ys, strict=True))
    return f'<path class="trace" style="{style}" d="M{points}"/>' if points else ""


def frame(x: Scale, y: Scale, x_ticks: Iterable[tuple[float, str]], y_unit: str) -> list[str]:
    """Draw grid lines and their numbers; the unit stands with the highest one."""
    parts = []
    values = nice_ticks(y.low, y.high, 3)
    for value in values:
        unit = f" {y_unit}" if value == values[-1] else ""
        parts.append(line(x.left, y(value), x.right, y(value), "grid"))
        parts.append(text(x.left - 5, y(value) + 4, f"{value:.4g}{unit}", "tick", "end"))
    for at, said in x_ticks:
        parts.append(text(x(at), y.left + 16, said, "tick", "middle"))
    return parts
