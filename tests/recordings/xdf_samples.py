"""XDF files for the tests: headers, streams and whole files, as bytes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from xml.sax.saxutils import escape

from recordings.xdf import chunks


def header_xml(
    name: str = "eeg",
    type_: str = "EEG",
    channels: int = 1,
    rate_hz: float = 0.0,
    format_: str = "float32",
    source_id: str = "",
    labels: Sequence[str] = (),
    desc: str = "",
    hostname: str = "lab",
) -> str:
    rows = "".join(f"<channel><label>{escape(label)}</label></channel>" for label in labels)
    block = f"<channels>{rows}</channels>" if labels else ""
    return (
        '<?xml version="1.0"?><info>'
        f"<name>{escape(name)}</name><type>{type_}</type>"
        f"<channel_count>{channels}</channel_count><nominal_srate>{rate_hz}</nominal_srate>"
        f"<channel_format>{format_}</channel_format><source_id>{source_id}</source_id>"
        f"<hostname>{hostname}</hostname><uid>u-{name}</uid><desc>{block}{desc}</desc></info>"
    )


def write(path: Path, parts: Iterable[bytes | memoryview]) -> Path:
    """Write a file of MAGIC, FileHeader and the chunks."""
    path.write_bytes(chunks.MAGIC + chunks.file_header() + b"".join(bytes(c) for c in parts))
    return path
