"""Finds the streams that are to be recorded, connects to them, and again when they come back."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Mapping

from acquire.lasting_thread import LastingThread
from acquire.lsl.clock import local_clock
from acquire.lsl.config import BUFFER_S, FORGET_S
from acquire.lsl.descriptors import fits
from acquire.lsl.inlet import Inlet
from acquire.lsl.origin import DEVICE
from acquire.lsl.streams import FoundStream
from acquire.processes.messages import Tell, internal
from acquire.pump.connecting import CONNECT_S, Attempt, Connecting
from acquire.pump.live_stream import LiveStream
from acquire.pump.network import Network
from acquire.pump.pump import Pump
from acquire.pump.selection import NO_STREAM, Missing, Selection, matches
from recordings.errors import few

LOOK_S = 0.1
"""How often it looks while something is missing."""
GLANCE_S = 0.5
"""How often where nothing is missing and any stream may come, until a recording begins with it."""
LOOK_FOR_S = 2.0
"""How long the network is asked while one runs, or only what was lost may come, before a look…"""
REST_S = 10.0
"""…and how long it rests then: to ask all the time costs 0.3 % of a core, each 3 s 0.15 %."""
ANSWER_S = 1.0
"""How long an outlet may take to be found that was there when somebody asked."""
ALIKE_S = 3.0
"""How long an outlet like one that is connected may be that one, started anew: it is known soon."""
FORGOTTEN_S = FORGET_S + 1.0
"""An outlet that is still seen so long after its connection broke is alive."""
RENEW_PERIODS = 10
"""…or as many of its periods, where it is slow."""
RENEW_S = float(BUFFER_S)
"""A connection that gives nothing for so long is made anew: after a cable was out it may be dead
without either end being told, and its outlet keeps no more than this for it."""


class Discovery:
    """One thread that keeps the pump's streams complete."""

    def __init__(
        self,
        selection: Selection,
        own: Callable[[], Mapping[str, str]],
        pump: Pump,
        report: Tell,
        descriptor_limit: int | None = None,
    ) -> None:
        """Look for `selection` and for the streams of `own`: LSL uid → the device's name.

        `descriptor_limit` is how many files this process may have open; None = any number.

        Raises:
            ConfigError: LSL does not understand a predicate.
        """
        self._selection = selection
        self._own = own
        self._pump = pump
        self._report = report
        self._network = Network(selection, own)
        self._known: dict[str, LiveStream] = {}  # by uid
        self._connecting = Connecting()
        self._fits = fits(descriptor_limit)
        self._told_full = False
        self._unreachable: dict[str, str] = {}  # uid → why
        self._renewed: dict[str, float] = {}  # uid → when its silent connection was made anew
        self.waiting = 0  # streams that are wanted and not connected
        self.last_new = local_clock()
        self._alike: dict[str, float] = {}  # uid → since when it is like one that is connected
        self._asked_at = -math.inf  # LSL time
        self._closing = threading.Event()
        self._thread = LastingThread("discovery", self._run, self._closing, internal(report))

    def start(self) -> None:
        """Start looking."""
        self._thread.start()

    def close(self) -> None:
        """Stop looking."""
        self._closing.set()
        self._pump.incomplete.set()
        self._thread.end()
        self._network.pause()
        self._connecting.close()

    @property
    def is_connecting(self) -> bool:
        """Whether a stream has just been found and may soon be connected."""
        return self._connecting.is_fresh

    @property
    def may_find_more(self) -> bool:
        """Whether more may come when nothing is missing: of a rig's own streams all are known."""
        return self._selection.is_open_ended

    def seen(self) -> list[FoundStream]:
        """List everything on the network."""
        return self._network.seen()

    def unmatched(self) -> list[str]:
        """Say of which predicates no stream has come."""
        predicates = self._network.unmatched(set(self._known))
        return [f"no stream matches {predicate}" for predicate in predicates]

    def missing(self) -> list[Missing]:
        """List what has been asked for and is not there, each once."""
        live = [s.found for s in self._pump.data_streams]
        absent = [Missing("not-found", text) for text in self.unmatched()]
        absent += [
            Missing("not-found", f"{expect} is not there")
            for expect in self._selection.expect
            if not any(matches(expect, found) for found in live)
        ]
        owners = [device for uid, device in self._own().items() if uid not in self._known]
        absent += [
            Missing("not-connected", f"{_streams_of(device)} not connected yet")
            for device in dict.fromkeys(owners)  # a device may have several
        ]
        if not (live or absent or self._selection.may_be_empty):
            absent.append(NO_STREAM)
        return absent

    def _run(self) -> None:
        while not self._closing.wait(LOOK_S):
            self._look()
            if not self._is_busy():
                self._rest()

    def _look(self) -> None:
        wanted = {
            found.uid: (found, device)
            for found, device in self._network.wanted()
            if self._is_unconnected(found)
        }
        self.waiting = len(wanted)
        self._tell_of_refused()
        ready = {uid: one for uid, one in wanted.items() if not self._may_follow(one[0])}
        self._connecting.begin(self._as_fit(ready))
        for attempt in self._connecting.ended():
            self._end(attempt)
        self._renew_silent()

    def _as_fit(
        self, wanted: dict[str, tuple[FoundStream, str | None]]
    ) -> dict[str, tuple[FoundStream, str | None]]:
        """Leave out what there are no descriptors for; the rig's own come first.

        Before them come those that are being connected, which hold their descriptors already.
        """
        room = self._fits - sum(s.inlet is not None for s in self._pump.streams)
        if len(wanted) <= room:
            return wanted

        def turn(uid: str) -> tuple[bool, bool, float]:
            is_waiting, failed_at = self._connecting.turn(uid)
            return is_waiting, wanted[uid][1] is None, failed_at

        uids, room = sorted(wanted, key=turn), max(0, room)
        if not self._told_full:
            self._told_full = True
            left_out = few(sorted(wanted[uid][0].key.name for uid in uids[room:]))
            text = (
                f"{self._fits} streams fit into what this process may open, and there are more: "
                f"{left_out} are not recorded; raise the limit (ulimit -n), or select fewer"
            )
            self._report("engine", "error", "too-many-streams", text)
        return {uid: wanted[uid] for uid in uids[:room]}

    def _tell_of_refused(self) -> None:
        for stream in self._network.refused():
            text = (
                f"{stream.name}: cannot be received, as {stream.reason}; it is left out: mend "
                "the program that sends it"
            )
            self._report(stream.name, "warning", "stream-refused", text)

    def _is_busy(self) -> bool:
        """Whether something is missing, or more may come with what came last."""
        return (
            self._is_incomplete()
            or self.is_connecting
            or self._is_asked()
            or local_clock() - self.last_new < LOOK_FOR_S
        )

    def _is_asked(self) -> bool:
        return local_clock() - self._asked_at < LOOK_FOR_S

    def _rest(self) -> None:
        """Stop asking the network for a while, then ask again, unless something gets lost."""
        if self.may_find_more and not self._pump.records:
            self._wait(GLANCE_S)
            return
        self._network.pause()
        self._wait(REST_S)
        self._network.resume()
        self._wait(LOOK_FOR_S)

    def _wait(self, seconds: float) -> None:
        """Wait, unless something is missing, or this is to end.

        No poll: a thread that wakes costs more than what it looks at.
        """
        end, incomplete = local_clock() + seconds, self._pump.incomplete
        while True:
            incomplete.clear()  # before the look: what is set after it counts
            if self._closing.is_set() or self._is_incomplete() or self._is_asked():
                return
            if not incomplete.wait(max(0.0, end - local_clock())):
                return

    def update(self) -> None:
        """Connect to all that is on the network now, as far as it answers."""
        if not self.may_find_more:
            return
        self._asked_at = local_clock()
        self._pump.incomplete.set()
        self._closing.wait(ANSWER_S)
        while self.is_connecting and local_clock() < self._asked_at + CONNECT_S:
            if self._closing.wait(LOOK_S):
                return

    def look_again(self) -> None:
        """See whether something is missing, and look for it then."""
        if self._is_incomplete():
            self._pump.incomplete.set()

    def _is_incomplete(self) -> bool:
        streams = self._pump.streams
        return any(s.inlet is None and not s.is_replaced for s in streams) or bool(self.missing())

    def _is_unconnected(self, found: FoundStream) -> bool:
        """Whether it is new, or lives on after its connection broke."""
        live = self._known.get(found.uid)
        if live is None:
            return True
        broken = live.inlet is None and live.found.uid == found.uid
        return broken and local_clock() - live.lost_at > FORGOTTEN_S

    def _may_follow(self, found: FoundStream) -> bool:
        """Whether it may be one that is connected, started anew: of its end we hear a bit later.

        It would be a second stream beside the one that it goes on with.
        """
        others = (s for s in self._pump.streams if s.inlet is not None and s.found.key == found.key)
        if not any(other.found.uid != found.uid for other in others):
            return False
        return local_clock() - self._alike.setdefault(found.uid, local_clock()) < ALIKE_S

    def _renew_silent(self) -> None:
        """Connect anew to what is connected and gives nothing; one that hangs holds up no other."""
        now, silent = local_clock(), {}
        for live in self._pump.streams:
            uid, rate = live.found.uid, live.found.rate_hz
            if live.inlet is None or not rate:
                continue
            since = max(live.watch.last_arrival, self._renewed.get(uid, 0.0))
            if now - since >= max(RENEW_S, RENEW_PERIODS / rate):
                self._renewed[uid] = now
                silent[uid] = live.found, live.device
        self._connecting.begin(silent)

    def _end(self, attempt: Attempt) -> None:
        """Take in what was connected; say once of each stream why it was not."""
        found, name = attempt.found, attempt.found.key.name
        live = self._known.get(found.uid)
        if live is not None and live.inlet is not None:  # it was silent, and has been called so
            if attempt.inlet is not None:
                self._pump.renew(live, attempt.inlet)
            return
        if attempt.inlet is None:
            if self._unreachable.get(found.uid) != attempt.error:
                self._unreachable[found.uid] = attempt.error
                text = f"{name}: seen on the network, but cannot be reached: {attempt.error}"
                self._report(name, "warning", "unreachable", text)
            return
        self._take(found, attempt.inlet, attempt.xml, attempt.device)
        self.last_new = local_clock()

    def _take(self, found: FoundStream, inlet: Inlet, xml: str, device: str | None) -> None:
        """Go on with the stream that this one was, or take it as a new one."""
        name = found.key.name
        same = [s for s in self._pump.streams if s.found.key == found.key and not s.is_replaced]
        gone = next((s for s in same if s.inlet is None), None)
        if gone is not None and (change := gone.change(found, xml)) is None:
            away = local_clock() - gone.watch.last_arrival
            self._pump.reconnect(gone, found, inlet, xml)
            self._known[found.uid] = gone
            text = f"{name}: its outlet is back after {away:.1f} s; the gap is in the stamps"
            self._report(name, "info", "stream-back", text)
            return
        self._known[found.uid] = self._pump.add(found, inlet, xml, device)
        if gone is not None:
            text = f"{name}: came back with {change}: a new stream"
            self._report(name, "warning", "stream-changed", text)
        elif same:
            text = f"{name}: two outlets with this name and source id; both are recorded"
            self._report(name, "warning", "duplicate-source", text)
        elif device is None and self._pump.is_recording:
            text = f"{name}: came while recording; what it had sent before is in no file"
            self._report(name, "info", "stream-new", text)


def _streams_of(device: str) -> str:
    if device == DEVICE:
        return "the recorder's own streams are"
    return f"the streams of device {device} are"
