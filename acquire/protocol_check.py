"""Whether the parts of a protocol file fit together; each alone is right already."""

from __future__ import annotations

import string
from collections.abc import Iterable

from acquire.protocol import VARIABLES, Block, Clip, Image, Protocol, Rating, Step
from acquire.protocol_scales import BUILT_IN
from acquire.settings import suggestion


def problems(protocol: Protocol) -> Iterable[str]:
    """Say what does not fit together: names, codes, conditions, orders."""
    file = protocol.file
    yield from _doubles("stimulus", (s.name for s in file.stimulus))
    yield from _doubles("block", (b.name for b in file.block))
    for place, block in ((f"block {b.name!r}", b) for b in file.block):
        yield from _block_problems(protocol, place, block)
    yield from _code_problems(protocol)


def _doubles(what: str, names: Iterable[str]) -> Iterable[str]:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            yield f"{what} {name!r}: the name is used twice; rename one"
        seen.add(name)


def _block_problems(protocol: Protocol, place: str, block: Block) -> Iterable[str]:
    file = protocol.file
    known = set(protocol.stimuli) | {s.category for s in file.stimulus} | {"*"}
    for wanted in block.stimuli:
        if wanted not in known or not file.stimulus:
            yield f"{place}: no stimulus or category {wanted!r}{suggestion(wanted, known - {''})}"
    for condition in block.conditions:
        if condition not in file.condition:
            hint = suggestion(condition, file.condition)
            yield f"{place}: no [condition.{condition}]{hint}"
    for number, step in enumerate(block.step):
        yield from _step_problems(protocol, f"{place}, step {number + 1}", block, step)
    chosen = protocol.chosen(block)
    if block.order == "no-repeat":
        most = max((sum(s.category == o.category for s in chosen) for o in chosen), default=0)
        if most * 2 > len(chosen) + 1:
            yield (
                f"{place}: {most} of {len(chosen)} stimuli are of one category, so that two must "
                'follow each other; add others, or take order = "shuffled"'
            )


def _step_problems(protocol: Protocol, place: str, block: Block, step: Step) -> Iterable[str]:
    file = protocol.file
    if isinstance(step, Clip | Image):
        if step.stimulus is None and not block.stimuli:
            yield f"{place}: shows no stimulus; name one, or give the block `stimuli`"
        if step.stimulus is not None and step.stimulus not in protocol.stimuli:
            hint = suggestion(step.stimulus, protocol.stimuli)
            yield f"{place}: no stimulus {step.stimulus!r}{hint}"
    if isinstance(step, Rating):
        scales = {**BUILT_IN, **file.scale}
        for name in step.scales:
            if name not in scales:
                yield f"{place}: no scale {name!r}{suggestion(name, scales)}"
    for condition in step.when:
        if condition not in block.conditions:
            yield f"{place}: when names {condition!r}, which is no condition of this block"
    text = getattr(step, "text", "")
    allowed = VARIABLES | set(file.variables) | {v for c in file.condition.values() for v in c}
    for variable in _named_in(text):
        if variable not in allowed:
            hint = suggestion(variable, allowed)
            yield f"{place}: text: no variable {{{variable}}}{hint}"


def _named_in(text: str) -> list[str]:
    try:
        return [name for _, name, _, _ in string.Formatter().parse(text) if name is not None]
    except ValueError:
        return [""]  # an unpaired brace


def _code_problems(protocol: Protocol) -> Iterable[str]:
    """Say which code means two things; one end code may end many."""
    meaning: dict[int, str] = {}
    steps = [(block, step) for block in protocol.file.block for step in block.step]
    onsets = [(s.code, f"stimulus {s.name!r}") for s in protocol.file.stimulus]
    onsets += [(step.code, f"step {step.title!r} of {block.name!r}") for block, step in steps]
    for code, what in onsets:
        if code is None:
            continue
        if code in meaning:
            yield f"code {code} means both {meaning[code]} and {what}; give one another code"
        meaning[code] = what
    for block, step in steps:
        if step.end_code in meaning:
            yield (
                f"code {step.end_code} means both {meaning[step.end_code]} and the end of step "
                f"{step.title!r} of {block.name!r}; give one another code"
            )
