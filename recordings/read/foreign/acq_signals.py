"""AcqKnowledge files as streams; of one that was cut off, what is there."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from recordings.read.foreign.signals import Column, SignalFile, even_streams, marker_streams
from recordings.units import lsl_word
from recordings.xdf.header import ChannelInfo


def read_acq(path: Path) -> SignalFile:
    """Read an AcqKnowledge file; what it lacks, and markers beyond its end, are told.

    Raises:
        ImportError: bioread is missing.
        Exception: whatever bioread raises.
    """
    with warnings.catch_warnings():
        # What it does not know of a newer NumPy yet is nobody's business who reads a file.
        warnings.simplefilter("ignore", DeprecationWarning)
        file, notes = _read_file(path)
        columns = [
            Column.of(
                float(c.samples_per_second),
                ChannelInfo(c.name, lsl_word(c.units), ""),
                np.asarray(c.data, np.float64),
            )
            for c in file.channels
        ]
    if file.event_markers is None:
        notes.append(f"{path.name}: its event markers are missing or damaged: none is read")
    base = float(file.samples_per_second)
    markers = file.event_markers or ()
    places, moved = _places(markers)
    if moved:
        notes.append(
            f"{path.name}: its event markers are counted from {moved / base:.6g} s before its "
            "beginning, where no segment can begin: all are moved by that"
        )
    entries = [(n / base, str(m.text)) for n, m in zip(places, markers, strict=True)]
    end = max((c.count / c.rate_hz for c in columns), default=0.0)
    inside = [entry for entry in entries if 0 <= entry[0] <= end]
    if len(inside) < len(entries):
        notes.append(
            f"{path.name}: {len(entries) - len(inside)} of {len(entries)} event markers lie beyond "
            "the ends of the recording; left out"
        )
    streams = [*even_streams(path.stem, "Physio", columns), *marker_streams(path.stem, inside)]
    return SignalFile(streams, notes)


def _places(markers: Sequence[Any]) -> tuple[list[int], int]:
    """Return the sample of each marker, and by how many samples they had to be moved.

    A place before the start is a very large one where the file counts without a sign. The first
    segment begins with the recording: where its marker (`apnd`) lies before, all do, as in a
    compressed file of AcqKnowledge 5.0.1 whose uncompressed twin has them 17 s later.
    """
    places = [(int(m.sample_index) + 2**31) % 2**32 - 2**31 for m in markers]
    own = zip(places, markers, strict=True)
    segments = [n for n, m in own if getattr(m, "type_code", "") == "apnd"]
    moved = max(0, -min(segments, default=0))
    return [n + moved for n in places], moved


def _read_file(path: Path) -> tuple[Any, list[str]]:
    """Return bioread's file; of one that ends amid its samples, those that are there."""
    import bioread.reader

    # It prints what it trips over; that is said here, in words.
    logging.getLogger("bioread").setLevel(logging.CRITICAL)
    heads = bioread.reader.Reader.read_headers(str(path))
    start, wanted, file = heads.data_start_offset, heads.data_length, heads.datafile
    got = 0 if start is None else path.stat().st_size - start
    if not wanted or got <= 0 or got >= wanted:
        return bioread.read_file(str(path)), []
    _read_whole_samples(path, file.channels, start, got)
    said = f"{path.name}: it ends after {got:,} of {wanted:,} bytes of samples: it was cut off"
    return file, [said]


def _read_whole_samples(path: Path, channels: Any, start: int, size: int) -> None:
    """Read the samples that `size` bytes hold, channels interleaved by their dividers."""
    from bioread.data_reader import chunk_byte_pattern, read_uncompressed

    cycle = chunk_byte_pattern(channels, 1)
    cycles, rest = divmod(size, len(cycle))
    bytes_each = cycles * np.bincount(cycle, minlength=len(channels))
    bytes_each += np.bincount(cycle[:rest], minlength=len(channels))
    for channel, there in zip(channels, bytes_each, strict=True):
        channel.point_count = min(channel.point_count, int(there) // channel.sample_size)
    with path.open("rb") as file:
        file.seek(start)
        read_uncompressed(file, channels)
