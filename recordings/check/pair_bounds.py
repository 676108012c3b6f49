"""The certificate: for each pair of streams, how far apart one moment can be, and from what."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations
from typing import Final

import numpy as np

from recordings.arrays import F64Array
from recordings.certificate import Contribution, Finding, PairReport
from recordings.check.simulated.truth import FoundEvents, errors_summary
from recordings.check.streams.stream_exam import StreamExam
from recordings.read.outside import distance
from recordings.stream_kinds import EVENTS_STREAM

ANOTHER_CLOCK_S: Final = 3600.0
"""Streams of one recording that lie so far apart do not share a clock."""
_NETWORK: Final = "network asymmetry"
_RESOLUTION: Final = "half"
_ENOUGH = 10  # events that a finer kind must have to be preferred


def pair_reports(
    exams: Sequence[StreamExam], found: Sequence[FoundEvents], local_host: str | None
) -> Iterator[PairReport]:
    """Yield one report per pair of streams that have samples.

    `local_host` is the recording computer's name, where it is known: a stream of its own needs no
    clock offset.
    """
    certified = [e for e in exams if e.name != EVENTS_STREAM and len(e.stamps) and e.has_clock]
    parts = {
        id(e): (tuple(_contributions(e, local_host)), tuple(_unmeasured(e, local_host)))
        for e in exams
    }
    for a, b in combinations(certified, 2):
        if distance(a.span, b.span) > ANOTHER_CLOCK_S:
            continue
        sources = (*parts[id(a)][0], *parts[id(b)][0])
        axes_ms, resolution_ms = axes_bound_ms(sources), _sum(sources, _RESOLUTION)
        errors, kind, missed = _differences(
            [f for f in found if f.stream == a.name], [f for f in found if f.stream == b.name]
        )
        yield PairReport(
            a=a.shown,
            b=b.shown,
            bound_ms=axes_ms + resolution_ms,
            axes_ms=axes_ms,
            resolution_ms=resolution_ms,
            contributions=sources,
            unmeasured=(*parts[id(a)][1], *parts[id(b)][1]),
            truth=errors_summary(errors, missed) if len(errors) else None,
            truth_from=kind,
        )


def _contributions(exam: StreamExam, local_host: str | None) -> Iterator[Contribution]:
    """Yield what keeps a moment in one stream from being placed exactly."""
    report, name = exam.report, exam.shown
    if exam.entry is not None and exam.entry.alignment is not None:
        yield Contribution(source=f"alignment of {name}", ms=1e3 * exam.entry.alignment.error_s)
    half_ms = report.offset_uncertainty_ms and report.offset_uncertainty_ms / 2
    if exam.has_clock_of(local_host):
        # It has the recorder's own clock: what was measured between the two is the error.
        yield Contribution(source=f"{_NETWORK} of {name}", ms=1e3 * exam.correction_s)
    else:
        if exam.fit.kind != "none":
            yield Contribution(source=f"clock offsets of {name}", ms=1e3 * exam.clock_error_s)
        if half_ms is not None:
            yield Contribution(source=f"{_NETWORK} of {name}", ms=half_ms)
    if exam.stamp_error_s is not None:
        yield Contribution(source=f"stamps of {name}", ms=1e3 * exam.stamp_error_s)
    if exam.rate_hz > 0:
        what = "frame" if exam.is_index and not exam.is_sound else "sample"
        yield Contribution(source=f"{_RESOLUTION} a {what} of {name}", ms=500 / exam.resolution_hz)


def axes_bound_ms(sources: Iterable[Contribution]) -> float:
    """Return how far two time axes can be apart.

    The asymmetry of a network is the same all along, and anything up to what is said of it: these
    add up. The errors of lines and even times are random and independent: their squares do.
    """
    sources = tuple(sources)
    random = [p.ms for p in sources if not p.source.startswith((_NETWORK, _RESOLUTION))]
    return _sum(sources, _NETWORK) + math.hypot(*random)


def _sum(sources: Iterable[Contribution], kind: str) -> float:
    return sum(part.ms for part in sources if part.source.startswith(kind))


def _unmeasured(exam: StreamExam, local_host: str | None) -> Iterator[str]:
    if exam.fit.kind == "none" and (not local_host or exam.stream.info.hostname != local_host):
        yield f"clock of {exam.shown}"
    if exam.rate_hz > 0 and exam.stamp_error_s is None:  # too few to tell how even they are
        yield f"stamps of {exam.shown}"
    if exam.report.latency_ms is None:
        yield f"latency of {exam.shown}"


def _differences(a: Sequence[FoundEvents], b: Sequence[FoundEvents]) -> tuple[F64Array, str, int]:
    """Return the errors of one stream minus the other's, from what they are, and events missed.

    The same world event in both streams tells it directly. Where they share no kind of event, each
    event of one stream is compared with the other's error at that time, interpolated.
    """
    shared = sorted(
        ((x, y) for x in a for y in b if x.what == y.what), key=_resolution, reverse=True
    )
    for x, y in shared:
        times, in_x, in_y = np.intersect1d(x.times, y.times, return_indices=True)
        if len(times):
            kind = x.kind if x.kind == y.kind else f"{x.kind} and {y.kind}"
            return x.errors[in_x] - y.errors[in_y], kind, x.missed + y.missed
    if a and b:
        x, y = max(a, key=lambda f: len(f.times)), max(b, key=lambda f: len(f.times))
        if len(x.times) and len(y.times):
            other = np.interp(x.times, y.times, y.errors)
            return x.errors - other, f"{x.kind} against {y.kind}", x.missed + y.missed
    return np.zeros(0), "", 0


def _resolution(pair: tuple[FoundEvents, FoundEvents]) -> tuple[bool, int]:
    """Order kinds: shapes tell time finer than edges of codes, if there are enough of them."""
    x, y = pair
    enough = min(len(x.times), len(y.times)) >= _ENOUGH
    return enough and x.what != "stimulus", min(len(x.times), len(y.times))


def bound_findings(pairs: Iterable[PairReport]) -> Iterator[Finding]:
    """Name the pairs whose same events lie further apart than their bound says."""
    for p in pairs:
        if p.truth is not None and p.truth.p99_ms > p.bound_ms:
            yield Finding(
                level="warn",
                code="bound-exceeded",
                subject=f"{p.a} – {p.b}",
                text=f"the same events lie {p.truth.p99_ms:.3f} ms apart (p99), "
                f"the bound is {p.bound_ms:.3f} ms",
                remedy=f"what is not in the bound must be large: {', '.join(p.unmeasured)}"
                if p.unmeasured
                else "",
            )


def arrival_findings(exams: Iterable[StreamExam]) -> Iterator[Finding]:
    """Name the streams whose devices do not tell their time: all waits are in the stamps."""
    names = [e.shown for e in exams if e.stream.info.has_times_of_arrival and len(e.stamps)]
    if names:
        yield Finding(
            level="info",
            code="stamps-of-arrival",
            subject=", ".join(names),
            text="these have no time of their device's own: they are stamped when they arrived, "
            "which is late by their transport, and unevenly so where this computer was busy",
            remedy="have the device send its time (of a camera: chunk_timestamp in the rig file)",
        )


def latency_findings(exams: Iterable[StreamExam]) -> Iterator[Finding]:
    """Name the streams whose devices stamp nobody knows how late: no bound has that in it."""
    names = [
        e.shown
        for e in exams
        if e.report.latency_ms is None and e.name != EVENTS_STREAM and len(e.stamps)
    ]
    if names:
        yield Finding(
            level="info",
            code="latency-unmeasured",
            subject=", ".join(names),
            text="nobody has measured how long after the fact these devices stamp; "
            "the bounds leave it out",
            remedy="measure it once, with a photodiode or a tap, and write it into the rig file",
        )
