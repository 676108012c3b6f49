"""ELAN files (.eaf): written, and read again to the same frames.

A coder has the tiers `anna expression` (kind, emotion, note), `anna frames` (numbers from 0),
`anna apex` and `anna AU12` for each action unit. A tier of ELAN has no overlaps: a second event at
the same time goes to `anna expression 2`, `anna AU12 2` and so on. Times are whole ms from the
first stored frame, which is 0 in the MP4 of `unisono export video`.

In reading, an interval that is where it was written has the frames that it was written with; one
that was moved, or made by hand, has the frames nearest to its times.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import Any, Final

from recordings.annotation.formats.eaf_tiers import (
    TIERS,
    Interval,
    intervals_of,
    parsed,
    video_name,
)
from recordings.annotation.formats.event_text import as_text, from_text
from recordings.annotation.formats.incoming import OWN_TIMES, Incoming, made
from recordings.annotation.frame_times import FrameTimes
from recordings.annotation.model import MARKS, Event, Mark, Moment

_TYPE: Final = "intervals"
_SCHEMA: Final = "http://www.mpi.nl/tools/elan/EAFv3.0.xsd"


def write_eaf(events: Sequence[Event], frames: FrameTimes, coder: str, video: str = "") -> bytes:
    """Return an ELAN file of a coder's events; `video` is the file name of the MP4 beside it."""
    intervals = sorted(
        (i for layer, event in layered(events, frames) for i in _intervals(event, layer, frames)),
        key=lambda i: (i.tier, i.layer, i.begin),
    )
    now = datetime.now(UTC).isoformat(timespec="seconds")
    root = ET.Element("ANNOTATION_DOCUMENT", AUTHOR="", DATE=now, FORMAT="3.0", VERSION="3.0")
    root.set("xmlns:xsi", "http://www.w3.org/2001/XMLSchema-instance")
    root.set("xsi:noNamespaceSchemaLocation", _SCHEMA)
    head = ET.SubElement(root, "HEADER", MEDIA_FILE="", TIME_UNITS="milliseconds")
    if video:
        place = {"MEDIA_URL": video, "RELATIVE_MEDIA_URL": f"./{video}", "MIME_TYPE": "video/mp4"}
        ET.SubElement(head, "MEDIA_DESCRIPTOR", place)
    last = ET.SubElement(head, "PROPERTY", NAME="lastUsedAnnotationId")
    last.text = str(len(intervals))
    order = ET.SubElement(root, "TIME_ORDER")
    times = sorted({t for i in intervals for t in (i.begin, i.end)})
    slots = {time: f"ts{number}" for number, time in enumerate(times, 1)}
    for time, slot in slots.items():
        ET.SubElement(order, "TIME_SLOT", TIME_SLOT_ID=slot, TIME_VALUE=str(time))
    _tiers(root, intervals, slots, coder)
    kind = {"LINGUISTIC_TYPE_ID": _TYPE, "TIME_ALIGNABLE": "true", "GRAPHIC_REFERENCES": "false"}
    ET.SubElement(root, "LINGUISTIC_TYPE", kind)
    ET.indent(root)
    text: bytes = ET.tostring(root, encoding="UTF-8", xml_declaration=True)
    return text


def _tiers(
    root: ET.Element, intervals: Iterable[Interval], slots: dict[int, str], coder: str
) -> None:
    number = 0
    for (name, layer), own in groupby(intervals, key=lambda i: (i.tier, i.layer)):
        id_ = f"{coder} {name}" + (f" {layer}" if layer > 1 else "")
        tier = ET.SubElement(root, "TIER", TIER_ID=id_, LINGUISTIC_TYPE_REF=_TYPE, ANNOTATOR=coder)
        for interval in own:
            number += 1
            outer = ET.SubElement(tier, "ANNOTATION")
            where = {
                "ANNOTATION_ID": f"a{number}",
                "TIME_SLOT_REF1": slots[interval.begin],
                "TIME_SLOT_REF2": slots[interval.end],
            }
            inner = ET.SubElement(outer, "ALIGNABLE_ANNOTATION", where)
            ET.SubElement(inner, "ANNOTATION_VALUE").text = interval.value


def ms_of(frames: FrameTimes, moment: Moment) -> int:
    """Return a moment in whole ms from the first frame of the video."""
    return round(1e3 * (moment.time - frames.zero))


def span_ms(event: Event, frames: FrameTimes) -> tuple[int, int]:
    """Return begin and end of an event, ms; an instant lasts one."""
    times = [ms_of(frames, moment) for moment in event.marks.values()]
    return min(times), max(*times, min(times) + 1)


def layered(events: Iterable[Event], frames: FrameTimes) -> Iterator[tuple[int, Event]]:
    """Give each event the first layer, from 1, in which nothing overlaps or touches it.

    Of two that touch, nobody could tell whose an apex at that moment is.
    """
    ends: list[int] = []
    there = [event for event in events if event.marks]
    for event in sorted(there, key=lambda e: (span_ms(e, frames), e.id)):
        begin, end = span_ms(event, frames)
        layer = next((n for n, busy in enumerate(ends) if busy < begin), len(ends))
        ends[layer : layer + 1] = [max(end, _apex_end(event, frames))]
        yield layer + 1, event


def _apex_end(event: Event, frames: FrameTimes) -> int:
    return ms_of(frames, event.apex) + 1 if event.apex else 0


