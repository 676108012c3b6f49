"""How exactly stimuli were shown: asked for against shown, and shown against light."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

import numpy as np

from recordings.arrays import F64Array
from recordings.certificate import Finding, StimulusReport
from recordings.read.markers import Marker
from recordings.stamps.timing import percentile
from recordings.stream_kinds import EVENTS_STREAM

FLASH: Final = "flash_on"
DISAGREE = 0.05
"""So many of the onsets may lack their flash, or have one too many."""
_BEFORE_S, _AFTER_S = 0.1, 0.3
"""Light is looked for from so long before to so long after the marker."""


def stimulus_reports(markers: Mapping[str, Sequence[Marker]]) -> Iterator[StimulusReport]:
    """Yield the timing of each marker stream with onsets that tell when they were asked for.

    `markers` are those of every text stream, clock offsets applied. Light is that of the stream
    with the most `flash_on`; each onset is matched with the flash nearest to it.
    """
    flashes = {
        name: np.array([m.time for m in rows if m.event == FLASH]) for name, rows in markers.items()
    }
    source = max(flashes, key=lambda name: len(flashes[name]), default="")
    light = np.sort(flashes.get(source, np.zeros(0)))
    for name, rows in markers.items():
        onsets = [m for m in rows if m.event == "onset" and m.fields.get("stimulus") is not None]
        late = np.array([x for m in onsets if (x := _late(m.fields)) is not None])
        if name == EVENTS_STREAM or not onsets or not (len(late) or len(light)):
            continue
        found = lags(np.array([m.time for m in onsets]), light)
        yield StimulusReport(
            stream=name,
            onsets=len(onsets),
            late_p50_ms=_ms(late, 50),
            late_p99_ms=_ms(late, 99),
            late_max_ms=_ms(late, 100),
            light_from=source if len(light) else "",
            light_events=len(found),
            light_extra=max(0, near(np.array([m.time for m in onsets]), light) - len(found)),
            light_mean_ms=1e3 * float(found.mean()) if len(found) else None,
            light_sd_ms=1e3 * float(found.std()) if len(found) else None,
            light_max_ms=_ms(found, 100),
        )


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


def light_findings(reports: Iterable[StimulusReport]) -> Iterator[Finding]:
    """Warn where flashes and the onsets of a protocol disagree."""
    for report in reports:
        missing, extra = report.onsets - report.light_events, report.light_extra
        if report.light_from and max(missing, extra) > DISAGREE * report.onsets:
            yield Finding(
                level="warn",
                code="flashes-disagree",
                subject=report.light_from,
                text=f"of {report.onsets} onsets of {report.stream}, {missing} have no flash from "
                f"{_BEFORE_S:g} s before to {_AFTER_S:g} s after; {extra} flashes near onsets are "
                "one too many",
                remedy="press the sensor to the patch; see hold_ms, and the event light-unclear",
            )


def _ms(values: F64Array, q: float) -> float | None:
    return 1e3 * percentile(values, q) if len(values) else None
