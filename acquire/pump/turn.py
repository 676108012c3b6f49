"""One turn of the pump: every inlet is emptied once, and each sample goes to its takes."""

from __future__ import annotations

import logging
import math
import threading
from collections.abc import Iterable, Sequence

from acquire.lsl.clock import local_clock
from acquire.pump.distributor import Distributor
from acquire.pump.live_stream import LiveStream
from acquire.pump.stream_watch import Alarm

log = logging.getLogger(__name__)

LOOK_S = 1.0
"""How often it is seen whether a stream is silent, late or piles up."""
JUDGE_S = 2.0
"""How often stamps are judged: what is run so seldom costs the same for one second and for two."""
MAX_ROUNDS = 64
"""Pulls of one stream in one turn: more is a backlog, and waits for the next turn."""

SourcedAlarm = tuple[str, Alarm]
"""What is wrong, and the name of the stream (or `engine`) that it is told of."""


class Complaints:
    """Puts what should not have happened into words, each once."""

    def __init__(self) -> None:
        self._told: set[str] = set()

    def of(self, error: Exception) -> list[SourcedAlarm]:
        """Give the alarm of an error; nothing where the same was told before."""
        text = f"{type(error).__name__}: {error}"
        if text in self._told:
            return []
        self._told.add(text)
        return [("engine", Alarm("error", "internal", f"{text}; please report this with the log"))]


class Turn:
    """Empties inlets into a distributor; not thread-safe, the pump's lock guards it."""

    def __init__(
        self, distributor: Distributor, complaints: Complaints, incomplete: threading.Event
    ) -> None:
        """Prepare; `incomplete` is set where an outlet is gone."""
        self._distributor, self._complaints = distributor, complaints
        self._incomplete = incomplete
        self._next_look = self._next_judging = -math.inf

    def take(self, streams: Sequence[LiveStream]) -> list[SourcedAlarm]:
        """Empty every inlet once, round by round: a buffer is written before it is reused."""
        alarms: list[SourcedAlarm] = []
        waiting = streams
        for _ in range(MAX_ROUNDS):
            now = local_clock()
            waiting = [s for s in waiting if self._pull(s, now, alarms)]
            self._distributor.flush(now)
            if not waiting:
                break
        for stream in streams:
            if stream.inlet is not None and stream.inlet.lost:
                alarms.append((stream.name, _disconnect(stream)))
                self._incomplete.set()
        if now >= self._next_look:
            self._next_look = now + LOOK_S
            if now >= self._next_judging:
                self._next_judging = now + JUDGE_S
                alarms += self.judge(streams)
            alarms += _missing(streams, now)
        return alarms

    def judge(self, streams: Iterable[LiveStream]) -> list[SourcedAlarm]:
        """See what is missing, and whether the stamps make sense, in what has come until now."""
        alarms: list[SourcedAlarm] = []
        for stream in streams:
            try:
                alarms += [(stream.name, alarm) for alarm in self._judge(stream)]
            except Exception as error:  # one stream's stamps must not cost the others theirs
                log.debug("%s", stream.name, exc_info=True)
                alarms += self._complaints.of(error)
        return alarms

    def _judge(self, stream: LiveStream) -> list[Alarm]:
        alarms = stream.watch.judge(stream.known_offset)
        if stream.losses is not None and (losses := stream.losses.judge()):
            stream.lost = max(0, stream.lost + sum(loss.lost for loss in losses))
            self._distributor.count(stream, losses)
            alarms += stream.watch.counted(losses)
        return alarms

    def _pull(self, stream: LiveStream, now: float, alarms: list[SourcedAlarm]) -> bool:
        """Pull once; whether there may be more.

        What one stream's samples trip over must not cost the others theirs, nor what was taken of
        them and is not written yet: its buffers are used again in the next round.
        """
        try:
            pulled = stream.inlet.pull() if stream.inlet else None
            if stream.inlet is None or pulled is None:
                return False
            stamps, data = pulled
            self._distributor.share(stream, stamps, data, now)
            if overflows := stream.inlet.new_overflows():
                alarms += self._distributor.overflowed(stream, overflows)
            if stream.losses is not None:
                stream.losses.note(stamps, now)
            elif not stream.found.rate_hz:
                alarms += self._distributor.too_late(stream, stamps, data)
            alarms += [(stream.name, alarm) for alarm in stream.watch.note(now, stamps)]
            return len(stamps) >= stream.inlet.full_pull
        except Exception as error:
            log.debug("%s", stream.name, exc_info=True)
            alarms += self._complaints.of(error)
            return False


def _missing(streams: Iterable[LiveStream], now: float) -> list[SourcedAlarm]:
    return [
        (stream.name, alarm)
        for stream in streams
        if stream.inlet is not None
        for alarm in stream.watch.tick(now, stream.inlet.backlog(), stream.late_s)
    ]


def _disconnect(stream: LiveStream) -> Alarm:
    assert stream.inlet is not None
    stream.inlet.close()
    stream.inlet = None
    stream.lost_at = local_clock()
    text = f"{stream.name}: its outlet is gone; all else goes on, and so will it if it comes back"
    return Alarm("warning", "stream-lost", text)
