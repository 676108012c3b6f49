"""What the engine and the player say to each other over their pipe, besides `processes.messages`.

Down: `OpenPlayer` first, then `Command` (start, pause, resume, skip, repeat, abort) and `Close`.
Up: `Opened` with `Loaded`, `Opens` before an onset, `Marked` after any marker, `PlayerStatus` ten
times a second at most.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from acquire.player.marks import Interrupted, PlayState

COMMANDS = ("start", "pause", "resume", "skip", "repeat", "abort")


@dataclass(frozen=True, slots=True)
class KeyPress:
    """A key: its name (`1`, `enter`, `left`…), what it types, when, and by what way it came."""

    name: str
    text: str
    time: float  # LSL
    via: str = ""  # empty: at the participant's screen

    @classmethod
    def of(cls, args: Mapping[str, Any], now: float) -> KeyPress:
        """Read a `Command` named `key`; without a time it is pressed now, and never later."""
        time = args.get("time")
        pressed = now if time is None else min(float(time), now)
        name = str(args["name"])
        return cls(name, str(args.get("text", "")), pressed, str(args.get("via", "")))


@dataclass(frozen=True, slots=True)
class PlayOrder:
    """What is to be played, to whom, and where."""

    protocol: str  # a file, or the name of a shipped protocol
    participant: str = "test"
    seed: int | None = None
    simulate: bool = False  # a simulated participant answers
    headless: bool = False  # nothing is drawn
    windowed: bool = False
    screen: int = 0
    refresh_hz: float | None = None  # what the screen should have; of the headless player: has
    light_port: int | None = None  # UDP port on this computer that hears of every flash
    screenshots: Path | None = None  # a folder for a picture of each step
    only_trial: int | None = None  # nothing but this one is played
    first_trial: int = 1  # those before it were played already


@dataclass(frozen=True, slots=True)
class OpenPlayer:
    """Load a protocol: the first message of all."""

    order: PlayOrder
    lsl_config: str | None
    first_trial: int = 1  # of this player: one that died has played others
    interrupted: Interrupted | None = None
    origin: str = ""  # what the source ids of its streams begin with


@dataclass(frozen=True, slots=True)
class Loaded:
    """The protocol is ready to start."""

    protocol: str
    title: str
    sha256: str
    text: str
    plan: Mapping[str, Any]
    estimate_s: float
    trials: int
    screen: Mapping[str, Any] = field(default_factory=dict)  # what it is drawn on
    first_trial: int = 1  # with which it was to begin


@dataclass(frozen=True, slots=True)
class Opens:
    """The onset of a page is about to be published.

    It goes ahead of the marker: one that is in a recording was told, however soon after it the
    player is killed. A player killed between the two has a page closed that was never opened,
    which harms nothing; an onset without its end would be a trial without one.
    """

    page: Interrupted


@dataclass(frozen=True, slots=True)
class Marked:
    """A marker has been published: its stamp, its fields, and the page that is open after it.

    The page travels with its marker, not with the next status: a player that is killed between the
    two would have a page closed twice, or never.
    """

    time: float
    fields: Mapping[str, Any]
    on: Interrupted | None = None


@dataclass(frozen=True, slots=True)
class PlayerStatus:
    """Where the protocol is."""

    state: PlayState
    finished: bool = False  # everything is shown, marked and sent
    trial: int | None = None
    trials: int = 0
    step: str | None = None
    stimulus: str | None = None
    condition: str | None = None
    waits: bool = False  # for the operator: `resume` goes on
    listening: bool = False  # a page is on that a key or an answer may end
    has_keyboard: bool = True  # False: a page waits, and the system keeps keys from that screen
    since: float | None = None  # onset of the step, LSL time
    remaining_s: float | None = None  # of the whole, estimated
    next_trial: int = 1
    frames: int = 0
    late: int = 0  # flips that came a frame or more too late
    dropped: int = 0  # frames of clips that were never shown
    mirror: bytes | None = None  # a small JPEG of the participant's screen, now and then
