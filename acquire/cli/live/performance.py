"""One performance of a protocol: start it, go on after a crash, wait for its end."""

from __future__ import annotations

import contextlib
import secrets
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from acquire.cli.sessions.progress import warn
from acquire.engine.stop_signals import Stopper
from acquire.errors import ConfigError, ControlError
from acquire.lsl.config import configuration, configure
from acquire.lsl.origin import origin_of
from acquire.player.link import PlayerLink
from acquire.player.marks import PlayState
from acquire.player.messages import COMMANDS, Loaded, Marked, PlayOrder
from acquire.player.ratings import RatingsFile, is_answer
from recordings.manifest_entries import Level

MAX_RESUMES = 3
"""A player that dies more often is broken."""
LOOK_S = 1.0


def described(loaded: Loaded, *, simulated: bool = False) -> str:
    """Say in one line what has been loaded; a simulated participant is quicker than a person."""
    minutes, seconds = divmod(round(loaded.estimate_s), 60)
    about = f"{minutes} min {seconds:02d} s" if minutes else f"{seconds} s"
    about += " with a person" if simulated else ""
    return f"protocol {loaded.protocol}: {loaded.trials} trials, about {about}"


@contextlib.contextmanager
def played(player: PlayerLink, stopper: Stopper, say: Callable[[str], None]) -> Iterator[None]:
    """Play what is loaded; its end stops `stopper`, the end of the block aborts it.

    Lines of standard input (pause, resume, skip, repeat, abort) are orders of the operator. A
    player that dies is started again, at the next trial, three times at most.
    """
    ended = threading.Event()

    def hear(line: str) -> None:
        if line not in COMMANDS:
            say(f"{line!r}: no such order; type one of: {', '.join(COMMANDS)}, stop")
            return
        try:
            player.command(line)
        except ControlError as error:
            say(f"error: {error}")

    def keep() -> None:
        resumes = 0
        while not ended.is_set():
            player.wait(lambda: player.is_over or ended.is_set(), LOOK_S)
            if ended.is_set() or not player.is_over:
                continue
            snapshot = player.snapshot
            if snapshot is None or not snapshot.crashed or resumes == MAX_RESUMES:
                stopper.stop()
                return
            resumes += 1
            try:
                player.command("resume")
            except ControlError as error:
                say(f"error: {error}")
                stopper.stop()
                return

    stopper.hear = hear
    player.command("start")
    keeper = threading.Thread(target=keep, name="device protocol keeper", daemon=True)
    keeper.start()
    try:
        yield
    finally:
        ended.set()
        keeper.join()  # first, or it would resume what is aborted here
        player.abort()


def teller(say: Callable[[str], None]) -> Callable[[Marked], None]:
    """Make a listener that says each marker in one line."""

    def tell(mark: Marked) -> None:
        fields: dict[str, Any] = dict(mark.fields)
        words = [str(fields["event"])]
        if fields.get("trial") is not None:
            words.append(f"trial {fields['trial']}")
        words += [str(fields[key]) for key in ("step", "stimulus") if fields.get(key)]
        if fields.get("code") is not None:
            words.append(f"code {fields['code']}")
        if "value" in fields:
            words.append(f"= {fields['value']}")
        say("  ".join(words))

    return tell


# Without a recording.


@dataclass(frozen=True, slots=True)
class PlayOptions:
    """What `unisono stimulus` is asked for."""

    order: PlayOrder
    ratings: Path | None = None
    quiet: bool = False


@dataclass(slots=True)
class Performance:
    """What came of it."""

    protocol: str = ""
    state: PlayState = PlayState.LOADED
    events: Counter[str] = field(default_factory=Counter)
    codes: Counter[int] = field(default_factory=Counter)
    frames: int = 0
    late: int = 0
    dropped: int = 0
    crashed: bool = False

    @property
    def exit_code(self) -> int:
        """0 played, 1 frames dropped or the player died meanwhile, 2 broken, 3 aborted."""
        if self.state is PlayState.ABORTED:
            return 3
        if self.state is not PlayState.ENDED:
            return 2
        return 1 if self.dropped or self.crashed else 0

    def as_dict(self) -> dict[str, Any]:
        """The result for a script."""
        return {
            "protocol": self.protocol,
            "state": str(self.state),
            "events": dict(self.events),
            "codes": {str(code): number for code, number in sorted(self.codes.items())},
            "frames": self.frames,
            "late": self.late,
            "dropped": self.dropped,
            "exit": self.exit_code,
        }


def perform(options: PlayOptions) -> Performance:
    """Play a protocol in a process of its own, until its end, Ctrl-C or a line `stop`.

    Raises:
        AcquireError: it cannot be played.
    """
    ratings = _new_table(options.ratings)
    say = (lambda text: None) if options.quiet else warn
    result = Performance()
    configure(config := configuration())

    def report(source: str, level: Level, code: str, text: str) -> None:
        result.crashed |= code == "player-died"
        if level != "info":
            warn(f"{level}: {text}")

    def hear(mark: Marked) -> None:
        result.events[mark.fields["event"]] += 1
        if (code := mark.fields.get("code")) is not None:
            result.codes[code] += 1
        if ratings is not None and is_answer(mark.fields):
            ratings.add(mark.time, mark.fields)
        show(mark)

    show = teller(say)
    stopper = Stopper()
    stopper.listen(stdin=True)
    player = PlayerLink(config, origin_of("stimulus", secrets.token_hex(8)), report)
    player.on_mark(hear)
    try:
        loaded = player.load(options.order)
        result.protocol = loaded.protocol
        say(described(loaded))
        with played(player, stopper, say):
            stopper.wait(threading.TIMEOUT_MAX)
        _note(result, player)
    finally:
        player.close()
    return result


def _note(result: Performance, player: PlayerLink) -> None:
    snapshot = player.snapshot
    status = snapshot.status if snapshot is not None else None
    if status is not None:
        result.state = status.state
        result.frames, result.late, result.dropped = status.frames, status.late, status.dropped


def _new_table(path: Path | None) -> RatingsFile | None:
    if path is None:
        return None
    if path.exists():
        raise ConfigError(f"{path}: exists already, and no file is ever overwritten; name another")
    if not path.absolute().parent.is_dir():
        raise ConfigError(f"{path.absolute().parent}: no such folder; make it first")
    return RatingsFile(path)
