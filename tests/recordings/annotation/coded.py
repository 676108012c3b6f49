"""Events made by hand for tests: frames, and times at a rate."""

from __future__ import annotations

import numpy as np

from recordings.annotation.action_units import parse_units
from recordings.annotation.frame_times import FrameTimes
from recordings.annotation.model import Coding, Event, Kind, Moment, Span

START = 100.0


def frames_at(rate_hz: float, count: int, camera: str = "face") -> FrameTimes:
    times = START + np.arange(count) / rate_hz
    return FrameTimes(camera, times, np.arange(count, dtype=np.int64), rate_hz)


def moment(frame: int | None, rate_hz: float) -> Moment | None:
    if frame is None:
        return None
    return Moment(time=START + frame / rate_hz, frame=frame, device_frame=frame)


def event(
    id_: str,
    onset: int | None,
    apex: int | None,
    offset: int | None,
    units: str = "",
    emotion: str = "",
    *,
    rate_hz: float = 100.0,
    kind: Kind | None = "micro",
    camera: str = "face",
    coded: bool = True,
) -> Event:
    return Event(
        id=id_,
        camera=camera,
        onset=moment(onset, rate_hz),
        apex=moment(apex, rate_hz),
        offset=moment(offset, rate_hz),
        offset_coded=coded,
        kind=kind,
        units=parse_units(units),
        emotion=emotion,
    )


def coding(
    events: list[Event],
    looked: tuple[int, int] = (0, 999),
    not_codable: tuple[int, int] | None = None,
) -> Coding:
    seen = Span(id="s", camera="face", first=looked[0], last=looked[1])
    hidden = {}
    if not_codable:
        first, last = not_codable
        hidden["h"] = Span(id="h", camera="face", first=first, last=last, reason="hand")
    return Coding(events={e.id: e for e in events}, looked={"s": seen}, not_codable=hidden)
