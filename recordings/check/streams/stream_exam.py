"""What the check finds in one stream: counts, rates, gaps, jitter and its clock."""

from __future__ import annotations

import contextlib
import math
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np

from recordings.arrays import BoolArray, F64Array, I64Array
from recordings.certificate import ClockGapReport, CountedGap, Finding, StreamReport
from recordings.check.streams.clock_findings import clock_findings
from recordings.check.streams.gaps import gaps_of
from recordings.check.streams.losses import loss_findings
from recordings.check.streams.sample_findings import (
    RATE_OFF,
    count_findings,
    header_findings,
    nan_findings,
    pace_findings,
    stamp_findings,
)
from recordings.lateness.decision import filled
from recordings.lateness.pace import Pace
from recordings.manifest_entries import StreamEntry
from recordings.read.own_copy import completed
from recordings.read.pace import pace_of
from recordings.read.stream import latency_of
from recordings.stamps import timing
from recordings.stamps.bad_stamps import are_numbers, bad_stamps
from recordings.stamps.clock_offsets import REACH_S, ClockFit, ClockGap, correct, fit_offsets
from recordings.stream_kinds import SOUND_TYPE
from recordings.xdf.merged import added_in
from recordings.xdf.stream import XdfStream

_MAX_GAPS: Final = 1000  # in the report; the count of lost samples is of all


@dataclass(frozen=True)  # without slots, for what is computed when it is asked for
class StreamExam:
    """One stream with what was measured of it. Times are the recording computer's LSL seconds."""

    stream: XdfStream
    entry: StreamEntry | None  # of the manifest
    fit: ClockFit
    stamps: F64Array  # corrected by the clock offsets, not dejittered
    cuts: I64Array  # see Pace.cuts
    times: F64Array  # even where the stream has a pace, else the stamps
    correction_s: float  # the largest that the clock offsets make
    clock_error_s: float  # of the line through the clock offsets, 99 %
    beyond_s: float  # how far its stamps lie beyond the span in which its clock was measured
    tells_time: bool  # see Pace.tells_time
    stamp_error_s: float | None  # of `times` on the stream's own clock, 99 %; None = not known
    report: StreamReport
    findings: tuple[Finding, ...]

    @property
    def name(self) -> str:
        """The stream's name."""
        return self.stream.name

    @property
    def shown(self) -> str:
        """What it is called before people: two streams of one name are told apart."""
        return self.report.name

    @property
    def rate_hz(self) -> float:
        """The nominal rate; 0 = irregular."""
        return self.report.rate_hz

    @cached_property
    def bad_stamps(self) -> BoolArray:
        """Which of `stamps`, shape (n,), cannot be true."""
        return bad_stamps(self.stamps, self.rate_hz)

    @cached_property
    def span(self) -> tuple[float, float]:
        """When it begins and ends, without stamps that cannot be true where others are."""
        bad = self.bad_stamps
        good = self.stamps[~bad] if self.rate_hz and bad.any() and not bad.all() else self.stamps
        return float(good.min()), float(good.max())

    @property
    def has_clock(self) -> bool:
        """Whether its stamps are of a clock that was measured then, or needs no such."""
        return self.tells_time and self.beyond_s <= REACH_S

    def has_clock_of(self, host: str | None) -> bool:
        """Whether its clock is that of the computer `host`: what was measured shows no other."""
        half_ms = self.report.offset_uncertainty_ms and self.report.offset_uncertainty_ms / 2
        is_there = bool(host) and self.stream.info.hostname == host
        return bool(is_there and half_ms and 1e3 * self.correction_s <= half_ms)

    @property
    def is_index(self) -> bool:
        """Whether its rows tell of files beside: of a camera of ours, or a microphone."""
        return self.stream.info.is_index

    @property
    def is_sound(self) -> bool:
        """Whether its rows are blocks of a microphone's sound."""
        return self.is_index and self.stream.info.type == SOUND_TYPE

    @property
    def resolution_hz(self) -> float:
        """How many moments a second it can tell apart: of a sound, its samples, not its blocks.

        Where a stream comes more slowly than it says, it tells fewer apart.
        """
        if self.is_sound and (text := self.stream.info.text("desc/sample_rate")):
            with contextlib.suppress(ValueError):
                if 0 < (rate := float(text)) < math.inf:
                    return rate
        kept = self.report.effective_rate_hz
        return kept if kept and kept < (1 - RATE_OFF) * self.rate_hz else self.rate_hz


