"""What one participant will see: every trial and page of a protocol, in order.

The plan follows from the protocol, the seed and the participant alone, so it can be made again.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

from acquire.errors import ConfigError
from acquire.protocol.model import Stimulus
from acquire.protocol.scales import Item

READ_S = 5.0
ANSWER_S = 3.0
TEXT_S = 30.0
"""How long a page takes that waits for the participant or the operator: a guess, for the total."""


@dataclass(frozen=True, slots=True)
class Page:
    """One thing on the screen: a step, or one item of a rating step."""

    kind: str  # of the step
    step: str  # what markers call it
    text: str = ""
    duration_s: float | None = None  # None: until a key, an answer or the operator
    keys: tuple[str, ...] = ()
    stimulus: Stimulus | None = None
    code: int | None = None
    end_code: int | None = None
    item: Item | None = None
    skippable: bool = False
    closed_eyes: bool = False

    @property
    def wants_keys(self) -> bool:
        """Whether it waits for a key or an answer of the participant."""
        return self.item is not None or bool(self.keys)

    @property
    def estimate_s(self) -> float:
        """How long it will take."""
        if self.duration_s is not None and not self.wants_keys:
            return self.duration_s
        guess = READ_S
        if self.item is not None:
            guess = TEXT_S if self.item.kind == "text" else ANSWER_S
        return min(guess, self.duration_s or math.inf)


@dataclass(frozen=True, slots=True)
class Trial:
    """One trial; `number` counts from 1 through all blocks."""

    number: int
    block: str
    condition: str | None
    stimulus: Stimulus | None
    pages: tuple[Page, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """The whole, for one participant."""

    protocol: str
    participant: str
    seed: int
    trials: tuple[Trial, ...]

    @property
    def estimate_s(self) -> float:
        """How long it will take: exact for what has a duration, a guess for what waits."""
        return sum(page.estimate_s for trial in self.trials for page in trial.pages)

    @property
    def stimuli(self) -> tuple[Stimulus, ...]:
        """The stimuli that are shown, each once."""
        shown = (p.stimulus for trial in self.trials for p in trial.pages if p.stimulus)
        return tuple({stimulus.name: stimulus for stimulus in shown}.values())

    @property
    def collisions(self) -> tuple[tuple[int, int], ...]:
        """Pairs of end code and onset code that fall on one frame: the second is sent later."""
        pages = [page for trial in self.trials for page in trial.pages]
        pairs = ((a.end_code, b.code) for a, b in pairwise(pages))
        return tuple(sorted({(a, b) for a, b in pairs if a is not None and b is not None}))

    def only(self, number: int | None) -> Plan:
        """Give the plan with one of its trials alone, for a look at it; None = with all of them.

        Raises:
            ConfigError: there is no such trial.
        """
        if number is None:
            return self
        found = tuple(trial for trial in self.trials if trial.number == number)
        if not found:
            raise ConfigError(
                f"protocol {self.protocol!r} has no trial {number}; they are 1 to "
                f"{len(self.trials)}"
            )
        return replace(self, trials=found)

    def as_dict(self) -> dict[str, Any]:
        """The order as plain data, for the session."""
        return {
            "protocol": self.protocol,
            "participant": self.participant,
            "seed": self.seed,
            "trials": [
                {
                    "trial": trial.number,
                    "block": trial.block,
                    "condition": trial.condition,
                    "stimulus": trial.stimulus.name if trial.stimulus else None,
                    "steps": [page.step for page in trial.pages],
                }
                for trial in self.trials
            ],
        }
