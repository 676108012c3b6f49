"""What every player shares: the run, its streams, its commands; the screen is somebody else's.

Whoever draws asks `picture(due)` before each frame and says `swapped` after it. Streams: `protocol`
(markers, JSON text) and `protocol-frames` (a row for each frame: when it was due, when presented).
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, Final

import numpy as np

from acquire.errors import ControlError
from acquire.lsl.clock import local_clock
from acquire.lsl.outlet import Outlet, ends_of
from acquire.player.marks import ENDINGS, Interrupted, Mark, Picture, Visit
from acquire.player.messages import KeyPress, Marked, Opens, PlayerStatus
from acquire.player.participant import Act, SimulatedParticipant
from acquire.player.run import Run
from acquire.processes.messages import Ends, HostEvent
from acquire.protocol.scales import Value
from devices.base import Channel, StreamSpec
from devices.marker_codes import marker_spec

MARKERS: Final = marker_spec("protocol", "Unisono", "stimulus player")
FRAMES: Final = StreamSpec(
    name="protocol-frames",
    type="Presentation",
    channels=(
        Channel("frame"),
        Channel("due", "seconds"),
        Channel("presented", "seconds"),
        Channel("clip_frame"),  # NaN: no clip
        Channel("patch"),
    ),
    rate_hz=0.0,
    dtype="float64",
    manufacturer="Unisono",
    model="stimulus player",
)
PUSH_S = 0.2
"""How long rows of the presentation log are gathered."""
LINGER_S = 0.5
"""How long the screen stays after the last marker, so that every recorder has it."""

Tell = Callable[[Any], None]


class Player:
    """A run with its streams; not thread-safe, the thread that draws owns it."""

    def __init__(
        self,
        run: Run,
        tell: Tell,
        *,
        stop_key: str = "escape",
        participant: SimulatedParticipant | None = None,
        light_port: int | None = None,
        origin: str = "",
    ) -> None:
        """Open the streams.

        Args:
            run: what is played.
            tell: hears everything that goes up the pipe.
            stop_key: ends it all, for the participant.
            participant: answers in place of a person.
            light_port: UDP port of this computer that is told `time lit` at each toggled patch.
            origin: what the source ids of its streams begin with.
        """
        self.run = run
        self._tell = tell
        self._stop_key = stop_key
        self._participant = participant
        self._markers = Outlet(MARKERS, "protocol", origin=origin)
        self._log = Outlet(FRAMES, "protocol", origin=origin)
        self._rows: list[tuple[float, ...]] = []
        self.frame = 0
        self.late = 0
        self.dropped = 0
        self._patch = False
        self._light = (
            (socket.socket(socket.AF_INET, socket.SOCK_DGRAM), light_port) if light_port else None
        )
        self._flash(local_clock())  # dark, whatever a player before this one has left
        self._visit: Visit | None = None
        self._act: Act | None = None
        self._on: Interrupted | None = None  # the page whose onset is published, its end is not
        self._over_since: float | None = None
        self.hear_key: Callable[[KeyPress], None] = self._hear_key
        """Hears a key that the engine hands on; a screen that drafts answers puts itself here."""

    @property
    def uids(self) -> dict[str, str]:
        """The LSL uids of its streams by name."""
        return {outlet.spec.name: outlet.uid for outlet in (self._markers, self._log)}

    # Frames.

    def picture(self, due: float) -> Picture:
        """Say what belongs into the frame that is due at LSL time `due`."""
        return self.run.picture(due)

    def swapped(
        self, picture: Picture, due: float, presented: float, clip_frame: int | None = None
    ) -> None:
        """Publish what the frame that just came onto the screen means."""
        self.frame += 1
        self.late += presented - due > self.run.frame_s
        self._publish(self.run.swapped(picture, self.frame, presented))
        if picture.patch != self._patch:
            self._patch = picture.patch
            self._flash(presented)
        shown = np.nan if clip_frame is None else clip_frame
        if self._over_since is None:  # what is swapped after the end shows nothing
            self._rows.append((self.frame, due, presented, shown, picture.patch))
            if presented - self._rows[0][2] >= PUSH_S or self.run.finished:
                self.push_log()  # the end at once: the recording may stop soon after it
        if self._participant is not None:
            self._simulate(self._participant, presented)
        if self.run.finished and self._over_since is None:
            self._over_since = presented

    def push_log(self) -> None:
        """Publish the gathered rows of the presentation log."""
        if self._rows:
            rows = np.array(self._rows, np.float64)
            self._log.push(rows[:, 2].copy(), rows)
            self._rows.clear()

    def flush(self) -> Ends:
        """Publish all rows of frames that were presented; gives where the streams end."""
        self.push_log()
        return ends_of((self._markers, self._log))

    def _flash(self, presented: float) -> None:
        if self._light is not None:
            side, port = self._light
            with suppress(OSError):
                side.sendto(f"{presented!r} {int(self._patch)}".encode(), ("127.0.0.1", port))

    def _publish(self, marks: list[Mark]) -> None:
        for mark in marks:
            if mark.event == "onset":
                self._on = _open(self.run.shown)
                if self._on is not None:
                    self._tell(Opens(self._on))
            elif mark.event in ENDINGS:
                self._on = None
            row = np.array([[mark.text()]], dtype=object)
            stamp = float(self._markers.push(np.array([mark.time]), row)[0])
            self._tell(Marked(stamp, mark.fields(), self._on))
        if marks:
            self._tell(self.status(marks[-1].time))

    # Somebody acts.

    def key(self, name: str, time: float, via: str = "") -> None:
        """Hear a key of the participant's; one that came another way than by the screen stops not.

        `via`: by what way it came; empty = at the participant's screen.
        """
        if name != self._stop_key:
            self._publish(self.run.key(name, time, via))
        elif not via:
            self.run.abort("participant", time)

    def _hear_key(self, pressed: KeyPress) -> None:
        self.key(pressed.name, pressed.time, pressed.via)

    def answer(self, value: Value, time: float, via: str = "") -> None:
        """Hear an answer; what is none is refused with a `ControlError`."""
        self._publish(self.run.answer(value, time, via))

    def _simulate(self, participant: SimulatedParticipant, now: float) -> None:
        visit = self.run.visit
        if visit is not self._visit:
            self._visit, self._act = visit, None
            if visit is not None:
                self._act = participant.act(visit)
        act = self._act
        if visit is None or act is None or visit.onset is None:
            return
        if self.run.listening is not visit or now < visit.onset + act.after_s:
            return
        self._act = None
        if act.kind == "resume":
            self.run.resume(now)
        elif act.kind == "key":
            self.key(str(act.value), now)
        else:
            self.answer(act.value, now)

    def command(self, name: str, args: Mapping[str, Any], now: float) -> dict[str, Any]:
        """Obey the operator; gives the state after it.

        Raises:
            ControlError: it cannot be done now.
        """
        match name:
            case "start" | "pause" | "resume" | "skip" | "repeat":
                getattr(self.run, name)(now)
            case "abort":
                self.run.abort("operator", now)
            case "answer":
                self.answer(args["value"], now)
            case "key":
                pressed = KeyPress.of(args, now)
                self.hear_key(pressed)
            case _:
                raise ControlError(f"no command {name!r}; there are: start, pause, resume, …")
        return {"state": str(self.run.state)}

    def complain(self, code: str, text: str, now: float) -> None:
        """Make an event of what goes wrong."""
        self._tell(HostEvent(now, "warning", code, text))

    # What is going on.

    def status(self, now: float) -> PlayerStatus:
        """Take a snapshot."""
        run = self.run
        visit, trial = run.visit, run.trial
        over = self._over_since is not None and now - self._over_since > LINGER_S
        names = visit.names() if visit is not None else {"step": None, "stimulus": None}
        return PlayerStatus(
            state=run.state,
            finished=over,
            trial=trial.number if trial else None,
            trials=len(run.plan.trials),
            step=names["step"],
            stimulus=names["stimulus"],
            condition=trial.condition if trial else None,
            waits=run.waits,
            listening=run.listening is not None,
            since=visit.onset if visit else None,
            remaining_s=run.remaining_s,
            next_trial=run.next_trial,
            frames=self.frame,
            late=self.late,
            dropped=self.dropped,
        )

    def is_heard(self) -> bool:
        """Whether somebody is connected to a stream."""
        return self._markers.is_heard or self._log.is_heard

    def close(self) -> None:
        """Withdraw the streams."""
        self.push_log()
        if self._light is not None:
            self._light[0].close()
        self._markers.close()
        self._log.close()


def _open(visit: Visit | None) -> Interrupted | None:
    if visit is None:
        return None
    names = visit.names()
    return Interrupted(names["trial"], names["step"], names["stimulus"], visit.page.end_code)