def examine_stream(stream: XdfStream, entry: StreamEntry | None, *, ours: bool) -> StreamExam:
    """Measure one stream; `entry` is what the manifest says of it, None for a bare XDF file.

    `ours`: Unisono wrote the file, and what it holds is what its footers say.
    """
    fit = fit_offsets(stream.offset_times, stream.offset_values)
    # Judged in the recorder's time: there a clock reset is no more than the gap that it left.
    corrected = correct(stream.stamps, fit)
    entry = completed(entry, stream)
    good = are_numbers(corrected)
    stamps = filled(corrected, stream.info.rate_hz)
    pace = pace_of(stream, entry, corrected)
    gaps = gaps_of(stream, entry, pace, stamps)
    report = _report(stream, entry, fit, stamps, pace, gaps[:_MAX_GAPS])
    has_pace = report.rate_hz > 0 and not stream.info.can_drop_samples
    even = pace.times
    times = even if has_pace else stamps
    scatter = timing.scatter(stamps, even) if report.rate_hz else None
    stamp_error_s = pace.error_s if has_pace else scatter
    # What cannot be true is placed by its neighbours, and says nothing of where the clock was.
    own = stream.stamps[good & ~bad_stamps(corrected, report.rate_hz)]
    clock_error_s, beyond_s = fit.error_s(own), fit.beyond_s(own)
    findings = (*count_findings(stream, entry, ours=ours), *stamp_findings(report, stamps))
    findings += tuple(loss_findings(report, entry, gaps, stream.info))
    findings += (*clock_findings(stream, fit, beyond_s), *nan_findings(stream, good))
    findings += (*header_findings(stream), *pace_findings(stream, pace))
    return StreamExam(
        stream=stream,
        entry=entry,
        fit=fit,
        stamps=stamps,
        cuts=pace.cuts,
        times=times,
        correction_s=float(np.abs(corrected[good] - stream.stamps[good]).max(initial=0.0)),
        clock_error_s=clock_error_s,
        beyond_s=beyond_s,
        tells_time=pace.tells_time,
        stamp_error_s=stamp_error_s,
        report=report,
        findings=findings,
    )


def _report(
    stream: XdfStream,
    entry: StreamEntry | None,
    fit: ClockFit,
    stamps: F64Array,
    pace: Pace,
    gaps: tuple[CountedGap, ...],
) -> StreamReport:
    rate = 0.0 if stream.is_text else stream.info.rate_hz
    regular = rate > 0 and len(stamps) > 1
    uncertainty = entry.offset_uncertainty_s if entry else None
    return StreamReport(
        name=stream.name,
        type=stream.info.type,
        channels=stream.info.channel_count,
        samples=len(stream),
        lost=_lost(stream, entry, pace),
        lost_uncertainty=pace.uncertainty,
        shows_loss=pace.shows_loss,
        runs_free=pace.runs_free,
        duplicates=timing.duplicates(stamps) if regular else 0,
        rate_hz=rate,
        effective_rate_hz=pace.rate_hz if regular and pace.tells_time else None,
        first_lsl=float(stamps[0]) if len(stamps) else None,
        last_lsl=float(stamps[-1]) if len(stamps) else None,
        offsets=len(stream.offset_times),
        drift_ppm=fit.drift_ppm,
        offset_residual_ms=_ms(fit.residual_s),
        offset_uncertainty_ms=_ms(uncertainty),
        jitter_ms=_ms(timing.jitter(stamps, rate, pace.cuts)) if regular else None,
        jitter_dejittered_ms=_ms(pace.error_s),
        clock_gaps=tuple(_clock_gap(gap, fit) for gap in fit.gaps_of(stream.stamps)),
        latency_ms=_ms(latency_of(stream, entry)),
        from_copy=int(added_in(stream).sum()),
        gaps=gaps,
    )


def _clock_gap(gap: ClockGap, fit: ClockFit) -> ClockGapReport:
    start, end = correct(np.array([gap.start, gap.end]), fit).tolist()
    return ClockGapReport(start=start, end=end, error_ms=1e3 * gap.error_s)


def _lost(stream: XdfStream, entry: StreamEntry | None, pace: Pace) -> int:
    """Return what is lost: as the device counts it, or else as all stamps together tell.

    What the recorder had counted of another program's stream while it came is less sure than that.
    """
    if entry is None or entry.device is None:
        return pace.lost
    if stream.info.counts_losses:
        return entry.lost + pace.uncounted
    return max(pace.lost, entry.lost)


def _ms(seconds: float | None) -> float | None:
    return None if seconds is None else 1e3 * seconds
