"""What a BrainVision header says, looked at before MNE, in words of ours; whether data fit it."""

from __future__ import annotations

import codecs
import math
import re
from pathlib import Path
from typing import Final

import numpy as np

from recordings.disk.regular import NotAFile, check_regular, open_file, read_bytes
from recordings.errors import RecordingError
from recordings.marker_codes import text_of

BYTES: Final = {"INT_16": 2, "INT_32": 4, "IEEE_FLOAT_32": 4}
"""How many bytes a sample takes, of the forms that can be read."""
FASTEST_HZ: Final = 1e6
_SLOWEST_HZ: Final = 1 / 86_400
_UTF16: Final = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_WORDS: Final = {
    "DataFormat": ("BINARY", "ASCII"),
    "DataOrientation": ("MULTIPLEXED", "VECTORIZED"),
}
_LOOKED_AT: Final = 1 << 18  # bytes: what a file is shows in its first ones


def read_text(path: Path) -> str:
    """Read a header or marker file, of any encoding and with any line ends.

    Raises:
        OSError: it cannot be read, or is no file.
    """
    return _decoded(read_bytes(path))


def _decoded(raw: bytes) -> str:
    text = raw.decode("utf-16", "replace") if raw.startswith(_UTF16) else text_of(raw)
    return text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")


def read_header(path: Path) -> str:
    """Read a header, and see whether its data can be read by it.

    Raises:
        RecordingError: the message names the line and the remedy.
        OSError: it cannot be read, or is no file.
    """
    raw = read_bytes(path)
    if b"\0" in raw[:2] or raw.startswith(_UTF16) or (b"\r" in raw and b"\n" not in raw):
        raise RecordingError(
            f"{path}: is in UTF-16, or its lines end with CR alone; save it as plain text in UTF-8 "
            "with line ends of Windows or Unix"
        )
    text = _decoded(raw)
    check_header(path, text)
    _check_data(path, text)
    return text


def check_header(path: Path, text: str) -> None:
    """See whether a header can be read by.

    Raises:
        RecordingError: the message names the line and the remedy.
    """
    if "[Common Infos]".lower() not in text.lower():
        raise RecordingError(
            f"{path}: is no BrainVision header: it has no [Common Infos]; name the .vhdr file that "
            "belongs to the .eeg"
        )
    count = field(text, "NumberOfChannels")
    _expect(path, "NumberOfChannels", count, count.isdecimal() and int(count) > 0, "2")
    interval = field(text, "SamplingInterval")
    _expect(path, "SamplingInterval", interval, _is_interval(interval), "2000 (microseconds)")
    for name, words in _WORDS.items():
        value = field(text, name)
        _expect(path, name, value, value.upper() in words, " or ".join(words))
    data = field(text, "DataFile")
    _expect(path, "DataFile", data, bool(data), "the name of the .eeg file")
    if field(text, "DataFormat").upper() == "BINARY":
        form = field(text, "BinaryFormat").upper()
        _expect(path, "BinaryFormat", form, form in BYTES, " or ".join(BYTES))
    _check_channels(path, channel_lines(text), int(count))


def _check_channels(path: Path, lines: dict[int, str], count: int) -> None:
    names = set()
    for number in range(1, count + 1):
        line = lines.get(number, "")
        name, _, resolution, *_ = [*line.split(","), "", "", ""]
        good = line.count(",") >= 2 and name not in names and _is_resolution(resolution)
        example = "a name of its own, nothing, and the resolution: C3,,0.1,µV"
        _expect(path, f"Ch{number}", line, good, example)
        names.add(name)
    if len(lines) > count:
        raise RecordingError(
            f"{path}: NumberOfChannels={count}, and [Channel Infos] has {len(lines)}; correct the "
            "one that is wrong, as samples would be taken for those of other channels"
        )


