"""The protocol of a simulated session: what a player would have published and written of it.

The world decides when clips begin and end; here they get the names and categories that their codes
have in the MMME protocol, and a participant who answers after each of them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from functools import cache, cached_property
from pathlib import Path
from typing import Final

from acquire.player.marks import Mark
from acquire.player.messages import Loaded
from acquire.player.participant import answer_to
from acquire.player.ratings import RatingsFile
from acquire.protocol.file import load_protocol, parse_protocol
from acquire.protocol.model import Protocol, Stimulus
from acquire.protocol.order import make_random
from acquire.protocol.plan import Plan
from acquire.protocol.planner import make_plan
from devices.simulation.world import CLIP_CODES, CLIP_END, World, WorldEvent
from recordings.layout import PROTOCOL_NAME

_FLIP_S: Final = 1 / 60
_FIRST_ANSWER_S, _ANSWER_EVERY_S = 0.5, 0.6
"""Three answers are given before the next clip, at least 2 s later."""
_SCREEN: Final = {"name": "simulated", "width": 1920, "height": 1080, "rate_hz": 60.0}


class ShownProtocol:
    """A protocol as the world of `seed` shows it in [start, stop), LSL seconds."""

    def __init__(self, seed: int, participant: str, start: float, stop: float) -> None:
        self._events = World(seed).events("stimulus", start, stop)
        self._seed, self._participant, self._stop = seed, participant, stop
        clips = sorted({event.index // 2 for event in self._events})
        self._first = clips[0] if clips else 0
        self._count = len(clips)

    @cached_property
    def _stimuli(self) -> Sequence[Stimulus]:
        """The clips in the order in which they are shown, each once."""
        known = _clips()
        order = (self._first + n for n in range(min(self._count, len(CLIP_CODES))))
        return tuple(known[CLIP_CODES.start + n % len(CLIP_CODES)] for n in order)

    def _stimulus(self, event: WorldEvent) -> Stimulus:
        return self._stimuli[(event.index // 2 - self._first) % len(self._stimuli)]

    @cached_property
    def _protocol(self) -> Protocol:
        return parse_protocol(_text(self._stimuli, self._seed, self._count), None)

    @cached_property
    def _plan(self) -> Plan:
        plan = make_plan(self._protocol, self._participant, self._seed)
        return replace(plan, trials=plan.trials[: self._count])  # of its last round, what is shown

    def marks(self) -> Iterator[Mark]:
        """Yield the markers of the stream `protocol`, in order of time."""
        for event in self._events:
            trial = event.index // 2 - self._first + 1
            stimulus = self._stimulus(event).name
            yield Mark(
                "end" if event.code == CLIP_END else "onset",
                event.time,
                trial,
                "clip",
                stimulus,
                event.code,
                requested=event.time - _FLIP_S,
                presented=event.time,
            )
            if event.code == CLIP_END:
                yield from self._answers(trial, stimulus, event.time)

    def _answers(self, trial: int, stimulus: str, end: float) -> Iterator[Mark]:
        pages = [page for page in self._plan.trials[trial - 1].pages if page.item is not None]
        for number, page in enumerate(pages):
            time = end + _FIRST_ANSWER_S + number * _ANSWER_EVERY_S
            if page.item is None or time >= self._stop:
                return
            rng = make_random(self._seed, trial, page.step)
            more = {
                "item": page.item.id,
                "value": answer_to(page.item, rng),
                "rt_s": round(0.25 + 0.3 * rng.random(), 6),
            }
            yield Mark("answer", time, trial, page.step, stimulus, more=more)

    def write(self, folder: Path) -> None:
        """Write `protocol.json` and, if anything was answered, `ratings.tsv`.

        Of a session that is too short for a clip, nothing was played.
        """
        if not self._count:
            return
        plan, protocol = self._plan, self._protocol
        loaded = Loaded(
            protocol.name,
            protocol.file.protocol.title,
            protocol.sha256,
            protocol.text,
            plan.as_dict(),
            plan.estimate_s,
            len(plan.trials),
            _SCREEN,
        )
        text = json.dumps(asdict(loaded), indent=1, ensure_ascii=False)
        (folder / PROTOCOL_NAME).write_text(text, encoding="utf-8", newline="\n")
        ratings = RatingsFile.within(folder)
        for mark in self.marks():
            if mark.event == "answer":
                ratings.add(mark.time, mark.fields())


@cache
def _clips() -> Mapping[int, Stimulus]:
    """The corpus' clips by their code: the same in each session."""
    return {
        clip.code: clip for clip in load_protocol("mmme").file.stimulus if clip.code is not None
    }


def _text(stimuli: Sequence[Stimulus], seed: int, count: int) -> str:
    """Write the protocol file: these clips in this order, as often as it takes."""
    tables = [
        f'[[stimulus]]\nname = "{s.name}"\ncategory = "{s.category}"\ncode = {s.code}\n'
        "generate = { duration_s = 3 }\n"
        for s in stimuli
    ]
    repeat = -(-count // len(stimuli))
    return (
        "# Clips as the simulated world shows them: nobody has seen them.\n"
        f'[protocol]\nname = "simulated"\ntitle = "Simulated clips"\nseed = {seed}\n\n'
        + "\n".join(tables)
        + f'\n[[block]]\nname = "clips"\nstimuli = ["*"]\nrepeat = {repeat}\n\n'
        f'[[block.step]]\nkind = "clip"\nend_code = {CLIP_END}\n\n'
        '[[block.step]]\nkind = "rating"\nscales = ["valence", "arousal", "dominance"]\n'
    )
