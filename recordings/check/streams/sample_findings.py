"""What the check says of a stream's samples: how many there are, and how they are stamped."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np

from recordings.arrays import BoolArray, F64Array
from recordings.certificate import Finding, Severity, StreamReport
from recordings.check.streams.losses import span_text
from recordings.lateness.decision import BACK_S
from recordings.lateness.pace import Pace
from recordings.manifest_entries import StreamEntry
from recordings.stamps import timing
from recordings.xdf.stream import XdfStream

# Limits beyond which a stream gets a finding.
RATE_OFF: Final = 0.02
FEW_SAMPLES: Final = 16
FEW_S: Final = 1.0
SAMPLED_TYPES: Final = frozenset({"EEG", "EMG", "ECG", "EOG"})
"""Of which no stream comes now and then: without a rate no export but csv has it."""


def count_findings(
    stream: XdfStream, entry: StreamEntry | None, *, ours: bool
) -> Iterator[Finding]:
    """Hold the number of samples against manifest and footer; `ours`: we wrote the file."""
    name, count = stream.name, len(stream)
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
    elif (told := stream.footer.count) is not None and told != count:
        yield _footer_count(stream, told, ours=ours)
    if not count and stream.info.rate_hz > 0:
        yield Finding(
            level="warn",
            code="empty",
            subject=name,
            text="the stream has no samples",
            remedy="check that the device was on and streaming",
        )
    elif not count and (entry is None or entry.device != "unisono"):
        yield Finding(
            level="info",
            code="no-markers",
            subject=name,
            text="nothing came in this stream, which sends when something happens",
            remedy="see that its program marks, if it should have",
        )


def _footer_count(stream: XdfStream, told: int, *, ours: bool) -> Finding:
    """Say that the footer told another count; of others' files, how much that means."""
    level: Severity = "fail" if ours else "warn"
    remedy = ""
    if not ours and told == len(stream) - 1:
        level, remedy = "info", "LabRecorder before 2025 leaves the first sample out of its count"
    elif not ours:
        remedy = (
            "LabRecorder's footers miss samples that came late: trust the file where there is no "
            "damage"
        )
    return Finding(
        level=level,
        code="count-footer",
        subject=stream.name,
        text=f"{len(stream)} samples in the file, {told} in its footer",
        remedy=remedy,
    )


def stamp_findings(report: StreamReport, stamps: F64Array) -> Iterator[Finding]:
    """Say where stamps go back, come twice, or at another rate than announced."""
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
            else "a clock was set or a device restarted; the stretches are treated apart"
            if report.rate_hz
            else "it was sent out of its order, or a clock was set: exports and replay order it",
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


def nan_findings(stream: XdfStream, good: BoolArray) -> Iterator[Finding]:
    """Say how many stamps are no numbers."""
    if bad := int(np.count_nonzero(~good)):
        evenly = stream.info.rate_hz > 0 and not stream.is_text
        yield Finding(
            level="warn",
            code="stamps-nan",
            subject=stream.name,
            text=f"{bad:,} of {len(good):,} stamps are no numbers, or beyond every clock"
            + (
                "; their samples are taken to lie evenly between their neighbours" if evenly else ""
            ),
            remedy="mend the program that sends the stream",
        )


def header_findings(stream: XdfStream) -> Iterator[Finding]:
    """Say what a header keeps from others: which rate a signal has, which channel is which."""
    info = stream.info
    sampled = len(stream) > 0 and info.rate_hz == 0 and info.type.upper() in SAMPLED_TYPES
    if (info.has_bad_rate or sampled) and not stream.is_text:
        yield Finding(
            level="warn",
            code="rate-unusable",
            subject=stream.name,
            text=f"its nominal rate is {info.text('nominal_srate')[:40]!r}: it is taken to "
            "have none, and no loss can be seen",
            remedy="have its program announce its rate; exports take it for no signal",
        )
    described, channels = info.described_channels, info.channel_count
    if described not in (0, channels):
        yield Finding(
            level="warn" if described > channels else "info",
            code="channels-described",
            subject=stream.name,
            text=f"its header describes {described:,} channels, and its samples have {channels:,}: "
            "labels and units may be those of others",
            remedy="mend the program that sends the stream",
        )


def pace_findings(stream: XdfStream, pace: Pace) -> Iterator[Finding]:
    """Say where stamps tell no time, and where a signal is too short to tell anything."""
    count, rate = len(stream), pace.rate_hz
    if not pace.tells_time:
        yield Finding(
            level="warn",
            code="stamps-still",
            subject=stream.name,
            text="its stamps do not go on: they tell no time, it is in no certified pair, and a "
            "loss cannot be seen",
            remedy="mend the program that stamps the stream; csv keeps its samples",
        )
    elif rate > 0 and 0 < count < FEW_SAMPLES and count / rate < FEW_S:
        yield Finding(
            level="warn",
            code="few-samples",
            subject=stream.name,
            text=f"{count} samples in all, which last {span_text(count / rate)}: they tell neither "
            "its pace nor a loss",
            remedy="check that the device was on and streaming",
        )
