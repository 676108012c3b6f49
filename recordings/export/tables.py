"""`unisono export csv`: each stream as a table, times first; markers and frames as well.

One file a stream: `<session>_<stream>.csv` or `.parquet`. The first column, `time`, is in seconds
since the start of the recording (`lsl_time` has the LSL clock), clock offsets applied.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
import numpy.typing as npt

from recordings.export.file_names import file_stems
from recordings.export.outside import markers_outside
from recordings.export.records import session_name
from recordings.extras import need_parquet
from recordings.read.fill import stamp_notes
from recordings.read.outside import timeless_notes
from recordings.read.session import Session
from recordings.read.stream import Stamps, Stream
from recordings.read.to_mne import unique, unique_labels
from recordings.stream_kinds import EVENTS_STREAM

_ROWS: Final = 100_000  # written at once
_MAY_NAME: Final = (
    "left out, as its texts may name computers and paths; it is in the session, and exported where "
    "it is named by --stream"
)


@dataclass(frozen=True, slots=True)
class Settings:
    """`stamps`: raw, corrected or dejittered.

    `streams`: names, none = all but what the recorder noticed.
    """

    format: Literal["csv", "parquet"] = "csv"
    stamps: str = "corrected"
    streams: tuple[str, ...] = ()


def export(session: Session, folder: Path, settings: Settings) -> list[str]:
    """Write the tables of one session; see `recordings.export.tasks`.

    Raises:
        RecordingError: a stream is unknown, or pyarrow is missing for Parquet.
    """
    chosen = [session[name] for name in settings.streams]
    odd: list[str] = []
    if not chosen:
        chosen = [stream for stream in session if stream.name != EVENTS_STREAM]
        odd += [f"{EVENTS_STREAM}: {_MAY_NAME}"] if len(chosen) < len(list(session)) else []
    for stream, stem in zip(chosen, file_stems(s.shown for s in chosen), strict=True):
        path = folder / f"{session_name(session.path)}_{stem}.{settings.format}"
        _write(session, stream, path, settings)
        odd += stamp_notes(stream, kept=Stamps(settings.stamps) is not Stamps.DEJITTERED)
        stream.forget()
    notes = [f"{s.shown}: no samples" for s in chosen if not len(s)] + odd
    there = "in their table"
    return notes + timeless_notes(session, there) + markers_outside(session, there)


def _write(session: Session, stream: Stream, path: Path, settings: Settings) -> None:
    times = stream.times(stamps=Stamps(settings.stamps))
    columns = _columns(stream)
    if settings.format == "parquet":
        _parquet(path, stream, times, session.start, columns)
        return
    text = _short if stream.xdf.info.dtype == np.float32 else _quoted
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.write(",".join(map(_quoted, ("time", "lsl_time", *columns))) + "\n")
        for start in range(0, len(stream), _ROWS):
            part = times[start : start + _ROWS]
            values = _values(stream, start, start + len(part))
            for time, row in zip(part.tolist(), values, strict=True):
                cells = (f"{time - session.start:.6f}", f"{time:.6f}", *map(text, row))
                file.write(",".join(cells) + "\n")


def _columns(stream: Stream) -> list[str]:
    named = zip(unique_labels(stream), stream.units, strict=True)
    # After the two columns of times, which a channel may be called like.
    return unique(["time", "lsl_time", *(f"{n} [{u}]" if u else n for n, u in named)])[2:]


def _values(stream: Stream, start: int, stop: int) -> list[list[Any]]:
    if stream.is_text:
        return stream.strings[start:stop]
    values: list[list[Any]] = stream.xdf.read(start, stop).tolist()
    return values


def _short(value: float) -> str:
    """Return a 32-bit float with the digits it has; nothing for an unknown one."""
    return "" if value != value else f"{value:.9g}"


def _quoted(value: object) -> str:
    """Return a cell: numbers exact, nothing for an unknown one, text quoted where it must be."""
    if isinstance(value, float):
        return "" if value != value else repr(value)
    text = str(value)
    if any(mark in text for mark in ',"\n\r'):
        return '"' + text.replace('"', '""') + '"'
    return text


def _parquet(
    path: Path, stream: Stream, times: npt.NDArray[np.float64], start: float, columns: list[str]
) -> None:
    pa, pq = need_parquet()
    if stream.is_text:
        rows = stream.strings
        arrays = [pa.array([row[n] for row in rows], pa.string()) for n in range(len(columns))]
    else:
        values = stream.xdf.read()
        arrays = [pa.array(np.ascontiguousarray(values[:, n])) for n in range(len(columns))]
    every = [pa.array(times - start), pa.array(times), *arrays]
    names = ["time", "lsl_time", *columns]
    pq.write_table(pa.table(every, names=names), path)
