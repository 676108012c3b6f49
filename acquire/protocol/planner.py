"""Lays a protocol out for one participant: blocks, orders, words and pages."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

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
from acquire.protocol.order import latin_row, make_random, no_repeat, participant_number, shuffled
from acquire.protocol.plan import Page, Plan, Trial


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
        blocks = [(block, [*self._drafts(block)]) for block in self._protocol.file.block]
        drafts = [
            (block, stimulus, condition, place if place < len(of_block) else 0)
            for block, of_block in blocks
            for place, (stimulus, condition) in enumerate(of_block, 1)
        ]
        for number, (block, stimulus, condition, place) in enumerate(drafts, 1):
            rng = self._rng("trial", number)
            words = self._words(block, stimulus, condition, number, len(drafts))
            pages = (
                page
                for step in block.step
                if not step.when or condition in step.when
                if step.every is None or (place and place % step.every == 0)
                for page in self._pages(step, stimulus, words, rng)
            )
            yield Trial(number, block.name, condition, stimulus, tuple(pages))

    def _rng(self, *what: object) -> random.Random:
        return make_random(self._protocol.name, self._seed, self._participant, *what)

    def _drafts(self, block: Block) -> Iterator[tuple[Stimulus | None, str | None]]:
        chosen = list(self._protocol.chosen(block))
        share = self._shares(block, max(len(chosen), 1))
        before = None
        for round_ in range(block.repeat):
            if not chosen:
                yield None, share(0)
            for stimulus in self._ordered(block, chosen, round_, before):
                before = stimulus.category
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

    def _ordered(
        self, block: Block, chosen: list[Stimulus], round_: int, before: str | None
    ) -> list[Stimulus]:
        """Order a round of a block; `before` is the category of what came last in it."""
        rng = self._rng("order", block.name, round_)
        match block.order:
            case "shuffled":
                return shuffled(chosen, rng)
            case "latin-square":
                row = latin_row(len(chosen), self._number + round_)
                return [chosen[index] for index in row]
            case "no-repeat":
                categories = [s.category for s in chosen]
                order = no_repeat(chosen, categories, rng)
                if order and order[0].category == before:  # else the order stays what it was
                    order = no_repeat(chosen, categories, rng, before)
                return order
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
            duration_s = _draw(step.duration_s, rng)
            return Page(**common, stimulus=shown, duration_s=duration_s, keys=step.keys)
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
