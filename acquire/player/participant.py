"""A simulated participant, and an operator who lets it go on: the same for the same seed."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Literal

from acquire.player.marks import Visit
from acquire.protocol.order import make_random
from acquire.protocol.scales import Item, Value

SHORTEST_S, LONGEST_S = 0.3, 1.2


@dataclass(frozen=True, slots=True)
class Act:
    """What is done `after_s` seconds after the onset of a page."""

    after_s: float
    kind: Literal["key", "answer", "resume"]
    value: Value = ""


class SimulatedParticipant:
    """Answers every question and presses every key that is waited for."""

    def __init__(self, seed: int) -> None:
        self._seed = seed

    def act(self, visit: Visit) -> Act | None:
        """Say what it will do about a page; None = just look."""
        page = visit.page
        rng = make_random(self._seed, visit.trial.number, page.step, visit.attempt)
        after_s = SHORTEST_S + (LONGEST_S - SHORTEST_S) * rng.random()
        if page.item is not None:
            return Act(after_s, "answer", answer_to(page.item, rng))
        if page.keys:
            return Act(after_s, "key", page.keys[0])
        return Act(after_s, "resume") if page.kind == "pause" else None  # the operator's to end


def answer_to(item: Item, rng: random.Random) -> Value:
    """Draw an answer that the item takes."""
    draw = rng.random()
    match item.kind:
        case "choice":
            return item.labels[int(draw * len(item.labels))]
        case "text":
            return f"answer {int(draw * 1000)}"
        case "slider":
            return round(item.minimum + draw * (item.maximum - item.minimum), 1)
    return int(item.minimum) + int(draw * (int(item.maximum) - int(item.minimum) + 1))
