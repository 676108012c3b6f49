"""What the check says of a stream's clock: never measured, out of reach, reset, interpolated."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np

from recordings.certificate import Finding
from recordings.check.streams.losses import span_text
from recordings.stamps.clock_offsets import GAP_S, REACH_S, ClockFit
from recordings.xdf.stream import XdfStream

# Limits beyond which a stream gets a finding.
RESIDUAL_S: Final = 1e-3
OFFSET_PAUSE_S: Final = 15.0  # up to GAP_S: then it is a gap, with a bound


def clock_findings(stream: XdfStream, fit: ClockFit, beyond_s: float) -> Iterator[Finding]:
    """Say what is wrong with how a stream's clock was measured.

    `beyond_s` is how far its stamps lie beyond the span in which that was done.
    """
    name = stream.name
    if fit.kind == "none" and len(stream):
        yield Finding(
            level="warn",
            code="no-offsets",
            subject=name,
            text="no clock offset was recorded: if another computer sent the stream, its stamps "
            "cannot be related to the other streams",
            remedy="record for at least 5 s, and let UDP through the firewall",
        )
    if beyond_s > REACH_S:
        yield Finding(
            level="warn",
            code="stamps-beyond-offsets",
            subject=name,
            text=f"its stamps lie up to {span_text(beyond_s)} beyond its clock offsets, so that "
            "its clock was not measured there: it is in no certified pair",
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
    if fit.strays:
        yield Finding(
            level="warn",
            code="offsets-stray",
            subject=name,
            text=f"{fit.strays} clock offsets leave those before and after, which go on without "
            "them; they are left out",
        )
    if len(fit.segments) > 1:
        yield Finding(
            level="warn",
            code="clock-reset",
            subject=name,
            text=f"the clock offsets jump in {len(fit.segments) - 1} places",
            remedy="the sending computer or its clock was restarted; each stretch has its own line",
        )
    yield from _gap_findings(stream, fit)
    pause = float(np.diff(fit.times).max()) if len(fit.times) > 1 else 0.0
    if OFFSET_PAUSE_S < pause <= GAP_S and len(fit.segments) == 1:
        yield Finding(
            level="warn",
            code="offsets-sparse",
            subject=name,
            text=f"no clock offset for {pause:.0f} s",
            remedy="the network was down or the sender busy; between offsets the line is trusted",
        )


def scatter_findings(name: str, fit: ClockFit, *, has_own_clock: bool) -> Iterator[Finding]:
    """Say that a stream's clock was measured badly.

    `has_own_clock`: whether it is the recorder's own, which needs no measuring: then what was
    measured tells of a busy computer alone.
    """
    if fit.residual_s is None or fit.residual_s <= RESIDUAL_S:
        return
    text = f"clock offsets scatter by {span_text(fit.residual_s)} (p99) around their line"
    if has_own_clock:
        text += "; this computer was busy when it measured them, and the clock is its own"
    yield Finding(
        level="info" if has_own_clock else "warn",
        code="offsets-scatter",
        subject=name,
        text=text,
        remedy="" if has_own_clock else "use a wired network between the computers",
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
