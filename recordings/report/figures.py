"""The figures of a report: an examination turned into plots."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np

from recordings.arrays import F64Array, runs
from recordings.check.examination import Examination
from recordings.check.frame_ledger import captured_in_vain
from recordings.check.streams.stream_exam import StreamExam
from recordings.manifest import Manifest
from recordings.read.markers import Marker
from recordings.report import plots
from recordings.report.drawing import clock
from recordings.report.plots import Row, Span, Trace
from recordings.stamps import timing
from recordings.stream_kinds import EVENTS_STREAM, INDEX_CHANNELS, LOST_FATES

_BEFORE_S: Final = 1.0
_AFTER_S: Final = 2.0
_MAX_TRACES: Final = 20
_MAX_INTERVALS: Final = 2_000_000
_KINDS: Final = ("EEG", "EOG", "ECG", "PPG", "RSP", "EDA", "SKT", "EMG", "Trigger")
_PER_KIND: Final = {"EEG": 3, "EOG": 2}
ALARMS: Final = {"warning": "warning", "error": "failed"}


def session_span(examination: Examination) -> tuple[float, float]:
    """Return the LSL times between which the session lies; (0, 0) where there is none."""
    manifest = examination.manifest
    firsts = [e.report.first_lsl for e in examination.exams if e.report.first_lsl is not None]
    lasts = [e.report.last_lsl for e in examination.exams if e.report.last_lsl is not None]
    start, stop = min(firsts, default=0.0), max(lasts, default=0.0)
    if manifest and manifest.lsl_start is not None:
        start = min(start or manifest.lsl_start, manifest.lsl_start)
    if manifest and manifest.lsl_stop is not None:
        stop = max(stop, manifest.lsl_stop)
    return start, stop


def timeline(examination: Examination) -> str:
    """Draw every stream over the session, with gaps, markers, lost frames and alarms."""
    start, stop = session_span(examination)
    manifest = examination.manifest
    alarms = [
        Span(event.time - start, event.time - start, ALARMS[event.level], event.text)
        for event in (manifest.events if manifest else ())
        if event.level in ALARMS and start <= event.time <= stop
    ]
    rows = [_row(exam, start, manifest) for exam in examination.exams]
    return plots.timeline(rows, stop - start, alarms)


def _row(exam: StreamExam, start: float, manifest: Manifest | None) -> Row:
    if not len(exam.stamps):
        return Row(exam.shown, exam.stream.info.type, None)
    low, high = float(exam.stamps.min()) - start, float(exam.stamps.max()) - start
    title = f"{exam.shown}: {len(exam.stamps):,} samples"
    gaps = [
        Span(g.start - start, g.end - start, title=f"{g.lost:,} lost, {g.end - g.start:.3f} s")
        for g in exam.report.gaps
    ]
    if exam.is_index:
        interval = manifest.interval if manifest else None
        gaps = sorted([*gaps, *_lost_frames(exam, start, interval)], key=lambda g: g.start)
    irregular = exam.rate_hz == 0
    ticks = (exam.stamps - start).tolist() if irregular else []
    kind = "Markers" if irregular else exam.stream.info.type
    notes = [*_elsewhere(exam, manifest, low, high), *_interpolated(exam, start)]
    return Row(exam.shown, kind, Span(low, high, title=title), gaps, ticks, notes)


def _elsewhere(
    exam: StreamExam, manifest: Manifest | None, low: float, high: float
) -> Iterator[Span]:
    """Say of pictures or sound that are not here where they are."""
    if manifest is None:
        return
    files = next((entry.files for entry in manifest.media if entry.name == exam.name), ())
    places = [(f.path, f"still on node {f.node}") for f in manifest.pending]
    places += [(f.path, f"lost on node {f.node}") for f in manifest.lost]
    for name, place in places:
        if name in files:
            yield Span(low, high, "elsewhere", f"{name}: {place}")


def _interpolated(exam: StreamExam, start: float) -> Iterator[Span]:
    """Say where nobody measured the stream's clock, as while a cable was cut."""
    for gap in exam.report.clock_gaps:
        title = (
            f"{exam.shown}: its clock is interpolated over {clock(gap.end - gap.start)}, "
            f"times are off by at most {gap.error_ms:.3f} ms there (99 %)"
        )
        yield Span(gap.start - start, gap.end - start, "interpolated", title)


