"""Recordings of other programs as streams: BrainVision, EDF, BDF, AcqKnowledge, XDF and sessions.

A stream's times are seconds from the first sample of the file; values are in the unit that the file
names. Signals of different rates are streams of their own, as in LSL.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from recordings.arrays import Array, F64Array
from recordings.errors import RecordingError
from recordings.read.session import Session
from recordings.read.stream import Stream
from recordings.xdf.header import ChannelInfo


@dataclass(slots=True)
class SignalStream:
    """One stream; `read(a, b)` gives samples a to b, shape (n, channels)."""

    name: str
    type: str
    channels: tuple[ChannelInfo, ...]
    rate_hz: float  # 0 = irregular
    dtype: str  # of numpy, or `string`
    times: F64Array
    read: Callable[[int, int], Array]
    can_drop_samples: bool = False
    source_id: str = ""
    manufacturer: str = ""
    model: str = ""


def open_signals(path: Path) -> list[SignalStream] | None:
    """Return the streams of a file of another program; None where it is to be tried as XDF.

    Raises:
        RecordingError: it cannot be read, or what reads it is not installed.
    """
    reader = READERS.get(path.suffix.lower())
    if reader is None or path.is_dir():
        return None
    if not path.is_file():
        raise RecordingError(f"{path}: No such file")
    try:
        return reader(path)
    except ImportError as error:
        package = "acq" if path.suffix.lower() == ".acq" else "bids"
        raise RecordingError(
            f"{path}: {error.name} is not installed; install it with: pip install "
            f"'unisono[{package}]'"
        ) from None
    except RecordingError:
        raise
    except Exception as error:  # three libraries, each with errors of its own
        text = " ".join(str(error).split()) or type(error).__name__
        raise RecordingError(f"{path}: cannot be read as {path.suffix} ({text})") from error


def session_streams(session: Session, without: Iterable[str] = ()) -> list[SignalStream]:
    """Return the streams of an open session, clock offsets applied; `without` names streams."""
    skipped = frozenset(without)
    chosen = [s for s in session if s.name not in skipped]
    return [_of_session(stream) for stream in chosen]


def _of_session(stream: Stream) -> SignalStream:
    info = stream.xdf.info
    # A step back in time cannot be waited for: what is late comes with what came before.
    times = np.maximum.accumulate(stream.times()) if len(stream) else np.zeros(0)

    def read(start: int, stop: int) -> Array:
        if not stream.is_text:
            return stream.xdf.read(start, stop)
        rows = stream.strings[start:stop]
        return np.array(rows, dtype=object).reshape(len(rows), info.channel_count)

    return SignalStream(
        name=stream.name or f"stream-{stream.xdf.id}",
        type=stream.type,
        channels=info.channels,
        rate_hz=stream.rate_hz,
        dtype="string" if info.dtype is None else info.dtype.name,
        times=times,
        read=read,
        can_drop_samples=info.can_drop_samples,
        source_id=info.source_id,
        manufacturer=info.text("desc/acquisition/manufacturer"),
        model=info.text("desc/acquisition/model"),
    )


_FACTORS: Final = {
    "µV": 1e-6, "μV": 1e-6, "uV": 1e-6, "mV": 1e-3, "nV": 1e-9, "µS": 1e-6, "μS": 1e-6,
}  # fmt: skip
_WORDS: Final = {
    "µV": "microvolts", "μV": "microvolts", "uV": "microvolts", "mV": "millivolts",
    "V": "volts", "Volts": "volts", "n/a": "",
}  # fmt: skip


def _word(unit: str) -> str:
    return _WORDS.get(unit, unit)


def _even(
    name: str, type_: str, columns: list[tuple[ChannelInfo, F64Array]], rate: float
) -> SignalStream:
    data = np.stack([values for _, values in columns], axis=1)
    return SignalStream(
        name=name,
        type=type_,
        channels=tuple(channel for channel, _ in columns),
        rate_hz=rate,
        dtype="float64",
        times=np.arange(len(data)) / rate,
        read=lambda start, stop: data[start:stop],
    )


def _markers(name: str, entries: list[tuple[float, str]]) -> list[SignalStream]:
    if not entries:
        return []
    order = sorted(entries, key=lambda entry: entry[0])
    texts = np.array([[text] for _, text in order], dtype=object)
    return [
        SignalStream(
            name=f"{name}-markers",
            type="Markers",
            channels=(ChannelInfo("marker", "", ""),),
            rate_hz=0.0,
            dtype="string",
            times=np.array([time for time, _ in order]),
            read=lambda start, stop: texts[start:stop],
        )
    ]


def _by_rate(
    name: str, type_: str, channels: list[tuple[float, ChannelInfo, F64Array]]
) -> list[SignalStream]:
    """Make one stream of all channels of one rate and length."""
    groups: dict[tuple[float, int], list[tuple[ChannelInfo, F64Array]]] = {}
    for rate, channel, values in channels:
        groups.setdefault((rate, len(values)), []).append((channel, values))
    return [
        _even(name if len(groups) == 1 else f"{name}-{rate:g}Hz", type_, columns, rate)
        for (rate, _), columns in groups.items()
    ]


def _brainvision(path: Path) -> list[SignalStream]:
    import mne

    raw = mne.io.read_raw_brainvision(path, verbose="error")
    units: dict[str, str] = raw._orig_units
    values = raw.get_data()
    channels = []
    for label, row in zip(raw.ch_names, values, strict=True):
        unit = units.get(label, "")
        scaled = np.asarray(row / _FACTORS.get(unit, 1.0), np.float64)
        channels.append((float(raw.info["sfreq"]), ChannelInfo(label, _word(unit), ""), scaled))
    entries = [(float(a["onset"]), str(a["description"])) for a in raw.annotations]
    return [*_by_rate(path.stem, "EEG", channels), *_markers(path.stem, entries)]


def _edf(path: Path) -> list[SignalStream]:
    import edfio

    read: Any = edfio.read_edf if path.suffix.lower() == ".edf" else edfio.read_bdf
    file = read(path)
    channels = [
        (
            float(s.sampling_frequency),
            ChannelInfo(s.label, _word(s.physical_dimension), ""),
            np.asarray(s.data, np.float64),
        )
        for s in file.signals
    ]
    entries = [(float(a.onset), a.text) for a in file.annotations]
    return [*_by_rate(path.stem, "EEG", channels), *_markers(path.stem, entries)]


def _acq(path: Path) -> list[SignalStream]:
    import bioread

    file = bioread.read_file(str(path))
    channels = [
        (
            float(c.samples_per_second),
            ChannelInfo(c.name, _word(c.units), ""),
            np.asarray(c.data, np.float64),
        )
        for c in file.channels
    ]
    base = float(file.samples_per_second)
    entries = [(m.sample_index / base, str(m.text)) for m in file.event_markers]
    return [*_by_rate(path.stem, "Physio", channels), *_markers(path.stem, entries)]


READERS: Final[dict[str, Callable[[Path], list[SignalStream]]]] = {
    ".vhdr": _brainvision,
    ".edf": _edf,
    ".bdf": _edf,
    ".acq": _acq,
}
