"""What goes over the control API about the stimulus player."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from acquire.server.api.base import Asked, Label, Told


class LoadOrder(Asked):
    """Which protocol is to be played, to whom, and where."""

    protocol: Annotated[str, Field(min_length=1, max_length=1000)]  # a file, or a shipped one
    participant: Label = "test"
    seed: int | None = Field(default=None, ge=0, le=2**31)
    simulate: bool = False
    headless: bool = False
    windowed: bool = False
    screen: int = Field(default=0, ge=0, le=15)
    only_trial: int | None = Field(default=None, ge=1, le=100_000)  # a preview: nothing but this
    first_trial: int = Field(default=1, ge=1, le=100_000)  # those before were played already


class KeyOrder(Asked):
    """A key that somebody pressed elsewhere than at the participant's screen."""

    name: Annotated[str, Field(min_length=1, max_length=20)]  # `1`, `enter`, `left`…
    text: Annotated[str, Field(max_length=8)] = ""  # what it types
    time: Annotated[float, Field(allow_inf_nan=False)] | None = None  # LSL; None = now
    via: Annotated[str, Field(pattern=r"^[a-z-]{1,20}$")] = "window"


class ShippedInfo(Told):
    """What comes with the program."""

    protocols: list[str]


class TrialInfo(Told):
    """One trial of a protocol, as it was laid out for the participant."""

    trial: int
    block: str
    condition: str | None
    stimulus: str | None


class ProtocolInfo(Told):
    """What the player does; `none` = nothing is loaded, `crashed` = resume goes on."""

    state: Literal["none", "loading", "loaded", "running", "paused", "ended", "aborted", "crashed"]
    protocol: str | None = None
    title: str | None = None
    participant: str | None = None
    only_trial: int | None = None  # a preview: nothing but this trial is played
    trial: int | None = None
    trials: int = 0
    step: str | None = None
    stimulus: str | None = None
    condition: str | None = None
    waits: bool = False  # for the operator: resume goes on
    listening: bool = False  # a page is on that a key or an answer may end
    has_keyboard: bool = True  # False: a page waits, and keys do not reach the participant's screen
    following: TrialInfo | None = None  # the next trial; None = this is the last
    since: float | None = None  # onset of the step, LSL time
    remaining_s: float | None = None  # estimated
    frames: int = 0
    late: int = 0
    dropped: int = 0
    screen: dict[str, Any] = Field(default_factory=dict)
    error: str | None = None
