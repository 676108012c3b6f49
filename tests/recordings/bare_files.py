"""Bare XDF files as other recorders leave them: streams of any name, type, unit and clock."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import numpy as np

from recordings.xdf import chunks
from tests.recordings.xdf_samples import header_xml, write

START = 1000.0


@dataclass(frozen=True)
class Sent:
    """One stream: `data` is an array (n, channels), or rows of texts; `times` are its raw stamps.

    Without `times` the samples are evenly spaced from `START` on.
    """

    name: str
    type: str
    rate_hz: float
    data: Any
    times: Any = None
    labels: Sequence[str] = ()
    units: Sequence[str] = ()
    source_id: str = ""
    header: str = ""  # instead of the one made of the rest


def eeg(seconds: float = 10.0, rate_hz: float = 250.0, **changes: Any) -> Sent:
    rng = np.random.default_rng(4)
    values = rng.normal(0, 20, (round(seconds * rate_hz), 2)).astype(np.float32)
    fields: dict[str, Any] = {
        "data": values,
        "labels": ("Fz", "Cz"),
        "units": ("microvolts",) * 2,
    } | changes
    return Sent("EEG", "EEG", rate_hz, **fields)


def texts(name: str, rows: Sequence[Sequence[str] | str], times: Sequence[float], **k: Any) -> Sent:
    data = [[row] if isinstance(row, str) else list(row) for row in rows]
    return Sent(name, k.pop("type", "Markers"), k.pop("rate_hz", 0.0), data, times, **k)


def bare(path: Path, *streams: Sent) -> Path:
    """Write streams to a bare XDF file; their clock is the recorder's."""
    return write(path, [part for n, one in enumerate(streams, 1) for part in _parts(n, one)])


def _parts(number: int, one: Sent) -> list[bytes]:
    is_text = isinstance(one.data, list)
    channels = len(one.data[0]) if is_text else one.data.shape[1]
    step = 1 / (one.rate_hz or 1.0)
    times = START + np.arange(len(one.data)) * step if one.times is None else np.array(one.times)
    entries = "".join(
        f"<channel><label>{escape(label)}</label><unit>{escape(unit)}</unit></channel>"
        for label, unit in zip_longest(one.labels, one.units, fillvalue="")
    )
    desc = f"<channels>{entries}</channels>" if entries else ""
    format_ = "string" if is_text else chunks.CHANNEL_FORMATS[one.data.dtype.name]
    xml = one.header or header_xml(
        one.name, one.type, channels, one.rate_hz, format_, one.source_id, desc=desc
    )
    samples: Any = chunks.string_samples if is_text else chunks.samples
    head = chunks.stream_header(number, xml)
    # In pieces, as they come: one chunk of all would hide what goes wrong between chunks.
    pieces = [
        samples(number, times[at : at + 500], one.data[at : at + 500])
        for at in range(0, len(one.data), 500)
    ]
    offsets = [chunks.clock_offset(number, float(t), 0.0) for t in (*times[:1], *times[-1:])]
    first, last = (times[0], times[-1]) if len(times) else (None, None)
    return [head, *pieces, *offsets, chunks.stream_footer(number, first, last, len(one.data))]
