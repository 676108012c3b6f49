"""The player's process: loads a protocol, obeys the engine's pipe; headless it also plays it.

Started as ``python -P -m acquire.player.host HANDLE``; `gui.stimulus` is the same with a window.
The end of the pipe means that the engine is gone: the protocol is aborted and the process ends.
"""

from __future__ import annotations

import logging
import math
import os
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from multiprocessing.connection import Connection
from typing import Any

from acquire.errors import AcquireError, ControlError
from acquire.lsl.clock import local_clock
from acquire.lsl.config import configure
from acquire.player.messages import Loaded, OpenPlayer
from acquire.player.participant import SimulatedParticipant
from acquire.player.player import FRAMES, MARKERS, Player
from acquire.player.run import Run
from acquire.processes.child import pipe_of
from acquire.processes.messages import Answer, Close, Command, Finish, HostEvent, Opened, Request
from acquire.processes.punctual import be_punctual
from acquire.protocol.file import load_protocol
from acquire.protocol.media import MediaInfo
from acquire.protocol.model import Protocol
from acquire.protocol.plan import Plan
from acquire.protocol.planner import make_plan
from acquire.protocol.stimuli import prepare_stimuli

log = logging.getLogger(__name__)

STATUS_S = 0.1
LINGER_S = 0.6
"""How long its outlets outlive the last sample while somebody is connected."""
REFRESH_HZ = 60.0


class PlayerHost:
    """The pipe's end in the player's process."""

    protocol: Protocol
    plan: Plan
    media: dict[str, MediaInfo]
    player: Player

    def __init__(self, pipe: Connection) -> None:
        self._pipe = pipe
        self._status_due = 0.0
        self.gone = False  # the engine is: end as soon as what is on the screen is marked
        self.closing = False
        self.mirror: bytes | None = None  # a small JPEG for the operator, sent with the status
        self.has_keyboard = True  # of the screen that it is shown on

    def receive(self) -> OpenPlayer | None:
        """Wait for the order; None = the engine is gone."""
        try:
            request: Request = self._pipe.recv()
        except EOFError:
            return None
        assert isinstance(request.body, OpenPlayer)
        self.opening = request.body
        self.order = request.body.order
        self.send(Answer(request.number))
        return request.body

    def load(self) -> bool:
        """Read the protocol and check its stimuli; False = it cannot be played: that is told."""
        order = self.order
        try:
            self.protocol = load_protocol(order.protocol)
            sketch = make_plan(self.protocol, order.participant, order.seed).only(order.only_trial)
            self.media = prepare_stimuli(
                self.protocol, sketch, drawn=not order.headless, tell=self.note
            )
            durations = {name: info.duration_s for name, info in self.media.items()}
            whole = make_plan(self.protocol, order.participant, order.seed, durations)
            self.plan = whole.only(order.only_trial)
        except (AcquireError, OSError) as error:
            self.fail(str(error))
            return False
        stand_ins = sum(stimulus.file is None for stimulus in self.plan.stimuli)
        if stand_ins:
            text = f"{stand_ins} of {len(self.plan.stimuli)} stimuli are generated stand-ins"
            self.send(HostEvent(local_clock(), "info", "stand-ins", text))
        for end, onset in self.plan.collisions:
            self.note(f"codes {end} and {onset} fall on one frame; the second is sent later")
        return True

    def note(self, text: str) -> None:
        """Warn the operator of something that is played all the same."""
        self.send(HostEvent(local_clock(), "warning", "protocol", text))

    def fail(self, text: str) -> None:
        """Tell that nothing can be played."""
        self.send(HostEvent(local_clock(), "error", "device-failed", " ".join(text.split())))

    def ready(self, refresh_hz: float, screen: dict[str, Any]) -> None:
        """Open the streams and tell that the protocol may start."""
        configure(self.opening.lsl_config)
        order = self.order
        run = Run(
            self.plan,
            frame_s=1.0 / refresh_hz,
            first_trial=self.opening.first_trial,
            interrupted=self.opening.interrupted,
        )
        table = self.protocol.file.protocol
        self.player = Player(
            run,
            self.send,
            stop_key=table.stop_key,
            participant=SimulatedParticipant(self.plan.seed) if order.simulate else None,
            light_port=order.light_port,
            origin=self.opening.origin,
        )
        self.send(
            Loaded(
                self.plan.protocol,
                table.title or table.name,
                self.protocol.sha256,
                self.protocol.text,
                self.plan.as_dict(),
                run.remaining_s,
                len(self.plan.trials),
                screen,
                order.first_trial,
            )
        )
        self.send(Opened((MARKERS, FRAMES), self.player.uids, order.simulate, None))

    def send(self, message: Any) -> None:
        """Tell the engine; where it is gone, nobody."""
        try:
            self._pipe.send(message)
        except OSError:
            self.gone = True

    def serve(self) -> None:
        """Obey what has been asked since the last call; waits for nothing."""
        try:
            while not self.gone and self._pipe.poll(0):
                self._obey(self._pipe.recv())
        except (EOFError, OSError):
            self.gone = True
        if self.gone:
            self.player.run.abort("operator", local_clock())
        now = time.monotonic()
        if now >= self._status_due:
            self._status_due = now + STATUS_S
            mirror, self.mirror = self.mirror, None
            status = self.player.status(local_clock())
            self.send(replace(status, mirror=mirror, has_keyboard=self.has_keyboard))

    def _obey(self, request: Request) -> None:
        if isinstance(request.body, Close):
            self.closing = True
            return
        try:
            if isinstance(request.body, Finish):
                self.send(Answer(request.number, self.player.flush()))
                return
            if not isinstance(request.body, Command):
                raise ControlError(f"the player knows no {type(request.body).__name__}")
            body = request.body
            value = self.player.command(body.name, body.args, local_clock())
            self.send(Answer(request.number, value))
        except Exception as error:  # whatever happens, the engine must be answered
            log.debug("%s", error, exc_info=True)
            self.send(Answer(request.number, error=str(error) or type(error).__name__))

    @property
    def over(self) -> bool:
        """Whether the process may end: told to, or alone with everything marked."""
        return self.closing or (self.gone and self.player.run.finished)

    def close(self) -> None:
        """Let those who listen pull what is left, then withdraw the streams."""
        self.player.push_log()
        deadline = time.monotonic() + LINGER_S
        while time.monotonic() < deadline and self.player.is_heard():
            time.sleep(0.02)
        self.player.close()


def play_headless(
    player: Player, serve: Callable[[], None], over: Callable[[], bool], frame_s: float
) -> None:
    """Play without a screen: the moment at which a frame's timer wakes stands for its swap."""
    due = local_clock()
    while not over():
        due += frame_s
        picture = player.picture(due)
        if (left := due - local_clock()) > 0:
            time.sleep(left)
        now = local_clock()
        player.swapped(picture, due, now)
        due += math.floor(max(0.0, now - due) / frame_s) * frame_s
        serve()


def main() -> None:
    """Play without a screen."""
    logging.basicConfig(level=os.environ.get("UNISONO_LOG", "CRITICAL"))
    be_punctual()
    host = PlayerHost(pipe_of(int(sys.argv[1])))
    order = host.receive()
    if order is None or not host.load():
        return
    refresh_hz = order.order.refresh_hz or REFRESH_HZ
    host.ready(refresh_hz, {"kind": "headless", "refresh_hz": refresh_hz})
    play_headless(host.player, host.serve, lambda: host.over, 1.0 / refresh_hz)
    host.close()


if __name__ == "__main__":
    main()
