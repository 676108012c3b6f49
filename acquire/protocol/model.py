"""The protocol file: blocks of trials, trials of steps, stimuli, scales and trigger codes.

A block with `stimuli` is a template: its steps are played once for each stimulus, in the block's
order. A block without is one trial. Nothing here draws, plays or touches a stimulus: `planner`
makes the order for a participant, `stimuli` looks at the files, `acquire.player` plays.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from acquire.protocol.scales import BUILT_IN, Scale, ScaleTable
from recordings.names import at_home

Code = Annotated[int, Field(ge=1, le=255)]
Said = Annotated[str, Field(min_length=1, max_length=500)]
Seconds = Annotated[float, Field(gt=0, le=7200)]
Span = Seconds | tuple[Seconds, Seconds]
"""Seconds, or the shortest and the longest of a time that is drawn for each trial."""
Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$")]
OrderKind = Literal["fixed", "shuffled", "latin-square", "no-repeat"]
Colour = Annotated[str, Field(pattern=r"^#[0-9A-Fa-f]{6}$")]

VARIABLES = frozenset(
    {"stimulus", "category", "words", "trial", "trials", "block", "condition", "participant"}
)
"""What a text may name in braces besides the protocol's own variables."""


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class ProtocolTable(_Table):
    """`[protocol]`."""

    name: Name
    title: str = ""
    seed: int = Field(default=1, ge=0)
    background: Colour = "#000000"
    stimuli: Path = Path()  # the folder of the stimulus files, from the protocol file
    stop_key: str = "escape"  # the participant's own way out
    patch_mm: float = Field(default=15.0, gt=0, le=200)  # the photodiode patch in the corner
    patch_corner: Literal["top-left", "top-right", "bottom-left", "bottom-right"] = "bottom-right"


class StandIn(_Table):
    """`generate = {…}`: a moving pattern in place of a film clip that is not shipped."""

    duration_s: Seconds
    width: int = Field(default=640, ge=16, le=4096)
    height: int = Field(default=360, ge=16, le=4096)
    rate_hz: float = Field(default=25.0, ge=1, le=120)
    sound: bool = True


class Stimulus(_Table):
    """`[[stimulus]]`: a file, or a stand-in made when it is first needed."""

    name: Name
    file: Path | None = None
    category: str = ""
    words: str = ""  # what texts call it as {words}
    code: Code | None = None
    sha256: str | None = Field(default=None, pattern=r"^[0-9a-f]{64}$")
    generate: StandIn | None = None

    @model_validator(mode="after")
    def _one(self) -> Stimulus:
        if self.file is None and self.generate is None:
            raise ValueError("give a file, or generate = { duration_s = … } for a stand-in")
        if self.file == Path():
            raise ValueError("file is empty; name one")
        if self.sha256 is not None and self.file is None:
            raise ValueError("sha256 belongs to a file; name one")
        return self


class _Step(_Table):
    name: Name | None = None  # the kind, unless given
    code: Code | None = None
    end_code: Code | None = None
    when: tuple[str, ...] = ()  # only in trials of these conditions
    every: int | None = Field(default=None, ge=2, le=1000)  # as a break: not in the last trial

    @property
    def title(self) -> str:
        """What markers call it."""
        return self.name or str(getattr(self, "kind", ""))


class Instruction(_Step):
    """Text, until a key or for a time."""

    kind: Literal["instruction"]
    text: str
    keys: tuple[str, ...] = ("space",)
    duration_s: Span | None = None


class Fixation(_Step):
    """A cross."""

    kind: Literal["fixation"]
    duration_s: Span


class Clip(_Step):
    """The trial's stimulus, to its end."""

    kind: Literal["clip"]
    stimulus: str | None = None  # the trial's own, unless given


class Image(_Step):
    """A still picture; a key may end it."""

    kind: Literal["image"]
    duration_s: Span
    stimulus: str | None = None
    keys: tuple[str, ...] = ()


class Rest(_Step):
    """An empty screen, with a text if wanted; keys let the participant go on."""

    kind: Literal["rest"]
    duration_s: Span
    text: str = ""
    keys: tuple[str, ...] = ()


