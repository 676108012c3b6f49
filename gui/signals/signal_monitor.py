"""A thread that looks at the signals now and then: what is wrong, what they say, their spectra."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from gui.signals import quality, vitals
from gui.signals.channel_info import ChannelInfo, ChannelKey
from gui.signals.live_streams import LiveStreams, ShownStream
from gui.signals.spectra import SECONDS, Spectrum, spectrum

log = logging.getLogger(__name__)

PERIOD_S = 3.0
LOOK_S = 2.0


@dataclass(frozen=True)
class Findings:
    """What was found out: by stream and channel number."""

    troubles: dict[ChannelKey, str] = field(default_factory=dict)
    readouts: dict[ChannelKey, str] = field(default_factory=dict)
    spectra: tuple[Spectrum, ...] = ()


class SignalMonitor:
    """Looks every three seconds at the channels that are shown."""

    def __init__(
        self,
        live: LiveStreams,
        shown: Callable[[ShownStream], list[ChannelInfo]],
        on_found: Callable[[Findings], None],
    ) -> None:
        """Prepare; `on_found` is called from its thread."""
        self.mains_hz = 50.0
        self.wants_spectra = False
        self._live, self._shown, self._on_found = live, shown, on_found
        self._closing = threading.Event()
        self._due = threading.Event()  # a look is wanted before its time, or the end
        self._thread = threading.Thread(target=self._run, name="signal monitor", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def look_now(self) -> None:
        """Look before its time: somebody waits for what is found."""
        self._due.set()

    def close(self) -> None:
        """End."""
        self._closing.set()
        self._due.set()
        if self._thread.ident is not None:
            # A look under way ends first; it may just be importing SciPy, which takes a second.
            self._thread.join(5.0)

    def _run(self) -> None:
        while True:
            self._due.wait(PERIOD_S)  # rests, and ends at once
            self._due.clear()
            if self._closing.is_set():
                return
            try:
                found = self.look()
                if not self._closing.is_set():  # who would hear of it may be gone
                    self._on_found(found)
            except Exception:  # what is only for the eye must not end the window
                # A look that outlasted it, importing SciPy as Python ends, fails of that.
                level = logging.DEBUG if self._closing.is_set() else logging.ERROR
                log.log(level, "the signals cannot be judged", exc_info=True)

    def look(self) -> Findings:
        """Look once."""
        troubles: dict[ChannelKey, str] = {}
        readouts: dict[ChannelKey, str] = {}
        spectra: list[Spectrum] = []
        for stream in self._live.streams:
            if stream.history is None or stream.inlet is None:
                continue
            channels = self._shown(stream)
            if channels and stream.history.rate_hz:
                self._judge(stream, channels, troubles)
                self._read(stream, channels, readouts)
                if self.wants_spectra:
                    spectra += self._spectra(stream, channels)
        return Findings(troubles, readouts, tuple(spectra))

    def _newest(
        self, stream: ShownStream, channels: list[ChannelInfo], seconds: float, *, filtered: bool
    ) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
        history = stream.shown if filtered else stream.history
        assert history is not None
        with self._live.lock:  # the pulling thread appends; copied, so that nobody waits for us
            _, data = history.newest(seconds, np.array([c.index for c in channels], np.intp))
        return data

    def _judge(
        self, stream: ShownStream, channels: list[ChannelInfo], found: dict[ChannelKey, str]
    ) -> None:
        data = self._newest(stream, channels, LOOK_S, filtered=False)
        rate = stream.found.rate_hz
        for index, trouble in quality.troubles(data, channels, rate, self.mains_hz).items():
            found[stream.key, index] = trouble

    def _read(
        self, stream: ShownStream, channels: list[ChannelInfo], found: dict[ChannelKey, str]
    ) -> None:
        for channel in channels:
            if (method := vitals.METHODS.get(channel.kind)) is None:
                continue
            data = self._newest(stream, [channel], method.seconds, filtered=False)
            text = method.read(data[:, 0].astype(np.float64), stream.found.rate_hz, channel.unit)
            if text is not None:
                found[stream.key, channel.index] = text

    def _spectra(self, stream: ShownStream, channels: list[ChannelInfo]) -> list[Spectrum]:
        eeg = [c for c in channels if c.kind == "EEG"]
        if not eeg:
            return []
        data = self._newest(stream, eeg, SECONDS, filtered=True)
        labels = tuple(c.label for c in eeg)
        made = spectrum(data, stream.found.rate_hz, labels, eeg[0].unit)
        return [made] if made else []
