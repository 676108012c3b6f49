"""What the check finds in one stream: counts, rates, gaps, jitter and its clock."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from recordings import timing
from recordings.arrays import BoolArray, F64Array, I64Array
from recordings.certificate import ClockGapReport, CountedGap, Finding, StreamReport
from recordings.check.losses import loss_findings, span_text
from recordings.clock_offsets import GAP_S, REACH_S, ClockFit, ClockGap, correct, fit_offsets
from recordings.lateness.decision import BACK_S, Pace, filled
from recordings.manifest import StreamEntry
from recordings.read.own_copy import completed
from recordings.read.pace import pace_of
from recordings.read.stream import latency_of
from recordings.stream_kinds import SOUND_TYPE
from recordings.xdf.merged import added_in
from recordings.xdf.reader import XdfStream

# Limits beyond which a stream gets a finding.
RATE_OFF: Final = 0.02
RESIDUAL_S: Final = 1e-3
OFFSET_PAUSE_S: Final = 15.0  # up to GAP_S: then it is a gap, with a bound
_MAX_GAPS: Final = 1000  # in the report; the count of lost samples is of all


@dataclass(frozen=True, slots=True)
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
    stamp_error_s: float | None  # of `times` on the stream's own clock, 99 %; None = not known
    report: StreamReport
    findings: tuple[Finding, ...]

    @property
    def name(self) -> str:
        """The stream's name."""
        return self.stream.name

    @property
    def rate_hz(self) -> float:
        """The nominal rate; 0 = irregular."""
        return self.report.rate_hz

    @property
    def has_clock(self) -> bool:
        """Whether its clock was measured about when its samples were stamped, or needs no such."""
        return _beyond_s(self.stream, self.fit) <= REACH_S

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
        """How many moments a second it can tell apart: of a sound, its samples, not its blocks."""
        if self.is_sound and (text := self.stream.info.text("desc/sample_rate")):
            with contextlib.suppress(ValueError):
                if 0 < (rate := float(text)) < math.inf:
                    return rate
        return self.rate_hz


def examine_stream(stream: XdfStream, entry: StreamEntry | None) -> StreamExam:
    """Measure one stream; `entry` is what the manifest says of it, None for a bare XDF file."""
    fit = fit_offsets(stream.offset_times, stream.offset_values)
    # Judged in the recorder's time: there a clock reset is no more than the gap that it left.
    corrected = correct(stream.stamps, fit)
    entry = completed(entry, stream)
    good = np.isfinite(corrected)
    stamps = filled(corrected, stream.info.rate_hz)
    pace = pace_of(stream, entry, stamps)
    gaps = tuple(_gaps(pace, stamps))
    report = _report(stream, entry, fit, stamps, pace, gaps[:_MAX_GAPS])
    has_pace = report.rate_hz > 0 and not stream.info.can_drop_samples
    times = pace.times if has_pace else stamps
    scatter = timing.scatter(stamps, pace.times) if report.rate_hz else None
    stamp_error_s = pace.error_s if has_pace else scatter
    clock_error_s = fit.error_s(stream.stamps[good])
    findings = (*_count_findings(stream, entry), *_stamp_findings(report, stamps))
    findings += tuple(loss_findings(report, entry, gaps, stream.info.is_index))
    findings += (*_clock_findings(stream, fit), *_nan_findings(stream.name, good))
    return StreamExam(
        stream=stream,
        entry=entry,
        fit=fit,
        stamps=stamps,
        cuts=pace.cuts,
        times=times,
        correction_s=float(np.abs(corrected - stream.stamps)[good].max(initial=0.0)),
        clock_error_s=clock_error_s,
        stamp_error_s=stamp_error_s,
        report=report,
        findings=findings,
    )


