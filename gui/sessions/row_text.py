"""The cells of a session's row, in words."""

from __future__ import annotations

import os
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Final

from acquire.server.api.session_models import SessionInfo
from gui.client.status_text import duration
from gui.texts import tr
from recordings.certificate import Verdict
from recordings.manifest import State
from recordings.manifest_entries import LostFile

LENGTH, SIZE, COPY, VERDICT = 5, 6, 7, 8
"""Columns that somebody names."""
LOOKS: Final = {
    Verdict.PASS: ("alive", "●"),
    Verdict.WARN: ("warning", "▲"),
    Verdict.FAIL: ("failed", "✖"),
    Verdict.PENDING: ("muted", "○"),
}
"""The colour and the glyph of each verdict."""


def texts(row: SessionInfo) -> tuple[str, ...]:
    """Write the cells of a row."""
    when = "–"
    if row.started_utc:
        started = datetime.fromisoformat(row.started_utc)
        when = f"{started.astimezone():%Y-%m-%d %H:%M}"
    name = Path(row.session).name
    return (
        row.participant or name,
        row.session_label,
        row.task,
        "" if row.run is None else f"{row.run:03}",
        when,
        "–" if row.seconds is None else duration(row.seconds),
        "–" if row.bytes is None else _size(row.bytes),
        _copies(row),
        _problem(row)
        or (tr("▲ not usable: {}").format(row.unusable) if row.unusable else "")
        or _verdict(row),
    )


def _problem(row: SessionInfo) -> str:
    """Say what is wrong with the row itself; where it lies stands in the tooltip."""
    return f"✖ {row.problem.replace(f'{row.session}{os.sep}', '')}" if row.problem else ""


def _copies(row: SessionInfo) -> str:
    if row.problem or row.state in (State.ARMED, State.RECORDING):
        return ""
    if row.on_nodes or row.lost:  # what is here is not all of it
        lost_on = dict.fromkeys(file.node for file in row.lost)
        words = [tr("✖ lost on {}").format(", ".join(lost_on))] if lost_on else []
        waits = [tr("▲ partly on {}").format(", ".join(row.on_nodes))] if row.on_nodes else []
        return ", ".join((*words, *waits))
    return tr("● {} more").format(len(row.copies)) if row.copies else tr("▲ only here")


def lost_words(files: Iterable[LostFile]) -> list[str]:
    """Say of each file that was given up where it was, and why it will not come."""
    return [
        tr("✖ {} is lost on {}: {}").format(file.path, file.node, file.reason) for file in files
    ]


def _verdict(row: SessionInfo) -> str:
    if row.outdated:
        return tr("▲ {}, changed since: check again").format(row.verdict)
    if row.verdict is None:
        return str(row.state or "")
    text = f"{LOOKS[row.verdict][1]} {row.verdict}"
    return f"{text}, {tr('contents read')}" if row.contents_read else text


def _size(count: int) -> str:
    unit, name = (1e9, "GB") if count >= 1e9 else (1e6, "MB") if count >= 1e6 else (1e3, "kB")
    return f"{count / unit:.1f} {name}"
