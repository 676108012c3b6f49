"""What is written beside and below the traces: names, scales and readouts, the clock."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from datetime import datetime

from acquire.lsl.streams import StreamKey
from gui.plots import scaling
from gui.plots.canvas import Canvas
from gui.plots.text_axis import AxisText
from gui.plots.traces import Trace, headers
from gui.plots.view_state import ViewState
from gui.texts import tr

ROW = 17.0
"""Texts closer than this would overlap: the lower one is left out."""
TICK_ROOM = 84.0
"""So far apart are clock times, in pixels, at least."""
_EVERY_S = (1, 2, 5, 10, 15, 30, 60, 120)


def names(state: ViewState) -> list[AxisText]:
    """Name the traces, as far as there is room, and the row of the markers."""
    found, free = [], -math.inf
    top = state.geometry.plot.top()
    for trace, place in zip(state.traces, state.geometry.places, strict=True):
        y = state.geometry.y_of(place) - top
        if y < free:
            continue
        free = y + ROW
        trouble = state.trouble_of(trace)
        colour = "failed" if state.is_off(trace) else "warning" if trouble else "text"
        label = trace.channel.label
        found.append(AxisText(y, f"▲ {label}" if trouble else label, colour))
    for at, name in headers(state.traces, state.geometry.places):
        found.append(AxisText(at / state.geometry.ratio, name))
    return [*found, AxisText(state.geometry.plot.height() + 10.0, tr("markers"))]


def readouts(state: ViewState) -> list[AxisText]:
    """Give what is known of each trace: its rate, what is odd about it, or its scale."""
    found: list[AxisText] = []
    scaled: set[tuple[StreamKey, str]] = set()
    free, top = -math.inf, state.geometry.plot.top()
    for trace, place in zip(state.traces, state.geometry.places, strict=True):
        y = state.geometry.y_of(place) - top
        if y < free or (text := _readout(state, trace, scaled)) is None:
            continue
        free = y + ROW
        found.append(AxisText(y, *text))
    return found


def _readout(
    state: ViewState, trace: Trace, scaled: set[tuple[StreamKey, str]]
) -> tuple[str, str] | None:
    """Give text and colour of what is beside a trace; a scale only where `scaled` lacks it."""
    # A rate says more than what is odd about its trace. It is of now: beside what is frozen it
    # would be taken for what was then.
    frozen = state.canvas.end is not None
    if not frozen and (found := state.readouts.get(trace.channel_key)) is not None:
        return found, "text"
    if trouble := state.trouble_of(trace):
        return trouble, "warning"
    if (group := state.scales.group(trace)) in scaled:
        return None
    scaled.add(group)
    scale = state.scales.of(trace)
    return scaling.shown(scale, trace.channel.unit) if scale else "", "muted"


def clock(state: ViewState) -> list[AxisText]:
    """Give the time of day at the lines of the grid; while it scrolls, how long ago that was."""
    canvas, geometry = state.canvas, state.geometry
    if geometry.last_column is None:
        return []
    every = _every(canvas, geometry.ratio)
    if geometry.scrolls and canvas.end is None:
        return list(_ago(canvas, geometry.ratio, every))
    ahead = time.time() - state.now()
    found = []
    for x, (first, end) in canvas.shown(rotated=geometry.is_rotated):
        for number in range(
            math.ceil(first * canvas.column_s / every), math.ceil(end * canvas.column_s / every)
        ):
            at = (x + canvas.column(number * every + 1e-9) - first) / geometry.ratio
            told = datetime.fromtimestamp(round(number * every + ahead))
            found.append(AxisText(at, f"{told:%H:%M:%S}", tick=True))
    return _apart(found, geometry.plot.width())


def _every(canvas: Canvas, ratio: float) -> int:
    second = ratio * canvas.column_s  # seconds a pixel of the widget
    return next((n for n in _EVERY_S if n / second >= TICK_ROOM), _EVERY_S[-1])


def _ago(canvas: Canvas, ratio: float, every: int) -> Iterator[AxisText]:
    for number in range(1, math.ceil(canvas.window_s / every)):
        at = (1 - number * every / canvas.window_s) * canvas.width / ratio
        yield AxisText(at, f"−{number * every} s", tick=True)
    yield AxisText(canvas.width / ratio, tr("now"), tick=True)


def _apart(texts: list[AxisText], width: int) -> list[AxisText]:
    """Leave out what would touch: where a sweep begins anew times do not go on evenly."""
    kept: list[AxisText] = []
    for text in sorted(texts, key=lambda text: text.at):
        if 0 <= text.at <= width and (not kept or text.at - kept[-1].at >= TICK_ROOM * 0.8):
            kept.append(text)
    return kept


def frozen(state: ViewState) -> str:
    """Say that nothing moves, and how long ago it was; empty while it does."""
    canvas = state.canvas
    if canvas.end is None:
        return ""
    behind = max(0.0, state.now() - (canvas.end + 1) * canvas.column_s)
    return "▌▌ " + tr("frozen, {} s ago; Space goes on").format(f"{behind:.0f}")


def under(state: ViewState, at: float, y: int) -> str:
    """Write what is under the cursor: the trace's value, if any, and how long ago."""
    lines = [tr("{} s ago").format(f"{state.now() - at:.3f}")]
    if (number := state.geometry.trace_at(y)) is not None:
        trace = state.traces[number]
        value = state.value_at(trace, at)
        shown = "–" if value is None else f"{value:,.4g}"
        lines.insert(0, f"{trace.channel.label}  {shown} {trace.channel.unit}")
    return "\n".join(lines)
