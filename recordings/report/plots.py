"""Plots as SVG text: small pure functions, coloured by the page's CSS variables.

So they follow light and dark, print sharply, and need no script. All of them reduce what they are
given to what a screen can show, so that an hour of data stays some kilobytes.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

import numpy as np

from recordings.arrays import F64Array
from recordings.palette import signal_colour
from recordings.report.drawing import (
    Scale,
    frame,
    line,
    name_text,
    nice_ticks,
    polyline,
    svg,
    text,
    time_ticks,
)

WIDTH: Final = 1000
_SMALL: Final = (320, 150)
_LABELS: Final = 130  # pixels left of a wide plot for the names of its rows…
_LETTERS: Final = 14  # …of so many letters, bold


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of a time line, in seconds; `level` is a CSS class."""

    start: float
    end: float
    level: str = ""
    title: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a time line: its bar, what is noted of parts of it, its gaps, and ticks."""

    name: str
    kind: str
    bar: Span | None
    gaps: Sequence[Span] = ()
    ticks: Sequence[float] = ()
    notes: Sequence[Span] = ()  # stretches of which something is to be known; `level` says what


@dataclass(frozen=True, slots=True)
class Trace:
    """One signal around an event: seconds from it, values, and what it is called."""

    stream: str
    name: str
    kind: str
    unit: str
    times: F64Array
    values: F64Array


def min_max(times: F64Array, values: F64Array, columns: int) -> tuple[F64Array, F64Array]:
    """Thin a signal out to its smallest and largest value in each of `columns` stretches."""
    if len(values) <= 2 * columns:
        return times, values
    size = -(-len(values) // columns)
    parts = range(0, len(values), size)
    picks = sorted(
        {
            start + int(pick)
            for start in parts
            for pick in (
                np.argmin(values[start : start + size]),
                np.argmax(values[start : start + size]),
            )
        }
    )
    return times[picks], values[picks]


def timeline(rows: Sequence[Row], seconds: float, alarms: Sequence[Span] = ()) -> str:
    """Draw a session: a bar for each stream with every gap on it, ticks for markers.

    `alarms` (start, level "warning" or "failed", title) stand on top. A gap shorter than a pixel
    is drawn a pixel and a half wide: none is too short to be seen.
    """
    step, top = 26, 24 if alarms else 10
    height = top + step * len(rows) + 24
    x = Scale(0, max(seconds, 1e-9), _LABELS, WIDTH - 24)
    parts = []
    for at, said in time_ticks(seconds):
        parts.append(line(x(at), top - 4, x(at), height - 22, "grid"))
        parts.append(text(x(at), height - 6, said, "tick", "middle"))
    for number, row in enumerate(rows):
        parts += _row(row, x, top + step * number)
    for alarm in alarms:
        at = x(alarm.start)
        title = f"<title>{escape(alarm.title)}</title>"
        parts.append(f'<path class="{alarm.level}" d="M{at - 5:.1f} 14h10l-5 -9z">{title}</path>')
    return svg(WIDTH, height, "Time line of the session with every gap", parts)


def _row(row: Row, x: Scale, top: float) -> list[str]:
    parts = [name_text(_LABELS - 10, top + 15, row.name, "name", _LETTERS)]
    if row.bar is None:
        return [*parts, text(_LABELS, top + 15, "○ no samples", "tick")]
    if row.kind == "Markers":
        css = 'class="grid"'
        parts.append(f'<path {css} d="M{x(row.bar.start):.1f} {top + 10}H{x(row.bar.end):.1f}"/>')
    else:
        parts.append(_rect(row.bar, x, top + 4, 12, "", f"fill:{signal_colour(row.kind)}"))
    parts += [_rect(note, x, top + 4, 12, note.level) for note in row.notes]
    parts += [_rect(gap, x, top + 1, 18, "gap") for gap in _merged(row.gaps, x)]
    pixels = sorted({round(x(tick), 1) for tick in row.ticks})
    if pixels:
        marks = "".join(f"M{p:.1f} {top + 4}v12" for p in pixels)
        parts.append(f'<path class="mark" d="{marks}"/>')
    return parts


def _merged(gaps: Sequence[Span], x: Scale) -> list[Span]:
    """Join gaps that a screen cannot tell apart."""
    out: list[Span] = []
    for gap in gaps:
        if out and x(gap.start) - x(out[-1].end) < 0.5:
            out[-1] = Span(out[-1].start, gap.end, title="several gaps")
        else:
            out.append(gap)
    return out


def _rect(span: Span, x: Scale, top: float, height: float, css: str, style: str = "") -> str:
    left = x(span.start)
    width = max(x(span.end) - left, 1.5)
    title = f"<title>{escape(span.title)}</title>" if span.title else ""
    return (
        f'<rect class="{css}" style="{style}" x="{left:.1f}" y="{top:g}" '
        f'width="{width:.1f}" height="{height:g}">{title}</rect>'
    )


def residuals(times: F64Array, values_us: F64Array, seconds: float) -> str:
    """Draw what is left of clock offsets (µs) around their line, over a session's time."""
    width, height = _SMALL
    times, values_us = min_max(times, values_us, 300)
    reach = max(float(np.abs(values_us).max(initial=0)) * 1.15, 10.0)
    x = Scale(0, max(seconds, 1e-9), 62, width - 26)
    y = Scale(-reach, reach, height - 24, 8)
    ticks = time_ticks(seconds)
    ticks = ticks[:: -(-len(ticks) // 4)]
    dots = "".join(
        f"M{x(t):.1f} {y(v):.1f}h0" for t, v in zip(times.tolist(), values_us.tolist(), strict=True)
    )
    parts = [*frame(x, y, ticks, "µs"), f'<path class="dots" d="{dots}"/>']
    return svg(width, height, "Clock offsets around their line", parts)


def histogram(values: F64Array, nominal: float, unit: str) -> str:
    """Draw how often intervals occur, on a logarithmic scale, with the nominal one marked."""
    width, height = _SMALL
    low, high = np.percentile(values, [0.05, 99.95])
    pad = max(0.15 * (high - low), 0.01 * nominal)
    low, high = min(low, nominal) - pad, max(high, nominal) + pad
    counts, edges = np.histogram(np.clip(values, low, high), bins=64, range=(low, high))
    x = Scale(low, high, 62, width - 26)
    top = math.log10(int(counts.max(initial=1)) + 1) * 1.05
    y = Scale(0, top, height - 24, 8)
    parts = []
    for power in range(0, math.ceil(top) + 1, max(math.ceil(top) // 3, 1)):
        if power <= top:
            parts.append(line(x.left, y(power), x.right, y(power), "grid"))
            label = f"{10**power:,}" if power else "0"
            parts.append(text(x.left - 5, y(power) + 4, label, "tick", "end"))
    for count, left, right in zip(counts.tolist(), edges, edges[1:], strict=False):
        if count:
            h = y(0) - y(math.log10(count + 1))
            parts.append(
                f'<rect class="bar" x="{x(left):.1f}" y="{y(0) - h:.1f}" '
                f'width="{x(right) - x(left) - 0.5:.1f}" height="{h:.1f}"/>'
            )
    parts.append(line(x(nominal), 4, x(nominal), y(0), "nominal"))
    ticks = nice_ticks(float(low), float(high), 3)
    parts += [text(x(t), height - 8, f"{t:.6g}", "tick", "middle") for t in ticks[:-1]]
    if ticks:
        parts.append(text(x(ticks[-1]), height - 8, f"{ticks[-1]:.6g} {unit}", "tick", "middle"))
    return svg(width, height, "Histogram of intervals", parts)


def traces(signals: Sequence[Trace], low: float, high: float, event: str) -> str:
    """Draw signals one below the other between `low` and `high` seconds, the event at 0."""
    step, top = 52, 26
    height = top + step * len(signals) + 24
    x = Scale(low, high, _LABELS, WIDTH - 24)
    parts = [text(x(0) + 6, 14, event, "name")]
    for tick in nice_ticks(low, high, 8):
        parts.append(line(x(tick), top, x(tick), height - 22, "grid"))
        parts.append(text(x(tick), height - 6, f"{tick:g} s", "tick", "middle"))
    for number, signal in enumerate(signals):
        parts += _trace(signal, x, top + step * number, step)
    parts.append(line(x(0), 4, x(0), height - 22, "event"))
    return svg(WIDTH, height, f"Signals around {event}", parts)


def _trace(signal: Trace, x: Scale, top: float, step: float) -> list[str]:
    parts = [name_text(_LABELS - 10, top + step / 2, signal.name, "name", _LETTERS)]
    colour = f"stroke:{signal_colour(signal.kind)}"
    if signal.unit == "ticks":
        marks = "".join(f"M{x(t):.1f} {top + 18}v16" for t in signal.times.tolist())
        parts.append(name_text(_LABELS - 10, top + step / 2 + 14, signal.stream, "tick", _LETTERS))
        return [*parts, f'<path class="trace" style="{colour}" d="{marks}"/>']
    times, values = min_max(signal.times, signal.values, 800)
    low, high = float(values.min()), float(values.max())
    span = f"{signal.stream} · {high - low:.4g} {signal.unit}".strip()
    parts.append(text(_LABELS - 10, top + step / 2 + 14, span, "tick", "end"))
    y = Scale(low, high if high > low else low + 1, top + step - 5, top + 5)
    return [*parts, polyline([x(t) for t in times], [y(v) for v in values], colour)]


def strip(errors_ms: F64Array, reach_ms: float) -> str:
    """Draw errors (ms) as ticks on a line from −reach to +reach, zero in the middle."""
    x = Scale(-reach_ms, reach_ms, 4, 156)
    pixels = sorted({round(x(float(e)), 1) for e in np.clip(errors_ms, -reach_ms, reach_ms)})
    marks = "".join(f"M{p:.1f} 5v10" for p in pixels)
    parts = [line(4, 10, 156, 10, "grid"), line(80, 2, 80, 18, "nominal")]
    return svg(160, 20, "Errors", [*parts, f'<path class="bar-line" d="{marks}"/>'])


def budget(parts_ms: Sequence[tuple[int, str, float]], largest_ms: float) -> str:
    """Draw the parts (colour 0 to 3, name, ms) of a bound as one bar, to scale with the largest."""
    x = Scale(0, max(largest_ms, 1e-9), 0, 220)
    out, at = [], 0.0
    for colour, name, ms in parts_ms:
        width = x(ms)
        if width >= 0.3:
            title = f"<title>{escape(name)}: {ms:.3f} ms</title>"
            out.append(
                f'<rect class="part{colour}" x="{at:.1f}" y="4" width="{width:.1f}" '
                f'height="12">{title}</rect>'
            )
        at += width
    return svg(220, 20, "What the bound is made of", out)
