"""A small AcqKnowledge file (3.7.3), by bioread's own description of its headers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

REVISION = 39
CHANNELS = (("ECG", "mV", 1, "<f8"), ("EDA", "uS", 2, "<i2"), ("TSD", "V", 4, "<i2"))
SCALE = 0.5


def acq(path: Path, seconds: float = 2.0) -> tuple[Path, int, int]:
    """Write 1000 Hz and its parts, and two markers; return where the samples begin and end."""
    from bioread import headers as bh

    count = round(seconds * 1000)
    points = [-(-count // divider) for _, _, divider, _ in CHANNELS]
    graph = _head(bh.GraphHeader, nChannels=3, dSampleTime=1.0)
    entries = [
        _head(
            bh.ChannelHeader,
            szCommentText=name.encode(),
            szUnitsText=unit.encode(),
            lBufLength=length,
            dAmplScale=SCALE,
            nVarSampleDivider=divider,
        )
        for (name, unit, divider, _), length in zip(CHANNELS, points, strict=True)
    ]
    types = [
        _head(bh.ChannelDTypeHeader, nSize=np.dtype(form).itemsize, nType=0 if "f" in form else 2)
        for *_, form in CHANNELS
    ]
    head = b"".join([graph, *entries, _head(bh.ForeignHeader, nLength=4), *types])
    body = b"".join(
        np.array(at // divider, form).tobytes()
        for at in range(count)
        for _, _, divider, form in CHANNELS
        if at % divider == 0
    )
    items = [
        _head(bh.MarkerItemHeader, lSample=at, nTextLength=len(text)) + text + b"\0"
        for at, text in ((100, b"begin"), (1500, b"end"))
    ]
    marks = _head(bh.MarkerHeader, lMarkers=len(items)) + b"".join(items)
    path.write_bytes(head + body + marks)
    return path, len(head), len(head) + len(body)


def _head(kind: Any, **fields: Any) -> bytes:
    """Return a header's bytes, with its own length where it has a field for that."""
    header = kind.for_revision(REVISION, "<")
    filled = header._struct_class()
    names = {name for name, *_ in filled._fields_}
    own = {"lVersion": REVISION, "lExtItemHeaderLen": header.struct_length}
    own["lChanHeaderLen"] = header.struct_length
    for name, value in ({k: v for k, v in own.items() if k in names} | fields).items():
        setattr(filled, name, value)
    return bytes(filled)
