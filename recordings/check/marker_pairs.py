"""Whether each onset has its end."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from recordings.certificate import Finding
from recordings.read.markers import ENDS, Marker


def marker_findings(name: str, markers: list[Marker]) -> Iterator[Finding]:
    """Say which onsets have no end, which ends no onset, and which onsets no code.

    What was on when the recording stopped, and what ended just after it began, is no fault.
    """
    running: dict[tuple[Any, Any], Marker] = {}
    unended: list[Marker] = []
    strays = uncoded = 0
    for marker in (m for m in markers if m.event):
        key = (str(marker.fields.get("trial")), str(marker.fields.get("stimulus")))
        if marker.event == "onset":
            # A cross or a question may go without a code; a stimulus cannot be found without.
            needs_code = marker.fields.get("stimulus", "") is not None
            uncoded += marker.code is None and needs_code
            if key in running:
                unended.append(running[key])
            running[key] = marker
        elif marker.event in ENDS and running.pop(key, None) is None:
            strays += marker.event == "end"
    left = sorted(running.values(), key=lambda m: m.time)
    last_onset = max((m.time for m in markers if m.event == "onset"), default=0.0)
    unended += [m for m in left if m.time < last_onset]
    first = next((m.event for m in markers if m.event in ("onset", "end")), "")
    strays -= first == "end"
    if unended:
        yield _incomplete(name, "onset-no-end", f"{len(unended)} onsets have no end", unended)
    if strays > 0:
        yield _incomplete(name, "end-no-onset", f"{strays} ends have no onset", [])
    if uncoded:
        yield _incomplete(name, "onset-no-code", f"{uncoded} onsets carry no code", [])
    if any(m.time >= last_onset for m in left):
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
