"""`unisono record` and `unisono demo`: one recording from start to report."""

from __future__ import annotations

import contextlib
import json
import logging
import math
import sys
import threading
from dataclasses import dataclass, field
from enum import IntEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from acquire.cli.live.performance import described, played
from acquire.cli.sessions.progress import Progress, perhaps_unheard, warn
from acquire.engine.engine import Engine
from acquire.engine.stop_signals import Stopper
from acquire.lsl.clock import local_clock
from acquire.lsl.config import configuration
from acquire.player.link import refuse_stand_in
from acquire.player.messages import PlayOrder
from acquire.processes.link import ENDS_OPENING
from acquire.processes.punctual import be_punctual
from acquire.pump.selection import Selection
from acquire.rig.file import Rig, no_rig
from acquire.take.folder import DEFAULT_LABELS, Labels
from acquire.take.take import Outcome
from recordings import layout
from recordings.disk import synced
from recordings.errors import RecordingError
from recordings.manifest import State
from recordings.manifest_entries import Event

if TYPE_CHECKING:
    from recordings.certificate import Report

log = logging.getLogger(__name__)


class Exit(IntEnum):
    """What a command's exit code says."""

    DONE = 0
    LOSSES = 1
    FAILED = 2
    INTERRUPTED = 3


@dataclass(frozen=True, slots=True)
class Order:
    """What `record` is asked for."""

    rig: Rig = field(default_factory=no_rig)
    predicates: tuple[str, ...] = ()
    seconds: float | None = None
    labels: Labels = field(default_factory=Labels)
    data_dir: Path | None = None
    xdf: Path | None = None
    wait_s: float = 10.0
    allow_missing: bool = False
    report: bool = True
    as_json: bool = False
    private: bool = False  # loopback and a random session: the demo
    play: PlayOrder | None = None  # the recording ends when this protocol does

    @property
    def selection(self) -> Selection:
        """Which streams to record beside the rig's own."""
        alone = not self.predicates and not self.rig.devices and not self.rig.expect
        return Selection(self.predicates, self.rig.expect, everything=alone)

    @property
    def where(self) -> Path:
        """The data folder."""
        return self.rig.data_folder(self.data_dir)


def record(order: Order) -> int:
    """Record, check, report; gives the exit code.

    Raises:
        AcquireError, RecordingError: nothing has been recorded.
    """
    _check(order)
    be_punctual()
    stopper = Stopper()
    stopper.listen(stdin=True)
    config = configuration(
        order.rig.table.lsl_session, private=order.private, peers=order.rig.peers
    )
    outcome = _record(order, stopper, config)
    if outcome is None:
        return Exit.INTERRUPTED
    code = _exit_code(outcome, stopper.interrupted)
    verdict = None
    if order.report and order.xdf is None:
        verdict = _write_report(outcome.path)
    with perhaps_unheard():
        _tell(order, outcome, verdict, code)
    return code


def _check(order: Order) -> None:
    """Refuse what cannot work before anything is started."""
    if order.play is not None:
        refuse_stand_in(order.rig)
    if order.seconds is not None and not (order.seconds > 0 and math.isfinite(order.seconds)):
        raise RecordingError(f"--seconds {order.seconds:g}: give a number above 0")
    if order.xdf is None:
        order.labels.check()
        layout.prepare_data_dir(order.where)
        if (text := synced.warning(order.where)) is not None:
            warn(f"warning: {text}")
        if order.labels.participant == DEFAULT_LABELS["participant"] and not order.private:
            warn(
                f"warning: participant is the default {order.labels.participant!r}; "
                "name one with --participant"
            )
    elif order.xdf.exists():
        raise RecordingError(
            f"{order.xdf}: exists already, and no file is ever overwritten; name another one"
        )
    elif not order.xdf.absolute().parent.is_dir():
        raise RecordingError(f"{order.xdf.absolute().parent}: no such folder; make it first")