def channel_lines(text: str) -> dict[int, str]:
    """Return what stands behind `Ch1=` and so on, by the channel's number from 1."""
    infos = text.partition("[Channel Infos]")[2].partition("\n[")[0]
    found = re.findall(r"^Ch(\d{1,9})=(.*?)\s*$", infos, re.MULTILINE | re.IGNORECASE)
    return {int(number): line for number, line in found}


def _check_data(path: Path, text: str) -> None:
    """See that the data file is there and holds a sample: libraries wait for what is no file."""
    name = field(text, "DataFile")
    file = path.parent / name
    try:
        check_regular(file)
    except FileNotFoundError:
        own = path.with_suffix(".eeg")
        remedy = "put it beside this file"
        if own.is_file():  # both were renamed, and the header still tells of the old name
            remedy += f", or correct the line DataFile if it is {own.name} by now"
        raise RecordingError(f"{path}: names {name}, which is not there; {remedy}") from None
    except NotAFile as error:
        raise RecordingError(
            f"{path}: DataFile={name!r} cannot be read: {error.strerror}"
        ) from None
    least = BYTES.get(field(text, "BinaryFormat").upper(), 1) * int(field(text, "NumberOfChannels"))
    size = file.stat().st_size
    if field(text, "DataFormat").upper() == "BINARY" and size < least:
        raise RecordingError(
            f"{path}: its data file {name} has {size} bytes, and a sample of all channels {least}; "
            "copy it again from where it was recorded"
        )


def field(text: str, name: str) -> str:
    """Return what a line `name=…` says; empty where there is none."""
    found = re.search(rf"^{name}=(.*?)\s*$", text, re.MULTILINE | re.IGNORECASE)
    return found[1] if found else ""


def form_note(path: Path, text: str, data: Path) -> list[str]:
    """Say so where samples look like those of another BinaryFormat than the header's.

    Nothing in the file tells; but integers read as floats are no numbers or next to nothing, floats
    read as integers enormous, and every second half of a small number of 32 bits is 0 or -1.
    """
    said = field(text, "BinaryFormat").upper()
    if said not in BYTES:
        return []
    with open_file(data) as file:
        raw = file.read(_LOOKED_AT)
    raw = raw[: len(raw) // 4 * 4]
    seen = _form(raw)
    if not seen or seen == said:
        return []
    return [
        f"{path.name}: BinaryFormat={said}, but its data look like {seen}: if the values make no "
        "sense, correct that line"
    ]


def _form(raw: bytes) -> str:
    """Guess the form of samples; empty where they could be of any."""
    with np.errstate(invalid="ignore"):  # what is no number is no float of theirs
        floats = np.abs(np.frombuffer(raw, "<f4").astype(np.float64))
    halves = np.frombuffer(raw, "<i2").reshape(-1, 2).astype(np.float64)[floats != 0]
    floats = floats[floats != 0]  # zero is the same in all
    if len(floats) < 100:
        return ""
    if np.mean((floats > 1e-9) & (floats < 1e9)) > 0.99:
        return "IEEE_FLOAT_32"
    if np.mean((floats > 1e-30) & (floats < 1e30)) > 0.5:
        return ""
    low, high = halves.T
    negative = low < 0
    if 0.01 < np.mean(negative) < 0.99 and np.mean(high == np.where(negative, -1, 0)) > 0.99:
        return "INT_32"
    spread, other = float(np.std(low)), float(np.std(high))
    return "INT_16" if 0.1 < other / max(spread, 1e-9) < 10 else ""


def _is_interval(text: str) -> bool:
    try:
        value = float(text)
    except ValueError:
        return False
    return 1e6 / FASTEST_HZ <= value <= 1e6 / _SLOWEST_HZ


def _is_resolution(text: str) -> bool:
    """Say whether a value is one to multiply by; none stands for 1."""
    try:
        return math.isfinite(float(text)) and float(text) != 0
    except ValueError:
        return not text.strip()


def _expect(path: Path, name: str, value: str, good: bool, example: str) -> None:
    if not good:
        raise RecordingError(
            f"{path}: {name}={value!r} is nothing that can be read; correct that line, to {example}"
        )
