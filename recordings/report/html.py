"""`report.html` and `report.json`: the certificate for people and for machines.

The HTML is one file without scripts that opens anywhere, follows light and dark, and prints on A4.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from markupsafe import Markup

from recordings import layout, palette
from recordings.certificate import (
    CameraReport,
    CountedGap,
    Finding,
    PairReport,
    Report,
    StreamReport,
    Verdict,
)
from recordings.check.examination import Examination, examine
from recordings.check.simulated.truth import FoundEvents
from recordings.disk.atomic import replace_file
from recordings.disk.hashing import sha256_of
from recordings.errors import NotWritten, is_full
from recordings.lateness.pace import Certainty
from recordings.manifest import Manifest
from recordings.report import figures, plots
from recordings.report.drawing import clock
from recordings.report.methods import methods_text, milliseconds
from recordings.report.page import page_colours, page_environment
from recordings.stream_kinds import EVENTS_STREAM, LOST_FATES, Fate

MAX_EVENTS: Final = 200
MAX_GAPS: Final = 50  # in the table; the first 1000 of each stream are in report.json

_VERDICTS: Final = {
    Verdict.PASS: ("alive", "Everything that was sent is here, and accounted for."),
    Verdict.WARN: ("warning", "Usable; read the warnings before you rely on what they touch."),
    Verdict.PENDING: ("missing", "Files are still on a node: collect them, then check again."),
    Verdict.FAIL: ("failed", "Data are damaged, missing or unaccounted for: see the findings."),
}
_METHODS_NOTES: Final = {
    Verdict.FAIL: "Not ready for a paper: the check has failed, and these figures are of what "
    "could be read.",
    Verdict.PENDING: "Not ready for a paper: files are still on a node, and figures will change.",
}
_LEVELS: Final = {"fail": "failed", "warn": "warning", "info": "missing"}


def check_and_report(
    path: Path,
    *,
    hashes: bool = True,
    thresholds: Path | None = None,
    hash_of: Callable[[Path], str] = sha256_of,
) -> Report:
    """Check a session folder and write its report beside it; of a bare XDF file only check.

    `hash_of` gives the SHA-256 of a file: it reads it, or knows what was read of it.

    A folder that cannot be written to, an archive, is checked all the same: that there is no
    report in it is one of the findings.

    Raises:
        RecordingError: it cannot be read.
    """
    examination = examine(path, hashes=hashes, thresholds=thresholds, hash_of=hash_of)
    report = examination.report
    try:
        if examination.manifest is not None:
            _write(examination, path if path.is_dir() else path.parent)
    except NotWritten as error:
        text = str(error)
        unwritten = Finding(level="info", code="report-unwritten", subject="report", text=text)
        return report.model_copy(update={"findings": (*report.findings, unwritten)})
    finally:
        examination.close()
    return report


def _write(examination: Examination, folder: Path) -> None:
    try:
        for name, text in (
            (layout.REPORT_JSON_NAME, examination.report.model_dump_json(indent=1) + "\n"),
            (layout.REPORT_NAME, render(examination)),
        ):
            replace_file(folder / name, text.encode())
    except OSError as error:
        remedy = "make room there" if is_full(error) else "check its permissions"
        raise NotWritten(
            f"{folder}: the report cannot be written ({error.strerror}); {remedy}"
        ) from error


def render(examination: Examination) -> str:
    """Return the HTML of a report."""
    environment = page_environment()
    environment.filters["ms"] = milliseconds
    environment.filters["lost"] = _lost
    return environment.get_template("report.html.j2").render(_context(examination))


def _context(examination: Examination) -> dict[str, Any]:
    report = examination.report
    start, stop = figures.session_span(examination)
    state, sentence = _VERDICTS[report.verdict]
    sample = figures.sample_plot(examination)
    return {
        "css": page_colours(),
        "title": _title(examination.manifest, report),
        "subtitle": _subtitle(examination.manifest),
        "report": report,
        "state": state,
        "glyph": palette.GLYPHS[state],
        "sentence": sentence,
        "numbers": _numbers(report),
        "findings": [
            (_LEVELS[f.level], palette.GLYPHS[_LEVELS[f.level]], f) for f in report.findings
        ],
        "pairs": _pairs(report.widest, report.simulated),
        "timeline": Markup(figures.timeline(examination)),
        "streams": report.streams,
        "offset_plots": _small_plots(
            (e.shown, figures.offset_plot(e, start, stop), _drift(e.report.drift_ppm))
            for e in examination.exams
        ),
        "interval_plots": _small_plots(
            (e.shown, figures.interval_plot(e), f"nominal {1e3 / e.rate_hz:.4g} ms")
            for e in examination.exams
            if e.rate_hz > 0
        ),
        "sample": (Markup(sample[0]), sample[1]) if sample else None,
        "gaps": _gaps(report, start),
        "gaps_left_out": max(sum(len(s.gaps) for s in report.streams) - MAX_GAPS, 0),
        "ledgers": [
            (what, [(ledger, _fates(ledger)) for ledger in ledgers])
            for what, ledgers in (("camera", report.cameras), ("microphone", report.sounds))
            if ledgers
        ],
        "truth": _truth(report, examination.found),
        "truth_reach": milliseconds(_truth_reach(examination.found)),
        "events": _events(examination, start),
        "files": examination.manifest.files if examination.manifest else (),
        "methods_note": _METHODS_NOTES.get(report.verdict, "Ready to paste into a paper."),
        "methods": methods_text(report, examination.manifest),
    }


def _title(manifest: Manifest | None, report: Report) -> str:
    if manifest is None:
        return Path(report.path).name
    return (
        f"sub-{manifest.participant} ses-{manifest.session} "
        f"task-{manifest.task} run-{manifest.run:02d}"
    )


def _subtitle(manifest: Manifest | None) -> str:
    if manifest is None:
        return "an XDF file of its own, without a session's manifest"
    parts = [f"study {manifest.study}"]
    if manifest.clock:
        parts.append(f"{manifest.clock[0].when:%Y-%m-%d %H:%M:%S} UTC")
    if manifest.simulated:
        parts.append(f"simulated rig, seed {manifest.seed}")
    return " · ".join(parts)


def _numbers(report: Report) -> list[tuple[str, str, str]]:
    """Return what matters most as (figure, what it is, state)."""
    lost = sum(s.lost for s in report.streams)
    numbers = [
        (clock(report.duration_s or 0), "recorded", ""),
        (str(len(report.streams)), "streams", ""),
        (f"{lost:,}", "samples lost", "warning" if lost else ""),
    ]
    if report.cameras:
        stored = sum(c.stored for c in report.cameras)
        gone = sum(c.lost for c in report.cameras)
        numbers.append((f"{stored:,}", "frames stored", ""))
        numbers.append((f"{gone:,}", "frames lost", "warning" if gone else ""))
    if gone := sum(sound.lost for sound in report.sounds):
        numbers.append((f"{gone:,}", "blocks of sound lost", "warning"))
    if report.pairs:
        worst = max(p.axes_ms for p in report.pairs)
        numbers.append((f"± {milliseconds(worst)} ms", "time axes, widest pair", ""))
    return numbers


def _pairs(pairs: Sequence[PairReport], simulated: bool) -> list[dict[str, Any]]:
    """Return pairs for the table."""
    largest = max((sum(c.ms for c in p.contributions) for p in pairs), default=1.0)
    return [
        {
            "pair": p,
            "bar": Markup(plots.budget(_colours(p), largest)),
            "parts": [c for c in sorted(p.contributions, key=lambda c: -c.ms) if c.ms >= 5e-4],
            "unmeasured": _unmeasured(p.unmeasured),
            "beyond": simulated and p.truth is not None and p.truth.p99_ms > p.bound_ms,
        }
        for p in pairs
    ]


def _unmeasured(names: Sequence[str]) -> str:
    """Write "latency of a, latency of b" as "unmeasured latency: a, b"."""
    whats: dict[str, list[str]] = {}
    for name in names:
        what, _, stream = name.partition(" of ")
        whats.setdefault(what, []).append(stream)
    parts = [f"unmeasured {what}: {', '.join(streams)}" for what, streams in whats.items()]
    return "; ".join(parts) or "nothing"


def _colours(pair: PairReport) -> list[tuple[int, str, float]]:
    """Give the parts of a bound their colours, and put those of one colour together."""
    kinds = (("clock offsets", "alignment"), ("network",), ("stamps",), ("half",))
    parts = [
        (next(n for n, kind in enumerate(kinds) if c.source.startswith(kind)), c.source, c.ms)
        for c in pair.contributions
    ]
    return sorted(parts, key=lambda part: part[0])


def _gaps(report: Report, start: float) -> list[tuple[str, str, str, str, str]]:
    """Return (stream, from, duration, samples lost, how sure) of the gaps, in order of time."""
    every = sorted(((g, s.name) for s in report.streams for g in s.gaps), key=lambda x: x[0].start)
    return [
        (
            name,
            f"{gap.start - start:.3f}",
            f"{gap.end - gap.start:.3f}",
            f"{gap.lost:,}{_give(gap.uncertainty)}",
            _how_sure(gap),
        )
        for gap, name in every[:MAX_GAPS]
    ]


def _how_sure(gap: CountedGap) -> str:
    if gap.certainty is Certainty.OPEN:
        return "open: late or lost, not counted"
    beside = f"; {gap.doubtful:,} samples may stand on either side of it" if gap.doubtful else ""
    return f"{gap.certainty}{beside}"


def _lost(stream: StreamReport) -> str:
    """Write what a stream has lost; that it cannot be seen, where that is so."""
    if not stream.shows_loss and not stream.lost:
        return "not to be seen"
    return f"{stream.lost:,}{_give(stream.lost_uncertainty)}"


def _give(uncertainty: int) -> str:
    return f" ± {uncertainty:,}" if uncertainty else ""


def _small_plots(plots_: Any) -> list[tuple[str, Markup, str]]:
    return [(name, Markup(plot), note) for name, plot, note in plots_ if plot]


def _drift(ppm: float | None) -> str:
    return "" if ppm is None else f"drift {ppm:+.2f} ppm"


def _fates(camera: CameraReport) -> list[tuple[str, int, str]]:
    """Return (fate, frames, state) for the fates that occurred."""
    return [
        (fate.value.replace("_", " "), count, "warning" if fate in LOST_FATES else "")
        for fate, count in camera.fates.items()
        if count or fate is Fate.STORED
    ]


def _truth_reach(found: Sequence[FoundEvents]) -> float:
    """Return the largest error in ms, at least 0.1: the scale that all streams share."""
    return max((1e3 * float(np.abs(f.errors).max(initial=0)) for f in found), default=0.0) or 0.1


def _truth(report: Report, found: Sequence[FoundEvents]) -> list[tuple[Any, Markup]]:
    reach = _truth_reach(found)
    strips = {(f.stream, f.kind): f.errors for f in found}
    return [
        (t, Markup(plots.strip(1e3 * strips[t.stream, t.kind], reach)))
        for t in report.truth
        if (t.stream, t.kind) in strips
    ]


def _events(examination: Examination, start: float) -> list[tuple[str, str, str, str, str]]:
    """Return (time, state, glyph, source, text) of the engine's events."""
    manifest = examination.manifest
    if manifest and manifest.events:
        rows = [(e.time, str(e.level), e.source, e.text) for e in manifest.events]
    else:
        rows = [
            (m.time, str(m.fields.get("level", "info")), str(m.fields.get("source", "")), m.text)
            for m in examination.markers.get(EVENTS_STREAM, ())
        ]
    return [
        (f"{time - start:.3f}", state, palette.GLYPHS.get(state, ""), source, text)
        for time, level, source, text in rows[:MAX_EVENTS]
        for state in (figures.ALARMS.get(level, ""),)
    ]