def _intervals(event: Event, layer: int, frames: FrameTimes) -> Iterator[Interval]:
    begin, end = span_ms(event, frames)
    numbers = " ".join(f"{name}={moment.frame}" for name, moment in event.marks.items())
    yield Interval("expression", layer, begin, end, as_text(event))
    yield Interval("frames", layer, begin, end, numbers)
    if event.apex is not None:
        apex = ms_of(frames, event.apex)
        yield Interval("apex", layer, apex, apex + 1, "apex")
    for number, units in groupby(event.units, key=lambda unit: unit.number):
        yield Interval(f"AU{number}", layer, begin, end, "+".join(map(str, units)))


def read_eaf(
    path: Path, frames: FrameTimes, coder: str = "", videos: Mapping[str, int] | None = None
) -> Incoming:
    """Read the events of an ELAN file; where several annotated it, as in one merged, the coder's.

    Units that lie in no expression become events of their own, those of one interval together.
    `videos`: the first stored frame of each, by its name without suffix.

    Raises:
        RecordingError: it cannot be read as one, or is of several, none of them the coder.
    """
    incoming = Incoming()
    root = parsed(path)
    media = [video_name(found.get("MEDIA_URL", "")) for found in root.iter("MEDIA_DESCRIPTOR")]
    frames = frames.of_video(media, videos or {})
    intervals = intervals_of(path, root, coder, incoming.faults)
    whole = [i for i in intervals if i.tier == "expression"]
    units: dict[Interval, list[Interval]] = {i: [] for i in whole}
    loose: dict[tuple[int, int], list[Interval]] = {}
    for unit in (i for i in intervals if i.tier not in TIERS):
        home = _home(unit, whole)
        if home is None:
            loose.setdefault((unit.begin, unit.end), []).append(unit)
        else:
            units[home].append(unit)
            if (unit.begin, unit.end) != (home.begin, home.end):
                incoming.faults.append(f"{_where(unit)} {OWN_TIMES.format(_where(home))}")
    for interval, own in units.items():
        others = [i for i in intervals if i.layer == interval.layer and _shared(i, interval) >= 0]
        incoming.add(_where(interval), partial(_event, interval, own, others, frames, incoming))
    for own in loose.values():
        incoming.add(_where(own[0]), partial(_event, own[0], own, (), frames, incoming))
    incoming.events.sort(key=lambda e: e.place.frame if e.place else -1)
    return incoming


def _where(interval: Interval) -> str:
    layer = f" {interval.layer}" if interval.layer > 1 else ""
    return f"{interval.tier}{layer}, {interval.begin} to {interval.end} ms"


def _home(unit: Interval, whole: Iterable[Interval]) -> Interval | None:
    """Return the expression of a unit's layer that it shares most with."""
    own = [i for i in whole if i.layer == unit.layer and _shared(i, unit) > 0]
    return max(own, key=lambda i: _shared(i, unit), default=None)


def _shared(a: Interval, b: Interval) -> int:
    return min(a.end, b.end) - max(a.begin, b.begin)


def _event(
    interval: Interval,
    units: Sequence[Interval],
    others: Iterable[Interval],
    frames: FrameTimes,
    incoming: Incoming,
) -> Event:
    fields: dict[str, Any] = from_text(interval.value) if interval.tier == "expression" else {}
    said = ((unit.tier, unit.value) for unit in units)
    fields |= incoming.units(_where(interval), said, fields.get("note", ""))
    others = list(others)
    marks = _written(interval, others, frames) or _ends(interval, frames, fields)
    return made(frames, _with_apex(marks, interval, others, frames), fields)


def _written(
    interval: Interval, others: Iterable[Interval], frames: FrameTimes
) -> dict[Mark, Moment] | None:
    """Return the frames that an interval was written with, if it still lies where it did."""
    for other in others:
        if other.tier != "frames" or (other.begin, other.end) != (interval.begin, interval.end):
            continue
        said = dict(re.findall(r"\b(onset|apex|offset)=(\d{1,9})\b", other.value))
        try:
            marks = {name: frames.moment(int(said[name])) for name in MARKS if name in said}
        except ValueError:
            return None
        times = [ms_of(frames, moment) for moment in marks.values()]
        if times and (min(times), max(*times, min(times) + 1)) == (interval.begin, interval.end):
            return marks
    return None


def _ends(interval: Interval, frames: FrameTimes, fields: dict[str, Any]) -> dict[Mark, Moment]:
    marks: dict[Mark, Moment] = {"onset": _at(interval.begin, frames)}
    if fields.get("offset_coded", True):
        marks["offset"] = _at(interval.end, frames)
    return marks


def _with_apex(
    marks: dict[Mark, Moment], interval: Interval, others: Iterable[Interval], frames: FrameTimes
) -> dict[Mark, Moment]:
    """Return marks with the apex where its own tier has it: it may have been moved there alone."""
    begins = (other.begin for other in others if other.tier == "apex")
    apexes = [ms for ms in begins if interval.begin <= ms <= interval.end]
    if "apex" in marks and ms_of(frames, marks["apex"]) in apexes:
        return marks
    found: dict[Mark, Moment] = {n: moment for n, moment in marks.items() if n != "apex"}
    if apexes:
        found["apex"] = _at(apexes[0], frames)
    return found


def _at(ms: int, frames: FrameTimes) -> Moment:
    return frames.nearest(frames.zero + ms / 1e3)