def _record(order: Order, stopper: Stopper, config: str | None) -> Outcome | None:
    """Run the engine; None where it was interrupted before the recording began."""
    progress = Progress(enabled=not order.as_json)
    opened = threading.Event()

    def hear(event: Event) -> None:
        # What `open` fails of is its error, and is said once. Not told by the engine's phase: the
        # event comes from the device's thread, and `open` may have failed of it by then.
        fatal = event.code in ENDS_OPENING and not opened.is_set() and not order.allow_missing
        if event.level == "warning" or (event.level == "error" and not fatal):
            progress.line(f"{event.level}: {event.text}")

    with Engine(
        order.rig,
        order.selection,
        config,
        on_event=hear,
        on_failure=stopper.stop,
        publish_events=order.xdf is None,
        data_dir=order.where if order.xdf is None else None,
    ) as engine:
        if order.play is not None:
            with progress.spinner("loading the protocol"):
                progress.line(
                    described(engine.player.load(order.play), simulated=order.play.simulate)
                )
        with progress.spinner("starting devices and looking for streams"):
            engine.open(
                order.wait_s,
                allow_missing=order.allow_missing,
                cancelled=lambda: stopper.stopped,
                file=order.xdf.absolute() if order.xdf is not None else None,
            )
        opened.set()
        if stopper.stopped and engine.takes.running is None:
            return None
        if order.xdf is not None:
            lsl_start = local_clock()
        else:
            lsl_start = engine.start(order.where, order.labels, allow_missing=order.allow_missing)
        progress.line("recording")
        end = lsl_start + order.seconds if order.seconds is not None else math.inf
        with contextlib.ExitStack() as stack:
            if order.play is not None:
                stack.enter_context(played(engine.player, stopper, progress.line))
            progress.watch(engine, stopper, end)
            if math.isfinite(end) and not stopper.stopped:
                return engine.stop(end)
        return engine.stop()


def _exit_code(outcome: Outcome, interrupted: bool) -> Exit:
    if outcome.state is State.FAILED:
        return Exit.FAILED
    if outcome.lost or outcome.alarms:  # what a script must know of, however it was ended
        return Exit.LOSSES
    return Exit.INTERRUPTED if interrupted else Exit.DONE


def _write_report(folder: Path) -> Report | None:
    """Check the session and write its report; a check that fails never harms the recording."""
    from recordings.report.html import check_and_report

    try:
        return check_and_report(folder)
    except (RecordingError, OSError) as error:
        warn(f"warning: no report: {error}")
    except Exception as error:  # the files are closed and whole: no fault of a plot may hide that
        log.debug("report", exc_info=True)
        warn(
            f"warning: no report: {type(error).__name__}: {error}; the recording is complete: "
            f"please report this, and see `unisono check {folder}`"
        )
    return None


def _tell(order: Order, outcome: Outcome, report: Report | None, code: Exit) -> None:
    if order.as_json:
        print(json.dumps(_as_json(order, outcome, report, code)), flush=True)  # noqa: T201
    else:
        from acquire.cli.tables import outcome_table

        outcome_table(outcome, report)
    if outcome.pending:
        nodes = ", ".join(sorted({file.node for file in outcome.pending}))
        warn(
            f"{len(outcome.pending)} files are still on {nodes}: "
            f"fetch them with `unisono collect {outcome.path}`"
        )
    if outcome.error:  # the last line says why, for whoever reads nothing else
        warn(f"error: {outcome.error}")
    sys.stderr.flush()


def _as_json(order: Order, outcome: Outcome, report: Report | None, code: Exit) -> dict[str, Any]:
    return {
        ("session" if order.xdf is None else "file"): str(outcome.path),
        "state": str(outcome.state),
        "streams": [
            {"name": s.name, "type": s.type, "samples": s.samples, "lost": s.lost}
            for s in outcome.streams
        ],
        "cameras": [
            {
                "name": v.name,
                "file": v.file,
                "captured": v.captured,
                "stored": v.frames,
                **{str(fate): count for fate, count in v.fates.items() if fate != "stored"},
            }
            for v in outcome.videos
        ],
        "sounds": [
            {"name": s.name, "file": s.file, "captured": s.captured, "stored": s.frames}
            for s in outcome.sounds
        ],
        "pending": [f.path for f in outcome.pending],
        "alarms": outcome.alarms,
        "verdict": str(report.verdict) if report else None,
        "error": outcome.error,
        "exit": int(code),
    }
