"""Takes that end: drained, closed and described, each in a thread of its own."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from acquire.engine.apparatus import Apparatus
from acquire.engine.take_watch import TakeWatch
from acquire.lsl.clock import local_clock
from acquire.player.process import NAME as PLAYER
from acquire.take.closing import Complain, conclude, guarded
from acquire.take.hashing import Hashing
from acquire.take.take import Outcome, Take
from recordings.manifest import State

PLAYED_S = 1.0
"""How long what the player has published may take to come."""


class Closings:
    """Closes takes in the background: a stop of one does not wait for another."""

    def __init__(
        self,
        apparatus: Apparatus,
        watch: TakeWatch,
        hashing: Hashing,
        complain_of: Callable[[Take], Complain],
        forget: Callable[[Take], None],
    ) -> None:
        """Prepare.

        Args:
            apparatus: what they are made with.
            watch: says what is missing in a take.
            hashing: gets the takes whose files are to be hashed.
            complain_of: says where to tell what went wrong with a take.
            forget: called once a take's files are closed.
        """
        self._pump, self._cameras = apparatus.pump, apparatus.cameras
        self._devices, self._player = apparatus.devices, apparatus.player
        self._watch, self._hashing = watch, hashing
        self._complain_of, self._forget = complain_of, forget
        self._threads: list[threading.Thread] = []

    def begin(self, take: Take) -> None:
        """Close a take; its `outcome` tells once that is done."""
        thread = threading.Thread(target=self._close, args=(take,), name="closing")
        self._threads = [t for t in self._threads if t.is_alive()] + [thread]
        thread.start()

    def join(self) -> None:
        """Wait until all are closed, however long: what ended before would leave torn files."""
        for thread in self._threads:
            thread.join()

    def _close(self, take: Take) -> None:
        """Drain, close and describe a take; each step on its own, and each failure is reported."""
        complain = self._complain_of(take)
        guarded("protocol", lambda: self._fetch_of_player(take), complain)
        guarded("recording.xdf", lambda: self._pump.let_go(take), complain)
        known: dict[str, str] = {}
        try:
            summaries = self._cameras.collect(take) if take.folder is not None else []
            self._watch.look_for_videos(take)
            self._watch.tell_of_absent(take)
            known = {s.path.name: s.sha256 for s in summaries if s.sha256}
            for stream in take.xdf.streams.values():
                stream.simulated = self._devices.simulates(stream.device)
                if stream.device == PLAYER:
                    stream.latency_s = self._player.latency_s
            outcome = conclude(take, summaries, self._watch.absent(take), self._seeds(), complain)
        except Exception as error:
            text = f"{take.path}: could not be closed in good order: {error!r}"
            complain("not-closed", text)
            outcome = Outcome(take.number, take.path, State.FAILED, (), (), take.alarms, text)
        self._forget(take)
        if take.folder is not None and take.folder.manifest.hashing:
            self._hashing.add(take, known)
        else:
            take.hashed.set()
        take.outcome.set_result(outcome)

    def _fetch_of_player(self, take: Take) -> None:
        """Have what the player has gathered up to the stop; what comes later is an event."""
        time.sleep(max(0.0, take.interval.stop - local_clock()))
        self._pump.fetch(self._player.flush(), within_s=PLAYED_S)

    def _seeds(self) -> list[int]:
        opened = [device.snapshot.opened for device in self._devices.processes.values()]
        return [o.seed for o in opened if o is not None and o.seed is not None]
