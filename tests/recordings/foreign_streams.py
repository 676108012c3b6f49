"""Streams of other programs, put into a recorded session: anybody's names, types and labels."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import numpy as np

from recordings import layout
from recordings.xdf import chunks
from tests.recordings.simulated_session import START
from tests.recordings.xdf_samples import header_xml


def add_stream(
    folder: Path,
    number: int,
    name: str,
    data: Any,
    *,
    type_: str = "Misc",
    rate_hz: float = 100.0,
    labels: Sequence[str] = (),
    units: Sequence[str] = (),
    times: Sequence[float] | None = None,
) -> None:
    """Append a stream to a session's recording; `data` is an array (n, channels), or texts.

    `times` are seconds after the session's start; without them the samples are evenly spaced.
    """
    is_text = isinstance(data, list)
    rows: Any = [[text] for text in data] if is_text else np.asarray(data)
    channels = 1 if is_text else rows.shape[1]
    steps = np.arange(len(rows)) / (rate_hz or 1.0) if times is None else np.array(times, float)
    format_ = "string" if is_text else chunks.CHANNEL_FORMATS[rows.dtype.name]
    entries = "".join(
        f"<channel><label>{escape(label)}</label><unit>{unit}</unit></channel>"
        for label, unit in zip_longest(labels, units, fillvalue="")
    )
    desc = f"<channels>{entries}</channels>" if entries else ""
    xml = header_xml(name, type_, channels, rate_hz, format_, f"src-{number}", desc=desc)
    chunk: Any = chunks.string_samples if is_text else chunks.samples
    with (folder / layout.XDF_NAME).open("ab") as file:
        file.write(chunks.stream_header(number, xml))
        if len(rows):
            file.write(chunk(number, START + steps, rows))
        file.write(chunks.clock_offset(number, START + 1.0, 0.0))
