"""What the check says of losses: how many, how sure, and where loss cannot be seen."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from recordings.certificate import CountedGap, Finding, StreamReport
from recordings.lateness.pace import Certainty
from recordings.manifest_entries import StreamEntry
from recordings.xdf.header import StreamInfo

PAUSE_S: Final = 1.0
"""Nobody pauses a device for less."""
_FAR_S: Final = 0.01
_EACH: Final = 5  # breaks that get a line each


def loss_findings(
    report: StreamReport,
    entry: StreamEntry | None,
    gaps: Sequence[CountedGap],
    info: StreamInfo,
) -> Iterator[Finding]:
    """Yield what is to be said of a stream's losses; `gaps` are all of them.

    The rows of a camera are counted by the frame ledger.
    """
    if report.lost:
        counts = info.counts_losses or info.is_index
        yield _lost(report, gaps, "" if counts else _pauses(gaps))
        yield from _misplaced(report, gaps)
    for gap in gaps:
        if gap.certainty is Certainty.OPEN:
            yield _open(report, gap)
    breaks = [gap for gap in gaps if gap.certainty is Certainty.BREAK]
    if len(breaks) <= _EACH:
        yield from (_break(report, gap) for gap in breaks)
    else:
        yield _breaks(report, breaks)
    if not report.shows_loss and report.samples > 1 and not info.is_index:
        yield _free_running(report) if report.runs_free else _counted_stamps(report)
    if entry is not None and entry.overflows:
        yield _dropped(report, entry.overflows)
    if entry is not None and entry.device is None and entry.lost != report.lost:
        yield Finding(
            level="info",
            code="lost-live",
            subject=report.name,
            text=f"{entry.lost:,} samples were counted as lost while it came, {report.lost:,} by "
            "the whole recording: the latter holds",
        )


def _counted_stamps(report: StreamReport) -> Finding:
    return Finding(
        level="info",
        code="loss-unseen",
        subject=report.name,
        text="its sender counts its stamps, one period a sample: loss cannot be seen in them",
        remedy="send the device's own counter as a channel, or stamp samples as they come",
    )


def _free_running(report: StreamReport) -> Finding:
    return Finding(
        level="info",
        code="free-running",
        subject=report.name,
        text="its sender keeps no pace: each interval is on its own, as of a program that waits, "
        "works and sends. Its stamps are taken as they are, and of losses only silences of 1 s or "
        "5 intervals are seen in them",
        remedy="have its program send what is due since its start, or announce no rate (0)",
    )


def _pauses(gaps: Sequence[CountedGap]) -> str:
    """Say that stamps do not tell a device that was paused from one whose samples were lost."""
    long = [g for g in gaps if g.end - g.start > PAUSE_S and g.certainty is not Certainty.OPEN]
    if not (missing := sum(g.lost for g in long)):
        return ""
    which = "this gap" if len(gaps) == 1 else f"{len(long)} of the gaps, longer than 1 s"
    return (
        f"; if the device was paused by hand, the {missing:,} samples of {which} were never taken: "
        "stamps alone do not tell that from a loss"
    )


def _lost(report: StreamReport, gaps: Sequence[CountedGap], pauses: str) -> Finding:
    counted = [g for g in gaps if g.certainty is not Certainty.OPEN and g.lost]
    longest = max((g.end - g.start for g in counted), default=0.0)
    places = "one gap of" if len(counted) == 1 else f"{len(counted)} gaps, the longest"
    # What a device counts itself may lie where the stamps have no gap: it has rows then.
    are_all = sum(g.lost for g in counted) >= report.lost
    where = f" in {places} {span_text(longest)}" if counted and are_all else ""
    give = f" ± {report.lost_uncertainty:,}" if report.lost_uncertainty else ""
    share = f"{100 * report.lost_share:.2g} %"
    unsure = sum(g.certainty is Certainty.UNCERTAIN for g in counted)
    return Finding(
        level="warn",
        code="lost",
        subject=report.name,
        text=f"{report.lost:,}{give} samples lost{where} ({share} of all)"
        + (f"; {unsure} of the gaps uncertain, as its stamps scatter" if unsure else "")
        + pauses,
        remedy="check the device's cable, battery or radio link, and the computer's load",
    )


def _misplaced(report: StreamReport, gaps: Sequence[CountedGap]) -> Iterator[Finding]:
    """Say how far off the times of a backlog may be: nobody knows where in it samples are lost."""
    far = [gap for gap in gaps if gap.doubtful and gap.lost > _FAR_S * report.rate_hz]
    if far:
        count = sum(gap.doubtful for gap in far)
        yield Finding(
            level="info",
            code="lost-place",
            subject=report.name,
            text=f"{count:,} samples came in a backlog, and nobody knows where in it others are "
            "missing: their times may be off by up to "
            f"{span_text(max(gap.lost for gap in far) / report.rate_hz)}",
            remedy="take no exact times from beside these gaps, which the report lists",
        )


def _dropped(report: StreamReport, times: int) -> Finding:
    often = "once" if times == 1 else f"{times:,} times"
    counted = "the gap is counted from the stamps" if report.rate_hz else "nobody counts how many"
    return Finding(
        level="warn",
        code="samples-dropped",
        subject=report.name,
        text=f"more samples came at once than LSL's buffers hold, {often}: the oldest may "
        f"have been dropped; {counted}",
        remedy="have its program send them in smaller portions, some thousand a second",
    )


def _open(report: StreamReport, gap: CountedGap) -> Finding:
    return Finding(
        level="warn",
        code="late-at-end",
        subject=report.name,
        text=f"late by {span_text(gap.lost / report.rate_hz)} at the end: whether up to "
        f"{gap.lost:,} samples are lost or would have come is open; none is counted",
        remedy="let the recording run some seconds longer than what is needed of it",
    )


def _break(report: StreamReport, gap: CountedGap) -> Finding:
    what = (
        f"{gap.lost:,} ± {gap.uncertainty:,} samples are counted as lost in it, if its clock was "
        "not set"
        if gap.lost
        else "too far for a loss: its clock was set or stamps are wrong; none is counted as lost"
    )
    return Finding(
        level="warn",
        code="break",
        subject=report.name,
        text=f"its stamps leap by {span_text(gap.end - gap.start)}: {what}",
        remedy="check whether the device was away, or the program that stamps the stream",
    )


def _breaks(report: StreamReport, gaps: Sequence[CountedGap]) -> Finding:
    longest, lost = max(gap.end - gap.start for gap in gaps), sum(gap.lost for gap in gaps)
    counted = f"{lost:,} samples are counted as lost in them" if lost else "none is counted as lost"
    return Finding(
        level="warn",
        code="break",
        subject=report.name,
        text=f"its stamps leap in {len(gaps):,} places, by {span_text(longest)} at most; {counted}",
        remedy="check whether the device was away, or the program that stamps the stream",
    )


def span_text(seconds: float) -> str:
    """Write a length of time in s or ms."""
    return f"{seconds:.3g} s" if seconds >= 1 else f"{1e3 * seconds:.3g} ms"