def _gaps(pace: Pace, stamps: F64Array) -> Iterator[CountedGap]:
    for loss in pace.losses:
        yield CountedGap(
            start=float(stamps[loss.index]),
            end=float(stamps[min(loss.index + 1, len(stamps) - 1)]),
            lost=loss.count,
            uncertainty=loss.uncertainty,
            certainty=loss.certainty,
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
        duplicates=timing.duplicates(stamps) if regular else 0,
        rate_hz=rate,
        effective_rate_hz=pace.rate_hz if regular else None,
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
    return entry.lost if stream.info.counts_losses else max(pace.lost, entry.lost)


def _ms(seconds: float | None) -> float | None:
    return None if seconds is None else 1e3 * seconds


def _count_findings(stream: XdfStream, entry: StreamEntry | None) -> Iterator[Finding]:
    name, count = stream.name, len(stream)
    ours = entry is not None
    if entry is not None and entry.samples != count:
        yield Finding(
            level="fail",
            code="count-manifest",
            subject=name,
            text=f"{count} samples in the file, {entry.samples} in the manifest",
            remedy="run unisono repair to see what the file still holds",
        )
    if stream.footer is None:
        yield Finding(
            level="warn",
            code="no-footer",
            subject=name,
            text="the stream has no footer: the recording was cut off",
            remedy="unisono repair writes the footers",
        )
    elif stream.footer.count is not None and stream.footer.count != count:
        yield Finding(
            level="fail" if ours else "warn",
            code="count-footer",
            subject=name,
            text=f"{count} samples in the file, {stream.footer.count} in its footer",
            remedy=""
            if ours
            else "LabRecorder's footers miss samples that came late: trust the "
            "file where there is no damage",
        )
    if not count and stream.info.rate_hz > 0:
        yield Finding(
            level="warn",
            code="empty",
            subject=name,
            text="the stream has no samples",
            remedy="check that the device was on and streaming",
        )


def _stamp_findings(report: StreamReport, stamps: F64Array) -> Iterator[Finding]:
    back = timing.reversals(stamps)
    if len(back):
        worst = float((stamps[back] - stamps[back + 1]).max())
        # A packet that was held up comes on the heels of the one before, and its samples, stamped
        # back from its arrival by the period, begin before that one's end.
        is_backlog = report.rate_hz > 0 and worst <= BACK_S
        yield Finding(
            level="info" if is_backlog else "warn",
            code="stamps-back",
            subject=report.name,
            text=f"stamps go back in {len(back)} places, by {span_text(worst)} at most",
            remedy="the sender stamps packets on arrival, and they came closer than their samples "
            "lie apart; the even (dejittered) times are in order"
            if is_backlog
            else "a clock was set or a device restarted; the stretches are treated apart",
        )
    if report.duplicates:
        yield Finding(
            level="warn",
            code="duplicates",
            subject=report.name,
            text=f"{report.duplicates:,} samples have the stamp of the sample before",
            remedy="the source sends samples twice, or stamps whole chunks alike",
        )
    effective, rate = report.effective_rate_hz, report.rate_hz
    if effective and abs(effective / rate - 1) > RATE_OFF:
        yield Finding(
            level="warn",
            code="rate",
            subject=report.name,
            text=f"effective rate {effective:.2f} Hz, nominal {rate:g} Hz "
            f"({100 * (effective / rate - 1):+.1f} %)",
            remedy="check the device's rate setting, its USB hub and the computer's load",
        )


def _nan_findings(name: str, good: BoolArray) -> Iterator[Finding]:
    if not good.all():
        yield Finding(
            level="warn",
            code="stamps-nan",
            subject=name,
            text=f"{np.count_nonzero(~good):,} of {len(good):,} stamps are no numbers; "
            "their samples are taken to lie evenly between their neighbours",
            remedy="mend the program that sends the stream",
        )


def _clock_findings(stream: XdfStream, fit: ClockFit) -> Iterator[Finding]:
    name, times = stream.name, stream.offset_times[np.isfinite(stream.offset_times)]
    if fit.kind == "none" and len(stream):
        yield Finding(
            level="warn",
            code="no-offsets",
            subject=name,
            text="no clock offset was recorded: if another computer sent the stream, its stamps "
            "cannot be related to the other streams",
            remedy="record for at least 5 s, and let UDP through the firewall",
        )
    beyond = _beyond_s(stream, fit)
    if beyond > REACH_S:
        yield Finding(
            level="warn",
            code="stamps-beyond-offsets",
            subject=name,
            text=f"its stamps lie up to {span_text(beyond)} beyond its clock offsets, so that its "
            "clock was not measured there: it is in no certified pair",
            remedy="the sender stamps by another clock than LSL's, or the network was down: have "
            "it push LSL time (local_clock), and let UDP through the firewall",
        )
    if fit.dropped:
        yield Finding(
            level="warn",
            code="offsets-garbage",
            subject=name,
            text=f"{fit.dropped} clock offsets are no numbers; they are left out",
        )
    if len(fit.segments) > 1:
        yield Finding(
            level="warn",
            code="clock-reset",
            subject=name,
            text=f"the clock offsets jump in {len(fit.segments) - 1} places",
            remedy="the sending computer or its clock was restarted; each stretch has its own line",
        )
    if fit.residual_s is not None and fit.residual_s > RESIDUAL_S:
        yield Finding(
            level="warn",
            code="offsets-scatter",
            subject=name,
            text=f"clock offsets scatter by {span_text(fit.residual_s)} (p99) around their line",
            remedy="use a wired network between the computers",
        )
    yield from _gap_findings(stream, fit)
    pause = float(np.diff(times).max()) if len(times) > 1 else 0.0
    if OFFSET_PAUSE_S < pause <= GAP_S and len(fit.segments) == 1:
        yield Finding(
            level="warn",
            code="offsets-sparse",
            subject=name,
            text=f"no clock offset for {pause:.0f} s",
            remedy="the network was down or the sender busy; between offsets the line is trusted",
        )


def _gap_findings(stream: XdfStream, fit: ClockFit) -> Iterator[Finding]:
    gaps = fit.gaps_of(stream.stamps)
    if not gaps:
        return
    longest = max(gap.end - gap.start for gap in gaps)
    error_s = max(gap.error_s for gap in gaps)
    where = "" if len(gaps) == 1 else f" at the longest, in {len(gaps)} places"
    yield Finding(
        level="info" if error_s <= RESIDUAL_S else "warn",
        code="clock-interpolated",
        subject=stream.name,
        text=f"its clock is interpolated over {span_text(longest)}{where}: no offset was measured "
        f"there, and its times may be off by {span_text(error_s)} (99 %)",
        remedy="the network was down: record on for two minutes after it is back, for then the "
        "line through both sides is known best",
    )


def _beyond_s(stream: XdfStream, fit: ClockFit) -> float:
    stamps = stream.stamps
    return fit.beyond_s(stamps[np.isfinite(stamps)])
