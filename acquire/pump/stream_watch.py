"""The stream watch: is it coming, at its rate, with stamps that make sense.

Pure: it is told what arrived and when, and answers with what somebody should know. Every alarm is
raised once, and again only after it had cleared.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from acquire.lsl.streams import FoundStream
from acquire.take.exact_stamps import LostSamples, are_numbers
from acquire.take.live_floor import WAIT_S
from devices.arrays import F64Array
from recordings.manifest_entries import Level

SILENT_S = 2.0
RATE_TOLERANCE = 0.02
RATE_WINDOW_S = 10.0
RATE_SAMPLES = 200
"""With fewer samples in the window, 2 % cannot be told from a sample more or less."""
BACK_S = 0.1
"""Chunks stamped by software overlap by some milliseconds: jitter, which dejittering removes."""
BACK_TIMES = 5
BACK_WINDOW_S = 60.0
"""More steps back than that in that time are a habit: further ones wait until it is over."""
OFTEN_TIMES = 10
OFTEN_S = 60.0
"""What comes and goes more often than that would hide all else, and fill the manifest."""
FAR_S = 5.0
OFFSET_S = 15.0
BACKLOG_S = 2.0
BACKLOG_PULLS = 3
LATE_S = 1.0
"""Bluetooth and Wi-Fi are late by less all day."""


def _short(value: float, sign: str = "", digits: int = 1) -> str:
    """Write a time; what no clock shows as a power of ten, not in 300 digits."""
    return f"{value:{sign}.{digits}f}" if abs(value) < 1e12 else f"{value:{sign}.3g}"


@dataclass(frozen=True, slots=True)
class Alarm:
    """One thing somebody should know about a stream."""

    level: Level
    code: str
    text: str
    take: int | None = None  # the recording that it concerns, where it concerns one


class StreamWatch:
    """Watches one stream."""

    def __init__(self, found: FoundStream, now: float) -> None:
        self._name = found.key.name
        self._rate = found.rate_hz
        self._raised: dict[str, str] = {}  # what is wrong now: code → in words
        self.last_arrival = now
        self._last_offset = now
        self.last_stamp = -math.inf  # the raw stamp of the newest sample that has one
        self._noted: list[F64Array] = []  # what is not judged yet
        self._judged = -math.inf  # the newest stamp that was
        self._window: deque[tuple[float, int]] = deque()  # last stamp of a pull, samples so far
        self._steps_back: deque[float] = deque(maxlen=BACK_TIMES)  # when they were told
        self._told: dict[str, deque[float]] = {}  # when each code was told
        self._hushed: set[str] = set()  # raised, and told too often to be told again
        self._now = now
        self._backlogged = 0
        self.backlog = 0  # samples that wait to be pulled
        self.samples = 0
        self.effective_rate: float | None = None

    def note(self, now: float, stamps: F64Array) -> list[Alarm]:
        """Keep one pull until it is judged: raw stamps, shape (n,), n ≥ 1."""
        self.samples += len(stamps)
        self.last_arrival = self._now = now
        if math.isfinite(stamps[-1]):
            self.last_stamp = float(stamps[-1])
        self._noted.append(stamps.copy())  # the caller uses its buffer again
        return self._clear("silent", f"{self._name}: delivers again")

    def judge(self, offset: float | None) -> list[Alarm]:
        """Look at the stamps of all pulls since the last time; `offset` None: not measured yet."""
        if not self._noted:
            return []
        noted, self._noted = self._noted, []
        stamps, now = np.concatenate(noted), self.last_arrival
        alarms = []
        if not are_numbers(stamps):
            alarms += self._raise(
                "stamps-nan",
                f"{self._name}: has stamps that are no numbers; its samples are recorded as they "
                "come, but mend the program that sends them",
            )
            stamps = stamps[np.isfinite(stamps)]
        if not len(stamps):
            return alarms
        alarms += self._check_order(now, stamps)
        far = float(stamps[-1]) + offset - now if offset is not None else 0.0
        if abs(far) > FAR_S:
            alarms += self._raise(
                "stamps-far",
                f"{self._name}: stamps are {_short(far, '+')} s from the local clock "
                f"(limit {FAR_S:g} s); check the clock of its computer or the stamps that its "
                "program gives",
            )
        else:
            alarms += self._clear("stamps-far")
        alarms += self._check_rate(stamps)
        self._judged = float(stamps[-1])
        return alarms

    @property
    def is_silent(self) -> bool:
        """Whether it has been silent for too long."""
        return "silent" in self._raised

    @property
    def troubles(self) -> dict[str, str]:
        """What is wrong now: code → in words."""
        # A step back is over once it has been told; all else lasts.
        return {code: text for code, text in self._raised.items() if code != "stamps-back"}

    def measured_offset(self, now: float) -> list[Alarm]:
        """Take in that there is a new clock offset."""
        self._last_offset = now
        return self._clear("no-offset")

    def counted(self, losses: Iterable[LostSamples]) -> list[Alarm]:
        """Take in what was counted as lost; tell of what has come after all."""
        came = -sum(loss.lost for loss in losses if loss.lost < 0)
        if not came:
            return []
        text = f"{self._name}: {came:,} samples that were counted as lost have come, late"
        return [Alarm("info", "loss-taken-back", text)]

    def tick(self, now: float, backlog: int, late_s: float = 0.0) -> list[Alarm]:
        """Look what is missing.

        `backlog` counts the samples that still wait after a pull; `late_s` is how late the newest
        of those that have come are.
        """
        self._now = now
        alarms = self._check_lateness(late_s)
        self.backlog = backlog
        quiet = now - self.last_arrival
        if self._rate and quiet > max(SILENT_S, 3 / self._rate):
            text = f"{self._name}: silent for {quiet:.0f} s; check its cable, battery and program"
            alarms += self._raise("silent", text)
            self._raised["silent"] = text  # for how long it is now, not when it was told
        if now - self._last_offset > OFFSET_S:
            alarms += self._raise(
                "no-offset",
                f"{self._name}: no clock offset for {OFFSET_S:g} s; "
                "is UDP to its computer blocked by a firewall?",
            )
        waits = self._rate > 0 and backlog > BACKLOG_S * self._rate
        self._backlogged = self._backlogged + 1 if waits else 0
        if self._backlogged >= BACKLOG_PULLS:
            alarms += self._raise(
                "backlog",
                f"{self._name}: {backlog} samples wait to be written; this computer is too slow "
                "or its disk is: close other programs",
            )
        elif not waits:
            alarms += self._clear("backlog")
        return alarms

    def _check_lateness(self, late_s: float) -> list[Alarm]:
        if late_s < LATE_S / 2:
            return self._clear("late", f"{self._name}: is no longer late")
        if late_s < LATE_S and "late" not in self._raised:
            return []
        text = (
            f"{self._name}: late {late_s:.1f} s; nothing is lost yet: what stays away for "
            f"{WAIT_S:g} s is; check its radio link and the load of its computer"
        )
        alarms = self._raise("late", text)
        self._raised["late"] = text  # how late it is now
        return alarms

    def _check_order(self, now: float, stamps: F64Array) -> list[Alarm]:
        back = float(stamps[0]) - self._judged
        if len(stamps) > 1:
            back = min(back, float((stamps[1:] - stamps[:-1]).min()))
        if back >= (-BACK_S if self._rate else 0.0):
            return []
        told = self._steps_back
        if len(told) == BACK_TIMES and now - told[0] < BACK_WINDOW_S:
            return []  # its stamps are never in order: more words would only hide the others
        told.append(now)
        self._raised.pop("stamps-back", None)  # each jump is worth telling
        often = len(told) == BACK_TIMES and now - told[0] < BACK_WINDOW_S
        return self._raise(
            "stamps-back",
            f"{self._name}: stamps go back by {_short(-back * 1000)} ms at "
            f"{_short(float(stamps[-1]), digits=3)}; "
            + (
                f"the {BACK_TIMES}th time within {BACK_WINDOW_S:g} s: check how its program makes "
                "its stamps; not told again meanwhile"
                if often
                else "its program or its clock was restarted"
            ),
        )

    def _check_rate(self, stamps: F64Array) -> list[Alarm]:
        if not self._rate:
            return []
        window = max(RATE_WINDOW_S, RATE_SAMPLES / self._rate)
        last = float(stamps[-1])
        if self._window and last < self._window[-1][0]:
            self._window.clear()
        self._window.append((last, self.samples))
        while len(self._window) > 2 and self._window[1][0] <= last - window:
            self._window.popleft()
        span = last - self._window[0][0]
        if span < window / 2:
            return []
        self.effective_rate = (self.samples - self._window[0][1]) / span
        if span < window:
            return []
        off = self.effective_rate / self._rate - 1
        if abs(off) <= RATE_TOLERANCE:
            return self._clear("rate-off", f"{self._name}: its rate is right again")
        return self._raise(
            "rate-off",
            f"{self._name}: effective rate {self.effective_rate:.2f} Hz, nominal "
            f"{self._rate:g} Hz ({off:+.1%}, limit {RATE_TOLERANCE:.0%}); "
            "samples are lost on the way, or the nominal rate is wrong",
        )

    def _raise(self, code: str, text: str) -> list[Alarm]:
        if code in self._raised:
            return []
        self._raised[code] = text
        told = self._told.setdefault(code, deque(maxlen=OFTEN_TIMES))
        if len(told) == OFTEN_TIMES and self._now - told[0] < OFTEN_S:
            self._hushed.add(code)
            return []
        told.append(self._now)
        if len(told) == OFTEN_TIMES and self._now - told[0] < OFTEN_S:
            text += f"; the {OFTEN_TIMES}th time within {OFTEN_S:g} s: not told again meanwhile"
        return [Alarm("warning", code, text)]

    def _clear(self, code: str, text: str = "") -> list[Alarm]:
        if code not in self._raised:
            return []
        del self._raised[code]
        if code in self._hushed:
            self._hushed.remove(code)
            return []
        return [Alarm("info", code + "-over", text)] if text else []
