"""What the samples of a stream are worth: shares that are no numbers, that stand still, or clip.

Each figure is of the worst channel, as a share of its samples, and the findings name the channels.
A channel stands still where one value is repeated for `STILL_S`; it clips where it stays at its
highest or its lowest value for `CLIP_SAMPLES` or more; a coarse signal, which repeats values
anywhere, clips only where it stays `CLIP_FACTOR` times as long as elsewhere. Both are figures of
every channel that is not for triggers, but a warning only of body signals: a lamp may well be on
for an hour.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from recordings.arrays import F64Array, I64Array
from recordings.certificate import Finding
from recordings.errors import few
from recordings.stream_kinds import is_no_electrode
from recordings.xdf.header import ChannelInfo
from recordings.xdf.stream import XdfStream

WINDOW: Final = 1 << 16
"""Samples that are read at once: memory stays bounded however long the recording is."""
STILL_S: Final = 1.0
STILL_SAMPLES: Final = 20  # at least so many, and without a rate `STILL_IRREGULAR`
STILL_IRREGULAR: Final = 100
CLIP_SAMPLES: Final = 3
CLIP_FACTOR: Final = 6
"""At the turn of a smooth signal a coarse converter stays up to 5 times as long as beside it."""
BODY_HZ: Final = 25.0
"""Slower body signals, such as skin conductance at 4 Hz, may well repeat a value."""

NAN_SHARE: Final = 0.01
"""Above it a stream gets a warning; of a gaze, where the eyes are lost with every blink…"""
GAZE_NAN_SHARE: Final = 0.5
STILL_SHARE: Final = 0.1
CLIPPED_SHARE: Final = 0.01

_GAZE: Final = frozenset({"gaze", "eye", "eyes", "eyetracking", "eyetracker", "pupil"})
_BODY: Final = frozenset(
    {
        *("eeg", "meg", "ieeg", "ecog", "seeg", "eog", "veog", "heog", "ecg", "ekg", "emg", "exg"),
        *("eda", "gsr", "ppg", "bvp", "rsp", "resp", "nirs", "fnirs"),
    }
)
_SHOWN: Final = 4  # channels that a finding names


@dataclass(frozen=True, slots=True)
class SampleQuality:
    """Shares of each channel's samples, shape (channels,), 0 to 1."""

    nan: F64Array
    inf: F64Array
    constant: F64Array
    clipped: F64Array

    def worst(self) -> dict[str, float]:
        """Give the figures of the certificate: each of the worst channel."""
        return {
            "nan_share": float(self.nan.max(initial=0.0)),
            "inf_share": float(self.inf.max(initial=0.0)),
            "constant_share": float(self.constant.max(initial=0.0)),
            "clipped_share": float(self.clipped.max(initial=0.0)),
        }


def sample_quality(stream: XdfStream) -> SampleQuality | None:
    """Measure a stream, window by window; None where it has no numbers."""
    if stream.is_text or stream.info.is_index or not len(stream):
        return None
    rate = stream.info.rate_hz
    still = max(STILL_SAMPLES, round(STILL_S * rate)) if rate else STILL_IRREGULAR
    channels = stream.info.channel_count
    runs = [_Runs(still) for _ in range(channels)]
    nan, inf = np.zeros(channels), np.zeros(channels)
    for start in range(0, len(stream), WINDOW):
        values = stream.read(start, start + WINDOW)
        if values.dtype.kind == "f":
            nan += np.isnan(values).sum(axis=0)
            inf += np.isinf(values).sum(axis=0)
        for column, run in enumerate(runs):
            run.take(values[:, column])
    for run in runs:
        run.close()
    watched = np.array([not _is_no_signal(c) for c in _channels(stream)])
    constant = np.where(watched, [float(run.still) for run in runs], 0.0)
    clipped = np.where(watched, [float(run.clipped) for run in runs], 0.0)
    count = len(stream)
    return SampleQuality(nan / count, inf / count, constant / count, clipped / count)