def _lost_frames(
    exam: StreamExam, start: float, interval: tuple[float, float] | None
) -> Iterator[Span]:
    """Yield the stretches whose frames have an index row and no picture."""
    fate = exam.stream.read(channels=[INDEX_CHANNELS.index("fate")])[:, 0]
    lost = np.isin(fate, [fate.code for fate in LOST_FATES])
    lost |= captured_in_vain(exam.stamps, fate, interval)
    period = 1 / exam.rate_hz if exam.rate_hz else 0.0
    for first, after in runs(lost):
        low, high = exam.stamps[first] - start, exam.stamps[after - 1] - start + period
        yield Span(float(low), float(high), title=f"{after - first} frames not stored")


def offset_plot(exam: StreamExam, start: float, stop: float) -> str | None:
    """Draw a stream's clock offsets around their line; None where it has fewer than two."""
    if len(exam.fit.residuals) < 2:
        return None
    times = exam.fit.times + exam.fit.values - start
    return plots.residuals(times, 1e6 * exam.fit.residuals, stop - start)


def interval_plot(exam: StreamExam) -> str | None:
    """Draw the histogram of a regular stream's intervals; None for other streams."""
    if exam.rate_hz <= 0 or len(exam.stamps) < 3:
        return None
    steps = timing.intervals(exam.stamps, exam.cuts)
    steps = steps[np.isfinite(steps)]
    steps = steps[:: max(len(steps) // _MAX_INTERVALS, 1)]
    return plots.histogram(1e3 * steps, 1e3 / exam.rate_hz, "ms") if len(steps) else None


def sample_plot(examination: Examination) -> tuple[str, str] | None:
    """Draw each signal around one event; return the plot and what the event was."""
    start, stop = session_span(examination)
    at, name = _event(examination, start, stop)
    signals = list(_signals(examination, at))[:_MAX_TRACES]
    if not signals:
        return None
    return plots.traces(signals, -_BEFORE_S, _AFTER_S, name), f"{name}, {at - start:.3f} s"


def _event(examination: Examination, start: float, stop: float) -> tuple[float, str]:
    """Choose an onset near the middle of the session, or else the middle itself."""
    found = [
        m
        for name, markers in examination.markers.items()
        if name != EVENTS_STREAM
        for m in markers
        if m.event in ("", "onset") and start + _BEFORE_S < m.time < stop - _AFTER_S
    ]
    middle = 0.5 * (start + stop)
    if not found:
        return middle, "middle of the session"
    best = min(found, key=lambda m: abs(m.time - middle))
    return best.time, _what(best)


def _what(marker: Marker) -> str:
    """Call a marker by what was shown, or by its step; by its text where it has no fields."""
    shown = marker.fields.get("stimulus") or marker.fields.get("step")
    if marker.event:
        return f"{marker.event} of {shown}" if shown else marker.event
    return marker.text[:40] or "marker"


def _signals(examination: Examination, at: float) -> Iterator[Trace]:
    for exam in examination.exams:
        if not len(exam.stamps) or exam.stream.is_text or exam.rate_hz <= 0:
            continue
        a, b = (int(n) for n in np.searchsorted(exam.stamps, [at - _BEFORE_S, at + _AFTER_S]))
        times = exam.stamps[a:b] - at
        if exam.is_index and b > a:
            yield Trace(exam.shown, "frames", "", "ticks", times, times)
        elif b - a > 2:
            yield from _channels(exam, times, a, b)


def _channels(exam: StreamExam, times: F64Array, a: int, b: int) -> Iterator[Trace]:
    """Yield some channels of each kind: all would not fit on a page."""
    left = {kind: _PER_KIND.get(kind, 1) for kind in _KINDS}
    channels = exam.stream.info.channels
    known = any(c.kind in left for c in channels)
    for number, channel in enumerate(channels):
        kind = channel.kind if known else "EEG"
        if left.get(kind, 0) <= 0:
            continue
        left[kind] -= 1
        values = exam.stream.read(a, b, [number])[:, 0].astype(np.float64)
        good = np.isfinite(values)
        if good.sum() > 2:
            unit = _short(channel.unit)
            yield Trace(exam.shown, channel.label, kind, unit, times[good], values[good])


def _short(unit: str) -> str:
    return {
        "microvolts": "µV",
        "millivolts": "mV",
        "volts": "V",
        "microsiemens": "µS",
        "celsius": "°C",
    }.get(unit, unit)
