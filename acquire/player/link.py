"""The engine's end of the stimulus player: load, command, hear, mark its crash, resume."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from acquire.errors import ControlError
from acquire.lsl.clock import local_clock
from acquire.player.keeping import FoldersAt, Keeping
from acquire.player.marks import Interrupted, PlayState
from acquire.player.messages import (
    COMMANDS,
    Loaded,
    Marked,
    OpenPlayer,
    Opens,
    PlayerStatus,
    PlayOrder,
)
from acquire.player.process import NAME, PlayerProcess
from acquire.processes.messages import Command, Ends, HostEvent, Tell
from acquire.protocol.file import load_protocol
from acquire.protocol.planner import make_plan
from acquire.protocol.stimuli import require_files
from acquire.rig.file import Rig

OPEN_S = 300.0
"""How long a protocol may take to load: stand-in clips may have to be made."""
CLOSE_S = 5.0
ABORT_S = 2.0
UNDER_WAY = (PlayState.RUNNING, PlayState.PAUSED)
"""Not what was aborted and still shows its last page: another may be loaded at once."""


@dataclass(frozen=True, slots=True)
class PlayerSnapshot:
    """What the engine knows of the player now."""

    order: PlayOrder
    loaded: Loaded | None
    status: PlayerStatus | None
    crashed: bool
    error: str | None
    mirror: bytes | None = None  # a small JPEG of the participant's screen
    on: Interrupted | None = None  # what would be left open, should the player die


def refuse_stand_in(rig: Rig) -> None:
    """Refuse a rig that has something else called `protocol`.

    Raises:
        ControlError: two streams of one name could not be told apart in the files.
    """
    if any(device.name == NAME for device in rig.devices):
        raise ControlError(
            f"device {NAME!r}: the stimulus player's stream has that name; rename the device, or "
            "leave it out"
        )


class PlayerLink:
    """The player of a rig: at most one at a time."""

    def __init__(
        self,
        lsl_config: str | None,
        origin: str,
        report: Tell,
        connect: Callable[[set[str]], object] = lambda uids: None,
        light_port: Callable[[], int | None] = lambda: None,
        folders_at: FoldersAt = lambda time: (),
    ) -> None:
        """Prepare.

        Args:
            lsl_config: the text for liblsl.
            origin: what the source ids of its streams begin with.
            report: hears what happens, as `Engine.report` does.
            connect: waits until streams with these LSL uids are connected: what is published
                before never reaches a recorder.
            light_port: gives the UDP port of a simulated photodiode, if there is one.
            folders_at: gives the sessions into which answers and the order are written.
        """
        self._light_port = light_port
        self._connect = connect
        self._lsl_config = lsl_config
        self._origin = origin
        self._report = report
        self._lock = threading.Lock()  # one order at a time
        # Wakes whoever waits for a state; what the player said is set before, each field whole.
        self._changed = threading.Condition()
        self._process: PlayerProcess | None = None
        self._order: PlayOrder | None = None
        self._loaded_at = 0.0  # LSL; a player that died goes on with what was loaded then
        self._status: PlayerStatus | None = None
        self._mirror: bytes | None = None
        self._on: Interrupted | None = None
        self._crashed = False
        self._keeping = Keeping(folders_at, report)
        self._listeners: list[Callable[[Marked], None]] = []

    # Looking.

    @property
    def snapshot(self) -> PlayerSnapshot | None:
        """What is loaded; None = nothing."""
        process, order = self._process, self._order
        if process is None or order is None:
            return None
        error = process.snapshot.error
        return PlayerSnapshot(
            order, process.loaded, self._status, self._crashed, error, self._mirror, self._on
        )

    @property
    def uids(self) -> dict[str, str]:
        """LSL uid of each of its streams → `protocol`, as a recorder wants them."""
        opened = self._process.snapshot.opened if self._process is not None else None
        return dict.fromkeys(opened.uids.values(), NAME) if opened is not None else {}

    @property
    def plays(self) -> bool:
        """Whether a protocol is under way."""
        status = self._status
        return status is not None and not self._crashed and status.state in UNDER_WAY

    def tell_of_stop(self) -> None:
        """Hear that the recording is stopped, and say so where a protocol goes on without it."""
        if self.plays:
            text = (
                "the protocol goes on: its answers are in no recording; abort it, or record again"
            )
            self._report(NAME, "warning", "protocol-unrecorded", text)

    @property
    def is_over(self) -> bool:
        """Whether nothing more will come: it has ended, or died and nobody has resumed it."""
        return self._crashed or (self._status is not None and self._status.finished)

    def wait(self, ready: Callable[[], bool], timeout_s: float) -> bool:
        """Wait until `ready`; looked at whenever the player says something."""
        with self._changed:
            return self._changed.wait_for(ready, timeout_s)

    def on_mark(self, listener: Callable[[Marked], None]) -> None:
        """Have somebody hear every marker."""
        self._listeners.append(listener)

    # Orders.

    def load(self, order: PlayOrder) -> Loaded:
        """Start a player with a protocol; one that was there before is ended.

        It stays if the file of the new one is no good, or lacks what it would show.

        Raises:
            AcquireError: another one is being played, or this one cannot be: the message says why.
        """
        with self._lock:
            if self.plays and self._status is not None:
                raise ControlError(
                    f"a protocol is {self._status.state}; abort it before another one"
                )
            protocol = load_protocol(order.protocol)
            plan = make_plan(protocol, order.participant, order.seed)
            if order.first_trial != 1:
                plan.only(order.first_trial)  # is there such a one?
            require_files(protocol, plan.only(order.only_trial))
            self._end()
            if order.light_port is None:
                order = replace(order, light_port=self._light_port())
            self._order = order
            self._loaded_at = local_clock()
            first = order.first_trial
            return self._start(OpenPlayer(order, self._lsl_config, first, origin=self._origin))

    def _start(self, order: OpenPlayer) -> Loaded:
        module = "acquire.player.host" if order.order.headless else "gui.stimulus"
        if not order.order.headless and find_spec("PySide6") is None:
            raise ControlError(
                "the player's window needs PySide6; pip install 'unisono[gui]', or play --headless"
            )
        process = PlayerProcess(
            module, self._hear_event, self._hear_opening, self._hear_mark, self._hear_status
        )
        self._status, self._crashed, self._process = None, False, process
        process.start(order, None)
        opened = process.wait_open(OPEN_S)
        if not opened or process.loaded is None:
            error = process.snapshot.error or f"the player was not ready within {OPEN_S:g} s"
            self._end()
            raise ControlError(error)
        self._connect(set(self.uids))
        self._keeping.write_to_all(process.loaded, self._loaded_at)
        self._report(NAME, "info", "protocol-loaded", f"{process.loaded.protocol} is loaded")
        return process.loaded

    def command(self, name: str, args: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Have the player obey: start, pause, resume, skip, repeat or abort.

        `resume` after a crash starts a new player at the next trial.

        Raises:
            ControlError: no protocol is loaded, or it cannot be done now.
        """
        with self._lock:
            process = self._process
            if process is None:
                raise ControlError("no protocol is loaded; load one")
            if name not in (*COMMANDS, "answer", "key"):
                raise ControlError(f"no command {name!r}; there are: {', '.join(COMMANDS)}")
            if self._crashed:
                if name != "resume":
                    raise ControlError(f"cannot {name}: the player died; resume or load a protocol")
                process = self._revive()
                name = "start"
            answer: dict[str, Any] = process.request(Command(name, args or {}))
        if name in COMMANDS:
            self._report(NAME, "info", f"protocol-{name}", f"the operator asked for: {name}")
        return answer

    def _revive(self) -> PlayerProcess:
        status, order = self._status, self._order
        assert order is not None
        first = status.next_trial if status is not None else order.first_trial
        if self._on is not None:  # one that began after its last status
            first = max(first, self._on.trial + 1)
        if status is not None and first > status.trials:
            raise ControlError("cannot resume: the player died in the last trial; load a protocol")
        open_page = self._on
        self._end()
        self._on = open_page  # until the new player has closed it
        self._start(OpenPlayer(order, self._lsl_config, first, open_page, self._origin))
        self._report(NAME, "info", "player-back", f"goes on with trial {first}")
        assert self._process is not None
        return self._process

    def abort(self) -> None:
        """End a protocol that runs, in good order, before the recording does."""
        if self._status is None or self.is_over or self._status.state is PlayState.LOADED:
            return
        try:
            self.command("abort")
        except ControlError as error:
            self._report(NAME, "warning", "abort-failed", str(error))
            return
        self.wait(lambda: self.is_over, ABORT_S)

    def flush(self) -> Ends:
        """Have the player publish what it has gathered; gives where its streams end."""
        process = self._process
        return process.flush() if process is not None else {}

    def close(self) -> None:
        """End the player."""
        with self._lock:
            self._end()

    def _end(self) -> None:
        process, self._process = self._process, None
        self._status = self._mirror = self._on = None
        if process is not None:
            process.close(CLOSE_S)

    # What it says.

    def _hear_event(self, name: str, event: HostEvent) -> None:
        code, text = event.code, event.text
        loading = self._process is None or self._process.loaded is None
        if loading and event.level == "error":  # whoever loads raises it
            return
        if code == "device-died":
            self._crashed = True
            code, text = "player-died", f"{text}; resume goes on with the next trial"
        self._report(name, event.level, code, text)
        self._tell_waiting()

    def _hear_opening(self, opening: Opens) -> None:
        self._on = opening.page

    def _hear_mark(self, mark: Marked) -> None:
        self._on = mark.on
        self._keeping.keep(mark)
        for listener in self._listeners:
            listener(mark)
        self._tell_waiting()

    def _hear_status(self, status: PlayerStatus) -> None:
        self._status = status
        self._mirror = status.mirror or self._mirror
        self._tell_waiting()

    def _tell_waiting(self) -> None:
        with self._changed:
            self._changed.notify_all()

    # The session.

    @property
    def latency_s(self) -> float | None:
        """How far the light was behind the swap, as calibrated: its streams' latency.

        The light comes after its stamp: the latency to subtract is negative.
        """
        snapshot = self.snapshot
        screen = snapshot.loaded.screen if snapshot and snapshot.loaded else {}
        lag_ms = (screen.get("calibration") or {}).get("lag_mean_ms")
        return None if lag_ms is None else -lag_ms * 1e-3

    def write_protocol(self, folder: Path) -> None:
        """Write what is loaded into a session that begins."""
        snapshot = self.snapshot
        if snapshot is not None and snapshot.loaded is not None:
            self._keeping.write(snapshot.loaded, self._loaded_at, folder)
