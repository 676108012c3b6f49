"""What one participant will see: every trial and page of a protocol, in order.

The plan follows from the protocol, the seed and the participant alone, so it can be made again.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

from acquire.errors import ConfigError
from acquire.protocol.model import (
    Baseline,
    Block,
    Clip,
    Fixation,
    Flash,
    Image,
    Instruction,
    Pause,
    Protocol,
    Rating,
    Rest,
    Step,
    Stimulus,
)
from acquire.protocol.order import (
    latin_row,
    make_random,
    no_repeat,
    participant_number,
    shuffled,
)
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
    def estimate_s(self) -> float:
        """How long it will take."""
        if self.duration_s is not None and not (self.item or self.keys):
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
    def codes(self) -> frozenset[int]:
        """Every trigger code that will be sent."""
        pages = [page for trial in self.trials for page in trial.pages]
        return frozenset(c for p in pages for c in (p.code, p.end_code) if c is not None)

    @property
    def collisions(self) -> tuple[tuple[int, int], ...]:
        """Pairs of end code and onset code that fall on one frame: the second is sent later."""
        pages = [page for trial in self.trials for page in trial.pages]
        pairs = ((a.end_code, b.code) for a, b in pairwise(pages))
        return tuple(sorted({(a, b) for a, b in pairs if a is not None and b is not None}))

    def only(self, number: int) -> Plan:
        """Give the plan with one of its trials alone, for a look at it.

        Raises:
            ConfigError: there is no such trial.
        """
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


def make_plan(
    protocol: Protocol,
    participant: str,
    seed: int | None = None,
    durations: Mapping[str, float] | None = None,
) -> Plan:
    """Lay out a protocol for a participant.

    Args:
        protocol: the file.
        participant: the label, which turns Latin squares and conditions and enters the seed.
        seed: in place of the protocol's own.
        durations: of the clips by stimulus name, s; a stand-in's own is used where it is missing.
    """
    seed = protocol.file.protocol.seed if seed is None else seed
    planner = _Planner(protocol, participant, seed, durations or {})
    return Plan(protocol.name, participant, seed, tuple(planner.trials()))


class _Planner:
    def __init__(
        self, protocol: Protocol, participant: str, seed: int, durations: Mapping[str, float]
    ) -> None:
        self._protocol = protocol
        self._participant = participant
        self._number = participant_number(participant)
        self._seed = seed
        self._durations = durations

    def trials(self) -> Iterator[Trial]:
        drafts = [
            (block, stimulus, condition)
            for block in self._protocol.file.block
            for stimulus, condition in self._drafts(block)
        ]
        for number, (block, stimulus, condition) in enumerate(drafts, 1):
            rng = self._rng("trial", number)
            words = self._words(block, stimulus, condition, number, len(drafts))
            pages = (
                page
                for step in block.step
                if not step.when or condition in step.when
                for page in self._pages(step, stimulus, words, rng)
            )
            yield Trial(number, block.name, condition, stimulus, tuple(pages))

    def _rng(self, *what: object) -> random.Random:
        return make_random(self._protocol.name, self._seed, self._participant, *what)

    def _drafts(self, block: Block) -> Iterator[tuple[Stimulus | None, str | None]]:
        chosen = list(self._protocol.chosen(block))
        share = self._shares(block, max(len(chosen), 1))
        for round_ in range(block.repeat):
            if not chosen:
                yield None, share(0)
            for stimulus in self._ordered(block, chosen, round_):
                yield stimulus, share(chosen.index(stimulus))

    def _shares(self, block: Block, count: int) -> Any:
        """Give each stimulus a condition, as evenly as can be, another one for the next person."""
        conditions = block.conditions
        dealt = shuffled(
            [conditions[i % len(conditions)] if conditions else None for i in range(count)],
            make_random(self._protocol.name, self._seed, block.name, "conditions"),
        )

        def share(index: int) -> str | None:
            first = dealt[index]
            if first is None:
                return None
            return conditions[(conditions.index(first) + self._number) % len(conditions)]

        return share

    def _ordered(self, block: Block, chosen: list[Stimulus], round_: int) -> list[Stimulus]:
        rng = self._rng("order", block.name, round_)
        match block.order:
            case "shuffled":
                return shuffled(chosen, rng)
            case "latin-square":
                row = latin_row(len(chosen), self._number + round_)
                return [chosen[index] for index in row]
            case "no-repeat":
                return no_repeat(chosen, [s.category for s in chosen], rng)
        return chosen

    def _words(
        self,
        block: Block,
        stimulus: Stimulus | None,
        condition: str | None,
        number: int,
        total: int,
    ) -> dict[str, str]:
        file = self._protocol.file
        every = {name: "" for variables in file.condition.values() for name in variables}
        return {
            **every,
            **file.variables,
            **(file.condition[condition] if condition else {}),
            "stimulus": stimulus.name if stimulus else "",
            "category": stimulus.category if stimulus else "",
            "words": stimulus.words if stimulus else "",
            "trial": str(number),
            "trials": str(total),
            "block": block.name,
            "condition": condition or "",
            "participant": self._participant,
        }

    def _pages(
        self, step: Step, stimulus: Stimulus | None, words: dict[str, str], rng: random.Random
    ) -> Iterator[Page]:
        common: dict[str, Any] = {
            "kind": step.kind,
            "step": step.title,
            "code": step.code,
            "end_code": step.end_code,
        }
        match step:
            case Clip() | Image():
                yield self._stimulus_page(step, stimulus, common, rng)
            case Rating():
                yield from self._rating_pages(step, words, common)
            case Flash():
                for number in range(1, step.count + 1):
                    title = f"{step.title}.{number}"
                    yield Page(**{**common, "step": title}, duration_s=step.interval_s)
            case Fixation():
                yield Page(**common, duration_s=_draw(step.duration_s, rng))
            case Baseline():
                closed = step.eyes == "closed"
                yield Page(**common, duration_s=_draw(step.duration_s, rng), closed_eyes=closed)
            case Instruction() | Rest() | Pause():
                span = getattr(step, "duration_s", None)
                yield Page(
                    **common,
                    text=step.text.format_map(words),
                    keys=step.keys,
                    duration_s=_draw(span, rng) if span is not None else None,
                )

    def _stimulus_page(
        self,
        step: Clip | Image,
        stimulus: Stimulus | None,
        common: dict[str, Any],
        rng: random.Random,
    ) -> Page:
        shown = self._protocol.stimuli[step.stimulus] if step.stimulus else stimulus
        assert shown is not None, "the check of the file asks for one"
        if step.code is None:
            common["code"] = shown.code
        if isinstance(step, Image):
            return Page(**common, stimulus=shown, duration_s=_draw(step.duration_s, rng))
        known = self._durations.get(shown.name)
        if known is None:
            known = shown.generate.duration_s if shown.generate else 0.0
        return Page(**common, stimulus=shown, duration_s=known)

    def _rating_pages(
        self, step: Rating, words: dict[str, str], common: dict[str, Any]
    ) -> Iterator[Page]:
        items = [item for name in step.scales for item in self._protocol.scale(name).items]
        for number, item in enumerate(items):
            yield Page(
                **{
                    **common,
                    "step": f"{step.title}.{item.id}",
                    "code": step.code if number == 0 else None,
                    "end_code": step.end_code if number == len(items) - 1 else None,
                },
                item=replace(item, prompt=item.prompt.format_map(words)),
                duration_s=step.timeout_s,
                skippable=step.skippable,
            )


def _draw(span: float | tuple[float, float], rng: random.Random) -> float:
    if isinstance(span, tuple):
        shortest, longest = min(span), max(span)
        return round(shortest + (longest - shortest) * rng.random(), 3)
    return span
