"""How exactly stimuli were shown: asked for against shown, and shown against light."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

import numpy as np

from recordings.arrays import F64Array
from recordings.certificate import Finding, StimulusReport
from recordings.read.markers import Marker
from recordings.stamps.timing import percentile
from recordings.stream_kinds import EVENTS_STREAM, PLAYER_STREAM

FLASH: Final = "flash_on"
_DARK: Final = "flash_off"
DISAGREE = 0.05
"""So many of the onsets may lack their flash, or have one too many."""
LATE_S: Final = 0.1
"""A stimulus that is shown so much after it was asked for was not ready, or had no processor."""
SCATTER_S: Final = 0.05
"""Light that comes so much later than it does in the mean is not of the frame that was marked."""
_BEFORE_S, _AFTER_S = 0.1, 0.3
"""Light is looked for from so long before to so long after the marker."""


def stimulus_reports(markers: Mapping[str, Sequence[Marker]]) -> Iterator[StimulusReport]:
    """Yield the timing of each marker stream with onsets that tell when they were asked for.

    `markers` are those of every text stream, clock offsets applied. Light is that of the stream
    with the most `flash_on`; each onset is matched with the flash nearest to it.
    """
    flashes = {name: _times(rows, FLASH) for name, rows in markers.items()}
    source = max(flashes, key=lambda name: len(flashes[name]), default="")
    for name, rows in markers.items():
        onsets = [m for m in rows if m.event == "onset"]
        stimuli = [m for m in onsets if m.fields.get("stimulus") is not None]
        light = np.sort(flashes.get(source, np.zeros(0)))
        lit = np.array([m.time for m in stimuli])
        if name == PLAYER_STREAM:  # its patch is switched by each onset, of questions as well
            light = np.sort(np.concatenate([light, _times(markers.get(source, ()), _DARK)]))
            lit = np.array([m.time for m in onsets])
        late = np.array([x for m in stimuli if (x := _late(m.fields)) is not None])
        if name == EVENTS_STREAM or not stimuli or not (len(late) or len(light)):
            continue
        found = lags(lit, light)
        yield StimulusReport(
            stream=name,
            onsets=len(stimuli),
            late=int(np.sum(late > LATE_S)),
            late_p50_ms=_ms(late, 50),
            late_p99_ms=_ms(late, 99),
            late_max_ms=_ms(late, 100),
            light_from=source if len(light) else "",
            light_due=len(lit) if len(light) else 0,
            light_events=len(found),
            light_extra=max(0, near(lit, light) - len(found)),
            light_mean_ms=1e3 * float(found.mean()) if len(found) else None,
            light_sd_ms=1e3 * float(found.std()) if len(found) else None,
            light_max_ms=_ms(found, 100),
        )


def _times(rows: Sequence[Marker], event: str) -> F64Array:
    return np.array([m.time for m in rows if m.event == event], np.float64)


def _late(fields: Mapping[str, Any]) -> float | None:
    asked, shown = fields.get("requested"), fields.get("presented")
    if not isinstance(asked, (int, float)) or not isinstance(shown, (int, float)):
        return None
    return float(shown) - float(asked)


def lags(onsets: F64Array, light: F64Array) -> F64Array:
    """Return light (or sound) minus marker for each marker that has one near it, seconds."""
    if not len(light):
        return np.zeros(0)
    nearest = to_nearest(onsets, light)
    return nearest[(nearest > -_BEFORE_S) & (nearest < _AFTER_S)]


def to_nearest(onsets: F64Array, light: F64Array) -> F64Array:
    """Return how much later than each onset the light nearest to it is, s; there is some light."""
    after = np.searchsorted(light, onsets).clip(0, len(light) - 1)
    between = np.stack([light[(after - 1).clip(0)], light[after]]) - onsets
    return np.asarray(between[np.argmin(np.abs(between), axis=0), np.arange(len(onsets))])


def near(onsets: F64Array, light: F64Array) -> int:
    """Count the flashes (or sounds) that lie near any onset; both are LSL times."""
    first = np.searchsorted(light, onsets - _BEFORE_S)
    last = np.searchsorted(light, onsets + _AFTER_S)
    found = [np.arange(a, b) for a, b in zip(first, last, strict=True)]
    return len(np.unique(np.concatenate(found))) if found else 0


def timing_findings(reports: Iterable[StimulusReport]) -> Iterator[Finding]:
    """Warn of stimuli that came late, and where flashes and the onsets of a protocol disagree."""
    for report in reports:
        missing, extra = report.light_due - report.light_events, report.light_extra
        if report.late:
            yield Finding(
                level="warn",
                code="onset-late",
                subject=report.stream,
                text=f"{report.late} of {report.onsets} stimuli were shown more than {LATE_S:g} s "
                f"after they were asked for, up to {report.late_max_ms:.0f} ms: their stamps are "
                "right, and what was on before them stayed as much longer",
                remedy="close what else runs there, or make their files smaller",
            )
        if max(missing, extra) > DISAGREE * report.light_due:
            yield Finding(
                level="warn",
                code="flashes-disagree",
                subject=report.light_from,
                text=f"of {report.light_due} onsets of {report.stream}, {missing} have no flash "
                f"from {_BEFORE_S:g} s before to {_AFTER_S:g} s after; {extra} flashes near onsets "
                "are one too many",
                remedy="press the sensor to the patch; see hold_ms, offsets, and light-unclear",
            )
        mean, most = report.light_mean_ms, report.light_max_ms
        if mean is not None and most is not None and most - mean > 1e3 * SCATTER_S:
            yield Finding(
                level="warn",
                code="light-late",
                subject=report.light_from,
                text=f"light came up to {most:.0f} ms after an onset of {report.stream}, and "
                f"{mean:.0f} ms in the mean: some frames were seen later than they are stamped",
                remedy="play in full screen on a screen of its own; take these onsets by the light",
            )


def _ms(values: F64Array, q: float) -> float | None:
    return 1e3 * percentile(values, q) if len(values) else None