class _Runs:
    """The runs of equal values of one channel, over all windows."""

    def __init__(self, still: int) -> None:
        self._least = still
        self.still = 0  # samples in runs that are long
        self._value: Any = None  # of the run that goes on
        self._length = 0
        self._ends = _End(), _End()  # the highest value, and the lowest with its sign changed
        self._elsewhere = 0  # the longest run at another value that is not long

    @property
    def clipped(self) -> int:
        """Samples in runs at the highest or the lowest value; one value alone has no ends."""
        if self._ends[0].value == -self._ends[1].value:
            return 0
        least = self._elsewhere * CLIP_FACTOR if self._elsewhere >= CLIP_SAMPLES else 0
        return sum(end.held for end in self._ends if end.longest >= least)

    def take(self, values: npt.NDArray[Any]) -> None:
        starts = np.append(0, np.flatnonzero(values[1:] != values[:-1]) + 1)
        lengths = np.diff(starts, append=len(values))
        firsts = values[starts].astype(np.float64)
        if self._length and firsts[0] == self._value:
            lengths[0] += self._length
        elif self._length:
            self._count(np.array([self._value]), np.array([self._length]))
        self._count(firsts[:-1], lengths[:-1])
        self._value, self._length = firsts[-1], int(lengths[-1])

    def close(self) -> None:
        """Count the run that went on to the end."""
        if self._length:
            self._count(np.array([self._value]), np.array([self._length]))

    def _count(self, values: F64Array, lengths: I64Array) -> None:
        finite = np.isfinite(values)
        values, lengths = values[finite], lengths[finite]
        if not len(values):
            return
        tops = float(values.max()), float(-values.min())
        is_still = lengths >= self._least
        self.still += int(lengths[is_still].sum())
        values, lengths = values[~is_still], lengths[~is_still]
        beyond = [end.reach(top) for end, top in zip(self._ends, tops, strict=True)]
        at_end = [values == self._ends[0].value, values == -self._ends[1].value]
        for end, runs in zip(self._ends, at_end, strict=True):
            end.add(lengths[runs])
        others = lengths[~(at_end[0] | at_end[1])]
        self._elsewhere = max(self._elsewhere, *beyond, int(others.max(initial=0)))


class _End:
    """The runs at one end of a channel's range."""

    def __init__(self) -> None:
        self.value = -np.inf
        self.held = 0  # samples in runs of `CLIP_SAMPLES` or more
        self.longest = 0

    def reach(self, value: float) -> int:
        """Learn how far the values go; give the longest run at what was the end and is no more."""
        if value <= self.value:
            return 0
        left = self.longest
        self.value, self.held, self.longest = value, 0, 0
        return left

    def add(self, lengths: I64Array) -> None:
        """Take in runs at the end."""
        self.held += int(lengths[lengths >= CLIP_SAMPLES].sum())
        self.longest = max(self.longest, int(lengths.max(initial=0)))


def quality_findings(stream: XdfStream, quality: SampleQuality | None) -> Iterator[Finding]:
    """Say what is beyond the built-in limits."""
    if quality is None:
        return
    channels = _channels(stream)
    gaze = stream.info.type.casefold() in _GAZE
    fast = stream.info.rate_hz >= BODY_HZ
    body = np.array([fast and _is_body(c, stream.info.type) for c in channels])
    nan_limit = GAZE_NAN_SHARE if gaze else NAN_SHARE
    judged = (
        ("nan", quality.nan, nan_limit, "no numbers (NaN)", "find where the values get lost"),
        ("inf", quality.inf, 0.0, "infinite", "mend the program that sends the stream"),
        (
            "constant",
            np.where(body, quality.constant, 0.0),
            STILL_SHARE,
            "one value, repeated",
            "check the electrode, its cable and whether the amplifier went on",
        ),
        (
            "clipped",
            np.where(body, quality.clipped, 0.0),
            CLIPPED_SHARE,
            "at the end of their range",
            "lower the gain, or look for what drives the amplifier into its limits",
        ),
    )
    for code, shares, limit, what, remedy in judged:
        worst = float(shares.max(initial=0.0))
        share = f"{_places(channels, shares)}: up to {_percent(worst)}"
        if code == "nan" and worst > 0.0 and _is_log(stream, shares, limit):
            text = f"{share} of the rows have no number (NaN): what such a log does not know"
            yield Finding(level="info", code=code, subject=stream.name, text=text)
        elif worst > 0.0 and (worst > limit or code == "nan"):
            yield Finding(
                level="warn" if worst > limit else "info",
                code=code,
                subject=stream.name,
                text=f"{share} of the samples are {what} (limit {_percent(limit)})",
                remedy=remedy,
            )


def _is_log(stream: XdfStream, nan: F64Array, limit: float) -> bool:
    """Whether rows have no rate and each still says something, as a player's log of its frames."""
    return not stream.info.rate_hz and bool(nan.min(initial=1.0) <= limit)


def _channels(stream: XdfStream) -> Sequence[ChannelInfo]:
    """Give as many channels as there are: a header may name fewer, or none."""
    named = list(stream.info.channels)[: stream.info.channel_count]
    return [*named, *[ChannelInfo("", "", "")] * (stream.info.channel_count - len(named))]


def _is_no_signal(channel: ChannelInfo) -> bool:
    return is_no_electrode(channel.kind) or is_no_electrode(channel.label)


def _is_body(channel: ChannelInfo, stream_type: str) -> bool:
    return (channel.kind or stream_type).casefold() in _BODY and not _is_no_signal(channel)


def _places(channels: Sequence[ChannelInfo], shares: F64Array) -> str:
    order = [n for n in np.argsort(-shares, kind="stable").tolist() if shares[n] > 0]
    return few([channels[n].label or f"channel {n + 1}" for n in order], _SHOWN)


def _percent(share: float) -> str:
    return f"{100 * share:.3g} %"
