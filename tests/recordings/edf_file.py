"""EDF and BDF files byte by byte: what libraries do not write, programs do."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

import numpy as np

HEAD: Final = {
    "version": 8, "patient": 80, "recording": 80, "date": 8, "time": 8, "size": 8, "reserved": 44,
    "records": 8, "duration": 8, "signals": 4,
}  # fmt: skip
SIGNAL: Final = {
    "label": 16, "transducer": 80, "unit": 8, "low": 8, "high": 8, "digital_low": 8,
    "digital_high": 8, "filters": 80, "samples": 8, "reserved": 32,
}  # fmt: skip
NOTES: Final = {"label": b"EDF Annotations", "low": b"-1", "high": b"1", "samples": b"40"}
"""A signal of annotations, of 80 bytes a record."""


def second(record: int) -> bytes:
    """What a record of a second says of when it begins."""
    return b"+%d\x14\x14\x00" % record


def edf_file(
    path: Path,
    signals: list[dict[str, bytes]],
    said: Callable[[int], bytes] = second,
    *,
    records: int = 10,
    width: int = 2,
    **head: bytes,
) -> Path:
    """Write a file whose samples are 0, 1, 2…; `said` gives a record's annotations."""
    limit = 2 ** (8 * width - 1)
    fields = {
        "version": b"0" if width == 2 else b"\xffBIOSEMI",
        "patient": b"X X X X",
        "recording": b"Startdate 01-JAN-2026 X X X",
        "date": b"01.01.26",
        "time": b"12.00.00",
        "size": b"%d" % (256 * (len(signals) + 1)),
        "reserved": b"EDF+C",
        "records": b"%d" % records,
        "duration": b"1",
        "signals": b"%d" % len(signals),
    } | head
    usual = {
        "label": b"EEG",
        "unit": b"uV",
        "low": b"-100",
        "high": b"100",
        "digital_low": b"%d" % -limit,
        "digital_high": b"%d" % (limit - 1),
        "samples": b"100",
    }
    all_ = [usual | signal for signal in signals]
    parts = [fields.get(name, b"").ljust(size)[:size] for name, size in HEAD.items()]
    for name, size in SIGNAL.items():
        parts += [signal.get(name, b"").ljust(size)[:size] for signal in all_]
    for record in range(records):
        for signal in all_:
            count = int(signal["samples"])
            if signal["label"] in (b"EDF Annotations", b"BDF Annotations"):
                parts.append(said(record).ljust(count * width, b"\x00"))
                continue
            values = np.arange(record * count, (record + 1) * count, dtype="<i4")
            parts.append(values.view(np.uint8).reshape(-1, 4)[:, :width].tobytes())
    path.write_bytes(b"".join(parts))
    return path
