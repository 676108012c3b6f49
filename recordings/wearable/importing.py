"""`unisono import recording`: what a wearable stored, as a file of its own in a session.

Raw stamps stay what the wearable said, Unix seconds. Clock offsets in the file map them, as those
of any stream do; what they were made from, and how far off they may be, is in the manifest.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final
from xml.etree import ElementTree as ET

import numpy as np

from recordings import layout, names
from recordings.arrays import F64Array
from recordings.disk.hashing import sha256_of
from recordings.errors import RecordingError, few
from recordings.manifest import Manifest
from recordings.manifest_entries import AlignedBy, Alignment, Event, FileEntry, StreamEntry
from recordings.read.opening import locate
from recordings.read.outside import distance
from recordings.read.session import Session, open_session
from recordings.stream_kinds import EVENTS_STREAM
from recordings.wearable.alignment import Line, by_clock, by_events, error_over
from recordings.wearable.csv_forms import StoredTable, read_events, read_table
from recordings.xdf import chunks
from recordings.xdf.file import XdfFile
from recordings.xdf.header import clean_xml

WITHIN_S: Final = 120.0
OFFSET_EVERY_S: Final = 10.0
"""How far apart the clock offsets are that stand for the line; farther apart they would be gaps."""
_PIECE: Final = 4096


@dataclass(frozen=True, slots=True)
class Order:
    """What to bring where.

    `events` is a table of Unix times; `event_column` one of the recording's own, whose rises from 0
    are events; `markers` a marker stream of the session, "" = all of them.
    """

    file: Path
    session: Path
    by: AlignedBy
    name: str = ""
    time_column: str = ""
    events: Path | None = None
    event_column: str = ""
    markers: str = ""
    within_s: float = WITHIN_S


@dataclass(frozen=True, slots=True)
class Brought:
    """What was made of it."""

    file: Path
    entry: StreamEntry


def import_recording(order: Order) -> Brought:
    """Write the file, and list it in the manifest.

    Raises:
        RecordingError: the session is not closed, the table cannot be read or aligned, the name is
            taken, or the disk fails. Nothing is left behind.
    """
    folder, _, manifest = locate(order.session)
    if manifest is None:
        raise RecordingError(
            f"{order.session}: is a bare file; make a session of it with unisono import"
        )
    if not manifest.is_closed:
        raise RecordingError(f"{folder}: is not closed yet; wait until it is recorded and hashed")
    table = read_table(order.file, order.time_column)
    name = _name(order, manifest, folder)
    with open_session(folder) as session:
        line = _line(order, table, session, manifest)
        span = session.start, session.stop
    lsl = table.stamps + line.offsets(table.stamps)
    if not np.any((lsl >= span[0]) & (lsl <= span[1])):
        away_s = distance((lsl[0], lsl[-1]), span)
        raise RecordingError(
            f"{order.file}: none of it lies within the session: it is {away_s:,.0f} s away; "
            "is it of another day, or of a clock in another time zone?"
        )
    number = max((entry.id for entry in manifest.streams), default=0) + 1
    entry = _entry(order, table, line, name, number)
    path = folder / f"{name}{layout.STORED_SUFFIX}"
    try:
        _write(path, table, line, entry)
        _list(folder, entry, FileEntry.of(path), order.file.name)
    except OSError as error:
        path.unlink(missing_ok=True)
        raise RecordingError(f"{path}: cannot be written ({error.strerror})") from error
    except RecordingError:
        path.unlink(missing_ok=True)
        raise
    return Brought(path, entry)


def _name(order: Order, manifest: Manifest, folder: Path) -> str:
    name = order.name or re.sub(r"[^A-Za-z0-9_-]+", "-", order.file.stem).strip("-")
    try:
        file = folder / names.check_file_name(f"{name}{layout.STORED_SUFFIX}")
    except RecordingError as error:
        raise RecordingError(f"{error}; give it another --name") from None
    if file.exists() or any(entry.name == name for entry in manifest.streams):
        raise RecordingError(
            f"the session has a stream {name!r} already; give this one another --name"
        )
    return name


def _line(order: Order, table: StoredTable, session: Session, manifest: Manifest) -> Line:
    clock = by_clock(manifest.clock)
    if order.by == "clock":
        return clock
    events = _events(order, table)
    markers = session.markers(*([order.markers] if order.markers else []))
    times = np.unique([m.time for m in markers if m.stream != EVENTS_STREAM])
    if not len(times):
        raise RecordingError(f"{session.path}: has no markers to align with; name some: --markers")
    line = by_events(events, times, clock, order.within_s)
    error_s = error_over(line, table.stamps, float(events[0]), float(events[-1]))
    return replace(line, error_s=error_s)


def _events(order: Order, table: StoredTable) -> F64Array:
    if order.events is not None:
        return read_events(order.events)
    if not order.event_column:
        raise RecordingError(
            "to align by events, name a table of their Unix times (--events) or a column of the "
            "recording that rises from 0 with each (--event-column)"
        )
    if order.event_column not in table.labels:
        listed = few(table.labels, 20)
        raise RecordingError(f"{order.file}: no column {order.event_column!r}; it has {listed}")
    values = np.nan_to_num(table.values[:, table.labels.index(order.event_column)])
    rises = np.flatnonzero((values[1:] != 0) & (values[:-1] == 0)) + 1
    if len(rises) < 2:
        raise RecordingError(
            f"{order.file}: column {order.event_column!r} rises {len(rises)} times from 0; two "
            "events are the least"
        )
    return table.stamps[rises]


def _entry(order: Order, table: StoredTable, line: Line, name: str, number: int) -> StreamEntry:
    digest = sha256_of(order.file)
    return StreamEntry(
        id=number,
        name=name,
        type=table.type,
        source_id=f"stored:{digest[:16]}",
        hostname="",
        channels=len(table.labels),
        rate_hz=table.rate_hz,
        dtype="float64",
        samples=len(table.stamps),
        first_stamp=float(table.stamps[0]),
        last_stamp=float(table.stamps[-1]),
        offsets=len(_offset_times(table.stamps)),
        alignment=Alignment(
            by=line.by,
            error_s=line.error_s,
            source=order.file.name,
            source_sha256=digest,
            drift_ppm=-1e6 * line.slope if line.slope else None,
            events=line.events,
            residual_s=line.residual_s,
        ),
    )


def _offset_times(stamps: F64Array) -> F64Array:
    first, last = float(stamps[0]), float(stamps[-1])
    return np.linspace(first, last, max(2, 1 + math.ceil((last - first) / OFFSET_EVERY_S)))


def _write(path: Path, table: StoredTable, line: Line, entry: StreamEntry) -> None:
    times = _offset_times(table.stamps)
    offsets = list(zip(times.tolist(), line.offsets(times).tolist(), strict=True))
    number = entry.id
    encoder = chunks.SamplesEncoder(number, np.float64, entry.channels)
    with XdfFile(path, 0) as file:
        file.write(chunks.stream_header(number, _header(table, entry)))
        for time, value in offsets:
            file.write(chunks.clock_offset(number, time, value))
        for at in range(0, len(table.stamps), _PIECE):
            piece = slice(at, at + _PIECE)
            file.write(encoder.encode(table.stamps[piece], table.values[piece]))
        file.write(
            chunks.stream_footer(
                number, entry.first_stamp, entry.last_stamp, entry.samples, offsets
            )
        )
        file.sync()


def _header(table: StoredTable, entry: StreamEntry) -> str:
    info = ET.Element("info")
    fields = {
        "name": entry.name,
        "type": entry.type,
        "channel_count": str(entry.channels),
        "nominal_srate": repr(entry.rate_hz),
        "channel_format": "double64",
        "source_id": entry.source_id,
    }
    for key, value in fields.items():
        ET.SubElement(info, key).text = value
    desc = ET.SubElement(info, "desc")
    channels = ET.SubElement(desc, "channels")
    for label, unit in zip(table.labels, table.units, strict=True):
        channel = ET.SubElement(channels, "channel")
        for key, value in (("label", label), ("unit", unit), ("type", table.type)):
            ET.SubElement(channel, key).text = clean_xml(value)
    return '<?xml version="1.0"?>' + ET.tostring(info, encoding="unicode")


def _list(folder: Path, entry: StreamEntry, file: FileEntry, source: str) -> None:
    manifest = Manifest.load(folder)  # anew: somebody may have marked it meanwhile
    assert entry.alignment is not None
    text = (
        f"{entry.name}: {entry.samples:,} samples of {source}, stored elsewhere, aligned by "
        f"{entry.alignment.by} to within {entry.alignment.error_s:.3g} s"
    )
    event = Event(
        time=manifest.lsl_start or 0.0,
        source="import",
        level="info",
        code="imported-recording",
        text=text,
    )
    manifest.model_copy(
        update={
            "streams": (*manifest.streams, entry),
            "files": (*manifest.files, file),
            "events": (*manifest.events, event),
        }
    ).save(folder)
