"""Which channels of a session carry which signal."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from recordings.features.physiology import KINDS
from recordings.read.stream import Stream
from recordings.read.to_mne import channel_kinds, unique_labels
from recordings.xdf.header import ChannelInfo

_ALSO: Final[Mapping[str, str]] = {
    "EKG": "ECG",
    "BVP": "PPG",
    "PULSE": "PPG",
    "GSR": "EDA",
    "RESP": "RSP",
    "TEMP": "SKT",
    "TEMPERATURE": "SKT",
}


@dataclass(frozen=True, slots=True)
class Channel:
    """One channel; `suffix` tells the columns of further ones of its kind from the first's."""

    kind: str
    stream: Stream
    number: int
    label: str
    suffix: str = ""


def body_channels(streams: Iterable[Stream]) -> list[Channel]:
    """List the channels of ECG, PPG, EDA, RSP, SKT and EMG.

    The first of a kind has no suffix; those of an EEG amplifier come after those of others.
    """
    found: list[Channel] = []
    for stream in sorted(streams, key=lambda s: s.type.upper() == "EEG"):
        named = zip(stream.xdf.info.channels, unique_labels(stream), strict=True)
        for number, (channel, label) in enumerate(named):
            if (kind := kind_of(channel)) is None:
                continue
            first = all(other.kind != kind for other in found)
            suffix = "" if first else _suffix(kind, label, found)
            found.append(Channel(kind, stream, number, label, suffix))
    return found


def _suffix(kind: str, label: str, found: Iterable[Channel]) -> str:
    taken = {other.suffix for other in found if other.kind == kind}
    name = base = f"_{column_label(label)}"
    count = 1
    while name in taken:
        count += 1
        name = f"{base}_{count}"
    return name


def kind_of(channel: ChannelInfo) -> str | None:
    """Return the kind of a body signal: what the header says, else a word of the label."""
    words = [channel.kind] if channel.kind else re.findall("[A-Za-z]+", channel.label)
    known = (_ALSO.get(word.upper(), word.upper()) for word in words)
    return next((word for word in known if word in KINDS), None)


def electrodes(stream: Stream) -> list[int]:
    """Return the numbers of a stream's channels that are EEG."""
    return [n for n, kind in enumerate(channel_kinds(stream)) if kind == "eeg"]


def column_label(label: str) -> str:
    """Return a channel's label as a part of a column's name: letters, digits and `_`."""
    return re.sub("[^A-Za-z0-9]+", "_", label).strip("_") or "x"
