"""`unisono run`: a rig's devices as LSL streams, for whoever records them."""

from __future__ import annotations

import math
import threading
from collections.abc import Container

from acquire.cli.live.record import Exit
from acquire.cli.sessions.progress import Progress
from acquire.engine.engine import Engine
from acquire.engine.stop_signals import Stopper
from acquire.errors import ConfigError
from acquire.lsl.clock import local_clock
from acquire.lsl.config import configuration
from acquire.processes.link import ENDS_OPENING
from acquire.processes.punctual import be_punctual
from acquire.pump.selection import Selection
from acquire.rig.file import Rig
from recordings.manifest_entries import Event

OPEN_S = 30.0
"""How long devices may take to open: what is replayed may have to be imported and read first."""


def run_rig(
    rig: Rig, seconds: float | None, last_event: str = "", untold: Container[str] = ()
) -> int:
    """Run a rig's devices until stopped, or `last_event` comes; gives the exit code.

    Events of codes in `untold` are what is expected: neither said nor counted.

    Raises:
        AcquireError: the rig cannot be started.
    """
    if seconds is not None and not (seconds > 0 and math.isfinite(seconds)):
        raise ConfigError(f"--seconds {seconds:g}: give a number above 0")
    be_punctual()
    stopper = Stopper()
    stopper.listen(stdin=True)
    progress = Progress()
    alarms: list[Event] = []
    opened = threading.Event()

    def hear(event: Event) -> None:
        if event.code == last_event:
            stopper.stop()
        if event.level == "info" or event.code in untold:
            return
        alarms.append(event)
        # What `open` fails of is its error, and is said once; see `acquire.cli.live.record`.
        fatal = event.code in ENDS_OPENING and not opened.is_set()
        if not fatal:
            progress.line(f"{event.level}: {event.text}")

    config = configuration(rig.table.lsl_session, peers=rig.peers)
    with Engine(
        rig, Selection(may_be_empty=True), config, on_event=hear, publish_events=False
    ) as engine:
        engine.open(OPEN_S, cancelled=lambda: stopper.stopped)
        opened.set()
        for stream in engine.status.streams:
            progress.line(f"{stream.key.name} ({stream.key.type}) runs")
        progress.line("running")
        end = local_clock() + seconds if seconds is not None else math.inf
        progress.watch(engine, stopper, end)
    if alarms:
        return Exit.LOSSES
    return Exit.INTERRUPTED if stopper.interrupted else Exit.DONE
