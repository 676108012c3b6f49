"""Annotations of EDF+ and BDF+ files: what is said of which moment, and when each record begins."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from recordings.arrays import F64Array, U8Array
from recordings.marker_codes import text_of
from recordings.read.foreign.edf_header import EdfHeader
from recordings.read.foreign.edf_samples import EdfRecords

_LIST: Final = re.compile(
    rb"([+-]\d{1,15}(?:\.\d*)?)(?:\x15[^\x14]*)?\x14((?:[^\x14]*\x14)*)", re.DOTALL
)
"""Annotations of one moment: its onset, perhaps a duration, and texts, each with its end."""


@dataclass(slots=True)
class EdfAnnotations:
    """What the annotations of a file say.

    `starts`: when each record begins by its own word, seconds, shape (records,), NaN where it says
    nothing; `entries`: (seconds, text) on the same axis; `damaged` counts what could not be read.
    """

    starts: F64Array
    entries: list[tuple[float, str]] = field(default_factory=list)
    damaged: int = 0


def read_annotations(header: EdfHeader, records: EdfRecords) -> EdfAnnotations:
    """Read all annotations of a file; what is damaged costs nothing but itself."""
    found = EdfAnnotations(np.full(len(records), np.nan))
    texts = [n for n, signal in enumerate(header.signals) if signal.is_text]
    for place, n in enumerate(texts):
        for record, row in enumerate(records.rows(n)):
            said = list(_lists(row, found))
            if place == 0 and said and said[0][1][:1] == [b""]:
                found.starts[record] = said[0][0]
            for onset, all_texts in said:
                found.entries += [(onset, text_of(text)) for text in all_texts if text]
    return found


def _lists(row: U8Array, found: EdfAnnotations) -> Iterator[tuple[float, list[bytes]]]:
    """Yield (onset, texts) of a record's part that holds annotations."""
    for piece in bytes(row).split(b"\x00"):
        match = _LIST.fullmatch(piece)
        if match is not None:
            yield float(match[1]), match[2].split(b"\x14")[:-1]
        elif piece:
            found.damaged += 1
