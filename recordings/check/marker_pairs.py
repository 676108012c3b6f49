"""Whether each onset has its end."""

from __future__ import annotations

from collections.abc import Iterator

from recordings.certificate import Finding
from recordings.read.markers import Marker, SessionMarker
from recordings.read.trials import pair_stimuli


def marker_findings(name: str, markers: list[Marker]) -> Iterator[Finding]:
    """Say which onsets have no end, which ends no onset, and which onsets no code.

    What was on when the recording stopped, and what ended just after it began, is no fault.
    """
    pairs, strays = pair_stimuli(SessionMarker(name, marker) for marker in markers)
    open_ = [onset.marker for onset, end in pairs if end is None]
    last_onset = max((onset.time for onset, _ in pairs), default=0.0)
    unended = [m for m in open_ if m.time < last_onset]
    # A cross or a question may go without a code; a stimulus cannot be found without.
    uncoded = [
        o for o, _ in pairs if o.code is None and o.marker.fields.get("stimulus", "") is not None
    ]
    first = next((m.event for m in markers if m.event in ("onset", "end")), "")
    ends = sum(m.event == "end" for m in strays) - (first == "end")
    if unended:
        yield _incomplete(name, "onset-no-end", f"{len(unended)} onsets have no end", unended)
    if ends > 0:
        yield _incomplete(name, "end-no-onset", f"{ends} ends have no onset", [])
    if uncoded:
        yield _incomplete(name, "onset-no-code", f"{len(uncoded)} onsets carry no code", [])
    if len(open_) > len(unended):
        yield Finding(
            level="info",
            code="onset-open",
            subject=name,
            text="the last stimulus was still on when the recording stopped",
        )


def _incomplete(name: str, code: str, text: str, at: list[Marker]) -> Finding:
    where = ", ".join(str(m.fields.get("stimulus") or m.code) for m in at[:5])
    return Finding(
        level="warn",
        code=code,
        subject=name,
        text=f"{text}: {where}" if where else text,
        remedy="leave these trials out, or look up what happened in the events",
    )
