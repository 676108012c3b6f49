"""What one pass over an XDF file finds: its streams, where their samples lie, and damage."""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field

from recordings.xdf.header import Footer, StreamInfo

Span = tuple[int, int]
"""First byte, and the byte after the last."""


@dataclass(frozen=True, slots=True)
class Damage:
    """Bytes of the file that could not be used."""

    offset: int
    size: int
    reason: str
    stream_id: int | None = None


@dataclass(slots=True)
class StreamChunks:
    """The chunks of one stream: where its samples lie, and what is around them."""

    id: int
    info: StreamInfo
    starts: array[int] = field(default_factory=lambda: array("Q"))  # first byte of the samples
    sizes: array[int] = field(default_factory=lambda: array("Q"))  # bytes of the samples
    counts: array[int] = field(default_factory=lambda: array("Q"))  # samples
    firsts: array[float] = field(default_factory=lambda: array("d"))  # stamps of first samples
    offset_times: list[float] = field(default_factory=list)
    offset_values: list[float] = field(default_factory=list)
    footer: Footer | None = None


@dataclass(slots=True)
class Scan:
    """Everything that one pass over a file finds."""

    streams: dict[int, StreamChunks] = field(default_factory=dict)
    damage: list[Damage] = field(default_factory=list)
    boundaries: int = 0
    has_file_header: bool = False
    opened: str = ""  # when the file was, as its header says it
    footers: list[Span] = field(default_factory=list)
    headers: list[tuple[int, int, int]] = field(default_factory=list)
    """First byte, byte after the last, stream: of headers that others cannot read, if strict."""
    offsets: list[Span] = field(default_factory=list)  # those that are no measurement