class Baseline(_Step):
    """A rest that is measured: eyes open on a cross, or closed until a tone."""

    kind: Literal["baseline"]
    duration_s: Span
    eyes: Literal["open", "closed"] = "open"


class Rating(_Step):
    """One page for each item of the scales."""

    kind: Literal["rating"]
    scales: tuple[str, ...] = Field(min_length=1)
    timeout_s: Seconds | None = None
    skippable: bool = False


class Pause(_Step):
    """Waits for the operator, or for a key where keys are given."""

    kind: Literal["pause"]
    text: str = ""
    keys: tuple[str, ...] = ()


class Flash(_Step):
    """The photodiode patch alone, toggled `count` times."""

    kind: Literal["flash"]
    count: int = Field(default=20, ge=1, le=1000)
    interval_s: float = Field(default=0.25, ge=0.05, le=5)


Step = Annotated[
    Instruction | Fixation | Clip | Image | Rest | Baseline | Rating | Pause | Flash,
    Field(discriminator="kind"),
]
KINDS: dict[str, type[_Step]] = {
    "instruction": Instruction,
    "fixation": Fixation,
    "clip": Clip,
    "image": Image,
    "rest": Rest,
    "baseline": Baseline,
    "rating": Rating,
    "pause": Pause,
    "flash": Flash,
}


class Block(_Table):
    """`[[block]]`: steps that are played once, or once for each of `stimuli`."""

    name: Name
    stimuli: tuple[str, ...] = ()  # names or categories of stimuli; "*" = all
    order: OrderKind = "fixed"
    repeat: int = Field(default=1, ge=1, le=100)
    conditions: tuple[str, ...] = ()  # shared out evenly among the trials, in turn by participant
    step: tuple[Step, ...] = Field(min_length=1)

    @field_validator("conditions")
    @classmethod
    def _different(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(names)) < len(names):
            raise ValueError("a condition is named twice")
        return names


class Words(_Table):
    """`[words]`: what the player says of its own, in the participant's language."""

    pause: Said = "A short pause.\n\nPlease wait."
    close_eyes: Said = "Please close your eyes until you hear the tone."
    leave_out: Said = "Tab: leave out"
    move: Said = "Move with the mouse or the arrow keys"
    type: Said = "Type your answer"
    done: Said = "Done (Enter)"


class ProtocolFile(_Table):
    """The whole file."""

    protocol: ProtocolTable
    words: Words = Field(default_factory=Words)
    variables: dict[str, str] = {}
    condition: dict[str, dict[str, str]] = {}  # variables that hold in trials of a condition
    scale: dict[str, ScaleTable] = {}
    stimulus: tuple[Stimulus, ...] = ()
    block: tuple[Block, ...] = Field(min_length=1)


TABLES: dict[str, type[_Table]] = {
    "": ProtocolFile,
    "protocol": ProtocolTable,
    "words": Words,
    "generate": StandIn,
    "stimulus": Stimulus,
    "block": Block,
}


@dataclass(frozen=True, slots=True)
class Protocol:
    """A protocol file, read and checked in itself."""

    path: Path | None  # None: a shipped one
    text: str
    file: ProtocolFile

    @property
    def name(self) -> str:
        """Its name."""
        return self.file.protocol.name

    @property
    def sha256(self) -> str:
        """The hash of the file as it was read."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    @property
    def folder(self) -> Path:
        """Where stimulus files are looked for."""
        there = self.path.absolute().parent if self.path else Path.cwd()
        return there / at_home(self.file.protocol.stimuli)

    @property
    def stimuli(self) -> Mapping[str, Stimulus]:
        """The stimuli by name."""
        return {stimulus.name: stimulus for stimulus in self.file.stimulus}

    def scale(self, name: str) -> Scale:
        """Give a scale by name, the protocol's own before a built-in one."""
        table = self.file.scale.get(name) or BUILT_IN[name]
        return Scale(name, table)

    def chosen(self, block: Block) -> tuple[Stimulus, ...]:
        """List the stimuli of a block, each once, in the order of the file."""
        every = "*" in block.stimuli
        wanted = set(block.stimuli)
        return tuple(
            s for s in self.file.stimulus if every or s.name in wanted or s.category in wanted
        )
